"""Writes changed scores: a few rows as parameters of one UPDATE, many through COPY into a table of the transaction."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from io import StringIO
from typing import Any, NamedTuple

from django.db import connection

from kpiapp.bulk import copy, ids_among
from kpiapp.tenancy import current_organization_id
from scorecards.recompute.gather import NULL
from scorecards.recompute.score import Scores

# Above this many rows COPY is cheaper than parameters.
FEW = 200

# The types of the tables, so that nothing is cast on the way.
_LINE_TABLE = (
    "line_id bigint, state varchar(12), raw numeric(12,6), completion numeric(12,6), status varchar(8), "
    "watched varchar(8), reason varchar(40)"
)
_CARD_TABLE = (
    "scorecard_id bigint, percent numeric(12,6), measured_weight numeric(5,2), lines_scored smallint, "
    "lines_total smallint, is_provisional boolean, is_blocked boolean, status varchar(8)"
)

# The bounds keep a part of a night from walking through the scores of all the others.
_UPDATE_LINES = """
UPDATE scorecards_linescore s
SET state = n.state, reason = n.reason, raw = n.raw, completion = n.completion, status = n.status,
    watched = n.watched{report}
FROM {source} WHERE s.organization_id = %(organization)s AND s.line_id = n.line_id
  AND s.scorecard_id BETWEEN %(cards_first)s AND %(cards_last)s
"""
_REPORT_LINES = ", previous_completion = s.night_completion, night_completion = n.completion, changed_by_id = %(job)s"

_INSERT_LINES = """
INSERT INTO scorecards_linescore (organization_id, line_id, scorecard_id, entries, state, reason, raw, completion,
                                  status, watched, night_completion, changed_by_id)
SELECT %(organization)s, n.line_id, l.scorecard_id, 0, n.state, n.reason, n.raw, n.completion, n.status, n.watched,
       CASE WHEN %(job)s::bigint IS NOT NULL THEN n.completion END, %(job)s::bigint
FROM {source} JOIN scorecards_scorecardline l ON l.organization_id = %(organization)s AND l.id = n.line_id
"""

_UPDATE_CARDS = """
UPDATE scorecards_cardscore s
SET percent = n.percent, measured_weight = n.measured_weight, lines_scored = n.lines_scored,
    lines_total = n.lines_total, is_provisional = n.is_provisional, is_blocked = n.is_blocked, status = n.status{report}
FROM {source} WHERE s.organization_id = %(organization)s AND s.scorecard_id = n.scorecard_id
  AND s.scorecard_id BETWEEN %(cards_first)s AND %(cards_last)s
"""
_REPORT_CARDS = ", previous_percent = s.night_percent, night_percent = n.percent, changed_by_id = %(job)s"


class _Change(NamedTuple):
    """A statement for rows of COPY's text format with line ends; `report` is what a night writes besides."""

    name: str
    sql: str
    report: str
    columns: str
    rows: Sequence[str]


def write_scores(scores: Scores, card_ids: Collection[int], job_id: int | None) -> tuple[int, int]:
    """Write changed lines and cards of these cards, numbers of both; a job reports its changes as a night's.

    What is few goes in one statement: an entry is a single line of a single card.
    """
    given = {"organization": current_organization_id(), "job": job_id, **ids_among("cards", card_ids)}
    cards = [f"{key}\t{score}" for key, score in sorted(scores.cards.items())]
    changes = [
        _Change("lines", _UPDATE_LINES, _REPORT_LINES, _LINE_TABLE, scores.lines),
        _Change("new_lines", _INSERT_LINES, "", _LINE_TABLE, scores.new_lines),
        _Change("cards", _UPDATE_CARDS, _REPORT_CARDS, _CARD_TABLE, cards),
    ]
    written = _write_few([change for change in changes if 0 < len(change.rows) <= FEW], given)
    for change in changes:
        if len(change.rows) > FEW:
            written[change.name] = _write_many(change, given)
    return written["lines"] + written["new_lines"], written["cards"]


def _write_few(changes: Sequence[_Change], given: Mapping[str, Any]) -> Counter:
    if not changes:
        return Counter()
    parameters = dict(given)
    parts, counts = [], []
    for change in changes:
        source = _values(change, parameters)
        parts.append(f"{change.name} AS ({_statement(change, source, given)} RETURNING 1)")
        counts.append(f"(SELECT count(*) FROM {change.name})")  # noqa: S608  (constants)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} SELECT {', '.join(counts)}", parameters)
        return Counter(dict(zip((change.name for change in changes), cursor.fetchone(), strict=True)))


def _write_many(change: _Change, given: Mapping[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE recomputed ({change.columns})")
        copy("COPY recomputed FROM STDIN", StringIO("".join(change.rows)))
        cursor.execute(_statement(change, "recomputed n", given), given)
        written = cursor.rowcount
        cursor.execute("DROP TABLE recomputed")
    return written


def _statement(change: _Change, source: str, given: Mapping[str, Any]) -> str:
    return change.sql.format(source=source, report=change.report if given["job"] else "")


def _values(change: _Change, parameters: dict[str, Any]) -> str:
    """A row source of parameters: one array of text per column, cast to the column's type."""
    names, types = zip(*(column.split() for column in change.columns.split(", ")), strict=True)
    fields = zip(*(row[:-1].split("\t") for row in change.rows), strict=True)
    for name, values in zip(names, fields, strict=True):
        parameters[f"{change.name}_{name}"] = [None if value == NULL else value for value in values]
    arrays = ", ".join(f"%({change.name}_{name})s::{kind}[]" for name, kind in zip(names, types, strict=True))
    return f"unnest({arrays}) n({', '.join(names)})"

"""Writes changed scores: a few rows as parameters of one UPDATE, many through COPY into a table of the transaction."""

from collections.abc import Sequence
from io import StringIO
from typing import Any

from django.db import connection

from kpiapp.tenancy import current_organization_id
from scorecards.recompute.gather import NULL

# Above this many rows COPY is cheaper than parameters.
FEW = 200

_LINE_TABLE = (
    "line_id bigint, state text, reason text, raw numeric, completion numeric, status text, scorecard_id bigint"
)
_CARD_TABLE = (
    "scorecard_id bigint, percent numeric, measured_weight numeric, lines_scored int, lines_total int, "
    "is_provisional boolean, is_blocked boolean, status text"
)

# The bounds keep a part of a night from walking through the scores of all the others.
_UPDATE_LINES = """
UPDATE scorecards_linescore s
SET state = n.state, reason = n.reason, raw = n.raw, completion = n.completion, status = n.status{report}
FROM {source} WHERE s.organization_id = %(organization)s AND s.line_id = n.line_id
  AND s.line_id BETWEEN %(first)s AND %(last)s
"""
_REPORT_LINES = ", previous_completion = s.night_completion, night_completion = n.completion, changed_by_id = %(job)s"

_INSERT_LINES = """
INSERT INTO scorecards_linescore (organization_id, line_id, scorecard_id, entries, state, reason, raw, completion,
                                  status, night_completion, changed_by_id)
SELECT %(organization)s, n.line_id, n.scorecard_id, 0, n.state, n.reason, n.raw, n.completion, n.status,
       CASE WHEN %(job)s::bigint IS NOT NULL THEN n.completion END, %(job)s::bigint
FROM {source}
"""

_UPDATE_CARDS = """
UPDATE scorecards_cardscore s
SET percent = n.percent, measured_weight = n.measured_weight, lines_scored = n.lines_scored,
    lines_total = n.lines_total, is_provisional = n.is_provisional, is_blocked = n.is_blocked, status = n.status{report}
FROM {source} WHERE s.organization_id = %(organization)s AND s.scorecard_id = n.scorecard_id
  AND s.scorecard_id BETWEEN %(first)s AND %(last)s
"""
_REPORT_CARDS = ", previous_percent = s.night_percent, night_percent = n.percent, changed_by_id = %(job)s"


def write_lines(rows: Sequence[str], job_id: int | None) -> int:
    """Update stored lines from rows of COPY's text format; a job reports its change as a night's."""
    return _write(_UPDATE_LINES.replace("{report}", _REPORT_LINES if job_id else ""), _LINE_TABLE, rows, job_id)


def add_lines(rows: Sequence[str], job_id: int | None) -> int:
    """Insert scores of lines that had none yet."""
    return _write(_INSERT_LINES, _LINE_TABLE, rows, job_id)


def write_cards(scores: dict[int, tuple], job_id: int | None) -> int:
    """Update stored cards from scores by id."""
    rows = [
        "\t".join("\\N" if value is None else str(value) for value in (key, *score)) for key, score in scores.items()
    ]
    return _write(_UPDATE_CARDS.replace("{report}", _REPORT_CARDS if job_id else ""), _CARD_TABLE, rows, job_id)


def _write(sql: str, columns: str, rows: Sequence[str], job_id: int | None) -> int:
    if not rows:
        return 0
    parameters: dict[str, Any] = {"organization": current_organization_id(), "job": job_id}
    ids = [int(row.partition("\t")[0]) for row in rows]
    parameters["first"], parameters["last"] = min(ids), max(ids)
    with connection.cursor() as cursor:
        if len(rows) <= FEW:
            source = _values(columns, rows, parameters)
        else:
            source = "recomputed n"
            cursor.execute(f"CREATE TEMPORARY TABLE recomputed ({columns})")
            cursor.copy_expert("COPY recomputed FROM STDIN", StringIO("\n".join(rows) + "\n"))
            cursor.execute("ANALYZE recomputed")
        cursor.execute(sql.replace("{source}", source), parameters)
        written = cursor.rowcount
        if len(rows) > FEW:
            cursor.execute("DROP TABLE recomputed")
    return written


def _values(columns: str, rows: Sequence[str], parameters: dict[str, Any]) -> str:
    """A row source of parameters: one array of text per column, cast to the column's type."""
    names, types = zip(*(column.split() for column in columns.split(", ")), strict=True)
    fields = zip(*(row.split("\t") for row in rows), strict=True)
    for name, values in zip(names, fields, strict=True):
        parameters[name] = [None if value == NULL else value for value in values]
    arrays = ", ".join(f"%({name})s::{kind}[]" for name, kind in zip(names, types, strict=True))
    return f"unnest({arrays}) n({', '.join(names)})"

"""What SQL gathers for scoring: cards with their stored score, and their lines as text rows, streamed by COPY."""

import datetime
from collections.abc import Collection, Sequence
from decimal import Decimal
from io import TextIOBase
from typing import Any, NamedTuple

from django.db import connection

from kpiapp.bulk import among, copy, id_array, ids_among
from kpiapp.tenancy import current_organization_id
from scorecards.models import Scorecard
from scorecards.recompute.actuals import REFRESH, refresh_parameters

# What COPY writes for NULL.
NULL = "\\N"

_CARDS = f"""
COPY (
SELECT c.id, p.id, p.state, %(on)s >= p.ends_on OR p.state <> 'open', s.night_percent IS DISTINCT FROM s.percent,
       s.percent, s.measured_weight, s.lines_scored, s.lines_total, s.is_provisional, s.is_blocked, s.status
FROM scorecards_scorecard c
JOIN kpiapp_period p ON p.organization_id = c.organization_id AND p.id = c.period_id
LEFT JOIN scorecards_cardscore s ON s.organization_id = %(organization)s AND s.scorecard_id = c.id
    AND s.scorecard_id BETWEEN %(cards_first)s AND %(cards_last)s
WHERE c.organization_id = %(organization)s AND {among("c.id", "cards")}
) TO STDOUT
"""  # noqa: S608  (constants)

# The stored result stands last, with the line's end, so that it is compared and written as one piece of text (score.py
# splits the rest off); and in it the reason, which mostly is not there. Both sides name their cards: joined by line
# alone, every part of a night would read all scores of the organization.
_LINES = f"""
COPY (
    {{before}} SELECT l.scorecard_id, l.id,
           CASE WHEN l.method = '' AND l.params IS NULL THEN l.kpi_id::text
                ELSE l.kpi_id || ' ' || jsonb_build_array(l.method, l.params) END,
           l.weight, l.target, l.baseline,
           l.is_scored::int + CASE WHEN l.waived_reason <> '' THEN 2 ELSE 0 END
                            + CASE WHEN l.wiped_out_reason <> '' THEN 4 ELSE 0 END
                            + CASE WHEN s.night_completion IS DISTINCT FROM s.completion THEN 8 ELSE 0 END
                            + CASE WHEN l.in_segments THEN 16 ELSE 0 END,
           s.quantity, s.divisor, s.state, s.raw, s.completion, s.status, s.watched, s.reason
    FROM scorecards_scorecardline l
    LEFT JOIN {{scores}} s ON s.organization_id = %(organization)s AND s.line_id = l.id
        AND {among("s.scorecard_id", "cards")}
    WHERE l.organization_id = %(organization)s AND {among("l.scorecard_id", "cards")}
) TO STDOUT
"""  # noqa: S608  (constants)

# Adds entries up on the way: a statement does not see what it writes, so the rows it wrote stand in for the stored.
_SCORE_COLUMNS = """organization_id, scorecard_id, line_id, quantity, divisor, night_completion, state, reason, raw,
    completion, status, watched"""
_REFRESHED = f"WITH refreshed AS ({REFRESH} RETURNING {_SCORE_COLUMNS})"
_REFRESHED_SCORES = f"""(
    SELECT {_SCORE_COLUMNS} FROM refreshed
    UNION ALL
    SELECT {_SCORE_COLUMNS} FROM scorecards_linescore s
    WHERE s.organization_id = %(organization)s AND {among("s.scorecard_id", "cards")}
      AND NOT EXISTS (SELECT FROM refreshed r WHERE r.line_id = s.line_id)
)"""  # noqa: S608  (constants)

# The latest actual of the same KPI and owner in a period before, for a stock that nobody has counted yet.
_CARRIED = """
SELECT DISTINCT ON (l.id) l.id, s.quantity, s.divisor
FROM scorecards_scorecardline l
JOIN scorecards_scorecard c ON c.organization_id = l.organization_id AND c.id = l.scorecard_id
JOIN kpiapp_period p ON p.organization_id = c.organization_id AND p.id = c.period_id
JOIN strategy_kpiversion v ON v.organization_id = l.organization_id AND v.id = l.kpi_id
JOIN kpiapp_period bp ON bp.organization_id = p.organization_id AND bp.kind = p.kind AND bp.starts_on < p.starts_on
JOIN scorecards_scorecard bc ON bc.organization_id = c.organization_id AND bc.period_id = bp.id
    AND bc.owner_kind = c.owner_kind AND (bc.member_id, bc.department_id)
        IS NOT DISTINCT FROM (c.member_id, c.department_id)
JOIN scorecards_scorecardline bl ON bl.organization_id = bc.organization_id AND bl.scorecard_id = bc.id
JOIN strategy_kpiversion bv ON bv.organization_id = bl.organization_id AND bv.id = bl.kpi_id
    AND bv.definition_id = v.definition_id
JOIN scorecards_linescore s ON s.organization_id = bl.organization_id AND s.line_id = bl.id
WHERE l.organization_id = %(organization)s AND l.id = ANY(%(lines)s::bigint[]) AND s.quantity IS NOT NULL
ORDER BY l.id, bp.starts_on DESC
"""


class StoredCard(NamedTuple):
    """A card as it is stored: its period, the state of that, whether it is over, whether a night has yet to report
    the card, and its score as `card_row` writes it.
    """

    period_id: int
    period_state: str
    is_over: bool
    is_unreported: bool
    score: str


def card_row(
    percent: Decimal | None, measured_weight: Decimal, scored: int, lines: int, provisional: bool, blocked: bool, status
) -> str:
    """A card's score as COPY writes it, with the places of its columns and the line's end."""
    shown = NULL if percent is None else f"{percent:.6f}"
    flags = f"{'t' if provisional else 'f'}\t{'t' if blocked else 'f'}"
    return f"{shown}\t{measured_weight:.2f}\t{scored}\t{lines}\t{flags}\t{status}\n"


def percent_in(row: str) -> Decimal | None:
    """The percent of a card's score that `card_row` wrote."""
    shown = row.partition("\t")[0]
    return None if shown == NULL else Decimal(shown)


def stored_cards(card_ids: Collection[int], on: datetime.date) -> dict[int, StoredCard]:
    """Cards by id, with whether their period is over on a day: locked before its end, it is over, too."""
    parameters = {"organization": current_organization_id(), "on": on, **ids_among("cards", card_ids)}
    rows = _Rows()
    copy(_CARDS, rows, parameters)
    found = {}
    for row in rows.kept:
        card, period, state, is_over, is_unreported, score = row.split("\t", 5)
        found[int(card)] = StoredCard(int(period), state, is_over == "t", is_unreported == "t", score)
    return found


def stored_card(card: Scorecard, on: datetime.date) -> StoredCard:
    """The same of a card that was loaded with its period and score; no query."""
    period, score = card.period, card.score
    return StoredCard(
        period.pk,
        period.state,
        on >= period.ends_on or not period.is_open,
        score.night_percent != score.percent,
        card_row(
            score.percent,
            score.measured_weight,
            score.lines_scored,
            score.lines_total,
            score.is_provisional,
            score.is_blocked,
            score.status,
        ),
    )


def line_rows(card_ids: Collection[int], refresh: Sequence[int] = ()) -> list[str]:
    """Lines of cards as rows of COPY's text format with their line ends, mostly card by card.

    Entries of the lines to `refresh` are added up in the same statement (actuals.py); their cards must be among these.
    """
    parameters: dict[str, Any] = {"organization": current_organization_id(), **ids_among("cards", card_ids)}
    sql = _LINES.format(before="", scores="scorecards_linescore")
    if refresh:
        parameters |= refresh_parameters(sorted(set(refresh)))
        sql = _LINES.format(before=_REFRESHED, scores=_REFRESHED_SCORES)
    rows = _Rows()
    copy(sql, rows, parameters)
    return rows.kept


class _Rows(TextIOBase):
    """Keeps what COPY writes, a row at a time, without joining and splitting it again."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.write = self.kept.append  # type: ignore[assignment,method-assign]


def carried_pairs(line_ids: Sequence[int]) -> dict[int, tuple]:
    """Latest running actual before its period, as the exact pair, of each line that has one."""
    with connection.cursor() as cursor:
        cursor.execute(_CARRIED, {"organization": current_organization_id(), "lines": id_array(line_ids)})
        return {line_id: (quantity, divisor) for line_id, quantity, divisor in cursor.fetchall()}

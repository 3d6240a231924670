"""Before a period is reopened its cards are kept as they are; afterwards both sides are compared."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from kpiapp.models import PeriodReopening
from kpiapp.tenancy import current_organization_id
from scorecards.models import KeptScore, Scorecard, ScorecardLine

# The lines of a card as one value: what is compared, and what is kept.
_LINES = """
    SELECT l.scorecard_id, jsonb_object_agg(
        l.id, jsonb_build_array(l.weight, l.target, s.quantity, s.divisor, s.completion)) AS lines
    FROM scorecards_scorecardline l
    LEFT JOIN scorecards_linescore s ON s.organization_id = %(organization)s AND s.line_id = l.id
    WHERE l.organization_id = %(organization)s AND l.scorecard_id IN (
        SELECT id FROM scorecards_scorecard WHERE organization_id = %(organization)s AND period_id = %(period)s)
    GROUP BY l.scorecard_id
"""
_KEEP = f"""
INSERT INTO scorecards_keptscore
    (organization_id, reopening_id, card_id, percent, measured_weight, status, lines)
SELECT c.organization_id, %(reopening)s, c.id, s.percent, coalesce(s.measured_weight, 0), coalesce(s.status, 'none'),
    coalesce(l.lines, '{{}}'::jsonb)
FROM scorecards_scorecard c
LEFT JOIN scorecards_cardscore s ON s.organization_id = %(organization)s AND s.scorecard_id = c.id
LEFT JOIN ({_LINES}) l ON l.scorecard_id = c.id
WHERE c.organization_id = %(organization)s AND c.period_id = %(period)s
ORDER BY c.id
"""  # noqa: S608  (constants)
# The cards whose score or lines are not as they were; a card that is new since has nothing kept.
_CHANGED = f"""
SELECT c.id, coalesce(l.lines, '{{}}'::jsonb)::text
FROM scorecards_scorecard c
LEFT JOIN scorecards_keptscore k
    ON k.organization_id = %(organization)s AND k.reopening_id = %(reopening)s AND k.card_id = c.id
LEFT JOIN scorecards_cardscore s ON s.organization_id = %(organization)s AND s.scorecard_id = c.id
LEFT JOIN ({_LINES}) l ON l.scorecard_id = c.id
WHERE c.organization_id = %(organization)s AND c.period_id = %(period)s
  AND (k.percent, k.lines) IS DISTINCT FROM (s.percent, coalesce(l.lines, '{{}}'::jsonb))
"""  # noqa: S608  (constants)


@dataclass(frozen=True)
class LineChange:
    """A line before and now: target, actual as quantity and divisor, completion; None where it was or is not there."""

    line: ScorecardLine
    before: dict[str, Decimal | None] | None
    now: dict[str, Decimal | None] | None


@dataclass(frozen=True)
class CardChange:
    """A card whose score or lines are not as they were; `kept` is None when it came after."""

    card: Scorecard
    kept: KeptScore | None
    percent: Decimal | None
    lines: Sequence[LineChange]
    hidden: int


def keep_scores(reopening: PeriodReopening) -> None:
    """Keep every card of the period, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, _parameters(reopening))


def changed_cards(reopening: PeriodReopening, cards: QuerySet[Scorecard]) -> QuerySet[Scorecard]:
    """Those of the cards whose score or lines are not as they were kept."""
    return cards.filter(pk__in=list(_changed(reopening)))


def compare(reopening: PeriodReopening, cards: Sequence[Scorecard], lines: QuerySet[ScorecardLine]) -> list[CardChange]:
    """What differs on these cards; of lines that are not among the visible ones only their number is told."""
    now = _changed(reopening)
    # As text: a JSON column would be read as floats, which lose the last places of large actuals.
    rows = KeptScore.objects.annotate(exact=Cast("lines", TextField()))
    kept = {row.card_id: row for row in rows.filter(reopening=reopening, card_id__in=[card.pk for card in cards])}
    visible = lines.filter(scorecard__in=[card.pk for card in cards]).select_related("kpi").in_bulk()
    return [_change(card, kept.get(card.pk), now.get(card.pk, {}), visible) for card in cards]


def _change(card: Scorecard, kept: KeptScore | None, now: dict, visible: dict[int, ScorecardLine]) -> CardChange:
    before = _exact(kept.exact) if kept else {}
    different = [key for key in sorted({*before, *now}, key=int) if not _same(before.get(key), now.get(key))]
    shown = [
        LineChange(visible[int(key)], _named(before.get(key)), _named(now.get(key)))
        for key in different
        if int(key) in visible
    ]
    percent = card.score.percent if hasattr(card, "score") else None
    return CardChange(card, kept, percent, shown, len(different) - len(shown))


def _same(before: list | None, now: list | None) -> bool:
    return _named(before) == _named(now)


def _named(values: list | None) -> dict[str, Decimal | None] | None:
    if values is None:
        return None
    names = ("weight", "target", "quantity", "divisor", "completion")
    return {name: None if value is None else Decimal(str(value)) for name, value in zip(names, values, strict=True)}


def _changed(reopening: PeriodReopening) -> dict[int, dict[str, list]]:
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, _parameters(reopening))
        return {pk: _exact(lines) for pk, lines in cursor.fetchall()}


def _exact(lines: str) -> dict[str, list]:
    return json.loads(lines, parse_float=Decimal)


def _parameters(reopening: PeriodReopening) -> dict[str, int]:
    return {
        "organization": current_organization_id(),
        "reopening": reopening.pk,
        "period": reopening.period_id,
    }

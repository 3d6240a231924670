"""Numbers of cards that people ask about: a line's completion, a card's score, a rolled-up score; and who is asked."""

import datetime
from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from kpiapp.models import Member
from kpiapp.registry import NumberKind, NumberNamed
from scorecards import queries, recipients
from scorecards.explain.numbers import p, pct
from scorecards.models import RollupScore, Scorecard, ScorecardLine

OWNERS = ("member", "department", "organization", "period")


def lines(ids: Sequence[int], reader: Member, on: datetime.date) -> dict[int, NumberNamed]:
    """Completions of lines that the reader may see."""
    seen = queries.visible_lines(reader, on).filter(pk__in=ids)
    seen = seen.select_related("kpi__definition", "score", *(f"scorecard__{part}" for part in OWNERS))
    found = {}
    for line in seen:
        card = line.scorecard
        whose = {"owner": card.owner_name, "period": card.period.label}
        label = _("%(kpi)s, %(owner)s, %(period)s")
        found[line.pk] = NumberNamed(
            label % {**whose, "kpi": line.kpi.name},
            reverse("scorecards:explain_line", args=[card.organization.slug, line.pk]),
            p(line.score.completion) if hasattr(line, "score") else "–",
            label % {**whose, "kpi": _("a confidential KPI")} if line.kpi.definition.is_confidential else "",
        )
    return found


def cards(ids: Sequence[int], reader: Member, on: datetime.date) -> dict[int, NumberNamed]:
    """Scores of cards that the reader may see."""
    seen = queries.visible_cards(reader, on).filter(pk__in=ids).select_related("score", *OWNERS)
    return {
        card.pk: NumberNamed(
            _("the score of %(owner)s, %(period)s") % {"owner": card.owner_name, "period": card.period.label},
            reverse("scorecards:explain_card", args=[card.organization.slug, card.pk]),
            pct(card.score.percent) if hasattr(card, "score") and card.score.percent is not None else "–",
        )
        for card in seen
    }


def rollups(ids: Sequence[int], reader: Member, on: datetime.date) -> dict[int, NumberNamed]:
    """Rolled-up scores that the reader may see."""
    seen = queries.visible_rollups(reader, on).filter(pk__in=ids)
    found = {}
    for row in seen.select_related("period", "objective", "perspective", "department", "organization"):
        of = row.perspective.label if row.perspective else (row.objective or row.department or row.organization).name
        found[row.pk] = NumberNamed(
            _("the score of %(owner)s, %(period)s") % {"owner": of, "period": row.period.label},
            reverse("scorecards:explain_rollup", args=[row.organization.slug, row.pk]),
            "–" if row.percent is None else pct(row.percent),
        )
    return found


def _of_card(card: Scorecard, on: datetime.date) -> list[int]:
    """Whoever the card measures, and whoever decides about it."""
    return [*recipients.measured_ids(card), *recipients.decider_ids(card, on)]


def line_answerers(pk: int, on: datetime.date) -> list[int]:
    """Those of its card."""
    line = ScorecardLine.objects.select_related("scorecard__department").filter(pk=pk).first()
    return _of_card(line.scorecard, on) if line else []


def card_answerers(pk: int, on: datetime.date) -> list[int]:
    """Those it measures, and those who decide about it."""
    card = Scorecard.objects.select_related("department").filter(pk=pk).first()
    return _of_card(card, on) if card else []


def rollup_answerers(pk: int, on: datetime.date) -> list[int]:
    """The head of a department, and the strategy office."""
    row = RollupScore.objects.select_related("department").filter(pk=pk).first()
    head = row.department.head_id if row and row.department else None
    return [*([head] if head else []), *recipients.strategy_office_ids(on)]


KINDS = {
    "line": NumberKind(lines, line_answerers),
    "card": NumberKind(cards, card_answerers),
    "rollup": NumberKind(rollups, rollup_answerers),
}

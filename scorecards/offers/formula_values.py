"""Values to try a formula with while it is written: of the card that has most of its KPIs this month."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from kpiapp.models import Member
from kpiapp.registry import FormulaValues
from scorecards import queries
from scorecards.choices import OwnerKind
from scorecards.models import ScorecardLine
from scorecards.recompute.formulas import FoundOperand

NOTHING = FormulaValues("", {})


def values_to_try(member: Member, on: datetime.date, definition_ids: Sequence[int]) -> FormulaValues:
    """What KPIs stand at on one card the member may read, with the company's card beside it; three queries."""
    period = queries.period_on(on)
    if period is None or not definition_ids:
        return NOTHING
    lines = queries.visible_lines(member, on).filter(
        scorecard__period=period, kpi__definition__in=definition_ids, waived_reason=""
    )
    best = (
        lines.order_by()
        .values("scorecard")
        .annotate(kpis=Count("kpi__definition", distinct=True), known=Count("score__quantity"))
        .order_by("-kpis", "-known", "scorecard")
        .first()
    )
    if best is None:
        return NOTHING
    near = lines.filter(Q(scorecard=best["scorecard"]) | Q(scorecard__owner_kind=OwnerKind.ORGANIZATION))
    found = near.select_related("kpi", "score", "scorecard__member", "scorecard__department", "scorecard__organization")
    values: dict[str, Decimal | None] = {}
    title = ""
    # The company's card first: what the chosen card has itself comes later and stands.
    for line in sorted(found, key=lambda line: line.scorecard_id == best["scorecard"]):
        values |= _values_of(line)
        title = line.scorecard.owner_name
    return FormulaValues(_("%(owner)s, %(period)s") % {"owner": title, "period": period.label}, values)


def _values_of(line: ScorecardLine) -> dict[str, Decimal | None]:
    version, score = line.kpi, getattr(line, "score", None)
    if score is None:
        return {}
    stored = (score.quantity, score.divisor, score.entries, score.last_on)
    parts = (version.numerator_agg, version.denominator_agg)
    operand = FoundOperand(line.pk, line.scorecard_id, version.aggregation, version.factor, *parts, stored)
    key = f"kpi:{version.definition_id}"
    return {key: operand.value(), **{f"{key}.{part}": operand.value(part) for part in ("numerator", "denominator")}}

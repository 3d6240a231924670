"""What a person reached with a KPI month by month, for those who plan their next year."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from kpiapp.choices import PeriodKind
from kpiapp.decimals import VALUE_PLACES, quantize
from scorecards.models import LineScore
from scorecards.scoring import NotScorable, value_of


def figures_of_person(
    definition_id: int, months: Sequence[datetime.date], member_id: int
) -> dict[datetime.date, Decimal]:
    """Actuals of a person's monthly cards by the first day of the month; months without a value are left out."""
    scores = LineScore.objects.filter(
        line__kpi__definition=definition_id,
        line__scorecard__member=member_id,
        line__scorecard__period__kind=PeriodKind.MONTH,
        line__scorecard__period__starts_on__in=list(months),
        quantity__isnull=False,
    ).values_list("line__scorecard__period__starts_on", "quantity", "divisor", "line__kpi__factor")
    found = {}
    for month, quantity, divisor, factor in scores:
        try:
            found[month] = quantize(value_of(quantity, divisor, factor), VALUE_PLACES)
        except NotScorable:
            continue
    return found

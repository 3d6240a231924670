"""Plans inside periods that are longer than a month: where the lines of cards should stand by them."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from kpiapp.calendars import WorkingCalendar
from kpiapp.choices import PeriodKind
from kpiapp.decimals import ZERO
from kpiapp.fiscal_years import add_months
from kpiapp.models import Period
from scorecards.line_rules import pace_kind_of
from scorecards.models import ScorecardLine
from scorecards.scoring import PaceKind, PlannedWay, elapsed_share, least_on_pace
from strategy import plans
from strategy.choices import TargetAggregation
from strategy.models import KpiPlan


def planned_ways(
    lines: Sequence[ScorecardLine], period: Period, on: datetime.date, calendar: WorkingCalendar
) -> dict[int, PlannedWay]:
    """By line (with its KPI version and card), how far its plan is on a day: the person's, else the one for everybody.

    One query; none for a month, which has no plan inside. Lines whose months come together otherwise have none.
    """
    if period.kind == PeriodKind.MONTH or not lines:
        return {}
    definitions = {line.kpi.definition_id for line in lines if _is_planned_as_paced(line)}
    planned = plans.planned_months(definitions, period) if definitions else {}
    found = {}
    for line in lines:
        definition, member = line.kpi.definition_id, line.scorecard.member_id
        months = planned.get((definition, member)) or planned.get((definition, None))
        if months and _is_planned_as_paced(line):
            found[line.pk] = _way(tuple(months), period, on, calendar)
    return found


def least_raws(period: Period, on: datetime.date, calendar: WorkingCalendar) -> dict[int, Decimal | None]:
    """By planned line of a period, the raw completion below which its pace is behind; None while nothing is due."""
    if period.kind == PeriodKind.MONTH:
        return {}
    planned = ScorecardLine.objects.filter(
        scorecard__period=period, is_scored=True, kpi__definition__in=KpiPlan.objects.values("definition")
    )
    lines = {line.pk: line for line in planned.select_related("kpi", "scorecard")}
    found: dict[int, Decimal | None] = {}
    for pk, way in planned_ways(list(lines.values()), period, on, calendar).items():
        kind, baseline = pace_kind_of(lines[pk]), lines[pk].baseline
        share = way.due_share(kind, (baseline or ZERO) if kind is PaceKind.LEVEL else ZERO) if kind else None
        if kind is not None and share is not None:
            found[pk] = least_on_pace(kind, share)
    return found


def _is_planned_as_paced(line: ScorecardLine) -> bool:
    """Whether months of a plan add up where its entries do, or lead to a level where it is one."""
    kind = pace_kind_of(line)
    if kind is None:
        return False
    wanted = TargetAggregation.LAST if kind is PaceKind.LEVEL else TargetAggregation.SUM
    return line.kpi.target_aggregation == wanted


def _way(months: tuple, period: Period, on: datetime.date, calendar: WorkingCalendar) -> PlannedWay:
    starts = [add_months(period.starts_on, step) for step in range(len(months) + 1)]
    over = sum(end <= on for end in starts[1:])
    if over == len(months):
        return PlannedWay(months, over, ZERO)
    return PlannedWay(months, over, elapsed_share(*calendar.gone_by(starts[over], starts[over + 1], on)))

"""Reads of plans: the one that holds, what a card's period takes from it, what was given to whom."""

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import QuerySet

from kpiapp import registry
from kpiapp.choices import PeriodKind
from kpiapp.fiscal_years import MONTHS_OF_A_YEAR, add_months, fiscal_year_start
from kpiapp.models import CalendarDay, Member, Period, working_calendar
from kpiapp.models.period import MONTHS
from kpiapp.public_holidays import TET
from strategy.models import KpiDefinition, KpiPlan, KpiPlanMonth, KpiVersion
from strategy.smarter import judging
from strategy.target_shapes import PlanYear, year_value

VERSIONS_SHOWN = 6
YEARS_AHEAD = 3
# definition, person (None: for everybody), period → target
PlannedTargets = dict[tuple[int, int | None, int], Decimal]
# definition, person → targets of months in order
PlannedMonths = dict[tuple[int, int | None], list[Decimal]]


def plan_of(definition_id: int, starts_on: datetime.date, member: Member | None = None) -> KpiPlan | None:
    """The plan of a KPI for a fiscal year, for everybody or for one person, with its months."""
    plans = KpiPlan.objects.filter(definition=definition_id, starts_on=starts_on, member=member)
    plan = plans.prefetch_related("months").order_by("-number").first()
    return plan if plan is not None and plan.total is not None else None


def plan_year(
    starts_on: datetime.date, on: datetime.date, definition: KpiDefinition | None = None, member: Member | None = None
) -> PlanYear:
    """The company's calendar, and last year's figures of a KPI: a person's, or those its target is judged by."""
    figures: dict[datetime.date, Decimal] = {}
    if definition is not None and member is not None:
        months = [add_months(starts_on, step) for step in range(-MONTHS_OF_A_YEAR, 0)]
        for source in registry.KPI_FIGURES:
            figures.update(source(definition.pk, months, member.pk))
    elif definition is not None and definition.current.frequency == PeriodKind.MONTH:
        past = judging.past_results([definition.pk], on).get(definition.pk, ())
        figures = {result.starts_on: result.value for result in past}
    return PlanYear(starts_on, working_calendar(), figures)


def planned_targets(versions: Iterable[KpiVersion], periods: Sequence[Period]) -> PlannedTargets:
    """Targets that plans hold for KPIs in periods: of a month its own, of a longer period what its months come to.

    One query, whatever the number of KPIs, people and periods. A period whose months are not all planned is left out.
    """
    aggregations = {version.definition_id: version.target_aggregation for version in versions}
    if not aggregations or not periods:
        return {}
    first, end = min(period.starts_on for period in periods), max(period.ends_on for period in periods)
    by_owner = _months_by_owner(aggregations, first, end)
    return {
        (definition, member, period.pk): year_value(targets, aggregations[definition])
        for period in periods
        for (definition, member), by_month in by_owner.items()
        if (targets := _targets_in(period, by_month)) is not None
    }


def planned_months(definitions: Iterable[int], period: Period) -> PlannedMonths:
    """The targets of the months of a period, by KPI and person, of the plans that cover all of it; one query."""
    by_owner = _months_by_owner(set(definitions), period.starts_on, period.ends_on)
    found = {owner: _targets_in(period, by_month) for owner, by_month in by_owner.items()}
    return {owner: targets for owner, targets in found.items() if targets is not None}


def _months_by_owner(
    definitions: Iterable[int], first: datetime.date, end: datetime.date
) -> dict[tuple[int, int | None], dict[datetime.date, Decimal]]:
    """Planned targets of the months in [first, end), by KPI and person."""
    months = KpiPlanMonth.objects.filter(
        plan__definition__in=definitions, starts_on__gte=first, starts_on__lt=end, plan__in=_newest_ids(definitions)
    ).values_list("plan__definition", "plan__member", "starts_on", "target")
    found: dict[tuple[int, int | None], dict[datetime.date, Decimal]] = {}
    for definition, member, month, target in months:
        found.setdefault((definition, member), {})[month] = target
    return found


def _targets_in(period: Period, by_month: dict[datetime.date, Decimal]) -> list[Decimal] | None:
    """The targets of a period's months in order; None when one is missing."""
    months = [add_months(period.starts_on, step) for step in range(MONTHS[period.kind])]
    return [by_month[month] for month in months] if all(month in by_month for month in months) else None


def target_for(planned: PlannedTargets, definition_id: int, member_id: int | None, period_id: int) -> Decimal | None:
    """The planned target of somebody's card: their own plan's, else the one for everybody; None without a plan."""
    own = planned.get((definition_id, member_id, period_id)) if member_id else None
    return own if own is not None else planned.get((definition_id, None, period_id))


def default_target(
    planned: PlannedTargets, version: KpiVersion, member_id: int | None, period: Period, typed: Decimal | None
) -> Decimal | None:
    """The target of a new line: as planned where the KPI's own was left as it is, else what was typed."""
    if typed != version.target:
        return typed
    found = target_for(planned, version.definition_id, member_id, period.pk)
    return typed if found is None else found


def _newest_ids(definitions: Iterable[int]) -> QuerySet:
    plans = KpiPlan.objects.filter(definition__in=list(definitions))
    one = ("definition_id", "member_id", "starts_on")
    newest = plans.order_by(*one, "-number").distinct(*one)
    return KpiPlan.objects.filter(pk__in=newest.values("pk"), total__isnull=False).values("pk")


def plans_of_people(definition_id: int, starts_on: datetime.date, people: QuerySet[Member]) -> list[KpiPlan]:
    """The plans of people one may see, for a KPI and a year, in the order lists of people have."""
    plans = KpiPlan.objects.filter(
        pk__in=_newest_ids([definition_id]), starts_on=starts_on, member__in=people.values("pk")
    )
    return list(plans.select_related("member").order_by("member__sort_key"))


def plannable_years(on: datetime.date, start_month: int) -> list[datetime.date]:
    """First days of the fiscal years that can be planned: the running one and the next two."""
    first = fiscal_year_start(on, start_month)
    return [add_months(first, step * MONTHS_OF_A_YEAR) for step in range(YEARS_AHEAD)]


def newest_plans(definition_ids: Iterable[int], years: Iterable[datetime.date]) -> QuerySet[KpiPlan]:
    """The plans that hold for KPIs and years, for everybody and for people, with their months."""
    plans = KpiPlan.objects.filter(pk__in=_newest_ids(definition_ids), starts_on__in=list(years))
    return plans.select_related("definition", "member").prefetch_related("months").order_by("pk")


def versions_of(definition_id: int, starts_on: datetime.date, member: Member | None) -> list[KpiPlan]:
    """The newest versions of a plan, with who made them."""
    plans = KpiPlan.objects.filter(definition=definition_id, starts_on=starts_on, member=member)
    return list(plans.select_related("created_by").order_by("-number")[:VERSIONS_SHOWN])


def tet_months(starts_on: datetime.date) -> frozenset[datetime.date]:
    """Months of a fiscal year in which most of Tết lies, by the company's calendar."""
    end = add_months(starts_on, MONTHS_OF_A_YEAR)
    days = CalendarDay.objects.filter(holiday=TET, is_in_lieu=False, on__gte=starts_on, on__lt=end)
    counted = Counter(day.replace(day=1) for day in days.values_list("on", flat=True))
    return frozenset(month for month, count in counted.items() if count > 1)

"""The field "Month by month" for the pages it stands on: of a KPI that is kept, or of one that is being typed."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import get_language

from kpiapp.choices import PeriodKind
from kpiapp.decimals import EXACT, NumberError, parse_number
from kpiapp.models import Member
from kpiapp.permissions import Permission
from kpiapp.queries import visible_members
from kpiapp.text import id_in
from strategy import plans, queries
from strategy.choices import TARGETS_OF, TargetAggregation
from strategy.forms.plan import PlanField
from strategy.models import KpiDefinition, KpiPlan
from strategy.services import plans as service


def field_for(
    request,
    definition: KpiDefinition,
    starts_on: datetime.date,
    member: Member | None = None,
    *,
    plan: KpiPlan | None = None,
    with_figures: bool = True,
) -> PlanField:
    """The field of a KPI and year: as planned, else as its target would lie in the usual shape."""
    version = definition.current
    year = plans.plan_year(starts_on, request.today, definition if with_figures else None, member)
    field = PlanField(
        year,
        version.target_aggregation,
        version.decimals,
        version.baseline,
        plans.tet_months(starts_on),
        version.unit,
    )
    if plan is not None:
        field.show_plan(plan)
    elif with_figures:
        field.suggest(_year_target(version.target, version.target_aggregation, version.frequency))
    return field


def typed_field(request) -> PlanField:
    """The field of what is being typed: of a KPI that is kept, or of the KPI's own form around it."""
    data, definition = request.POST, _definition(request)
    starts_on = chosen_year(request, data.get("plan-year", ""))
    if definition is not None and "aggregation" not in data:
        field = field_for(request, definition, starts_on, _person(request))
    else:
        aggregation = _typed_aggregation(data)
        field = PlanField(
            plans.plan_year(starts_on, request.today, definition),
            aggregation,
            id_in(data.get("decimals", "")) or 0,
            _typed_number(data.get("baseline", "")),
            plans.tet_months(starts_on),
            data.get("unit", "")[:40],
        )
        plan = plans.plan_of(definition.pk, starts_on) if definition is not None else None
        if "plan-total" not in data and plan is not None and _fits(plan, field):
            field.show_plan(plan)
        elif "plan-total" not in data:
            frequency = data.get("frequency", PeriodKind.MONTH)
            field.suggest(_year_target(_typed_number(data.get("target", "")), aggregation, frequency))
    if "plan-total" in data:
        field.read(data)
    return field


@dataclass
class SentPlan:
    """The field as it came with the KPI's own form; `field` is None when it was never opened, or left empty."""

    field: PlanField | None = None
    is_refused: bool = False

    @property
    def may_be_kept(self) -> bool:
        """Whether nothing in it has to be mended."""
        self.is_refused = self.field is not None and not self.field.is_valid()
        return not self.is_refused

    def keep(self, definition: KpiDefinition, *, by: Member) -> None:
        """Keep it with the KPI, for everybody. Raises PlanRefused."""
        if self.field is not None:
            service.keep_plan(
                definition=definition, starts_on=self.field.year.starts_on, draft=self.field.draft(), by=by
            )

    def show(self, refusal: service.PlanRefused) -> None:
        """Say in the field why it cannot be kept."""
        self.is_refused = True
        if self.field is not None:
            self.field.error = str(refusal)


def sent_plan(request) -> SentPlan:
    """The year's target among what the form of a KPI sent."""
    if "plan-total" not in request.POST:
        return SentPlan()
    field = typed_field(request)
    return SentPlan(None if field.is_empty else field)


def _fits(plan: KpiPlan, field: PlanField) -> bool:
    return plan.shape in [*field.shapes, "own"]


def _year_target(target: Decimal | None, aggregation: str, frequency: str) -> Decimal | None:
    """The target of a year, from the one a card of one period gets: twelve months add up, a level stays."""
    if target is None or aggregation != TargetAggregation.SUM:
        return target
    times = {PeriodKind.MONTH: 12, PeriodKind.QUARTER: 4, PeriodKind.HALF_YEAR: 2}.get(PeriodKind(frequency), 1)
    return EXACT.multiply(target, Decimal(times))


def _typed_aggregation(data) -> str:
    typed = data.get("target_aggregation", "")
    if typed in TargetAggregation.values:
        return typed
    return TARGETS_OF.get(data.get("aggregation", ""), TargetAggregation.LAST)


def _typed_number(text: str) -> Decimal | None:
    try:
        return parse_number(text[:40], get_language() or "en")
    except NumberError:
        return None


def _definition(request) -> KpiDefinition | None:
    pk = id_in(request.POST.get("definition", ""))
    editable = queries.editable_kpis(request.member, request.today)
    return editable.select_related("current").filter(pk=pk, current__isnull=False).first() if pk else None


def _person(request) -> Member | None:
    pk = id_in(request.POST.get("plan-member", ""))
    return visible_members(request.member, Permission.CARD_EDIT, request.today).filter(pk=pk).first() if pk else None


def open_years(request) -> list[datetime.date]:
    """First days of the fiscal years that can be planned."""
    return plans.plannable_years(request.today, request.organization.fiscal_year_start_month)


def chosen_year(request, typed: str) -> datetime.date:
    """The fiscal year whose first calendar year was named, when it can be planned, else the running one."""
    years = open_years(request)
    return next((year for year in years if str(year.year) == typed[:4]), years[0])

"""Plans of a year: versions, the total that holds, what cards take from them."""

import datetime
from decimal import Decimal

import pytest

from kpiapp.models import AuditEvent, Period
from kpiapp.services import organizations, periods
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import organization_scope
from strategy import plans
from strategy.models import KpiPlan
from strategy.services import plans as service
from strategy.services.kpis import create_kpi
from strategy.services.plans import PlanDraft, PlanRefused

YEAR = datetime.date(2026, 1, 1)
FEBRUARY = datetime.date(2026, 2, 1)


@pytest.fixture
def kpi(scope):
    """Revenue, months add up."""
    fields = {"name": "Doanh thu", "aggregation": "sum", "target": Decimal(100), "decimals": 0}
    return create_kpi(fields=fields, by=scope.strategy)


def draft(*targets, total=None, **fields) -> PlanDraft:
    numbers = [Decimal(target) for target in targets] or [Decimal(100)] * 12
    return PlanDraft(
        Decimal(total) if total is not None else sum(numbers), numbers, fields.pop("shape", "own"), **fields
    )


def keep(scope, kpi, plan=None, member=None, starts_on=YEAR):
    return service.keep_plan(
        definition=kpi, starts_on=starts_on, draft=plan or draft(), by=scope.strategy, member=member
    )


def test_planning_again_is_a_new_version(scope, kpi):
    keep(scope, kpi)
    again = keep(scope, kpi, draft(*[90] + [100] * 10 + [110], pinned=frozenset({0})))
    assert (again.number, KpiPlan.objects.count()) == (2, 2)
    held = plans.plan_of(kpi.pk, YEAR)
    assert [month.target for month in held.months.all()][::11] == [90, 110]
    assert [month.is_pinned for month in held.months.all()][:2] == [True, False]
    event = AuditEvent.objects.filter(action="kpi.plan").first()
    assert (event.before["months"][0], event.after["months"][0]) == ("100", "90")


def test_the_same_plan_again_is_none(scope, kpi):
    keep(scope, kpi)
    keep(scope, kpi)
    assert KpiPlan.objects.count() == AuditEvent.objects.filter(action="kpi.plan").count() == 1


def test_months_that_do_not_come_to_the_year_are_refused(scope, kpi):
    with pytest.raises(PlanRefused, match=r"1.200"):
        keep(scope, kpi, draft(total=1300))
    assert not KpiPlan.objects.exists()


def test_a_level_has_to_end_at_its_target(scope):
    level = create_kpi(fields={"name": "Tồn kho", "aggregation": "last", "target": Decimal(90)}, by=scope.strategy)
    keep(scope, level, draft(*range(79, 91), total=90))
    with pytest.raises(PlanRefused):
        keep(scope, level, draft(*range(79, 91), total=95))


def test_cards_take_their_months_target(scope, kpi):
    periods.fill_fiscal_year(starts_on=YEAR)
    keep(scope, kpi, draft(*range(1, 13)))
    shown = {period.code: period for period in Period.objects.all()}
    planned = plans.planned_targets([kpi.current], list(shown.values()))

    def target(code, member=None):
        return plans.target_for(planned, kpi.pk, member, shown[code].pk)

    assert (target("2026-02"), target("2026-Q1"), target("2026-H2"), target("2026")) == (2, 6, 57, 78)
    assert target("2026-02", scope.lan.pk) == 2


def test_ones_own_plan_goes_first(scope, kpi, django_assert_num_queries):
    periods.fill_fiscal_year(starts_on=YEAR)
    keep(scope, kpi)
    keep(scope, kpi, draft(*[50] * 12), member=scope.lan)
    february = Period.objects.get(kind="month", starts_on=FEBRUARY)
    with django_assert_num_queries(1):
        planned = plans.planned_targets([kpi.current], [february])
    assert plans.target_for(planned, kpi.pk, scope.lan.pk, february.pk) == 50
    assert plans.target_for(planned, kpi.pk, scope.minh.pk, february.pk) == 100


def test_a_period_that_is_only_half_planned_takes_nothing(scope, kpi):
    """A quarter of another fiscal year has no target; nor has a level's year its last month's by accident."""
    periods.fill_fiscal_year(starts_on=datetime.date(2027, 1, 1))
    keep(scope, kpi)
    assert plans.planned_targets([kpi.current], list(Period.objects.filter(starts_on__year=2027))) == {}


def test_a_plan_taken_back_holds_no_more(scope, kpi):
    keep(scope, kpi)
    service.drop_plan(definition=kpi, starts_on=YEAR, by=scope.strategy)
    assert plans.plan_of(kpi.pk, YEAR) is None
    assert plans.planned_targets([kpi.current], [scope.period]) == {}
    assert keep(scope, kpi).number == 3


def test_a_former_version_holds_again_with_all_that_was_in_it(scope, kpi):
    first = draft(*[600, 300, 600, *[100] * 9], pinned=frozenset({0, 2}), quarters={0: Decimal(1500)})
    keep(scope, kpi, first)
    service.drop_plan(definition=kpi, starts_on=YEAR, by=scope.strategy)
    again = service.bring_back(plan=KpiPlan.objects.get(number=1), by=scope.strategy)
    assert (again.number, again.held_quarters) == (3, [0])
    assert [month.is_pinned for month in again.months.all()][:3] == [True, False, True]
    with pytest.raises(PlanRefused):
        service.bring_back(plan=KpiPlan.objects.get(number=2), by=scope.strategy)
    assert AuditEvent.objects.filter(action="kpi.drop_plan").count() == 1


def test_a_quarter_that_holds_a_total_is_not_broken(scope, kpi):
    with pytest.raises(PlanRefused, match=r"1.700.*1.500"):
        keep(scope, kpi, draft(*[600, 500, 600, *[100] * 9], quarters={0: Decimal(1500)}))


def test_the_fiscal_year_stays_where_targets_are_planned_by_it(scope, kpi, today):
    keep(scope, kpi)
    with pytest.raises(Refused) as refused:
        organizations.edit_organization(
            organization=scope.organization, on=today, by=scope.owner, fiscal_year_start_month=4
        )
    assert refused.value.field == "fiscal_year_start_month"


def test_plans_of_another_company_are_not_there(scope, kpi, binh_minh):
    keep(scope, kpi)
    with organization_scope(binh_minh.organization):
        assert plans.planned_targets([kpi.current], [binh_minh.period]) == {}

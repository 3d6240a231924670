"""The page of a year's target, the field that answers while one types, and the KPI's own form around it."""

import datetime
from decimal import Decimal

import pytest

from kpiapp.services.calendars import start_calendar
from kpiapp.tenancy import organization_scope
from strategy import plans
from strategy.models import KpiDefinition, KpiPlan
from strategy.services.kpis import create_kpi

HTMX = {"HX-Request": "true"}


@pytest.fixture
def kpi(an_phat):
    """Revenue of Sales, months add up, with Vietnam's holidays in the calendar."""
    with organization_scope(an_phat.organization):
        start_calendar(an_phat.organization, None)
        fields = {"name": "Doanh thu", "aggregation": "sum", "target": Decimal(100), "decimals": 0, "unit": "triệu"}
        return create_kpi(fields=fields, by=an_phat.strategy, department=an_phat.department)


def year(cast) -> datetime.date:
    return datetime.datetime.now(tz=datetime.UTC).date().replace(month=1, day=1)


def typed(total, months, **more) -> dict:
    fields = {f"plan-month-{place}": str(value) for place, value in enumerate(months)}
    return {"plan-total": str(total), "plan-shape": "own", **fields, **more}


def field_of(response) -> list:
    return [cell.value for cell in response.context["plan"].cells]


def live(cast, kpi, data):
    url = cast.url("strategy/library/kpis/months/")
    return cast.client(cast.strategy).post(url, {"definition": kpi.pk, **data}, headers=HTMX)


def test_the_page_begins_with_the_kpis_own_target(an_phat, kpi):
    response = an_phat.client(an_phat.strategy).get(an_phat.url(f"strategy/library/kpis/{kpi.pk}/plan/"))
    assert field_of(response) == [100] * 12
    assert [quarter.text for quarter in response.context["plan"].quarters] == ["300"] * 4
    assert "Tết" in response.content.decode()


def test_working_days_make_the_month_of_tet_smaller(an_phat, kpi):
    response = live(an_phat, kpi, typed(2490, [""] * 12, **{"plan-use": "working_days", "plan-year": "2026"}))
    values = field_of(response)
    assert sum(values) == 2490
    assert min(values) == values[1]


def test_a_changed_month_moves_the_others_and_a_pinned_one_stays(an_phat, kpi):
    data = typed(1200, [150] + [100] * 11, **{"plan-changed": "0", "plan-pin": ["1"]})
    values = field_of(live(an_phat, kpi, data))
    assert (values[0], values[1], sum(values)) == (150, 100, 1200)
    assert set(values[2:]) == {95}


def test_what_cannot_hold_is_said_and_nothing_is_lost(an_phat, kpi):
    response = live(an_phat, kpi, typed(1200, ["1.300"] + [100] * 11, **{"plan-changed": "0"}))
    text = response.content.decode()
    assert response.context["plan"].error
    assert 'value="1.300"' in text
    assert "1.200" in response.context["plan"].error


def test_what_is_no_number_is_named_beside_its_month(an_phat, kpi):
    response = live(an_phat, kpi, typed(1200, ["nhiều"] + [100] * 11, **{"plan-changed": "0"}))
    assert response.context["plan"].cells[0].error
    assert 'value="nhiều"' in response.content.decode()


def test_an_event_takes_its_part_of_the_month(an_phat, kpi):
    events = {"plan-event-month-0": "1", "plan-event-percent-0": "-40", "plan-event-name-0": "Tết"}
    values = field_of(live(an_phat, kpi, typed(1160, [""] * 12, **events, **{"plan-use": "equal"})))
    assert values[1] == 60
    assert set(values) == {60, 100}


def test_two_months_of_a_quarter_leave_the_third(an_phat, kpi):
    quarter = {"plan-quarter-0": "1500", "plan-changed": "quarter-0", "plan-pin": ["0", "2"]}
    values = field_of(live(an_phat, kpi, typed(6000, [600, "", 600, *[""] * 9], **quarter, **{"plan-shape": "equal"})))
    assert (values[:3], values[3:]) == ([600, 300, 600], [500] * 9)


def test_a_quarter_is_not_broken_by_its_months(an_phat, kpi):
    months = [600, 500, 600, *[500] * 9]
    held = {"plan-quarter-0": "1500", "plan-hold": ["0"], "plan-pin": ["0", "2"]}
    response = live(an_phat, kpi, typed(6000, months, **held, **{"plan-changed": "1"}))
    error = response.context["plan"].error
    assert ("1.700" in error, "1.500" in error, field_of(response)[:3]) == (True, True, [600, 500, 600])
    url = an_phat.url(f"strategy/library/kpis/{kpi.pk}/plan/")
    refused = an_phat.client(an_phat.strategy).post(url, typed(6200, months, **held, **{"plan-keep": "1"}))
    assert refused.status_code == 422
    assert "1.700" in refused.context["plan"].error
    with organization_scope(an_phat.organization):
        assert not KpiPlan.objects.exists()


def test_a_plan_is_taken_back_and_brought_back(an_phat, kpi):
    url = an_phat.url(f"strategy/library/kpis/{kpi.pk}/plan/")
    client, this_year = an_phat.client(an_phat.manager), str(year(an_phat).year)
    client.post(url, typed(1200, [100] * 12, **{"plan-keep": "1"}))
    page = client.post(f"{url}drop/", {"plan-year": this_year}, follow=True).content.decode()
    assert f"{url}restore/" in page
    with organization_scope(an_phat.organization):
        assert plans.plan_of(kpi.pk, year(an_phat)) is None
    client.post(f"{url}restore/", {"plan-year": this_year, "number": "1"})
    with organization_scope(an_phat.organization):
        assert plans.plan_of(kpi.pk, year(an_phat)).number == 3
    assert client.post(f"{url}restore/", {"plan-year": this_year, "number": "2"}).status_code == 404


def test_keeping_a_plan_and_who_may_not(an_phat, kpi):
    url = an_phat.url(f"strategy/library/kpis/{kpi.pk}/plan/")
    data = typed(1200, [100] * 12, **{"plan-keep": "1"})
    assert an_phat.client(an_phat.lan).post(url, data).status_code == 404
    assert an_phat.client(an_phat.manager).post(url, data).status_code == 302
    with organization_scope(an_phat.organization):
        assert plans.plan_of(kpi.pk, year(an_phat)).total == 1200


def test_a_plan_that_misses_its_year_comes_back_as_typed(an_phat, kpi):
    url = an_phat.url(f"strategy/library/kpis/{kpi.pk}/plan/")
    response = an_phat.client(an_phat.strategy).post(url, typed(1300, [100] * 12, **{"plan-keep": "1"}))
    assert response.status_code == 422
    assert 'value="1300"' in response.content.decode()
    with organization_scope(an_phat.organization):
        assert not KpiPlan.objects.exists()


def test_a_person_gets_a_plan_of_their_own_within_reach_only(an_phat, kpi):
    url = an_phat.url(f"strategy/library/kpis/{kpi.pk}/plan/")
    data = typed(600, [50] * 12, **{"plan-keep": "1", "plan-member": an_phat.lan.pk})
    assert an_phat.client(an_phat.manager).post(url, data).status_code == 302
    data["plan-member"] = an_phat.minh.pk
    assert an_phat.client(an_phat.manager).post(url, data).status_code == 404
    shown = an_phat.client(an_phat.manager).get(url).content.decode()
    assert an_phat.lan.name in shown
    assert an_phat.lan.name not in an_phat.client(an_phat.minh).get(url).content.decode()


def test_last_years_figures_are_for_those_who_plan(an_phat, kpi):
    url = an_phat.url(f"strategy/library/kpis/{kpi.pk}/plan/")
    assert an_phat.client(an_phat.minh).get(url).context["plan"].year.figures == {}


def test_the_kpis_form_opens_the_field_with_what_is_typed(an_phat, kpi):
    url = an_phat.url("strategy/library/kpis/months/")
    typed_kpi = {"aggregation": "sum", "target": "250", "decimals": "0", "unit": "cái", "frequency": "month"}
    response = an_phat.client(an_phat.manager).post(url, typed_kpi, headers=HTMX)
    assert response.context["plan"].total == 3000
    level = {**typed_kpi, "aggregation": "last", "baseline": "100", "plan-use": "linear"}
    response = an_phat.client(an_phat.manager).post(url, {**level, "plan-total": "220"}, headers=HTMX)
    assert field_of(response) == list(range(110, 230, 10))


def test_the_months_of_a_level_stand_alone(an_phat, kpi):
    """What is still empty stays empty, and nothing else moves."""
    url = an_phat.url("strategy/library/kpis/months/")
    level = {"aggregation": "last", "decimals": "0"}
    data = {**level, **typed(90, [80, 85, *[""] * 9, 90], **{"plan-changed": "0"})}
    response = an_phat.client(an_phat.manager).post(url, data, headers=HTMX)
    assert field_of(response) == [80, 85, *[None] * 9, 90]
    assert response.context["plan"].shape == "own"


def form_data(**fields) -> dict:
    return {
        "name": "Hợp đồng mới",
        "direction": "increase",
        "aggregation": "sum",
        "decimals": "0",
        "frequency": "month",
        "group": "B",
        "method": "ratio",
        "cap_percent": "120",
        "floor_percent": "0",
        "missing_policy": "exclude_reweight",
        "target": "10",
        **fields,
    }


def test_a_new_kpi_is_saved_with_its_plan(an_phat):
    url = an_phat.url("strategy/library/kpis/new/")
    response = an_phat.client(an_phat.strategy).post(url, form_data(**typed(120, [10] * 12), draft="1"))
    assert response.status_code == 302, response.context["form"].errors
    with organization_scope(an_phat.organization):
        made = KpiDefinition.objects.get(name="Hợp đồng mới")
        assert plans.plan_of(made.pk, year(an_phat)).total == 120


def test_neither_is_saved_when_the_plan_does_not_hold(an_phat):
    url = an_phat.url("strategy/library/kpis/new/")
    response = an_phat.client(an_phat.strategy).post(url, form_data(**typed(130, [10] * 12), draft="1"))
    assert response.status_code == 422
    assert "130" in response.context["plan"].error
    with organization_scope(an_phat.organization):
        assert not KpiDefinition.objects.exists()


def test_choosing_a_shape_without_the_script_saves_nothing(an_phat):
    url = an_phat.url("strategy/library/kpis/new/")
    response = an_phat.client(an_phat.strategy).post(url, form_data(**typed(120, [""] * 12, **{"plan-use": "equal"})))
    assert response.status_code == 200
    assert field_of(response) == [10] * 12
    with organization_scope(an_phat.organization):
        assert not KpiDefinition.objects.exists()


def test_an_empty_field_is_no_plan(an_phat):
    url = an_phat.url("strategy/library/kpis/new/")
    response = an_phat.client(an_phat.strategy).post(url, form_data(**typed("", [""] * 12), draft="1"))
    assert response.status_code == 302
    with organization_scope(an_phat.organization):
        assert not KpiPlan.objects.exists()


def test_another_companys_kpi_is_not_there(an_phat, kpi, binh_minh):
    url = binh_minh.url(f"strategy/library/kpis/{kpi.pk}/plan/")
    assert binh_minh.client(binh_minh.strategy).get(url).status_code == 404

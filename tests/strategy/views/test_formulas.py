"""Writing a formula in the form of a KPI: what is shown while typing, what is saved, and what comes back."""

import pytest

from kpiapp.tenancy import organization_scope
from strategy.models import KpiDefinition
from tests.scorecards.kit import D, make_card, make_kpi, rescore

FIELDS = {
    "name": "Conversion",
    "direction": "increase",
    "aggregation": "formula",
    "unit": "%",
    "frequency": "month",
    "group": "B",
    "decimals": "2",
    "method": "ratio",
    "cap_percent": "120",
    "floor_percent": "0",
    "missing_policy": "exclude_reweight",
    "numerator_agg": "sum",
    "denominator_agg": "sum",
    "factor": "1",
}


@pytest.fixture
def company(an_phat):
    with organization_scope(an_phat.organization):
        an_phat.kpis = [make_kpi("WON", "Hợp đồng ký"), make_kpi("LEADS", "Khách tiềm năng")]
        card = make_card(an_phat, an_phat.lan, *((kpi, 50, 10) for kpi in an_phat.kpis))
        for line, value in zip(card.lines.order_by("pk"), (6, 40), strict=True):
            line.actuals.create(line=line, on="2026-11-03", value=D(value))
        rescore(card)
    return an_phat


def check(company, formula, **fields):
    client = company.client(company.strategy)
    return client.post(company.url("strategy/library/kpis/formula/"), {"formula": formula, **fields})


def test_every_operand_and_the_result_are_shown_while_typing(company):
    shown = check(company, "percent([WON]; [LEADS])", unit="%").content.decode()
    assert "Hợp đồng ký" in shown
    assert ">15<" in shown or "15 <" in shown
    assert "Lê Thị Lan" in shown


def test_an_error_has_its_place_and_a_way_there(company):
    shown = check(company, "[WON] / [NOPE]").content.decode()
    assert 'data-start="8" data-end="14"' in shown
    assert "“[NOPE]”" in shown
    assert "data-formula-go" in shown


def test_a_formula_is_saved_by_reference_and_comes_back_with_codes(company):
    client = company.client(company.strategy)
    answer = client.post(
        company.url("strategy/library/kpis/new/"), {**FIELDS, "formula": "percent([WON]; [LEADS]) * 1,5"}
    )
    assert answer.status_code == 302, answer.content.decode()
    with organization_scope(company.organization):
        kpi = KpiDefinition.objects.get(name="Conversion")
        won, leads = (kpi.definition_id for kpi in company.kpis)
        assert kpi.current.formula == f"percent({{kpi:{won}}}, {{kpi:{leads}}}) * 1.5"
    edit = client.get(company.url(f"strategy/library/kpis/{kpi.pk}/edit/")).content.decode()
    assert "percent([WON]; [LEADS]) * 1,5" in edit
    card = client.get(company.url(f"strategy/library/kpis/{kpi.pk}/")).content.decode()
    assert "percent([WON]; [LEADS]) * 1,5" in card


def test_a_wrong_formula_comes_back_as_it_was_typed(company):
    client = company.client(company.strategy)
    answer = client.post(company.url("strategy/library/kpis/new/"), {**FIELDS, "formula": "[WON] +* 2"})
    assert answer.status_code == 422
    assert "[WON] +* 2" in answer.content.decode()


def test_names_are_offered_with_or_without_accents(company):
    client = company.client(company.strategy)
    url = company.url("strategy/library/kpis/formula/names/")
    assert 'data-insert="[LEADS]"' in client.get(url, {"q": "khach"}).content.decode()
    functions = client.get(url, {"q": "per", "functions": "1"}).content.decode()
    assert 'data-insert="percent("' in functions
    assert "LEADS" not in functions


def test_another_companys_kpi_is_no_operand(company, binh_minh):
    with organization_scope(binh_minh.organization):
        foreign = make_kpi("SECRET", "Secret").definition_id
    for formula in (f"{{kpi:{foreign}}}", "[SECRET]"):
        assert "data-formula-go" in check(company, formula).content.decode()

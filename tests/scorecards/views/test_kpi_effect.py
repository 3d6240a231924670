"""What a version that is being typed would do to the cards: told beside the form, formulas included."""

import pytest

from kpiapp.tenancy import organization_scope
from scorecards.models import CardScore
from tests.scorecards.kit import D, make_card, make_kpi, rescore
from tests.scorecards.recompute.test_formulas import formula_kpi
from tests.strategy.views.test_formulas import FIELDS


@pytest.fixture
def company(an_phat):
    with organization_scope(an_phat.organization):
        parts = [make_kpi("WON", "Won"), make_kpi("LEADS", "Leads")]
        an_phat.rate = formula_kpi(an_phat, "Conversion", "percent([WON], [LEADS])", unit="%")
        card = make_card(an_phat, an_phat.lan, (parts[0], 30, 10), (parts[1], 30, 100), (an_phat.rate, 40, 30))
        for line, value in zip(card.lines.order_by("pk"), (6, 40), strict=False):
            line.actuals.create(line=line, on="2026-11-03", value=D(value))
        rescore(card)
        assert CardScore.objects.get(scorecard=card).percent == 50
    return an_phat


def typed(company, formula):
    url = company.url(f"scorecards/kpis/{company.rate.definition_id}/effect/")
    return company.client(company.strategy).post(url, {**FIELDS, "formula": formula, "reason": ""}).content.decode()


def test_the_value_of_the_typed_formula_is_told(company):
    # 15 % of 30 % counted half; twice as much counts whole: 40 × 0.5 more.
    html = typed(company, "percent([WON]; [LEADS]) * 2")
    assert "50,00" in html
    assert "70,00" in html


def test_a_formula_that_cannot_be_used_says_why_instead(company):
    html = typed(company, "[WON] +* 2")
    assert "Lê Thị Lan" not in html
    assert "alert" in html or "text-muted-foreground" in html

"""A company with a few cards, on the day of the story."""

import pytest

from kpiapp.tenancy import organization_scope
from scorecards.services import actuals
from tests.cast import STORY_DAY
from tests.scorecards.clock import clock_at
from tests.scorecards.kit import D, line_of, make_card, make_kpi


@pytest.fixture(autouse=True)
def story_clock():
    """Every page of these tests is asked for on the day of the story."""
    with clock_at():
        yield


@pytest.fixture
def filled(an_phat):
    """Lan's agreed card with three KPIs and one entry, Minh's draft of 98, and a card of the Sales department."""
    with organization_scope(an_phat.organization):
        names = (("R", "Doanh thu mới"), ("D", "Đơn hàng"), ("T", "Đào tạo"))
        kpis = [make_kpi(code, name, unit="triệu") for code, name in names]
        lines = [(kpi, weight, 100) for kpi, weight in zip(kpis, (50, 30, 20), strict=True)]
        an_phat.card = make_card(an_phat, an_phat.lan, *lines, agreed_by=an_phat.manager)
        an_phat.line = line_of(an_phat.card, kpis[0])
        an_phat.second = line_of(an_phat.card, kpis[1])
        an_phat.entry = actuals.record_actual(
            line=an_phat.line, value=D(78), on=STORY_DAY, today=STORY_DAY, by=an_phat.acting(an_phat.lan)
        )
        an_phat.minh_card = make_card(an_phat, an_phat.minh, (kpis[0], 98, 100))
        an_phat.unit_card = make_card(an_phat, an_phat.department, (kpis[1], 100, 100), agreed_by=an_phat.director)
        an_phat.kpis = kpis
    return an_phat

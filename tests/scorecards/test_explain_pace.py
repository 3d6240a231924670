"""What is due by today, and where it leads, in words: by working days, by a plan, of a whole card."""

import datetime

import pytest
from django.utils import translation

from kpiapp.models import Period
from kpiapp.tenancy import organization_scope
from scorecards import explain
from scorecards.explain.pace_words import PACE_WORDS
from scorecards.scoring import RuleCode
from scorecards.services import actuals
from strategy.models import KpiPlan, KpiPlanMonth
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi
from tests.scorecards.recompute.conftest import CardMaker
from tests.scorecards.test_explain import all_words

# 20 November 2026: 15 of 21 working days have gone by.
CASES = [
    (
        {"unit": "m"},
        (4200, None),
        2700,
        [
            "Why 3,000 m by today?",
            "15 of 21 working days of the period have gone by = 71.4286%",
            "4,200 × 71.4286% = 3,000",
            "2,700 ÷ 3,000 = 90%",
            "at risk | 90% is at least 90%",
            "2,700 ÷ 71.4286% = 3,780",
            "Exactly on plan | 71.43%",
            "Agreed by Trần Hoài Nam",
        ],
    ),
    (
        {"method": "mirror"},
        (42, None),
        27,
        ["Why 30 by today?", "less is better: 2 − 27 ÷ 30 = 110%", "on track | 110% is at least 100%"],
    ),
    (
        {"method": "baseline", "aggregation": "last"},
        (61, 40),
        55,
        [
            "Why 55 by today?",
            "40 + (61 − 40) × 71.4286% = 55",
            "(55 − 40) ÷ (55 − 40) = 100%",
            "40 + (55 − 40) ÷ 71.4286% = 61",
        ],
    ),
    ({}, (4200, None), 2400, ["Why 3,000 by today?", "behind | 80% is below 90%", "2,400 ÷ 3,000 = 80% |"]),
    ({}, (21, None), None, ["Why 15 by today?", "21 × 71.4286% = 15"]),
    ({"method": "deduct"}, (None, None), 1, ["No target is set"]),
    ({"aggregation": "avg"}, (10, None), 1, ["does not grow steadily with time"]),
]


@pytest.mark.parametrize(("fields", "numbers", "value", "words"), CASES)
def test_what_is_due_and_where_it_leads_is_told_step_by_step(scope, fields, numbers, value, words):
    kpi = make_kpi("K", "Net new revenue", **fields)
    line = line_of(make_card(scope, scope.lan, (kpi, 100, *numbers), agreed_by=scope.manager), kpi)
    if value is not None:
        actuals.record_actual(line=line, value=D(value), on=STORY_DAY, today=STORY_DAY, by=scope.acting(scope.lan))
    with translation.override("en"):
        text = all_words(explain.explain_pace(line, on=STORY_DAY))
    for expected in words:
        assert expected in text
    assert ("going on like this" in text) is (value is not None and "by today?" in words[0])


def test_a_plan_names_its_months(scope):
    """Planned 10, 30 and 60 of 100: October is over, 15 of November's 21 days have gone by."""
    quarter = Period.objects.create(
        kind="quarter", starts_on=datetime.date(2026, 10, 1), ends_on=datetime.date(2027, 1, 1)
    )
    maker = CardMaker(scope)
    version = maker.kpi(aggregation="sum", target_aggregation="sum")
    line = maker.line(maker.card(period=quarter), version, "40")
    plan = KpiPlan.objects.create(
        definition=version.definition, number=1, total=100, shape="own", starts_on=datetime.date(2026, 1, 1)
    )
    KpiPlanMonth.objects.bulk_create(
        KpiPlanMonth(plan=plan, starts_on=datetime.date(2026, month, 1), target=target)
        for month, target in ((10, 10), (11, 30), (12, 60))
    )
    with translation.override("en"):
        text = all_words(explain.explain_pace(line, on=STORY_DAY))
    for expected in (
        "31.4286 ÷ 100 = 31.4286%",
        "October 2026: 10, 100% of its working days gone by",
        "November 2026: 30, 71.43%",
        "December 2026: 60, 0%",
        "The plan, month by month",
    ):
        assert expected in text
    with translation.override("vi"):
        assert "31,4286 ÷ 100 = 31,4286%" in all_words(explain.explain_pace(line, on=STORY_DAY))


def test_the_expected_score_of_a_card_is_the_mean_of_its_lines_on_plan(an_phat):
    with organization_scope(an_phat.organization):
        kpis = {code: make_kpi(code, f"Name {code}") for code in ("A", "B")}
        monthly = make_kpi("M", "A mean", aggregation="avg")
        items = ((kpis["A"], 50, 105), (kpis["B"], 30, 105), (monthly, 20, 10))
        card = make_card(an_phat, an_phat.lan, *items, agreed_by=an_phat.manager)
        for kpi, value in ((kpis["A"], 80), (monthly, 9)):
            actuals.record_actual(
                line=line_of(card, kpi), value=D(value), on=STORY_DAY, today=STORY_DAY, by=an_phat.acting(an_phat.lan)
            )
        with translation.override("en"):
            text = all_words(explain.explain_card_pace(card, reader=an_phat.acting(an_phat.lan), on=STORY_DAY))
        line = line_of(card, kpis["A"])
    # (50 × 71.4286% + 20 × 100%) ÷ 70
    for expected in (
        "Why 79.59% by today?",
        "55.7143 ÷ 70 = 79.59%, rounded half-up to two decimals",
        "50% of the card × 71.4286% = 35.7143 points",
        "30% of the card is left out: it has no value yet",
        "20% of the card × 100% = 20 points; nothing is due by a day here",
    ):
        assert expected in text
    client = an_phat.client(an_phat.lan)
    page = client.get(an_phat.url(f"scorecards/cards/{card.pk}/")).content.decode()
    assert f"/scorecards/cards/{card.pk}/pace/" in page
    details = client.get(an_phat.url(f"scorecards/lines/{line.pk}/")).content.decode()
    assert details.count(f"/scorecards/lines/{line.pk}/pace/") == 2


def test_every_rule_of_pace_has_words():
    of_pace = {code for code in RuleCode if code.value.startswith("pace")}
    # The months of a plan are told inside its own step.
    assert of_pace == set(PACE_WORDS) | {RuleCode.PACE_PLANNED_MONTH}

"""What is locked early is scored as it is at the end: a value that never came is late, whoever locks when."""

import pytest

from kpiapp.services.periods import ask_to_reopen, confirm_reopening, lock_period
from scorecards import recompute
from scorecards.models import CardScore, LineScore, StaleCard
from scorecards.services import actuals
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi

ENDS = {"zero": ("late", D("60.00")), "exclude_reweight": ("late", D("100.00"))}


@pytest.mark.parametrize("policy", ENDS)
def test_a_missing_value_is_late_when_its_period_is_locked_early(scope, policy):
    reports, turnover = make_kpi("REP", "Báo cáo", missing_policy=policy), make_kpi("REV")
    card = make_card(scope, scope.lan, (turnover, 60, 100), (reports, 40, 10), agreed_by=scope.manager)
    line = line_of(card, turnover)
    actuals.record_actual(line=line, value=D(100), on=STORY_DAY, today=STORY_DAY, by=scope.acting(scope.lan))
    missing = line_of(card, reports)
    assert LineScore.objects.get(pk=missing.pk).state == "not_due"
    assert CardScore.objects.get(pk=card.pk).percent == 100

    lock_period(period=scope.period, on=STORY_DAY, by=scope.acting(scope.hr))

    state, percent = ENDS[policy]
    assert LineScore.objects.get(pk=missing.pk).state == state
    assert CardScore.objects.get(pk=card.pk).percent == percent
    # A night before the end agrees with what was locked.
    assert recompute.compare_cards(card_ids=[card.pk], on=STORY_DAY).differing == {}

    asked = ask_to_reopen(period=scope.period, reason="Khoá nhầm", by=scope.acting(scope.hr))
    confirm_reopening(reopening=asked, by=scope.acting(scope.strategy))
    # There is time again, and the next night says so.
    assert list(StaleCard.objects.values_list("pk", flat=True)) == [card.pk]
    recompute.rescore_cards(card_ids=[card.pk], on=STORY_DAY)
    assert LineScore.objects.get(pk=missing.pk).state == "not_due"

"""What was agreed changes only by a request with a reason and a second person."""

import datetime

import pytest

from kpiapp.models import AuditEvent
from scorecards import recompute
from scorecards.choices import ChangeState
from scorecards.models import CardScore, LineScore, LineSegment
from scorecards.services import actuals, changes, dated, scorecards
from scorecards.services.changes import ChangeRefused
from scorecards.services.scorecards import CardRefused
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi


@pytest.fixture
def agreed(scope):
    kpis = [make_kpi("A"), make_kpi("B"), make_kpi("C")]
    card = make_card(
        scope, scope.lan, (kpis[0], 50, 100), (kpis[1], 30, 100), (kpis[2], 20, 100), agreed_by=scope.manager
    )
    scope.card, scope.line = card, line_of(card, kpis[0])
    actuals.record_actual(line=scope.line, value=D(80), on=STORY_DAY, today=STORY_DAY, by=scope.acting(scope.lan))
    return scope


def ask(cast, by=None, reason="Customers moved", on=STORY_DAY, mode="segments", line=None, **values):
    values = {name: D(value) for name, value in values.items()}
    return changes.request_change(
        line=line or cast.line,
        changes=values,
        reason=reason,
        effective_on=on,
        by=cast.acting(by or cast.lan),
        mode=mode,
    )


def approve(cast, request, by):
    return changes.approve_change(request=request, by=cast.acting(by), today=STORY_DAY)


def test_an_agreed_card_refuses_every_direct_edit(agreed):
    by = agreed.acting(agreed.manager)
    with pytest.raises(CardRefused):
        scorecards.update_lines(card=agreed.card, changes={agreed.line.pk: {"target": D(50)}}, by=by, today=STORY_DAY)
    with pytest.raises(CardRefused):
        scorecards.remove_line(line=agreed.line, by=by, today=STORY_DAY)
    with pytest.raises(CardRefused):
        scorecards.balance_weights(card=agreed.card, by=by, today=STORY_DAY)


def test_a_target_approved_for_the_whole_period_rescores_and_leaves_old_and_new(agreed):
    request = ask(agreed, target=160, mode="replace")
    assert line_of(agreed.card, agreed.line.kpi).target == 100
    approve(agreed, request, agreed.manager)
    assert line_of(agreed.card, agreed.line.kpi).target == 160
    assert CardScore.objects.get(scorecard=agreed.card).percent == 50
    event = AuditEvent.objects.get(action="change.approve")
    assert (event.before["target"], event.after["target"], event.reason) == ("100", "160", "Customers moved")


def test_a_new_weight_scales_the_others_so_that_the_card_stays_at_100(agreed):
    approve(agreed, ask(agreed, weight=40, mode="replace"), agreed.manager)
    weights = list(agreed.card.lines.order_by("position").values_list("weight", flat=True))
    assert weights == [40, 36, 24]


def test_neither_the_one_who_asks_nor_the_one_measured_decides(agreed):
    own = ask(agreed, target=50)
    with pytest.raises(ChangeRefused):
        approve(agreed, own, agreed.lan)
    changes.withdraw_change(request=own, by=agreed.acting(agreed.lan))
    managers = ask(agreed, by=agreed.manager, target=50)
    with pytest.raises(ChangeRefused):
        approve(agreed, managers, agreed.manager)
    with pytest.raises(ChangeRefused):
        approve(agreed, managers, agreed.lan)
    assert approve(agreed, managers, agreed.director).state == ChangeState.APPROVED


def test_one_request_at_a_time_with_a_reason_and_a_difference(agreed):
    with pytest.raises(ChangeRefused):
        ask(agreed, reason=" ", target=50)
    with pytest.raises(ChangeRefused):
        ask(agreed, target=100)
    with pytest.raises(ChangeRefused):
        ask(agreed, on=datetime.date(2027, 1, 1), target=50)
    with pytest.raises(ChangeRefused):
        ask(agreed, target=0)
    ask(agreed, target=50)
    with pytest.raises(ChangeRefused):
        ask(agreed, target=60)


def test_a_refusal_needs_words_and_changes_nothing(agreed):
    request = ask(agreed, target=50)
    with pytest.raises(ChangeRefused):
        changes.refuse_change(request=request, by=agreed.acting(agreed.manager), note="")
    changes.refuse_change(request=request, by=agreed.acting(agreed.manager), note="Too low")
    assert line_of(agreed.card, agreed.line.kpi).target == 100
    with pytest.raises(ChangeRefused):
        approve(agreed, request, agreed.manager)


def test_a_severe_violation_takes_two_people_and_counts_zero(agreed):
    request = changes.wipe_out_line(
        line=agreed.line, reason="Safety rule broken", effective_on=STORY_DAY, by=agreed.acting(agreed.hr)
    )
    assert CardScore.objects.get(scorecard=agreed.card).percent == 80
    approve(agreed, request, agreed.manager)
    line = line_of(agreed.card, agreed.line.kpi)
    assert (line.wiped_out_reason, line.wiped_out_by_id) == ("Safety rule broken", agreed.hr.pk)
    assert CardScore.objects.get(scorecard=agreed.card).percent == 0


MID = datetime.date(2026, 11, 16)  # ten working days of November before it, eleven from it on


def reach(cast, value, on):
    actuals.record_actual(line=cast.line, value=D(value), on=on, today=STORY_DAY, by=cast.acting(cast.lan))


def completion_of(cast):
    return LineScore.objects.get(line=cast.line).completion


def test_a_target_from_a_day_on_is_scored_in_segments_by_working_days(agreed):
    reach(agreed, 30, datetime.date(2026, 11, 6))
    approve(agreed, ask(agreed, target=160, on=MID), agreed.manager)
    # 30 of 100 × 10/21 is 63 %, 80 of 160 × 11/21 is 95.4545 %: (10 × 0.63 + 11 × 0.954545) ÷ 21.
    assert completion_of(agreed) == D("0.800000")
    assert line_of(agreed.card, agreed.line.kpi).target == 160
    starts = LineSegment.objects.filter(line=agreed.line).values_list("starts_on", "target")
    assert list(starts) == [(datetime.date(2026, 11, 1), 100), (MID, 160)]


def test_the_night_finds_what_the_approval_wrote(agreed):
    reach(agreed, 30, datetime.date(2026, 11, 6))
    approve(agreed, ask(agreed, target=160, on=MID), agreed.manager)
    LineScore.objects.filter(line=agreed.line).update(completion=None, raw=None, state="late", status="none")
    recompute.refresh_actuals(line_ids=[agreed.line.pk])
    recompute.rescore_cards(card_ids=[agreed.card.pk], on=STORY_DAY)
    assert completion_of(agreed) == D("0.800000")
    assert recompute.compare_cards(card_ids=[agreed.card.pk], on=STORY_DAY).differing == {}


def test_an_entry_after_the_change_moves_its_own_segment(agreed):
    reach(agreed, 30, datetime.date(2026, 11, 6))
    approve(agreed, ask(agreed, target=160, on=MID), agreed.manager)
    reach(agreed, 20, datetime.date(2026, 11, 5))
    # 50 of 47.62 is 105 %: (10 × 1.05 + 11 × 0.954545) ÷ 21.
    assert completion_of(agreed) == D("1.000000")


def test_a_dated_weight_counts_by_days_and_the_card_stays_at_100(agreed):
    approve(agreed, ask(agreed, weight=80, on=MID), agreed.manager)
    lines = agreed.card.lines.order_by("position")
    # 50 for ten days and 80 for eleven: 65.714; the others 30 and 12, 20 and 8.
    assert list(lines.values_list("weight", flat=True)) == [D("65.72"), D("20.57"), D("13.71")]
    assert not lines.filter(in_segments=True).exists(), "a weight alone splits no score"
    assert completion_of(agreed) == D("0.8")
    assert dated.weights_today(list(lines)) == dict(zip(lines.values_list("pk", flat=True), [80, 12, 8], strict=True))
    later = ask(agreed, weight=50, on=STORY_DAY)
    assert later.changes["weight"]["old"] == "80", "the weight that holds, not the mean"


def test_a_second_change_keeps_the_first_and_cannot_lie_before_it(agreed):
    approve(agreed, ask(agreed, target=160, on=MID), agreed.manager)
    with pytest.raises(ChangeRefused):
        ask(agreed, target=120, on=datetime.date(2026, 11, 10))
    approve(agreed, ask(agreed, target=120, on=STORY_DAY), agreed.manager)
    assert list(LineSegment.objects.filter(line=agreed.line).values_list("target", flat=True)) == [100, 160, 120]
    approve(agreed, ask(agreed, target=90, mode="replace"), agreed.manager)
    assert not LineSegment.objects.filter(line=agreed.line).exists()
    assert completion_of(agreed) == round(D(80) / 90, 6)


def test_a_change_on_the_first_day_needs_no_segments(agreed):
    approve(agreed, ask(agreed, target=160, on=datetime.date(2026, 11, 1)), agreed.manager)
    assert not LineSegment.objects.exists()
    assert completion_of(agreed) == D("0.5")


def test_a_violation_counts_zero_whatever_the_segments(agreed):
    approve(agreed, ask(agreed, target=160, on=MID), agreed.manager)
    request = changes.wipe_out_line(line=agreed.line, reason="x", effective_on=MID, by=agreed.acting(agreed.hr))
    approve(agreed, request, agreed.manager)
    assert completion_of(agreed) == 0
    assert LineSegment.objects.filter(line=agreed.line).count() == 2

"""What was agreed changes only by a request with a reason and a second person."""

import datetime

import pytest

from kpiapp.models import AuditEvent
from scorecards.choices import ChangeState
from scorecards.models import CardScore
from scorecards.services import actuals, changes, scorecards
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


def ask(cast, by=None, reason="Customers moved", on=STORY_DAY, **values):
    values = {name: D(value) for name, value in values.items()}
    return changes.request_change(
        line=cast.line, changes=values, reason=reason, effective_on=on, by=cast.acting(by or cast.lan)
    )


def approve(cast, request, by):
    return changes.approve_change(request=request, by=cast.acting(by), today=STORY_DAY)


def test_an_agreed_card_refuses_every_direct_edit(agreed):
    by = agreed.acting(agreed.manager)
    with pytest.raises(CardRefused):
        scorecards.update_line(line=agreed.line, by=by, today=STORY_DAY, target=D(50))
    with pytest.raises(CardRefused):
        scorecards.remove_line(line=agreed.line, by=by, today=STORY_DAY)
    with pytest.raises(CardRefused):
        scorecards.balance_weights(card=agreed.card, by=by, today=STORY_DAY)


def test_an_approved_target_rescores_and_leaves_old_and_new(agreed):
    request = ask(agreed, target=160)
    assert line_of(agreed.card, agreed.line.kpi).target == 100
    approve(agreed, request, agreed.manager)
    assert line_of(agreed.card, agreed.line.kpi).target == 160
    assert CardScore.objects.get(scorecard=agreed.card).percent == 50
    event = AuditEvent.objects.get(action="change.approve")
    assert (event.before["target"], event.after["target"], event.reason) == ("100", "160", "Customers moved")


def test_a_new_weight_scales_the_others_so_that_the_card_stays_at_100(agreed):
    approve(agreed, ask(agreed, weight=40), agreed.manager)
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

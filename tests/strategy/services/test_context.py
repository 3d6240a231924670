"""The SWOT board becomes objectives; risks are judged on the usual matrix."""

import datetime

import pytest
from django.utils import timezone

from strategy import foundations
from strategy.choices import MapState, PerspectiveKind, RiskLevel, SwotKind
from strategy.models import Objective, Perspective, StrategyMap, SwotItem
from strategy.models.context import level_of
from strategy.services import context
from tests.cast import STORY_DAY


@pytest.fixture
def lane(scope):
    return Perspective.objects.create(kind=PerspectiveKind.CUSTOMER, position=9)


def test_a_sentence_becomes_one_objective(scope, lane):
    by = scope.acting(scope.strategy)
    draft = StrategyMap.objects.create(name="Draft")
    item = context.add_swot(kind="threat", text="  Prices fall ", by=by)
    assert item.text == "Prices fall"
    made = context.turn_into_objective(item=item, strategy_map=draft, perspective=lane, name="Sell value", by=by)
    assert SwotItem.objects.get().objective == made
    assert made.description == "Prices fall"
    with pytest.raises(context.ContextRefused, match="already"):
        context.turn_into_objective(item=item, strategy_map=draft, perspective=lane, name="Again", by=by)
    with pytest.raises(context.ContextRefused):
        context.add_swot(kind="threat", text="   ", by=by)
    assert dict(foundations.board())[SwotKind.THREAT] == [item]


def test_the_matrix_shows_open_risks_where_they_belong(scope, lane):
    by = scope.acting(scope.strategy)
    now = datetime.datetime.now(datetime.UTC)
    plan = StrategyMap.objects.create(name="Plan", state=MapState.PUBLISHED, published_at=now)
    aim = Objective.objects.create(map=plan, perspective=lane, code="C1", name="Loyal customers")
    fields = {"response": "", "owner": None, "on": STORY_DAY}
    grave = context.add_risk(objective=aim, by=by, name="Loss", likelihood=4, impact=5, **fields)
    small = context.add_risk(objective=aim, by=by, name="Delay", likelihood=1, impact=2, **fields)
    assert foundations.open_risks(by) == [grave, small]
    rows = dict(foundations.risk_matrix([grave, small]))
    assert rows[5][3].risks == [grave]
    assert rows[2][0].risks == [small]
    context.close_risk(risk=grave, on=STORY_DAY, by=by)
    assert foundations.open_risks(by) == [small]
    assert foundations.risks_of(aim) == [small, grave]


def test_how_a_risk_was_judged_is_kept(scope, lane):
    by = scope.acting(scope.strategy)
    plan = StrategyMap.objects.create(name="Plan", state=MapState.PUBLISHED, published_at=timezone.now())
    aim = Objective.objects.create(map=plan, perspective=lane, code="C1", name="Loyal customers")
    fields = {"name": "Loss", "response": "", "owner": None}
    risk = context.add_risk(objective=aim, likelihood=4, impact=5, on=STORY_DAY, by=by, **fields)
    later = STORY_DAY + datetime.timedelta(days=30)
    context.change_risk(risk=risk, likelihood=2, impact=5, on=later, by=by, **fields)
    context.change_risk(risk=risk, likelihood=2, impact=5, on=later, by=by, **{**fields, "response": "Call them"})
    (shown,) = foundations.open_risks(by)
    assert [(one.judged_on, one.weight) for one in shown.judgements.all()] == [(STORY_DAY, 20), (later, 10)]


@pytest.mark.parametrize(
    ("likelihood", "impact", "level"),
    [(1, 5, RiskLevel.LOW), (2, 3, RiskLevel.MEDIUM), (3, 4, RiskLevel.HIGH), (5, 5, RiskLevel.HIGH)],
)
def test_how_grave_a_risk_is(likelihood, impact, level):
    assert level_of(likelihood, impact) == level

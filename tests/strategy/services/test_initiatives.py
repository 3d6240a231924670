"""Initiatives: planned for objectives, their progress from milestones, late by date, every decision on record."""

import datetime
from decimal import Decimal

import pytest

from kpiapp.models import AuditEvent
from strategy import initiatives as reads
from strategy.choices import InitiativeState, MapState, PerspectiveKind
from strategy.models import Initiative, Objective, Perspective, StrategyMap
from strategy.services import initiatives
from tests.cast import STORY_DAY

SOON, LATER = STORY_DAY + datetime.timedelta(days=10), STORY_DAY + datetime.timedelta(days=50)
BEFORE = STORY_DAY - datetime.timedelta(days=10)


@pytest.fixture
def aim(scope):
    lane = Perspective.objects.create(kind=PerspectiveKind.PROCESS, position=9)
    plan = StrategyMap.objects.create(
        name="Plan", state=MapState.PUBLISHED, published_at=datetime.datetime.now(datetime.UTC)
    )
    return Objective.objects.create(map=plan, perspective=lane, code="P1", name="Quote in a day")


def planned(cast, aim, **fields) -> Initiative:
    given = {
        "name": "One source of prices",
        "description": "",
        "owner": cast.lan,
        "starts_on": BEFORE,
        "due_on": LATER,
        "budget_amount": Decimal(100),
        **fields,
    }
    return initiatives.plan_initiative(objectives=[aim], kpis=[], by=cast.acting(cast.strategy), **given)


def view_of(initiative, on=STORY_DAY) -> reads.InitiativeView:
    (view,) = reads.views_of([Initiative.objects.get(pk=initiative.pk)], on)
    return view


def test_milestones_are_the_progress_and_make_it_late(scope, aim):
    made = planned(scope, aim)
    by = scope.acting(scope.lan)
    assert view_of(made).progress == 0
    assert not view_of(made).is_late
    steps = [
        initiatives.add_milestone(initiative=made, name=name, due_on=day, by=by)
        for name, day in (("a", BEFORE), ("b", SOON), ("c", LATER))
    ]
    assert view_of(made).is_late
    assert view_of(made).status == "off"
    initiatives.tick_milestone(milestone=steps[0], on=STORY_DAY, by=by)
    assert view_of(made).progress == Decimal("33.33")
    assert not view_of(made).is_late
    assert view_of(made, LATER + datetime.timedelta(days=1)).is_late
    assert AuditEvent.objects.filter(action="initiative.tick_milestone").get().before["done_on"] == ""


def test_the_database_counts_late_ones_as_the_page_does(scope, aim):
    late = planned(scope, aim, due_on=STORY_DAY - datetime.timedelta(days=1), name="late")
    overdue = planned(scope, aim, name="overdue")
    initiatives.add_milestone(initiative=overdue, name="x", due_on=BEFORE, by=scope.acting(scope.lan))
    planned(scope, aim, name="in time")
    found = set(reads.list_initiatives(on=STORY_DAY, state="late").values_list("pk", flat=True))
    assert found == {late.pk, overdue.pk}
    assert found == {one.pk for one in Initiative.objects.all() if view_of(one).is_late}
    assert reads.counts_by_objective([aim.pk], STORY_DAY) == {aim.pk: reads.Counted(3, 2)}
    assert reads.notes_of([aim], STORY_DAY) == {aim.pk: "3 initiatives, 2 late"}


def test_done_is_whole_and_no_longer_late(scope, aim):
    made = planned(scope, aim, due_on=BEFORE)
    by = scope.acting(scope.lan)
    report = {"initiative": made, "progress_percent": 40, "spent_amount": Decimal(120), "on": STORY_DAY, "by": by}
    initiatives.report_progress(state=InitiativeState.RUNNING, **report)
    assert (view_of(made).progress, view_of(made).is_over_budget, view_of(made).is_late) == (40, True, True)
    initiatives.report_progress(state=InitiativeState.DONE, **report)
    assert (view_of(made).progress, view_of(made).is_late) == (100, False)
    assert Initiative.objects.get(pk=made.pk).done_on == STORY_DAY
    with pytest.raises(initiatives.InitiativeRefused, match="cannot become planned"):
        initiatives.report_progress(state=InitiativeState.PLANNED, **report)


def test_an_end_before_the_start_is_refused(scope, aim):
    with pytest.raises(initiatives.InitiativeRefused) as refused:
        planned(scope, aim, due_on=BEFORE - datetime.timedelta(days=1))
    assert refused.value.field == "due_on"


def test_a_change_tells_what_was_and_what_is(scope, aim):
    made = planned(scope, aim)
    kept = {name: getattr(made, name) for name in initiatives.FIELDS}
    initiatives.change_initiative(
        initiative=made, objectives=[], kpis=[], by=scope.acting(scope.strategy), **{**kept, "name": "New name"}
    )
    event = AuditEvent.objects.get(action="initiative.change")
    assert event.before == {"name": "One source of prices", "objectives": ["Quote in a day"]}
    assert event.after == {"name": "New name", "objectives": []}


def test_people_report_on_their_own_and_managers_on_their_team(scope, aim):
    made = planned(scope, aim)

    def may(person, reads_of) -> bool:
        return reads_of(scope.acting(person), STORY_DAY).filter(pk=made.pk).exists()

    assert may(scope.lan, reads.reportable_initiatives)
    assert not may(scope.lan, reads.plannable_initiatives)
    assert may(scope.manager, reads.plannable_initiatives)
    assert not may(scope.minh, reads.reportable_initiatives)
    assert not may(scope.hr, reads.reportable_initiatives)

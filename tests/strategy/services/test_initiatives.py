"""Initiatives: planned for objectives, their progress from milestones, late by date, every decision on record."""

import datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from kpiapp.models import AuditEvent
from strategy import initiatives as reads
from strategy.choices import InitiativeState, MapState, PerspectiveKind
from strategy.models import Initiative, InitiativeBooking, Objective, Perspective, StrategyMap
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
    report = {"initiative": made, "progress_percent": 40, "on": STORY_DAY, "by": by}
    booked(made, 120, by)
    initiatives.report_progress(state=InitiativeState.RUNNING, **report)
    assert (view_of(made).progress, view_of(made).is_over_budget, view_of(made).is_late) == (40, True, True)
    initiatives.report_progress(state=InitiativeState.DONE, **report)
    assert (view_of(made).progress, view_of(made).is_late) == (100, False)
    assert Initiative.objects.get(pk=made.pk).done_on == STORY_DAY
    with pytest.raises(initiatives.InitiativeRefused, match="cannot become planned"):
        initiatives.report_progress(state=InitiativeState.PLANNED, **report)


def booked(made, amount, by, on=BEFORE):
    return initiatives.book_spending(
        initiative=made, booked_on=on, amount=Decimal(amount), note="Licences", on=STORY_DAY, by=by
    )


def test_money_is_booked_day_by_day_and_never_rewritten(scope, aim):
    made = planned(scope, aim)
    by = scope.acting(scope.lan)
    first = booked(made, 70, by)
    booked(made, 40, by, on=STORY_DAY)
    assert view_of(made).is_over_budget
    booked(made, -20, by, on=STORY_DAY)
    made.refresh_from_db()
    assert made.spent_amount == 90 == sum(one.amount for one in made.bookings.all())
    event = AuditEvent.objects.filter(action="initiative.book").latest("pk")
    assert (event.before["spent_amount"], event.after["spent_amount"], event.reason) == ("110", "90", "Licences")
    for amount, on, field in ((0, BEFORE, "amount"), (-91, BEFORE, "amount"), (5, SOON, "booked_on")):
        with pytest.raises(initiatives.InitiativeRefused) as refused:
            booked(made, amount, by, on=on)
        assert refused.value.field == field
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        InitiativeBooking.objects.filter(pk=first.pk).update(amount=1)


def rewritten(scope, made, aim, **changes):
    kept = {name: getattr(made, name) for name in initiatives.FIELDS}
    return initiatives.change_initiative(
        initiative=made, objectives=[aim], kpis=[], by=scope.acting(scope.strategy), **{**kept, **changes}
    )


def test_one_begins_when_another_is_done_and_a_circle_is_refused_with_the_way(scope, aim):
    prices = planned(scope, aim, due_on=SOON)
    quotes = planned(scope, aim, name="Quotes from it", starts_on=LATER, waits_for=[prices])
    sales = planned(scope, aim, name="Sell by it", starts_on=LATER, waits_for=[quotes])
    assert view_of(quotes).held_up_by == []
    rewritten(scope, prices, aim, due_on=LATER)
    assert view_of(quotes).held_up_by == [prices]
    assert view_of(quotes).status == "at_risk"
    with pytest.raises(initiatives.InitiativeRefused) as refused:
        rewritten(scope, prices, aim, waits_for=[sales])
    assert "One source of prices → Quotes from it → Sell by it → One source of prices" in str(refused.value)
    with pytest.raises(initiatives.InitiativeRefused, match="wait for each other"):
        rewritten(scope, prices, aim, waits_for=[prices])
    rewritten(scope, quotes, aim, waits_for=[])
    rewritten(scope, prices, aim, waits_for=[sales])
    assert [one.name for one in view_of(prices).waits_for] == ["Sell by it"]


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

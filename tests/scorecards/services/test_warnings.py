"""Early warnings hold what the kernel says about pace, open once, close when they no longer hold."""

import datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from kpiapp.calendars import WorkingCalendar
from kpiapp.decimals import divide
from kpiapp.models import Department, Member, Notification, Period, working_calendar
from kpiapp.services.calendars import start_calendar
from scorecards.line_rules import elapsed_on, pace_kind_of
from scorecards.models import Actual, EarlyWarning, LineScore, Scorecard, ScorecardLine
from scorecards.planned_pace import planned_ways
from scorecards.recompute import refresh_actuals, rescore_cards
from scorecards.scoring import pace_of, value_of
from scorecards.services.quality import refresh_findings
from scorecards.services.warning_answers import WarningRefused, answer_warning, assign_warning, snooze_warning
from scorecards.services.warnings import Changed, refresh_strategy_warnings, refresh_warnings
from scorecards.warnings.queries import possible_owners
from strategy.models import KpiDefinition, KpiPlan, KpiPlanMonth, Objective, Perspective, StrategyMap
from tests.scorecards.recompute.conftest import CardMaker

DAY = datetime.date(2026, 11, 17)


@pytest.fixture
def maker(scope) -> CardMaker:
    """In the open scope of An Phat."""
    return CardMaker(scope)


def as_in_a_night(*, period: Period, on: datetime.date) -> Changed:
    """Warnings stand on findings: weights and the share of process KPIs are judged once."""
    refresh_findings(period=period, on=on)
    return refresh_warnings(period=period, on=on)


def open_kinds(**about):
    return sorted(EarlyWarning.objects.filter(closed_on=None, **about).values_list("kind", flat=True))


def test_forecast_misses_are_the_lines_that_the_kernel_calls_behind(maker):
    cast = maker.cast
    shapes = [
        {"method": "ratio", "aggregation": "sum"},
        {"method": "mirror", "direction": "decrease", "aggregation": "sum"},
        {"method": "baseline", "aggregation": "last"},
    ]
    card = maker.card()
    for number in range(60):
        line = maker.line(card, maker.kpi(floor=Decimal("-1"), **shapes[number % 3]), weight="1", baseline=Decimal(20))
        maker.entry(line, value=Decimal(maker.random.randint(0, 130)))
        refresh_actuals(line_ids=[line.pk])
    rescore_cards(card_ids=[card.pk], on=DAY)
    as_in_a_night(period=cast.period, on=DAY)
    elapsed = elapsed_on(cast.period, DAY, WorkingCalendar())
    behind = set()
    for score in LineScore.objects.select_related("line__kpi", "line__scorecard"):
        pace = pace_of(
            pace_kind_of(score.line),
            actual=value_of(score.quantity, score.divisor, score.line.kpi.factor),
            target=score.line.target,
            baseline=score.line.baseline,
            elapsed=elapsed,
        )
        if pace.status == "behind":
            behind.add(score.pk)
    warned = EarlyWarning.objects.filter(kind="forecast_miss").values_list("line_id", flat=True)
    assert set(warned) == behind
    assert 5 < len(behind) < 55


def test_planned_lines_of_a_quarter_miss_what_the_kernel_calls_behind_by_their_plan(maker):
    """On 17 November of a quarter planned 10, 30 and 60: as the kernel reads the plan, Lan's own before everybody's."""
    cast = maker.cast
    quarter = Period.objects.create(
        kind="quarter", starts_on=datetime.date(2026, 10, 1), ends_on=datetime.date(2027, 1, 1)
    )
    shapes = [
        {"method": "ratio", "aggregation": "sum", "target_aggregation": "sum"},
        {"method": "mirror", "direction": "decrease", "aggregation": "sum", "target_aggregation": "sum"},
        {"method": "baseline", "aggregation": "last", "target_aggregation": "last"},
        {"method": "ratio", "aggregation": "sum", "target_aggregation": "last"},
    ]
    cards = [maker.card(period=quarter), maker.card(cast.minh, quarter)]
    for number in range(80):
        version = maker.kpi(floor=Decimal("-1"), **shapes[number % 4])
        if number % 5:
            plan(version, None, [10, 30, 60])
        if number % 3 == 0:
            plan(version, cast.lan, [50, 25, 45])
        line = maker.line(cards[number % 2], version, weight="1", baseline=Decimal(20))
        maker.entry(line, value=Decimal(maker.random.randint(0, 130)))
        refresh_actuals(line_ids=[line.pk])
    rescore_cards(card_ids=[card.pk for card in cards], on=DAY)
    refresh_warnings(period=quarter, on=DAY)
    scores = LineScore.objects.select_related("line__kpi", "line__scorecard")
    lines = [score.line for score in scores]
    ways = planned_ways(lines, quarter, DAY, WorkingCalendar())
    assert 20 < len(ways) < 80
    behind = set()
    for score in scores:
        pace = pace_of(
            pace_kind_of(score.line),
            actual=value_of(score.quantity, score.divisor, score.line.kpi.factor),
            target=score.line.target,
            baseline=score.line.baseline,
            elapsed=elapsed_on(quarter, DAY, WorkingCalendar()),
            plan=ways.get(score.pk),
        )
        if pace.status == "behind":
            behind.add(score.pk)
    warned = EarlyWarning.objects.filter(kind="forecast_miss").values_list("line_id", flat=True)
    assert set(warned) == behind
    assert 5 < len(behind) < 75


def plan(version, member, months):
    """A plan of 2026 with these targets from October to December."""
    kept = KpiPlan.objects.create(
        definition_id=version.definition_id, member=member, number=1, total=1, starts_on=datetime.date(2026, 1, 1)
    )
    KpiPlanMonth.objects.bulk_create(
        KpiPlanMonth(plan=kept, starts_on=datetime.date(2026, month, 1), target=target)
        for month, target in enumerate(months, 10)
    )


def test_nobody_is_behind_before_there_was_time(maker):
    maker.line(card := maker.card(), None, "0")
    rescore_cards(card_ids=[card.pk], on=datetime.date(2026, 11, 1))
    as_in_a_night(period=maker.cast.period, on=datetime.date(2026, 11, 1))
    assert open_kinds() == []


def test_weights_waiting_entries_and_kpis_without_owner(maker):
    cast = maker.cast
    card = maker.card(owner_kind="department", department=cast.department)
    line = maker.line(card, None, "100", weight="80")
    rescore_cards(card_ids=[card.pk], on=DAY)
    later = Actual.objects.get(line=line).entered_at.date() + datetime.timedelta(days=5)
    as_in_a_night(period=cast.period, on=later)
    assert open_kinds() == ["no_owner", "unapproved", "weights"]
    assert set(EarlyWarning.objects.values_list("owner", flat=True)) == {cast.manager.pk}


def test_a_warning_opens_once_and_closes_with_its_reason(maker):
    cast = maker.cast
    card = maker.card()
    line = maker.line(card, None, "10")
    rescore_cards(card_ids=[card.pk], on=DAY)
    first = as_in_a_night(period=cast.period, on=DAY)
    again = as_in_a_night(period=cast.period, on=DAY + datetime.timedelta(days=1))
    assert ((first.opened, first.closed), (again.opened, again.closed)) == ((1, 0), (0, 0))
    maker.entry(line, value=Decimal(90))
    refresh_actuals(line_ids=[line.pk])
    rescore_cards(card_ids=[card.pk], on=DAY)
    last = as_in_a_night(period=cast.period, on=DAY + datetime.timedelta(days=2))
    warning = EarlyWarning.objects.get()
    assert (last.closed, warning.opened_on, warning.closed_on) == (1, DAY, DAY + datetime.timedelta(days=2))


def test_a_line_is_watched_as_it_is_scored(maker):
    """Not scored, nothing is wanted of it; without a way of its own it is off target, and not behind."""
    cast, card = maker.cast, maker.card()
    unscored = maker.line(card, None, "10", is_scored=False)
    fixed = maker.kpi(method="baseline", aggregation="last", params={"baseline": "5"})
    no_way, usual = maker.line(card, fixed, "10"), maker.line(card, None, "10")
    kinds = []
    for method, is_scored in (("", True), ("binary", True), ("", False)):
        ScorecardLine.objects.filter(pk=usual.pk).update(method=method, is_scored=is_scored)
        rescore_cards(card_ids=[card.pk], on=DAY)
        as_in_a_night(period=cast.period, on=DAY)
        kinds.append([open_kinds(line=line) for line in (unscored, no_way, usual)])
    assert kinds == [
        [[], ["off_target"], ["forecast_miss"]],
        [[], ["off_target"], ["off_target"]],
        [[], ["off_target"], []],
    ]


def test_tet_is_no_time_to_fall_behind(maker):
    """19 February 2026, in the middle of Tết: 10 of 15 working days have gone by, as on the last day before it."""
    cast = maker.cast
    february = Period.objects.create(
        kind="month", starts_on=datetime.date(2026, 2, 1), ends_on=datetime.date(2026, 3, 1)
    )
    line = maker.line(maker.card(period=february), None, "61")
    rescore_cards(card_ids=[line.scorecard_id], on=datetime.date(2026, 2, 19))
    as_in_a_night(period=february, on=datetime.date(2026, 2, 19))
    assert open_kinds(line=line) == ["forecast_miss"]
    start_calendar(cast.organization, cast.owner)
    calendar = working_calendar()
    before, during = (elapsed_on(february, datetime.date(2026, 2, day), calendar) for day in (13, 19))
    assert before == during == divide(Decimal(10), Decimal(15))
    as_in_a_night(period=february, on=datetime.date(2026, 2, 19))
    assert open_kinds(line=line) == []


def answered(maker, on, *, days=3):
    """A red line of Lan's card whose warning she answers on a day."""
    line = maker.line(card := maker.card(), None, "10")
    rescore_cards(card_ids=[card.pk], on=DAY)
    as_in_a_night(period=maker.cast.period, on=DAY)
    until = on + datetime.timedelta(days=days)
    answer_warning(warning=EarlyWarning.objects.get(), text="Gọi lại 20 khách", until=until, on=on, by=maker.cast.lan)
    return line


def test_an_answer_lets_it_rest_and_it_comes_back_if_it_still_holds(maker):
    period = maker.cast.period
    answered(maker, DAY)
    for days in (1, 3):
        as_in_a_night(period=period, on=DAY + datetime.timedelta(days=days))
        assert EarlyWarning.objects.get().state == "answered"
    again = DAY + datetime.timedelta(days=4)
    assert as_in_a_night(period=period, on=again).opened == 1
    warning = EarlyWarning.objects.get()
    assert (warning.state, warning.reopened_on, warning.answer) == ("open", again, "Gọi lại 20 khách")
    assert warning.due_on > again


def test_an_answered_warning_ends_with_its_cause(maker):
    line = answered(maker, DAY)
    maker.entry(line, value=Decimal(95))
    refresh_actuals(line_ids=[line.pk])
    rescore_cards(card_ids=[line.scorecard_id], on=DAY)
    as_in_a_night(period=maker.cast.period, on=DAY + datetime.timedelta(days=1))
    warning = EarlyWarning.objects.get()
    assert (warning.closed_reason, warning.answer) == ("mended", "Gọi lại 20 khách")


def test_an_answer_says_something_and_has_a_day_that_is_neither_past_nor_far(maker):
    line = maker.line(card := maker.card(), None, "10")
    rescore_cards(card_ids=[card.pk], on=DAY)
    as_in_a_night(period=maker.cast.period, on=DAY)
    warning = EarlyWarning.objects.get(line=line)
    arguments = {"warning": warning, "on": DAY, "by": maker.cast.lan}
    for text, until, field in (
        (" ", DAY + datetime.timedelta(days=1), "text"),
        ("Chờ", DAY, "until"),
        ("Chờ", DAY + datetime.timedelta(days=93), "until"),
    ):
        with pytest.raises(WarningRefused) as refusal:
            snooze_warning(text=text, until=until, **arguments)
        assert refusal.value.field == field
    EarlyWarning.objects.update(closed_on=DAY)
    with pytest.raises(WarningRefused):
        snooze_warning(text="Chờ", until=DAY + datetime.timedelta(days=1), **arguments)


def test_a_warning_of_somebody_who_left_goes_to_whoever_would_own_it_today(maker):
    cast = maker.cast
    card = maker.card(owner_kind="department", department=cast.department)
    maker.line(card, None, "100", weight="80")
    rescore_cards(card_ids=[card.pk], on=DAY)
    as_in_a_night(period=cast.period, on=DAY)
    Member.objects.filter(pk=cast.manager.pk).update(is_active=False, deactivated_at=timezone.now())
    Department.objects.filter(pk=cast.department.pk).update(head=cast.director)
    as_in_a_night(period=cast.period, on=DAY)
    assert set(EarlyWarning.objects.values_list("owner", flat=True)) == {cast.director.pk}


def test_handed_over_it_is_told_to_its_new_owner(maker):
    cast = maker.cast
    maker.line(card := maker.card(), None, "10")
    rescore_cards(card_ids=[card.pk], on=DAY)
    as_in_a_night(period=cast.period, on=DAY)
    warning = EarlyWarning.objects.get()
    assert set(possible_owners(warning, DAY)) == {cast.lan, cast.manager, cast.director, cast.strategy}
    assign_warning(warning=warning, to=cast.manager, by=cast.director)
    assert Notification.objects.get().member_id == cast.manager.pk
    # What a person decided stays: the night does not hand it back.
    as_in_a_night(period=cast.period, on=DAY)
    assert EarlyWarning.objects.get().owner_id == cast.manager.pk


def test_a_card_that_nobody_agrees(maker):
    cast = maker.cast
    card = maker.card()
    maker.line(card, None, "90")
    rescore_cards(card_ids=[card.pk], on=DAY)
    waiting = {"state": "submitted", "submitted_at": datetime.datetime(2026, 11, 13, 9, tzinfo=datetime.UTC)}
    Scorecard.objects.update(**waiting)
    as_in_a_night(period=cast.period, on=DAY - datetime.timedelta(days=2))
    assert open_kinds() == []
    as_in_a_night(period=cast.period, on=DAY)
    assert open_kinds(owner=cast.manager) == ["no_consensus"]


def test_a_card_of_processes_only(maker):
    cast = maker.cast
    lane = Perspective.objects.create(kind="process", position=2)
    card = maker.card()
    for number in range(5):
        maker.line(card, maker.kpi(perspective=lane), "90", weight="20")
        rescore_cards(card_ids=[card.pk], on=DAY)
        as_in_a_night(period=cast.period, on=DAY)
        assert ("process_heavy" in open_kinds(scorecard=card)) == (number == 4)


def test_what_is_weak_in_the_strategy(maker):
    cast = maker.cast
    lane = Perspective.objects.create(kind="financial", position=1)
    chart = StrategyMap.objects.create(name="2026", state="published", published_at=timezone.now())
    aims = [
        Objective.objects.create(map=chart, perspective=lane, code=code, name=code, owner=owner)
        for code, owner in (("F1", cast.manager), ("F2", None))
    ]
    measured, stray = maker.kpi(objective=aims[0]), maker.kpi(owner=cast.minh)
    for version in (measured, stray):
        KpiDefinition.objects.filter(pk=version.definition_id).update(current=version)
        maker.line(maker.card(cast.lan if version is stray else cast.minh), version)
    refresh_strategy_warnings(on=DAY)
    rows = EarlyWarning.objects.order_by("kind").values_list("kind", "objective", "kpi", "owner")
    assert list(rows) == [
        ("no_measure", aims[1].pk, None, cast.strategy.pk),
        ("no_owner", aims[1].pk, None, cast.strategy.pk),
        ("orphan", None, stray.definition_id, cast.minh.pk),
    ]
    KpiDefinition.objects.filter(pk=stray.definition_id).update(is_active=False)
    refresh_strategy_warnings(on=DAY)
    assert open_kinds() == ["no_measure", "no_owner"]
    Objective.objects.filter(map=chart).update(retired_at=timezone.now())
    Objective.objects.create(map=chart, perspective=lane, code="F3", name="F3", owner=cast.manager)
    refresh_strategy_warnings(on=DAY)
    assert open_kinds() == ["no_measure", "orphan"]


def test_a_locked_period_takes_its_warnings_with_it(maker):
    maker.line(card := maker.card(), None, "10")
    rescore_cards(card_ids=[card.pk], on=DAY)
    as_in_a_night(period=maker.cast.period, on=DAY)
    Period.objects.update(state="locked", locked_at=timezone.now())
    assert refresh_strategy_warnings(on=DAY).closed == 1
    assert EarlyWarning.objects.get().closed_reason == "locked"

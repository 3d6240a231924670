"""Early warnings hold what the kernel says about pace, open once, close when they no longer hold."""

import datetime
from decimal import Decimal

import pytest

from kpiapp.calendars import WorkingCalendar
from kpiapp.decimals import divide
from kpiapp.models import Period, working_calendar
from kpiapp.services.calendars import start_calendar
from scorecards.line_rules import elapsed_on, pace_kind_of
from scorecards.models import Actual, EarlyWarning, LineScore
from scorecards.recompute import refresh_actuals, rescore_cards
from scorecards.scoring import pace_of, value_of
from scorecards.services.warnings import refresh_warnings
from tests.scorecards.recompute.conftest import CardMaker

DAY = datetime.date(2026, 11, 17)


@pytest.fixture
def maker(scope) -> CardMaker:
    """In the open scope of An Phat."""
    return CardMaker(scope)


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
    refresh_warnings(period=cast.period, on=DAY)
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


def test_nobody_is_behind_before_there_was_time(maker):
    maker.line(card := maker.card(), None, "0")
    rescore_cards(card_ids=[card.pk], on=datetime.date(2026, 11, 1))
    refresh_warnings(period=maker.cast.period, on=datetime.date(2026, 11, 1))
    assert open_kinds() == []


def test_weights_waiting_entries_and_kpis_without_owner(maker):
    cast = maker.cast
    card = maker.card(owner_kind="department", department=cast.department)
    line = maker.line(card, None, "100", weight="80")
    rescore_cards(card_ids=[card.pk], on=DAY)
    later = Actual.objects.get(line=line).entered_at.date() + datetime.timedelta(days=5)
    refresh_warnings(period=cast.period, on=later)
    assert open_kinds() == ["no_owner", "unapproved", "weights"]
    assert set(EarlyWarning.objects.values_list("owner", flat=True)) == {cast.manager.pk}


def test_a_warning_opens_once_and_closes_with_its_reason(maker):
    cast = maker.cast
    card = maker.card()
    line = maker.line(card, None, "10")
    rescore_cards(card_ids=[card.pk], on=DAY)
    first = refresh_warnings(period=cast.period, on=DAY)
    again = refresh_warnings(period=cast.period, on=DAY + datetime.timedelta(days=1))
    assert ((first.opened, first.closed), (again.opened, again.closed)) == ((1, 0), (0, 0))
    maker.entry(line, value=Decimal(90))
    refresh_actuals(line_ids=[line.pk])
    rescore_cards(card_ids=[card.pk], on=DAY)
    last = refresh_warnings(period=cast.period, on=DAY + datetime.timedelta(days=2))
    warning = EarlyWarning.objects.get()
    assert (last.closed, warning.opened_on, warning.closed_on) == (1, DAY, DAY + datetime.timedelta(days=2))


def test_tet_is_no_time_to_fall_behind(maker):
    """19 February 2026, in the middle of Tết: 10 of 15 working days have gone by, as on the last day before it."""
    cast = maker.cast
    february = Period.objects.create(
        kind="month", starts_on=datetime.date(2026, 2, 1), ends_on=datetime.date(2026, 3, 1)
    )
    line = maker.line(maker.card(period=february), None, "61")
    rescore_cards(card_ids=[line.scorecard_id], on=datetime.date(2026, 2, 19))
    refresh_warnings(period=february, on=datetime.date(2026, 2, 19))
    assert open_kinds(line=line) == ["forecast_miss"]
    start_calendar(cast.organization, cast.owner)
    calendar = working_calendar()
    before, during = (elapsed_on(february, datetime.date(2026, 2, day), calendar) for day in (13, 19))
    assert before == during == divide(Decimal(10), Decimal(15))
    refresh_warnings(period=february, on=datetime.date(2026, 2, 19))
    assert open_kinds(line=line) == []

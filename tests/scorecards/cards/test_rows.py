"""Pace and forecast of a card's rows go by working time: weekends and Tết are no time to fall behind in."""

import datetime
from decimal import Decimal

import pytest

from kpiapp.models import Period
from kpiapp.services.calendars import set_day, start_calendar
from scorecards.cards.rows import rows_of
from strategy.models import KpiPlan, KpiPlanMonth
from tests.scorecards.recompute.conftest import CardMaker

FEBRUARY = datetime.date(2026, 2, 1)


@pytest.fixture
def card(scope):
    """February 2026: 62 of 100 are reached."""
    maker = CardMaker(scope)
    period = Period.objects.create(kind="month", starts_on=FEBRUARY, ends_on=datetime.date(2026, 3, 1))
    card = maker.card(period=period)
    maker.line(card, None, "62")
    card.reader = scope.acting(scope.lan)
    return card


def row_on(card, day: int):
    return rows_of(card, reader=card.reader, on=FEBRUARY.replace(day=day), can_record=True)[0]


def test_during_tet_neither_pace_nor_forecast_moves(scope, card):
    start_calendar(scope.organization, scope.owner)
    friday, in_tet, monday = (row_on(card, day) for day in (13, 19, 23))
    assert friday.pace == in_tet.pace == Decimal("0.666667")
    assert friday.forecast == in_tet.forecast == 93
    assert monday.pace == Decimal("0.733333")


def test_without_holidays_the_weekdays_count(card):
    assert row_on(card, 19).pace == Decimal("0.7")
    assert row_on(card, 14).pace == row_on(card, 15).pace == Decimal("0.5")


def test_a_half_day_is_half_a_day_of_the_plan(scope, card):
    set_day(on=FEBRUARY.replace(day=2), share=Decimal("0.5"), by=scope.hr)
    assert row_on(card, 6).pace == Decimal("0.230769")


def test_too_early_says_so_and_forecasts_nothing(scope, card):
    """One of fifteen working days is less than a tenth; two are more."""
    start_calendar(scope.organization, scope.owner)
    first, second = row_on(card, 2), row_on(card, 3)
    assert (first.is_early, first.forecast) == (True, None)
    assert (second.is_early, second.forecast) == (False, 465)


def test_inside_a_quarter_its_months_say_what_is_due(scope):
    """Planned 10, 30 and 60 of 100: the month that is over in full, the running one by its working days."""
    quarter = Period.objects.create(
        kind="quarter", starts_on=datetime.date(2026, 10, 1), ends_on=datetime.date(2027, 1, 1)
    )
    maker = CardMaker(scope)
    card = maker.card(period=quarter)
    version = maker.kpi(aggregation="sum", target_aggregation="sum")
    maker.line(card, version, "40")
    plan = KpiPlan.objects.create(
        definition=version.definition, number=1, total=100, shape="own", starts_on=datetime.date(2026, 1, 1)
    )
    KpiPlanMonth.objects.bulk_create(
        KpiPlanMonth(plan=plan, starts_on=datetime.date(2026, month, 1), target=target)
        for month, target in ((10, 10), (11, 30), (12, 60))
    )
    reader = scope.acting(scope.lan)
    # The 30th of November: both months are over, 40 of 100 are due.
    row = rows_of(card, reader=reader, on=datetime.date(2026, 11, 30), can_record=True)[0]
    assert (row.due, row.by_plan, row.forecast, row.pace) == (40, True, 100, Decimal("0.4"))
    # The 13th: 10 of November's 21 working days have gone by.
    row = rows_of(card, reader=reader, on=datetime.date(2026, 11, 13), can_record=True)[0]
    assert row.due == Decimal("24.285714")

"""Working days between two dates: the same as counting them one by one, for any week and any days off."""

import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kpiapp.calendars import SHARES, WorkingCalendar, days_in_lieu
from kpiapp.public_holidays import VIETNAM, holidays_in

ONE, HALF, ZERO = Decimal(1), Decimal("0.5"), Decimal(0)
SIX_DAYS = (ONE,) * 5 + (HALF, ZERO)
FEBRUARY, MARCH = datetime.date(2026, 2, 1), datetime.date(2026, 3, 1)

days = st.dates(datetime.date(2025, 1, 1), datetime.date(2028, 12, 31))
shares = st.sampled_from(SHARES)
weeks = st.tuples(*[shares] * 7)
changes = st.dictionaries(days, weeks, max_size=3).map(lambda found: tuple(sorted(found.items())))
some_calendars = st.builds(WorkingCalendar, weeks, st.dictionaries(days, shares, max_size=40), changes)


def tet_2026() -> WorkingCalendar:
    return WorkingCalendar(days={holiday.on: ZERO for holiday in holidays_in(VIETNAM, 2026)})


@given(calendar=some_calendars, first=days, length=st.integers(-3, 400))
def test_working_days_are_those_one_counts(calendar, first, length):
    end = first + datetime.timedelta(days=length)
    one_by_one = sum((calendar.share(first + datetime.timedelta(days=day)) for day in range(length)), ZERO)
    assert calendar.working_days(first, end) == one_by_one


@given(calendar=some_calendars, first=days, a=st.integers(0, 200), b=st.integers(0, 200))
def test_segments_add_up_to_the_whole(calendar, first, a, b):
    """What scores in segments are weighted by: no day twice, none lost."""
    middle = first + datetime.timedelta(days=a)
    end = middle + datetime.timedelta(days=b)
    parts = calendar.working_days(first, middle) + calendar.working_days(middle, end)
    assert parts == calendar.working_days(first, end)


@given(calendar=some_calendars, first=days, length=st.integers(1, 120), after=st.integers(-5, 130))
def test_what_has_gone_by_never_exceeds_the_whole(calendar, first, length, after):
    end = first + datetime.timedelta(days=length)
    done, whole = calendar.gone_by(first, end, first + datetime.timedelta(days=after))
    assert ZERO <= done <= whole
    assert whole > 0


def test_february_with_tet_has_fifteen_working_days():
    assert WorkingCalendar().working_days(FEBRUARY, MARCH) == 20
    assert tet_2026().working_days(FEBRUARY, MARCH) == 15
    assert tet_2026().working_days(datetime.date(2026, 2, 14), datetime.date(2026, 2, 23)) == 0


def test_a_half_saturday_counts_half():
    assert WorkingCalendar(SIX_DAYS).working_days(FEBRUARY, MARCH) == 22
    saturday = datetime.date(2026, 2, 7)
    assert WorkingCalendar(SIX_DAYS, {saturday: ONE}).share(saturday) == 1


def test_a_week_worked_from_march_leaves_february_alone():
    calendar = WorkingCalendar(changes=((MARCH, SIX_DAYS),))
    april = datetime.date(2026, 4, 1)
    assert calendar.working_days(FEBRUARY, MARCH) == WorkingCalendar().working_days(FEBRUARY, MARCH) == 20
    assert calendar.working_days(MARCH, april) == WorkingCalendar(SIX_DAYS).working_days(MARCH, april) == 24
    assert calendar.working_days(FEBRUARY, april) == 44


def test_where_nobody_works_calendar_days_count():
    """A plant that stands still for a whole month: time goes by all the same."""
    closed = WorkingCalendar((ZERO,) * 7)
    assert closed.gone_by(FEBRUARY, MARCH, datetime.date(2026, 2, 7)) == (7, 28)


def test_a_holiday_on_a_day_off_is_given_on_the_next_working_day():
    """30 April 2028 is a Sunday and 1 May a holiday itself; 1 January a Saturday, worked half in a six-day week."""
    holidays = {holiday.on for holiday in holidays_in(VIETNAM, 2028)}
    five = days_in_lieu(holidays, WorkingCalendar())
    assert five[datetime.date(2028, 5, 2)] == datetime.date(2028, 4, 30)
    assert five[datetime.date(2028, 1, 3)] == datetime.date(2028, 1, 1)
    assert datetime.date(2028, 1, 3) not in days_in_lieu(holidays, WorkingCalendar(SIX_DAYS))
    assert days_in_lieu(holidays, WorkingCalendar((ZERO,) * 7)) == {}

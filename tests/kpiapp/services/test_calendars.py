"""A company's calendar: how it begins, its week, its days, the public holidays of a year."""

import datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from kpiapp.models import AuditEvent, CalendarDay, CompanyCalendar, Organization, Period, working_calendar
from kpiapp.services import calendars
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import organization_scope

ONE, HALF, ZERO = Decimal(1), Decimal("0.5"), Decimal(0)
SIX_DAYS = [ONE] * 5 + [HALF, ZERO]
TET_2027 = datetime.date(2027, 2, 8)
CHRISTMAS = datetime.date(2026, 12, 25)


def test_a_company_in_vietnam_begins_with_its_holidays(scope):
    calendars.start_calendar(scope.organization, scope.owner)
    assert working_calendar().working_days(datetime.date(2026, 2, 1), datetime.date(2026, 3, 1)) == 15
    # Hùng Kings' day 2026 is a Sunday: the Monday after is free.
    monday = CalendarDay.objects.get(on=datetime.date(2026, 4, 27))
    assert (monday.is_in_lieu, monday.share) == (True, ZERO)
    assert "Hùng" in monday.label


def test_a_company_elsewhere_begins_with_weekends(db):
    abroad = Organization.objects.create(name="Abroad", slug="abroad", currency="EUR", time_zone="Europe/Paris")
    with organization_scope(abroad):
        calendars.start_calendar(abroad, None)
        assert not CalendarDay.objects.exists()
        assert working_calendar().working_days(datetime.date(2026, 11, 2), datetime.date(2026, 11, 9)) == 5


def test_without_a_calendar_the_usual_week_holds(scope, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert working_calendar().share(datetime.date(2026, 11, 21)) == ZERO


def test_a_day_is_set_named_and_set_back(scope):
    calendars.start_calendar(scope.organization, scope.owner)
    calendars.set_day(on=CHRISTMAS, share=HALF, name=" Tiệc cuối năm ", by=scope.hr)
    day = CalendarDay.objects.get(on=CHRISTMAS)
    assert (day.name, working_calendar().share(CHRISTMAS)) == ("Tiệc cuối năm", HALF)
    calendars.set_day(on=CHRISTMAS, share=None, by=scope.hr)
    assert working_calendar().share(CHRISTMAS) == ONE
    assert AuditEvent.objects.filter(action="calendar.day").count() == 2


def test_a_day_somebody_set_is_no_longer_expected(scope):
    calendars.start_calendar(scope.organization, scope.owner)
    assert CalendarDay.objects.get(on=TET_2027).is_expected
    calendars.set_day(on=TET_2027, share=ZERO, by=scope.hr)
    assert not CalendarDay.objects.get(on=TET_2027).is_expected


def test_a_week_from_next_month_leaves_the_days_before_as_they_were(scope):
    calendars.start_calendar(scope.organization, scope.owner)
    november, december, january = (datetime.date(2026, 11, 1), datetime.date(2026, 12, 1), datetime.date(2027, 1, 1))
    before = working_calendar().working_days(datetime.date(2026, 1, 1), december)
    calendars.set_week(week=SIX_DAYS, starts_on=december, by=scope.hr)
    after = working_calendar()
    assert after.working_days(datetime.date(2026, 1, 1), december) == before
    assert (after.working_days(november, december), after.working_days(december, january)) == (20, 25)
    # Hùng Kings' Monday of April 2026 stays; a Saturday of 2028 is a working half-day now, and given by itself.
    assert CalendarDay.objects.filter(on=datetime.date(2026, 4, 27), is_in_lieu=True).exists()
    assert not CalendarDay.objects.filter(on=datetime.date(2028, 1, 3), is_in_lieu=True).exists()
    event = AuditEvent.objects.get(action="calendar.week")
    assert "2026-12-01" not in event.before
    assert event.after["2026-12-01"] == ["1", "1", "1", "1", "1", "0.5", "0"]
    calendars.drop_week(starts_on=december, by=scope.hr)
    assert working_calendar().working_days(december, january) == 23
    assert CalendarDay.objects.filter(on=datetime.date(2028, 1, 3), is_in_lieu=True).exists()


def test_a_locked_period_keeps_its_week(scope):
    Period.objects.update(state="locked", locked_at=timezone.now())
    for since in (None, datetime.date(2026, 11, 16)):
        with pytest.raises(Refused) as refused:
            calendars.set_week(week=SIX_DAYS, starts_on=since, by=scope.hr)
        assert refused.value.field == "starts_on"
    calendars.set_week(week=SIX_DAYS, starts_on=datetime.date(2026, 12, 1), by=scope.hr)
    assert working_calendar().share(datetime.date(2026, 11, 21)) == ZERO


def test_days_in_lieu_follow_the_week(scope):
    """Where Saturday is worked half, a holiday on it is given by itself; what was set by hand stays."""
    calendars.start_calendar(scope.organization, scope.owner)
    calendars.set_day(on=CHRISTMAS, share=ZERO, name="Noel", by=scope.hr)
    assert CalendarDay.objects.filter(on=datetime.date(2027, 2, 11)).exists()
    calendars.set_week(week=SIX_DAYS, by=scope.hr)
    assert not CalendarDay.objects.filter(on=datetime.date(2027, 2, 11)).exists()
    assert CalendarDay.objects.filter(on=datetime.date(2027, 2, 10), is_in_lieu=True).exists()
    assert CalendarDay.objects.filter(on=CHRISTMAS).exists()
    with pytest.raises(Refused):
        calendars.set_week(week=[ZERO] * 7, by=scope.hr)


def test_a_year_is_filled_with_holidays_and_ones_own_days(scope):
    calendars.set_day(on=datetime.date(2026, 8, 17), share=ZERO, name="Ngày thành lập", by=scope.hr)
    assert calendars.fill_year(year=2027, country="VN", by=scope.hr) > 12
    assert CalendarDay.objects.get(on=datetime.date(2027, 8, 17)).name == "Ngày thành lập"
    assert CompanyCalendar.objects.get().country == "VN"
    with pytest.raises(Refused):
        calendars.fill_year(year=2027, by=scope.hr)


def test_a_day_set_by_hand_survives_filling(scope):
    calendars.set_day(on=TET_2027, share=ONE, name="Trực Tết", by=scope.hr)
    calendars.fill_year(year=2027, country="VN", by=scope.hr)
    assert CalendarDay.objects.get(on=TET_2027).share == ONE


def test_another_companys_days_are_its_own(scope, binh_minh):
    calendars.start_calendar(scope.organization, scope.owner)
    with organization_scope(binh_minh.organization):
        assert not working_calendar().days

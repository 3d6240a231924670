"""The working calendar: its week, single days, the public holidays of a year."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kpiapp import public_holidays
from kpiapp.calendars import SHARES, days_in_lieu
from kpiapp.choices import PeriodState
from kpiapp.decimals import plain
from kpiapp.models import (
    CalendarDay,
    CalendarWeek,
    CompanyCalendar,
    Member,
    Organization,
    Period,
    working_calendar,
)
from kpiapp.services import audit
from kpiapp.services.refusals import Refused

VIETNAM_TIME_ZONES = ("Asia/Ho_Chi_Minh", "Asia/Saigon")
VIETNAM_CURRENCY = "VND"
MAX_NAME = 200


def start_calendar(organization: Organization, owner: Member | None) -> None:
    """A new organization's calendar: with its public holidays in Vietnam, elsewhere weekends only."""
    in_vietnam = organization.time_zone in VIETNAM_TIME_ZONES and organization.currency == VIETNAM_CURRENCY
    country = public_holidays.VIETNAM if in_vietnam else ""
    calendar, _made = CompanyCalendar.objects.get_or_create(defaults={"country": country})
    for year in public_holidays.years_known(calendar.country):
        _add_holidays(calendar, year)


@transaction.atomic
def set_week(*, week: Sequence[Decimal], by: Member, starts_on: datetime.date | None = None) -> CompanyCalendar:
    """Say how much of each weekday is worked, Monday first: since a day, or as it always was until the next change.

    Days before keep the week they had. Days in lieu of public holidays follow the new week. Refuses a week that would
    change days of a locked period, and one without work.
    """
    if not any(week):
        raise Refused(_("At least one day of the week has to be worked."), field="week")
    return _change_weeks(starts_on, list(week), by)


@transaction.atomic
def drop_week(*, starts_on: datetime.date, by: Member) -> CompanyCalendar:
    """Take a change of the week back: the week before it goes on. Refuses it inside a locked period."""
    return _change_weeks(starts_on, None, by)


def _change_weeks(starts_on: datetime.date | None, week: list[Decimal] | None, by: Member) -> CompanyCalendar:
    """Write one week: of the calendar itself (no day), since a day, or none any more (no week)."""
    calendar = _locked()
    before = _told_weeks(calendar)
    if starts_on is None:
        calendar.week = week
    elif week is None:
        CalendarWeek.objects.filter(starts_on=starts_on).delete()
    else:
        CalendarWeek.objects.update_or_create(calendar=calendar, starts_on=starts_on, defaults={"week": week})
    after = _told_weeks(calendar)
    if before == after:
        return calendar
    _refuse_locked(starts_on)
    calendar.save(update_fields=["week"])
    _lay_in_lieu_anew(calendar, starts_on)
    audit.record(action="calendar.week", target=calendar, by=by, before=before, after=after)
    return calendar


def _refuse_locked(starts_on: datetime.date | None) -> None:
    """A locked period keeps the days it was scored and paid by."""
    locked = Period.objects.filter(state=PeriodState.LOCKED).order_by("-ends_on").first()
    if locked is not None and (starts_on is None or starts_on < locked.ends_on):
        raise Refused(
            _("%(period)s is locked, and keeps its working days. Let the week hold from %(day)s, or later.")
            % {"period": locked.label, "day": date_format(locked.ends_on, "SHORT_DATE_FORMAT")},
            field="starts_on",
        )


def _told_weeks(calendar: CompanyCalendar) -> dict:
    """The weeks with the days since which they hold, as the audit trail tells them."""
    weeks = CalendarWeek.objects.values_list("starts_on", "week")
    return {
        "week": [plain(share) for share in calendar.week],
        **{str(since): [plain(share) for share in week] for since, week in weeks},
    }


@transaction.atomic
def set_day(*, on: datetime.date, share: Decimal | None, by: Member, name: str | None = None) -> CalendarDay | None:
    """Say how much of a day is worked, and what it is called; a share of None makes it a plain weekday again.

    A share without a name keeps the name there was. A day somebody set is no longer expected: it is so.
    """
    calendar = _locked()
    day = CalendarDay.objects.filter(on=on).first()
    before = _told(day)
    if share is None:
        if day is not None:
            day.delete()
        day = None
    elif share not in SHARES:
        raise Refused(_("A day is worked whole, half or not at all."), field="share")
    else:
        day = day or CalendarDay(calendar=calendar, on=on)
        day.share, day.is_expected = share, False
        if name is not None:
            day.name = name.strip()[:MAX_NAME]
        day.save()
    after = _told(day)
    if before != after:
        audit.record(action="calendar.day", target=calendar, by=by, before={str(on): before}, after={str(on): after})
    return day


@transaction.atomic
def fill_year(*, year: int, by: Member, country: str = "") -> int:
    """Put the public holidays of a country, and what the company itself marked the year before, into a year.

    Days that are there already stay as they are. Returns how many came; refuses a year that brings none.
    """
    calendar = _locked()
    if country and calendar.country != country:
        calendar.country = country
        calendar.save(update_fields=["country"])
    count = _add_holidays(calendar, year) + _copy_own_days(calendar, year)
    if not count:
        raise Refused(_("There is nothing to add for %(year)s: click the days off yourself.") % {"year": year})
    audit.record(action="calendar.fill", target=calendar, by=by, after={"year": year, "days": count})
    return count


def _locked() -> CompanyCalendar:
    CompanyCalendar.objects.get_or_create()
    return CompanyCalendar.objects.select_for_update().get()


def _told(day: CalendarDay | None) -> dict:
    return {} if day is None else {"share": plain(day.share), "name": day.label}


def _add_holidays(calendar: CompanyCalendar, year: int) -> int:
    """Public holidays that are missing in a year, with the days in their place; returns how many came."""
    holidays = {holiday.on: holiday for holiday in public_holidays.holidays_in(calendar.country, year)}
    wanted = [
        CalendarDay(calendar=calendar, on=on, share=0, holiday=one.code, is_expected=one.is_expected)
        for on, one in holidays.items()
    ]
    return _add_missing([*wanted, *_in_lieu(calendar, holidays)])


def _copy_own_days(calendar: CompanyCalendar, year: int) -> int:
    """The company's own days off with a name, such as its founding day, on the same dates as in the year before."""
    own = CalendarDay.objects.filter(on__year=year - 1, holiday="").exclude(name="").order_by("on")
    wanted, plain_calendar = [], working_calendar()
    for day in own:
        try:
            on = day.on.replace(year=year)
        except ValueError:  # 29 February
            continue
        if plain_calendar.plain_share(on) != day.share:
            wanted.append(CalendarDay(calendar=calendar, on=on, share=day.share, name=day.name))
    return _add_missing(wanted)


def _add_missing(wanted: list[CalendarDay]) -> int:
    there = set(CalendarDay.objects.filter(on__in=[day.on for day in wanted]).values_list("on", flat=True))
    return len(CalendarDay.objects.bulk_create([day for day in wanted if day.on not in there]))


def _lay_in_lieu_anew(calendar: CompanyCalendar, since: datetime.date | None) -> None:
    """Days in place of public holidays that fall on a day off, since a day: they depend on which days are off."""
    first = since or datetime.date.min
    CalendarDay.objects.filter(is_in_lieu=True, on__gte=first).delete()
    for year in public_holidays.years_known(calendar.country):
        known = set(CalendarDay.objects.filter(on__year=year).exclude(holiday="").values_list("on", flat=True))
        holidays = {h.on: h for h in public_holidays.holidays_in(calendar.country, year) if h.on in known}
        _add_missing([day for day in _in_lieu(calendar, holidays) if day.on >= first])


def _in_lieu(calendar: CompanyCalendar, holidays: Mapping[datetime.date, public_holidays.Holiday]) -> list[CalendarDay]:
    """The days in place of these public holidays, by the company's week."""
    return [
        CalendarDay(
            calendar=calendar,
            on=on,
            share=0,
            holiday=holidays[instead].code,
            is_in_lieu=True,
            is_expected=holidays[instead].is_expected,
        )
        for on, instead in days_in_lieu(holidays, working_calendar()).items()
    ]

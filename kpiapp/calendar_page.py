"""The year of a working calendar as a page shows it: twelve months of days, and what a click makes of each."""

import calendar as weeks
import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from kpiapp.calendars import FULL_DAY, HALF_DAY, OFF, WorkingCalendar
from kpiapp.decimals import plain
from kpiapp.fiscal_years import add_months
from kpiapp.models import CalendarDay

MONTHS_SHOWN = range(1, 13)
SHORT_WEEKDAYS = (
    pgettext_lazy("weekday", "Mo"),
    pgettext_lazy("weekday", "Tu"),
    pgettext_lazy("weekday", "We"),
    pgettext_lazy("weekday", "Th"),
    pgettext_lazy("weekday", "Fr"),
    pgettext_lazy("weekday", "Sa"),
    pgettext_lazy("weekday", "Su"),
)


@dataclass(frozen=True)
class DayCell:
    """A day of the year. `share` as text: 1, 0.5 or 0."""

    on: datetime.date
    share: str
    title: str
    is_special: bool
    is_expected: bool
    is_today: bool


@dataclass(frozen=True)
class MonthTable:
    """A month: rows of seven places, Monday first, None outside of it."""

    number: int
    name: str
    working_days: Decimal
    rows: list[list[DayCell | None]]


def share_word(share: Decimal) -> str:
    """How much of a day is worked, in words."""
    return {FULL_DAY: _("working day"), HALF_DAY: _("half a day"), OFF: _("day off")}[share]


def next_share(plain_share: Decimal, share: Decimal | None) -> Decimal | None:
    """What a click makes of a day: the other shares in turn, then its plain weekday again (None).

    `share` is None where the day does not differ from its weekday.
    """
    others = {FULL_DAY: (OFF, HALF_DAY), OFF: (FULL_DAY, HALF_DAY), HALF_DAY: (OFF, FULL_DAY)}[plain_share]
    if share is None:
        return others[0]
    return others[1] if share == others[0] else None


def month_tables(
    year: int, calendar: WorkingCalendar, days: Mapping[datetime.date, CalendarDay], today: datetime.date
) -> list[MonthTable]:
    """All months of a calendar year."""
    return [month_table(year, number, calendar, days, today) for number in MONTHS_SHOWN]


def month_table(
    year: int,
    number: int,
    calendar: WorkingCalendar,
    days: Mapping[datetime.date, CalendarDay],
    today: datetime.date,
) -> MonthTable:
    """One month of a year, with the days that differ from their weekday."""
    first = datetime.date(year, number, 1)
    rows = [
        [_cell(day, calendar, days.get(day), today) if day.month == number else None for day in row]
        for row in weeks.Calendar().monthdatescalendar(year, number)
    ]
    return MonthTable(number, str(MONTHS[number]), calendar.working_days(first, add_months(first, 1)), rows)


def _cell(day: datetime.date, calendar: WorkingCalendar, special: CalendarDay | None, today: datetime.date) -> DayCell:
    share = calendar.share(day)
    words = [share_word(share)]
    if special is not None:
        words += [special.label] * bool(special.label)
        words += [_("expected")] * special.is_expected
    return DayCell(
        day,
        plain(share),
        ", ".join(words),
        special is not None,
        bool(special and special.is_expected),
        day == today,
    )


def weekday_names() -> list[tuple[str, str]]:
    """Short and full names of the weekdays, Monday first."""
    return [(str(short), str(WEEKDAYS[number])) for number, short in enumerate(SHORT_WEEKDAYS)]

"""The working calendar: how much of a day is worked, how many working days lie between two. No Django."""

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

OFF, HALF_DAY, FULL_DAY = Decimal(0), Decimal("0.5"), Decimal(1)
SHARES = (FULL_DAY, HALF_DAY, OFF)
# Monday to Friday.
USUAL_WEEK = (FULL_DAY,) * 5 + (OFF,) * 2
DAYS_OF_A_WEEK = 7
ONE_DAY = datetime.timedelta(days=1)
NO_DAYS: Mapping[datetime.date, Decimal] = MappingProxyType({})


@dataclass(frozen=True)
class WorkingCalendar:
    """Shares of a day that are worked (0, ½, 1): by weekday, Monday first, and on days that differ from it."""

    week: tuple[Decimal, ...] = USUAL_WEEK
    days: Mapping[datetime.date, Decimal] = field(default_factory=lambda: NO_DAYS)

    def share(self, day: datetime.date) -> Decimal:
        """How much of a day is worked."""
        return self.days.get(day, self.week[day.weekday()])

    def working_days(self, first: datetime.date, end: datetime.date) -> Decimal:
        """Working days in [first, end), half-days as halves; zero when the end does not come after the first day."""
        length = max((end - first).days, 0)
        whole_weeks, rest = divmod(length, DAYS_OF_A_WEEK)
        plain = sum(self.week, OFF) * whole_weeks
        plain += sum((self.week[(first.weekday() + day) % DAYS_OF_A_WEEK] for day in range(rest)), OFF)
        special = ((day, share) for day, share in self.days.items() if first <= day < end)
        return plain + sum((share - self.week[day.weekday()] for day, share in special), OFF)

    def gone_by(self, first: datetime.date, end: datetime.date, on: datetime.date) -> tuple[Decimal, Decimal]:
        """Days of [first, end) gone by at the end of a day, and all of them: working days, or, where nobody works on
        any of them, calendar days."""
        until = min(max(on + ONE_DAY, first), end)
        whole = self.working_days(first, end)
        if whole:
            return self.working_days(first, until), whole
        return Decimal((until - first).days), Decimal((end - first).days)


def days_in_lieu(holidays: Collection[datetime.date], week: tuple[Decimal, ...]) -> dict[datetime.date, datetime.date]:
    """Days off in place of holidays on a weekly day off: day → the holiday it stands for. It is the next working day
    that is no holiday itself (Vietnam's Labour Code 2019, article 111)."""
    taken: dict[datetime.date, datetime.date] = {}
    if not any(week):
        return taken
    for holiday in sorted(holidays):
        if week[holiday.weekday()]:
            continue
        day = holiday + ONE_DAY
        while not week[day.weekday()] or day in holidays or day in taken:
            day += ONE_DAY
        taken[day] = holiday
    return taken


def dates_of(year: int) -> Iterable[datetime.date]:
    """Every day of a calendar year."""
    first = datetime.date(year, 1, 1)
    return (first + ONE_DAY * number for number in range((datetime.date(year + 1, 1, 1) - first).days))

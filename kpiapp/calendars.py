"""The working calendar: how much of a day is worked, how many working days lie between two. No Django."""

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType

OFF, HALF_DAY, FULL_DAY = Decimal(0), Decimal("0.5"), Decimal(1)
SHARES = (FULL_DAY, HALF_DAY, OFF)
# Monday to Friday.
USUAL_WEEK = (FULL_DAY,) * 5 + (OFF,) * 2
DAYS_OF_A_WEEK = 7
ONE_DAY = datetime.timedelta(days=1)
NO_DAYS: Mapping[datetime.date, Decimal] = MappingProxyType({})


Week = tuple[Decimal, ...]


@dataclass(frozen=True)
class WorkingCalendar:
    """Shares of a day that are worked (0, ½, 1): by weekday, Monday first, and on days that differ from it.

    `changes` are other weeks with the days since which they hold, in their order; before the first one `week` holds.
    """

    week: Week = USUAL_WEEK
    days: Mapping[datetime.date, Decimal] = field(default_factory=lambda: NO_DAYS)
    changes: tuple[tuple[datetime.date, Week], ...] = ()

    def week_on(self, day: datetime.date) -> Week:
        """The week that holds on a day."""
        return next((week for since, week in reversed(self.changes) if since <= day), self.week)

    def plain_share(self, day: datetime.date) -> Decimal:
        """How much of a day would be worked if it did not differ from its weekday."""
        return self.week_on(day)[day.weekday()]

    def share(self, day: datetime.date) -> Decimal:
        """How much of a day is worked."""
        known = self.days.get(day)
        return self.plain_share(day) if known is None else known

    def working_days(self, first: datetime.date, end: datetime.date) -> Decimal:
        """Working days in [first, end), half-days as halves; zero when the end does not come after the first day."""
        bounds = [first, *(since for since, _week in self.changes if first < since < end), end]
        plain = sum((_plain_days(self.week_on(start), start, stop) for start, stop in pairwise(bounds)), OFF)
        special = ((day, share) for day, share in self.days.items() if first <= day < end)
        return plain + sum((share - self.plain_share(day) for day, share in special), OFF)

    def gone_by(self, first: datetime.date, end: datetime.date, on: datetime.date) -> tuple[Decimal, Decimal]:
        """Days of [first, end) gone by at the end of a day, and all of them: working days, or, where nobody works on
        any of them, calendar days."""
        until = min(max(on + ONE_DAY, first), end)
        whole = self.working_days(first, end)
        if whole:
            return self.working_days(first, until), whole
        return Decimal((until - first).days), Decimal((end - first).days)


def _plain_days(week: Week, first: datetime.date, end: datetime.date) -> Decimal:
    """Working days of [first, end) by weekdays alone."""
    whole_weeks, rest = divmod(max((end - first).days, 0), DAYS_OF_A_WEEK)
    return sum(week, OFF) * whole_weeks + sum(
        (week[(first.weekday() + day) % DAYS_OF_A_WEEK] for day in range(rest)), OFF
    )


def days_in_lieu(holidays: Collection[datetime.date], calendar: WorkingCalendar) -> dict[datetime.date, datetime.date]:
    """Days off in place of holidays on a weekly day off: day → the holiday it stands for. It is the next working day
    that is no holiday itself (Vietnam's Labour Code 2019, article 111)."""
    taken: dict[datetime.date, datetime.date] = {}
    if not any(calendar.week_on(datetime.date.max)):
        return taken
    for holiday in sorted(holidays):
        if calendar.plain_share(holiday):
            continue
        day = holiday + ONE_DAY
        while not calendar.plain_share(day) or day in holidays or day in taken:
            day += ONE_DAY
        taken[day] = holiday
    return taken

"""Where initiatives stand on a timeline of months: pure arithmetic of days and pixels."""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

WIDTH, LABEL, ROW, HEAD = 1000, 250, 44, 30
MOST_MONTHS = 36


class Stretch(NamedTuple):
    """What is to be drawn of one initiative: its days, its percent, and its milestones."""

    starts_on: datetime.date
    ends_on: datetime.date
    percent: int
    milestones: Sequence[datetime.date] = ()


class Month(NamedTuple):
    """A month's first day and its left edge in pixels."""

    first: datetime.date
    x: int
    width: int


class Bar(NamedTuple):
    """One row: left edge, width, the part that is done, the top, and where milestones stand."""

    x: int
    width: int
    done: int
    y: int
    milestones: tuple[int, ...]


class Timeline(NamedTuple):
    """The whole drawing in pixels; `today` is None when it lies outside."""

    width: int
    height: int
    months: tuple[Month, ...]
    bars: tuple[Bar, ...]
    today: int | None


def draw(stretches: Sequence[Stretch], today: datetime.date) -> Timeline:
    """Stretches in rows under their months, at most three years; what lies outside is cut at the edge."""
    first = min([one.starts_on for one in stretches] + [today]).replace(day=1)
    last = max([one.ends_on for one in stretches] + [today])
    months = [first]
    while months[-1] <= last and len(months) < MOST_MONTHS:
        months.append(_next(months[-1]))
    end = months.pop() if months[-1] > last else _next(months[-1])
    days = (end - first).days

    def x_of(day: datetime.date) -> int:
        return LABEL + (WIDTH - LABEL) * max(0, min((day - first).days, days)) // days

    bars = []
    for number, one in enumerate(stretches):
        x, right = x_of(one.starts_on), x_of(one.ends_on + datetime.timedelta(days=1))
        width = max(6, right - x)
        marks = tuple(x_of(day) for day in one.milestones)
        bars.append(Bar(x, width, width * one.percent // 100, HEAD + number * ROW, marks))
    edges = [*(x_of(month) for month in months), x_of(end)]
    return Timeline(
        width=WIDTH,
        height=HEAD + max(1, len(stretches)) * ROW,
        months=tuple(
            Month(month, left, right - left) for month, left, right in zip(months, edges, edges[1:], strict=False)
        ),
        bars=tuple(bars),
        today=x_of(today) if first <= today < end else None,
    )


def _next(month: datetime.date) -> datetime.date:
    return (month + datetime.timedelta(days=32)).replace(day=1)

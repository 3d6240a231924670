"""Where initiatives stand on a timeline of months: pure arithmetic of days and pixels."""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

WIDTH, LABEL, ROW, HEAD = 1000, 250, 44, 30
BAR_TOP, BAR_HEIGHT, BAR_MIDDLE = 10, 16, 18
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


class Wait(NamedTuple):
    """One row begins when another is done: their places, and whether that cannot be held."""

    earlier: int
    later: int
    is_held_up: bool = False


class Arrow(NamedTuple):
    """From the end of one bar to the beginning of another: an SVG path."""

    path: str
    is_held_up: bool


class Timeline(NamedTuple):
    """The whole drawing in pixels; `today` is None when it lies outside."""

    width: int
    height: int
    months: tuple[Month, ...]
    bars: tuple[Bar, ...]
    today: int | None
    arrows: tuple[Arrow, ...] = ()


def draw(stretches: Sequence[Stretch], today: datetime.date, waits: Sequence[Wait] = ()) -> Timeline:
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
        arrows=tuple(Arrow(_path(bars[wait.earlier], bars[wait.later]), wait.is_held_up) for wait in waits),
    )


def _path(earlier: Bar, later: Bar) -> str:
    """Out of the end, down or up between the rows, into the beginning from the left."""
    down = later.y > earlier.y
    between = earlier.y + (BAR_TOP + BAR_HEIGHT + 8 if down else 2)
    return (
        f"M{earlier.x + earlier.width} {earlier.y + BAR_MIDDLE}h6V{between}H{later.x - 10}"
        f"V{later.y + BAR_MIDDLE}H{later.x - 2}"
    )


def _next(month: datetime.date) -> datetime.date:
    return (month + datetime.timedelta(days=32)).replace(day=1)

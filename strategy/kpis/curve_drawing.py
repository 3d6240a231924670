"""Draws how actuals become a completion: axis with units, target, cap, floor, gate. Numbers come from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp import registry
from kpiapp.decimals import EXACT, HUNDRED, ONE, ZERO, divide, format_number, format_percent, plain, quantize
from kpiapp.registry import Curve, CurvePoint

WIDTH, HEIGHT = Decimal(560), Decimal(200)
LEFT, RIGHT, TOP, BOTTOM = Decimal(52), Decimal(12), Decimal(14), Decimal(34)
# Axis labels closer than this would run into each other.
ROOM = Decimal(64)
LEAST_TOP = Decimal("1.2")


@dataclass(frozen=True)
class Mark:
    """A line across the picture, with its label: along the axis of completion (y) or of actuals (x)."""

    at: str
    label: str
    kind: str = ""


@dataclass(frozen=True)
class Drawing:
    """What the template shows: paths, marks, a table that says the same, and the value that was tried."""

    problem: str = ""
    paths: list[str] = field(default_factory=list)
    dots: list[tuple[str, str]] = field(default_factory=list)
    across: list[Mark] = field(default_factory=list)
    along: list[Mark] = field(default_factory=list)
    target: Mark | None = None
    tried: tuple[str, str] | None = None
    tried_words: str = ""
    table: list[tuple[str, str]] = field(default_factory=list)
    is_example: bool = False


def drawing_of(fields: Mapping[str, Any], tried: Decimal | None = None) -> Drawing | None:
    """The picture of what fields of a version say; None when nobody can score."""
    for source in registry.COMPLETION_CURVES:
        return draw(source(fields, tried), fields.get("unit") or "")
    return None


def last_year_words(fields: Mapping[str, Any], values: Sequence[Decimal]) -> str:
    """What the mean of the last results would have scored under the rule that is typed; "" without results."""
    if not values or fields.get("aggregation") is None:
        return ""
    mean = quantize(divide(sum(values, ZERO), Decimal(len(values))), 6)
    for source in registry.COMPLETION_CURVES:
        curve = source(fields, mean)
        if curve.tried is not None and curve.tried.completion is not None and not curve.is_example:
            shown = {"count": len(values), "percent": _percent(curve.tried.completion)}
            return _("The mean of the last %(count)d results would have scored %(percent)s.") % shown
    return ""


def draw(curve: Curve, unit: str) -> Drawing:
    """A curve as a picture of 560 × 200, and in words."""
    known = [point for point in curve.points if point.completion is not None]
    if curve.problem or not known:
        return Drawing(problem=curve.problem or _("There is nothing to draw yet."))
    frame = _frame(curve, known)
    return Drawing(
        paths=[] if curve.is_counted else _paths(curve.points, frame),
        dots=[frame.place(point) for point in known] if curve.is_counted else [],
        across=_across(curve, frame),
        along=_along(curve, frame, unit),
        target=None if curve.target is None else Mark(frame.x(curve.target), _("target")),
        tried=_tried_place(curve, frame),
        tried_words=_tried_words(curve, unit),
        table=[(_with_unit(stop.x, unit), _percent(stop.completion)) for stop in curve.stops],
        is_example=curve.is_example,
    )


@dataclass(frozen=True)
class Frame:
    """From actuals and completions to places in the picture."""

    low: Decimal
    high: Decimal
    bottom: Decimal
    top: Decimal

    def x(self, value: Decimal) -> str:
        """How far right an actual stands."""
        share = divide(EXACT.subtract(value, self.low), self.high - self.low)
        return _px(LEFT + share * (WIDTH - LEFT - RIGHT))

    def y(self, completion: Decimal) -> str:
        """How far down a completion stands."""
        share = divide(EXACT.subtract(completion, self.bottom), self.top - self.bottom)
        return _px(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM))

    def place(self, point: CurvePoint) -> tuple[str, str]:
        """Both."""
        return self.x(point.x), self.y(point.completion or ZERO)

    def holds(self, value: Decimal) -> bool:
        """Whether an actual lies in the picture."""
        return self.low <= value <= self.high


def _frame(curve: Curve, known: Sequence[CurvePoint]) -> Frame:
    xs = [point.x for point in curve.points]
    if curve.tried is not None and curve.tried.completion is not None:
        width = xs[-1] - xs[0]
        # A value far outside would squeeze the course into a corner: it is told in words instead.
        if xs[0] - width <= curve.tried.x <= xs[-1] + width:
            xs.append(curve.tried.x)
    low, high = min(xs), max(xs)
    if low == high:
        low, high = low - ONE, high + ONE
    heights = [point.completion for point in known if point.completion is not None]
    return Frame(low, high, min([*heights, ZERO]), max([*heights, LEAST_TOP]))


def _paths(points: Sequence[CurvePoint], frame: Frame) -> list[str]:
    runs: list[list[str]] = [[]]
    for point in points:
        if point.completion is None:
            runs.append([])
            continue
        runs[-1].append(",".join(frame.place(point)))
    return [" ".join(run) for run in runs if len(run) > 1]


def _across(curve: Curve, frame: Frame) -> list[Mark]:
    """Lines of completion: nothing, whole, and cap, floor and gate where they are in sight."""
    marks = [Mark(frame.y(ZERO), _percent(ZERO)), Mark(frame.y(ONE), _percent(ONE))]
    for value, word, kind in (
        (curve.cap, _("cap"), "cap"),
        (curve.floor, _("floor"), "floor"),
        (curve.gate, _("gate"), "gate"),
    ):
        if value is not None and frame.bottom <= value <= frame.top and (value or kind == "gate"):
            marks.append(Mark(frame.y(value), f"{word} {_percent(value)}", kind))
    return marks


def _along(curve: Curve, frame: Frame, unit: str) -> list[Mark]:
    """Labels of actuals: the target first, then the other stops where there is room."""
    wanted = [curve.target] if curve.target is not None else []
    wanted += [stop.x for stop in curve.stops]
    marks: list[Mark] = []
    for value in wanted:
        place = Decimal(frame.x(value))
        if frame.holds(value) and all(abs(place - Decimal(mark.at)) >= ROOM for mark in marks):
            marks.append(Mark(plain(place), _with_unit(value, unit)))
    return marks


def _tried_place(curve: Curve, frame: Frame) -> tuple[str, str] | None:
    tried = curve.tried
    if tried is None or tried.completion is None or not frame.holds(tried.x):
        return None
    return frame.place(tried)


def _tried_words(curve: Curve, unit: str) -> str:
    """ "5.2 h of a 4 h target gives 70 %", and what cap, floor or gate did to it."""
    if curve.tried is None:
        return ""
    actual, completion = _with_unit(curve.tried.x, unit), curve.tried.completion
    if completion is None:
        return _("%(actual)s cannot be scored like this.") % {"actual": actual}
    shown = {"actual": actual, "percent": _percent(completion)}
    if curve.target is None:
        words = _("%(actual)s gives %(percent)s") % shown
    else:
        shown["target"] = _with_unit(curve.target, unit)
        words = _("%(actual)s of a target of %(target)s gives %(percent)s") % shown
    return words + _limited(curve, completion)


def _limited(curve: Curve, completion: Decimal) -> str:
    raw = curve.raw
    if raw is None or raw == completion:
        return "."
    if curve.gate is not None and raw < curve.gate:
        words = _("; %(raw)s lies below the gate of %(limit)s.")
        return words % {"raw": _percent(raw), "limit": _percent(curve.gate)}
    if raw > completion:
        return _("; %(raw)s without the cap.") % {"raw": _percent(raw)}
    return _("; %(raw)s without the floor.") % {"raw": _percent(raw)}


def _px(value: Decimal) -> str:
    return plain(quantize(value, 1))


def _percent(completion: Decimal | None) -> str:
    if completion is None:
        return "–"
    percent = quantize(EXACT.multiply(completion, HUNDRED), 2).normalize()
    return format_percent(percent, get_language() or "en", places=None)


def _with_unit(value: Decimal, unit: str) -> str:
    text = format_number(quantize(value, 4).normalize(), get_language() or "en")
    return f"{text}%" if unit == "%" else f"{text} {unit}".strip()

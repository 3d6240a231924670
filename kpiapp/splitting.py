"""Splitting a target over periods so that its total holds: shapes, events, pinned periods, paths of a level. No Django.

Everything here refuses with a SplitError what cannot hold, and rounds once, by largest remainder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from kpiapp.decimals import EXACT, HUNDRED, ONE, ZERO, allocate, divide, gettext_noop, plain, quantize

Pins = Mapping[int, Decimal]
NO_PINS: Pins = {}
READABLE_DIGITS = 3

NOTHING_TO_SPLIT = gettext_noop("There is nothing to split over: choose at least one period.")
NEGATIVE_WEIGHT = gettext_noop("A share below zero cannot be split by: %(weight)s.")
BROKEN_UNITS = gettext_noop("%(number)s cannot be given in steps of %(unit)s.")
WRONG_SUM = gettext_noop(
    "Everything is pinned, and adds up to %(pinned)s instead of %(total)s: free one, or change one."
)
TOO_MUCH = gettext_noop(
    "The pinned ones add up to %(pinned)s, more than the %(total)s there is to split: lower one, or free one."
)
NO_SHARES = gettext_noop(
    "%(rest)s is left, but nothing takes it: all that is not pinned has a share of zero. Choose another shape."
)
NO_SHAPE = gettext_noop("There are no figures of last year to take a shape from.")
MIXED_SHAPE = gettext_noop("Last year has figures above and below zero: they give no shape.")
EVENT_TOO_LOW = gettext_noop("An event cannot take away more than everything: %(percent)s percent is below −100.")
WRONG_END = gettext_noop("The last one is pinned to %(pinned)s, but there the year has to end at %(total)s.")


class SplitError(ValueError):
    """What was asked for cannot hold. `code` names the reason; `message` is English with gaps that `params` fill.

    A form shows `_(error.message)` with the numbers of `params` written in the reader's language.
    """

    def __init__(self, code: str, message: str, **params: Decimal) -> None:
        super().__init__(message % {name: plain(number) for name, number in params.items()})
        self.code, self.message, self.params = code, message, params


@dataclass(frozen=True)
class Event:
    """Something that makes a period (by its place, 0 = first) stronger or weaker by a percentage: Tết −40."""

    place: int
    percent: Decimal
    name: str = ""


def split(total: Decimal, weights: Sequence[Decimal], *, pins: Pins = NO_PINS, unit: Decimal = ONE) -> list[Decimal]:
    """Parts that add up to `total` exactly: pinned places hold their value, the others share the rest by weight.

    Parts are whole units, by largest remainder with ties to the earlier; none that is free lies on the other side of
    zero than the total. Raises SplitError.
    """
    if not weights:
        raise SplitError("nothing", NOTHING_TO_SPLIT)
    for weight in weights:
        if weight < 0:
            raise SplitError("negative_weight", NEGATIVE_WEIGHT, weight=weight)
    for number in (total, *pins.values()):
        if EXACT.remainder(number, unit):
            raise SplitError("units", BROKEN_UNITS, number=number, unit=unit)
    pinned = sum(pins.values(), ZERO)
    rest = EXACT.subtract(total, pinned)
    free = [place for place in range(len(weights)) if place not in pins]
    if not free and rest:
        raise SplitError("sum", WRONG_SUM, pinned=pinned, total=total)
    if rest and (not total or (rest > 0) is not (total > 0)):
        raise SplitError("too_much", TOO_MUCH, pinned=pinned, total=total)
    shares = [weights[place] for place in free]
    if rest and not any(shares):
        raise SplitError("no_shares", NO_SHARES, rest=rest)
    parts = allocate(rest, shares, unit=unit) if rest else [quantize(ZERO, 0)] * len(free)
    by_place = dict(zip(free, parts, strict=True))
    # Plus zero: a pin may be a negative zero.
    return [EXACT.add(pins[place], ZERO) if place in pins else by_place[place] for place in range(len(weights))]


@dataclass(frozen=True)
class Held:
    """Places from `first` up to `end` that hold a total of their own together: a quarter of a year."""

    first: int
    end: int
    total: Decimal


def split_held(
    total: Decimal, weights: Sequence[Decimal], held: Sequence[Held], *, pins: Pins = NO_PINS, unit: Decimal = ONE
) -> list[Decimal]:
    """The same, where groups of places hold totals of their own: each is split by itself, the others share the rest.

    Groups do not overlap. Raises SplitError.
    """
    inside = {place: group for group in held for place in range(group.first, group.end)}
    free = [place for place in range(len(weights)) if place not in inside]
    kept = sum((group.total for group in held), ZERO)
    rest = EXACT.subtract(total, kept)
    if held and not free and rest:
        raise SplitError("sum", WRONG_SUM, pinned=kept, total=total)
    if held and rest and (not total or (rest > 0) is not (total > 0)):
        raise SplitError("too_much", TOO_MUCH, pinned=kept, total=total)
    parts: dict[int, Decimal] = {}
    pools = [(group.total, range(group.first, group.end)) for group in held]
    for pool, places in [*pools, (rest, free)]:
        if not places:
            continue
        own = {number: pins[place] for number, place in enumerate(places) if place in pins}
        parts |= zip(places, split(pool, [weights[place] for place in places], pins=own, unit=unit), strict=True)
    return [parts[place] for place in range(len(weights))]


def split_mean(
    mean: Decimal, weights: Sequence[Decimal], *, pins: Pins = NO_PINS, unit: Decimal = ONE
) -> list[Decimal]:
    """Parts whose mean is exactly `mean`: a level that is judged over the year by its average. Raises SplitError."""
    return split(EXACT.multiply(mean, Decimal(len(weights))), weights, pins=pins, unit=unit)


def whole_of(parts: Sequence[Decimal], how: str) -> Decimal | None:
    """What parts are for the whole, the way back from a split: their "sum", their "avg", the "last"; None without any.

    A mean is not rounded.
    """
    if not parts:
        return None
    if how == "last":
        return parts[-1]
    total = ZERO
    for part in parts:
        total = EXACT.add(total, part)
    return divide(total, Decimal(len(parts))) if how == "avg" else total


def equal_shares(count: int) -> list[Decimal]:
    """Every period the same."""
    return [ONE] * count


def shape_of(figures: Sequence[Decimal | None]) -> list[Decimal]:
    """Shares like the figures of another year; a missing one counts as the mean of those there are.

    Raises SplitError without any figure, when all are zero, or when they lie on both sides of zero.
    """
    known = [figure for figure in figures if figure is not None]
    if not any(known):
        raise SplitError("no_shape", NO_SHAPE)
    if min(known) < 0 < max(known):
        raise SplitError("mixed_shape", MIXED_SHAPE)
    mean = divide(sum(known, ZERO), Decimal(len(known)))
    return [abs(mean if figure is None else figure) for figure in figures]


def with_events(weights: Sequence[Decimal], events: Sequence[Event]) -> list[Decimal]:
    """Shares made larger or smaller by events; several in one period multiply. Raises SplitError."""
    shares = list(weights)
    for event in events:
        if event.percent < -HUNDRED:
            raise SplitError("event", EVENT_TOO_LOW, percent=event.percent)
        shares[event.place] = EXACT.divide(
            EXACT.multiply(shares[event.place], EXACT.add(HUNDRED, event.percent)), HUNDRED
        )
    return shares


def level_path(
    target: Decimal, count: int, *, baseline: Decimal | None = None, pins: Pins = NO_PINS, places: int = 0
) -> list[Decimal]:
    """A level over `count` periods that ends at `target`: constant, or in a straight line from the baseline.

    Pinned periods hold their value, and the line runs through them. Rounded half-up to `places`. Raises SplitError
    when the last one is pinned to something else.
    """
    if count < 1:
        raise SplitError("nothing", NOTHING_TO_SPLIT)
    last = count - 1
    if pins.get(last, target) != target:
        raise SplitError("end", WRONG_END, pinned=pins[last], total=target)
    if baseline is None:
        return [pins.get(place, target) for place in range(count)]
    corners = sorted({-1: baseline, **pins, last: target}.items())
    path: list[Decimal] = []
    for (start, low), (end, high) in pairwise(corners):
        way = EXACT.subtract(high, low)
        steps = Decimal(end - start)
        path += [
            quantize(EXACT.add(low, divide(EXACT.multiply(way, Decimal(step)), steps)), places)
            for step in range(1, end - start)
        ]
        path.append(high)
    return path


def unit_of(decimals: int, *numbers: Decimal) -> Decimal:
    """The step in which targets of a KPI are given: its decimals, or finer where a number has more of them."""
    places = [decimals]
    for number in numbers:
        exponent = number.normalize().as_tuple().exponent
        places.append(-exponent if isinstance(exponent, int) else 0)
    return ONE.scaleb(-max(places))


def readable_unit(total: Decimal, parts: int, decimals: int, *numbers: Decimal) -> Decimal:
    """A coarser step in which large parts are easy to read: three digits each (250,000,000 in millions).

    Never finer than `unit_of`, and one in which the total and every other number can be given.
    """
    finest = unit_of(decimals, total, *numbers)
    unit = max(finest, ONE.scaleb((divide(total, Decimal(parts))).adjusted() - READABLE_DIGITS + 1))
    while unit > finest and any(EXACT.remainder(number, unit) for number in (total, *numbers)):
        unit = unit.scaleb(-1)
    return unit

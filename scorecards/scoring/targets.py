"""Numbers of many targets at once: raised, multiplied, spread over periods, added up. Every rounding is named."""

from collections.abc import Sequence
from decimal import Decimal

from kpiapp.decimals import EXACT, HUNDRED, ONE, ZERO, AllocationError, allocate, divide, quantize


def raised(value: Decimal, percent: Decimal, places: int) -> Decimal:
    """A value plus so many percent of it, half-up to `places`: 1,500 and 15 gives 1,725."""
    return multiplied(value, EXACT.divide(EXACT.add(HUNDRED, percent), HUNDRED), places)


def multiplied(value: Decimal, factor: Decimal, places: int) -> Decimal:
    """A value times a factor, half-up to `places`."""
    return quantize(EXACT.multiply(value, factor), places)


def spread(total: Decimal, shares: Sequence[Decimal], places: int) -> list[Decimal]:
    """A total over periods by their shares, in steps of the last place; the parts add up to it exactly.

    A total that is finer than `places` is spread in steps of its own last place.
    """
    unit = ONE.scaleb(-max(places, -int(total.normalize().as_tuple().exponent)))
    try:
        return allocate(total, shares, unit=unit)
    except AllocationError:
        return allocate(total, [ONE] * len(shares), unit=unit)


def together(values: Sequence[Decimal | None], how: str, places: int) -> Decimal | None:
    """What targets of periods are for all of them: their "sum", their "avg" (half-up), or the "last" that is set.

    None without any.
    """
    given = [value for value in values if value is not None]
    if not given:
        return None
    if how == "last":
        return given[-1]
    total = sum(given, ZERO)
    return quantize(divide(total, Decimal(len(given))), places) if how == "avg" else total

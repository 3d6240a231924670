"""Numbers of many targets at once: raised and multiplied. Every rounding is named; kpiapp.splitting divides them."""

from decimal import Decimal

from kpiapp.decimals import EXACT, HUNDRED, quantize


def raised(value: Decimal, percent: Decimal, places: int) -> Decimal:
    """A value plus so many percent of it, half-up to `places`: 1,500 and 15 gives 1,725."""
    return multiplied(value, EXACT.divide(EXACT.add(HUNDRED, percent), HUNDRED), places)


def multiplied(value: Decimal, factor: Decimal, places: int) -> Decimal:
    """A value times a factor, half-up to `places`."""
    return quantize(EXACT.multiply(value, factor), places)

"""Longer periods from short ones: exact pairs of months to the pair of a quarter, a year, or the year to date.

What comes out is the pair that all entries of those months would give at once (aggregation.py), so that no mean is
taken of means and no rate is averaged. Months without a value are left out; nothing at all is no pair, never 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from kpiapp.decimals import EXACT, ZERO, divide
from scorecards.scoring.aggregation import Aggregation, Pair, PartAggregation


@dataclass(frozen=True, slots=True)
class ShortPeriod:
    """What a month is kept as: its exact pair, and the number of entries in it; in order of time."""

    quantity: Decimal
    divisor: Decimal | None = None
    entries: int = 1


def combine_periods(
    kind: str,
    periods: Sequence[ShortPeriod],
    *,
    numerator_agg: str = PartAggregation.SUM,
    denominator_agg: str = PartAggregation.SUM,
) -> Pair | None:
    """The pair of several periods of one KPI. Raises ValueError for an unknown kind."""
    how = Aggregation(kind)
    if not periods:
        return None
    if how is Aggregation.LAST:
        return periods[-1].quantity, periods[-1].divisor
    if how in (Aggregation.MIN, Aggregation.MAX):
        chosen = min if how is Aggregation.MIN else max
        return chosen(period.quantity for period in periods), None
    if how is Aggregation.RATIO:
        return _ratio(periods, PartAggregation(numerator_agg), PartAggregation(denominator_agg))
    quantity = _total([period.quantity for period in periods])
    if how in (Aggregation.AVG, Aggregation.WEIGHTED_AVG):
        return quantity, _total([period.divisor or ZERO for period in periods])
    return quantity, None


def _ratio(periods: Sequence[ShortPeriod], top: PartAggregation, bottom: PartAggregation) -> Pair:
    """Parts first, as over entries: a mean beside a sum stands multiplied by its entries on the other side."""
    count = Decimal(sum(period.entries for period in periods))
    tops, bottoms = [period.quantity for period in periods], [period.divisor or ZERO for period in periods]
    means = [part is PartAggregation.AVG for part in (top, bottom)]
    if means == [False, True]:
        tops = [divide(period.quantity, Decimal(period.entries or 1)) for period in periods]
    elif means == [True, False]:
        bottoms = [divide(period.divisor or ZERO, Decimal(period.entries or 1)) for period in periods]
    numerator = tops[-1] if top is PartAggregation.LAST else _total(tops)
    denominator = bottoms[-1] if bottom is PartAggregation.LAST else _total(bottoms)
    if means == [False, True]:
        return EXACT.multiply(numerator, count), denominator
    if means == [True, False]:
        return numerator, EXACT.multiply(denominator, count)
    return numerator, denominator


def _total(numbers: Sequence[Decimal]) -> Decimal:
    total = ZERO
    for number in numbers:
        total = EXACT.add(total, number)
    return total

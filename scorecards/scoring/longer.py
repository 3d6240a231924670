"""Longer periods from short ones: exact pairs of months to the pair of a quarter, a year, or the year to date.

What comes out is the pair that all entries of those months would give at once (aggregation.py), so that no mean is
taken of means and no rate is averaged. Months without a value are left out; nothing at all is no pair, never 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from kpiapp.decimals import EXACT, ZERO, divide
from scorecards.scoring.aggregation import Aggregation, Pair, PartAggregation
from scorecards.scoring.trace import RuleCode, Trace


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
    trace: Trace | None = None,
) -> Pair | None:
    """The pair of several periods of one KPI. Raises ValueError for an unknown kind."""
    how = Aggregation(kind)
    if not periods:
        return None
    if trace is not None:
        for number, period in enumerate(periods, 1):
            given = {"quantity": period.quantity, "divisor": period.divisor, "entries": Decimal(period.entries)}
            trace.note(RuleCode.PERIOD, period.quantity, number=Decimal(number), **given)
    if how is Aggregation.RATIO:
        return _ratio(periods, PartAggregation(numerator_agg), PartAggregation(denominator_agg), trace)
    code = _CODES.get(how, RuleCode.PERIODS_SUM)
    quantity = _together(code, [period.quantity for period in periods], "value", trace)
    if how is Aggregation.LAST:
        return quantity, periods[-1].divisor
    if how in (Aggregation.AVG, Aggregation.WEIGHTED_AVG):
        return quantity, _together(code, [period.divisor or ZERO for period in periods], "divisor", trace)
    return quantity, None


def _ratio(periods: Sequence[ShortPeriod], top: PartAggregation, bottom: PartAggregation, trace: Trace | None) -> Pair:
    """Parts first, as over entries: a mean beside a sum stands multiplied by its entries on the other side."""
    count = Decimal(sum(period.entries for period in periods))
    tops, bottoms = [period.quantity for period in periods], [period.divisor or ZERO for period in periods]
    means = [part is PartAggregation.AVG for part in (top, bottom)]
    if means == [False, True]:
        tops = _means(tops, periods, "numerator", trace)
    elif means == [True, False]:
        bottoms = _means(bottoms, periods, "denominator", trace)
    numerator = _together(_CODES.get(top, RuleCode.PERIODS_SUM), tops, "numerator", trace)
    denominator = _together(_CODES.get(bottom, RuleCode.PERIODS_SUM), bottoms, "denominator", trace)
    if means == [False, True]:
        return _times(numerator, count, "numerator", trace), denominator
    if means == [True, False]:
        return numerator, _times(denominator, count, "denominator", trace)
    return numerator, denominator


def _means(numbers: Sequence[Decimal], periods: Sequence[ShortPeriod], part: str, trace: Trace | None) -> list[Decimal]:
    """What stands multiplied by the entries of its month, without them."""
    means = []
    for number, (quantity, period) in enumerate(zip(numbers, periods, strict=True), 1):
        entries = Decimal(period.entries or 1)
        means.append(divide(quantity, entries))
        if trace is not None:
            given = {"number": Decimal(number), "quantity": quantity, "entries": entries}
            trace.note(RuleCode.PERIOD_MEAN, means[-1], part=part, **given)
    return means


def _times(value: Decimal, entries: Decimal, part: str, trace: Trace | None) -> Decimal:
    product = EXACT.multiply(value, entries)
    if trace is not None:
        trace.note(RuleCode.PERIODS_TIMES, product, part=part, value=value, entries=entries)
    return product


def _together(code: RuleCode, numbers: Sequence[Decimal], part: str, trace: Trace | None) -> Decimal:
    """One number of the months': their sum, or the last, lowest or highest of them."""
    if code is RuleCode.PERIODS_LAST:
        result = numbers[-1]
    elif code is RuleCode.PERIODS_MIN:
        result = min(numbers)
    elif code is RuleCode.PERIODS_MAX:
        result = max(numbers)
    else:
        result = ZERO
        for number in numbers:
            result = EXACT.add(result, number)
    if trace is not None:
        trace.note(code, result, part=part, count=Decimal(len(numbers)))
    return result


# Every other kind adds up.
_CODES: dict[str, RuleCode] = {
    Aggregation.LAST.value: RuleCode.PERIODS_LAST,
    Aggregation.MIN.value: RuleCode.PERIODS_MIN,
    Aggregation.MAX.value: RuleCode.PERIODS_MAX,
}

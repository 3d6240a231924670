"""Entries over time to one actual, kept as an exact pair, so that averages are never averaged.

An aggregated actual is a pair (a, b): the value is `a`, or factor × a ÷ b where `b` is given. What the night's SQL
gathers and what is built here from entries is the same pair:

    sum            a = Σv                      b = none
    avg            a = Σv                      b = n
    weighted_avg   a = Σ(v·w)                  b = Σw
    last min max   a = the value               b = none
    count          a = n                       b = none
    ratio          a and b of the parts, for example
      sum / sum    a = Σnum                    b = Σden
      sum / avg    a = Σnum · n                b = Σden
      sum / last   a = Σnum                    b = last den
      avg / avg    a = Σnum                    b = Σden
      last / last  a = last num                b = last den

An entry counts when everything its kind needs is there: a value, and for weighted_avg and ratio the second number
too. `last` is the latest date, then the highest id. Nothing counted is no pair at all, never 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from kpiapp.decimals import EXACT, ZERO
from scorecards.scoring.trace import RuleCode, Trace


class Aggregation(StrEnum):
    """How the entries of a period become its actual."""

    SUM = "sum"
    AVG = "avg"
    WEIGHTED_AVG = "weighted_avg"
    LAST = "last"
    MIN = "min"
    MAX = "max"
    COUNT = "count"
    RATIO = "ratio"


class PartAggregation(StrEnum):
    """How the numerator or the denominator of a ratio is aggregated."""

    SUM = "sum"
    AVG = "avg"
    LAST = "last"


PARTS = (PartAggregation.SUM, PartAggregation.AVG, PartAggregation.LAST)


@dataclass(frozen=True, slots=True)
class Entry:
    """One reported value; `second` is its weight or, for a ratio, its denominator."""

    value: Decimal | None
    second: Decimal | None = None
    on: date = date.min
    id: int = 0


Pair = tuple[Decimal, Decimal | None]


def aggregate(
    kind: str,
    entries: Sequence[Entry],
    *,
    numerator_agg: str = PartAggregation.SUM,
    denominator_agg: str = PartAggregation.SUM,
    trace: Trace | None = None,
) -> Pair | None:
    """The exact pair (a, b) of the entries, or None when nothing counts. Raises ValueError for an unknown kind.

    Use `value_of(*pair, factor)` for the number; a pair whose b is 0 is not scorable and says so there.
    """
    kind = Aggregation(kind)
    needs_second = kind in (Aggregation.RATIO, Aggregation.WEIGHTED_AVG)
    counted = []
    for entry in entries:
        complete = entry.value is not None and (entry.second is not None or not needs_second)
        if complete:
            counted.append(entry)
        if trace is not None and (complete or entry.value is not None or entry.second is not None):
            code = RuleCode.ENTRY if complete else RuleCode.ENTRY_INCOMPLETE
            trace.note(
                code, entry.value, on=entry.on.isoformat(), id=str(entry.id), value=entry.value, second=entry.second
            )
    if not counted:
        if trace is not None:
            trace.note(RuleCode.AGGREGATE_NOTHING, None)
        return None
    if kind is Aggregation.RATIO:
        return _ratio_of(counted, PartAggregation(numerator_agg), PartAggregation(denominator_agg), trace)
    if kind is Aggregation.WEIGHTED_AVG:
        weighted = _total([EXACT.multiply(_value(entry), _second(entry)) for entry in counted])
        weight = _total([_second(entry) for entry in counted])
        if trace is not None:
            trace.note(RuleCode.AGGREGATE_WEIGHTED_AVG, weighted, part="value", weighted_sum=weighted, weight=weight)
        return weighted, weight
    return _part(kind, [(_value(entry), entry) for entry in counted], "value", trace)


def _ratio_of(
    counted: list[Entry], numerator_agg: PartAggregation, denominator_agg: PartAggregation, trace: Trace | None
) -> Pair:
    """Aggregate the parts first, then one quotient: 2/4 and 2/100 are 4/104, not the mean of 50 % and 2 %."""
    top, top_n = _part(Aggregation(numerator_agg), [(_value(e), e) for e in counted], "numerator", trace)
    bottom, bottom_n = _part(Aggregation(denominator_agg), [(_second(e), e) for e in counted], "denominator", trace)
    # (top ÷ top_n) ÷ (bottom ÷ bottom_n); both counts are n and cancel, a single one moves across.
    if top_n is None and bottom_n is not None:
        top = EXACT.multiply(top, bottom_n)
    elif top_n is not None and bottom_n is None:
        bottom = EXACT.multiply(bottom, top_n)
    if trace is not None:
        trace.note(
            RuleCode.AGGREGATE_RATIO,
            top,
            numerator_agg=numerator_agg.value,
            denominator_agg=denominator_agg.value,
            numerator=top,
            denominator=bottom,
        )
    return top, bottom


def _part(kind: Aggregation, values: list[tuple[Decimal, Entry]], part: str, trace: Trace | None) -> Pair:
    """The pair of one column of numbers, each with the entry it came from (for its date)."""
    numbers = [value for value, _ in values]
    count = Decimal(len(numbers))
    divisor: Decimal | None = None
    operands: dict[str, str | Decimal] = {"part": part, "count": count}
    if kind is Aggregation.LAST:
        result, entry = max(values, key=lambda pair: (pair[1].on, pair[1].id))
        operands = {"part": part, "on": entry.on.isoformat(), "id": str(entry.id)}
    elif kind is Aggregation.MIN:
        result = min(numbers)
    elif kind is Aggregation.MAX:
        result = max(numbers)
    elif kind is Aggregation.COUNT:
        result = count
    else:
        result = _total(numbers)
        divisor = count if kind is Aggregation.AVG else None
        if divisor is not None:
            operands["sum"] = result
    if trace is not None:
        trace.note(AGGREGATE_CODES[kind], result, None, **operands)
    return result, divisor


AGGREGATE_CODES = {
    Aggregation.SUM: RuleCode.AGGREGATE_SUM,
    Aggregation.AVG: RuleCode.AGGREGATE_AVG,
    Aggregation.LAST: RuleCode.AGGREGATE_LAST,
    Aggregation.MIN: RuleCode.AGGREGATE_MIN,
    Aggregation.MAX: RuleCode.AGGREGATE_MAX,
    Aggregation.COUNT: RuleCode.AGGREGATE_COUNT,
}


def _total(numbers: list[Decimal]) -> Decimal:
    total = ZERO
    for number in numbers:
        total = EXACT.add(total, number)
    return total


def _value(entry: Entry) -> Decimal:
    assert entry.value is not None  # `aggregate` keeps complete entries only
    return entry.value


def _second(entry: Entry) -> Decimal:
    assert entry.second is not None  # see _value
    return entry.second

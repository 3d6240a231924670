"""What several owners, or the operands of a formula, reached in some days of a period: pure functions over entries.

A number that adds up counts what was entered for these days. A level (a last value, or the ratio of two) is still
there when nobody counts it anew: the latest entry up to the end of the days stands for it.
"""

from collections.abc import Sequence
from datetime import date

from scorecards.scoring.aggregation import Aggregation, Entry, Pair, PartAggregation, aggregate
from scorecards.scoring.cascade import combine


def is_level(kind: str, numerator_agg: str = "", denominator_agg: str = "") -> bool:
    """Whether its last value stands until there is another."""
    if kind == Aggregation.RATIO:
        return numerator_agg == denominator_agg == PartAggregation.LAST
    return kind == Aggregation.LAST


def divides(kind: str, numerator_agg: str = "", denominator_agg: str = "") -> bool:
    """Whether what adds up from several owners can be told for a part of a period.

    A ratio of a flow to a stock cannot: an owner without an entry in these days adds nothing to the one and all of the
    other.
    """
    return kind != Aggregation.RATIO or (numerator_agg == PartAggregation.LAST) == (
        denominator_agg == PartAggregation.LAST
    )


def in_span(
    kind: str, entries: Sequence[Entry], first: date, end: date, *, numerator_agg: str = "", denominator_agg: str = ""
) -> list[Entry]:
    """The entries that say what was reached from a day to the day before `end`."""
    if is_level(kind, numerator_agg, denominator_agg):
        return [entry for entry in entries if entry.on < end]
    return [entry for entry in entries if first <= entry.on < end]


def combine_span(
    kind: str,
    owners: Sequence[Sequence[Entry]],
    first: date,
    end: date,
    *,
    numerator_agg: str = PartAggregation.SUM,
    denominator_agg: str = PartAggregation.SUM,
) -> Pair | None:
    """The exact pair of what adds up from several owners in some days; None when nobody entered anything for them."""
    if not any(first <= entry.on < end for entries in owners for entry in entries):
        return None
    spans = [
        in_span(kind, own, first, end, numerator_agg=numerator_agg, denominator_agg=denominator_agg) for own in owners
    ]
    pairs = [aggregate(kind, own, numerator_agg=numerator_agg, denominator_agg=denominator_agg) for own in spans]
    return combine(kind, pairs)

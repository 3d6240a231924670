"""What adds up across owners, and the shape of the cascade: pure functions over pairs and edges.

The database adds the pairs of a parent's leaves up (scorecards.recompute.cascade); `combine` says what it must find,
and a test holds the two equal.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from kpiapp.decimals import EXACT, ZERO
from scorecards.scoring.aggregation import Aggregation, Pair, PartAggregation

# Why a KPI cannot add up across owners.
RATE_WITHOUT_PARTS = "rate_without_parts"
MEAN_PART = "mean_part"
NOT_ADDITIVE = "not_additive"

_FROM_ONE_NUMBER = frozenset({Aggregation.LAST, Aggregation.AVG, Aggregation.SUM, Aggregation.COUNT})
_QUOTIENTS = frozenset({Aggregation.AVG, Aggregation.WEIGHTED_AVG, Aggregation.RATIO})


def why_not_additive(kind: str, unit: str, numerator_agg: str = "", denominator_agg: str = "") -> str:
    """Why the actuals of several owners cannot be added up to one, as a code; empty when they can.

    A percentage kept as one number has lost its denominator. A ratio with a mean as a part has a different n on every
    card, which the pair no longer tells.
    """
    try:
        kind = Aggregation(kind)
    except ValueError:
        return NOT_ADDITIVE
    if unit.strip() == "%" and kind in _FROM_ONE_NUMBER:
        return RATE_WITHOUT_PARTS
    if kind is Aggregation.RATIO and PartAggregation.AVG in (numerator_agg, denominator_agg):
        return MEAN_PART
    return ""


def combine(kind: str, pairs: Sequence[Pair | None]) -> Pair | None:
    """The exact pair of a parent from the pairs of its leaves; None for a leaf without a value, and for none at all."""
    known = [pair for pair in pairs if pair is not None]
    if not known:
        return None
    numbers = [quantity for quantity, _divisor in known]
    if kind == Aggregation.MIN:
        return min(numbers), None
    if kind == Aggregation.MAX:
        return max(numbers), None
    divisors = [divisor for _quantity, divisor in known if divisor is not None]
    return _sum(numbers), _sum(divisors) if kind in _QUOTIENTS else None


def _sum(numbers: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for number in numbers:
        total = EXACT.add(total, number)
    return total


# --- edges: (child, parent) ------------------------------------------------------------------------------


def path_up(edges: Iterable[tuple[int, int]], start: int, goal: int) -> list[int]:
    """The shortest way from a node up to another one, both named; empty when there is none."""
    above = _neighbours(edges)
    came_from: dict[int, int | None] = {start: None}
    waiting = [start]
    for node in waiting:
        if node == goal:
            return _back(came_from, goal)
        for other in above.get(node, ()):
            if other not in came_from:
                came_from[other] = node
                waiting.append(other)
    return []


def second_path(edges: Sequence[tuple[int, int]], child: int, parent: int) -> list[int]:
    """The way along which something at or below `child` reaches something at or above `parent` already.

    With the edge child → parent it would be counted there twice. Empty when there is no such way.
    """
    above, below = _neighbours(edges), _neighbours((upper, lower) for lower, upper in edges)
    tops = set(_reached(above, parent))
    for low in _reached(below, child):
        for top in _reached(above, low):
            if top in tops:
                return path_up(edges, low, top)
    return []


def _neighbours(edges: Iterable[tuple[int, int]]) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for one, other in edges:
        found[one].append(other)
    return found


def _reached(neighbours: Mapping[int, list[int]], start: int) -> list[int]:
    waiting, seen = [start], {start}
    for node in waiting:
        new = [other for other in neighbours.get(node, ()) if other not in seen]
        seen.update(new)
        waiting.extend(new)
    return waiting


def _back(came_from: Mapping[int, int | None], goal: int) -> list[int]:
    path: list[int] = []
    node: int | None = goal
    while node is not None:
        path.append(node)
        node = came_from[node]
    return path[::-1]

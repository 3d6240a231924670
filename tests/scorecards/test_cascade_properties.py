"""The cascade's pure parts: nothing counts twice, order does not matter, circles and second ways are found."""

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scorecards.scoring import combine, path_up, second_path, why_not_additive

NUMBERS = st.decimals(min_value=-(10**12), max_value=10**12, places=6)
PAIRS = st.lists(st.none() | st.tuples(NUMBERS, NUMBERS), max_size=12)
KINDS = st.sampled_from(["sum", "count", "avg", "weighted_avg", "last", "min", "max", "ratio"])
# Every edge goes from a larger number to a smaller one, so that there is no circle.
DAGS = st.sets(st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda edge: edge[0] > edge[1]), max_size=24)


@given(KINDS, PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_children_does_not_matter(kind, pairs, random):
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert combine(kind, pairs) == combine(kind, shuffled)


@given(KINDS, PAIRS, st.integers(0, 12))
def test_levels_between_do_not_matter(kind, pairs, cut):
    """Two departments rolled up and then added are what all their people give at once."""
    halves = [combine(kind, pairs[:cut]), combine(kind, pairs[cut:])]
    assert combine(kind, halves) == combine(kind, pairs)


def test_absence_is_no_zero():
    assert combine("sum", [None, None]) is None
    assert combine("sum", [None, (Decimal(0), None)]) == (Decimal(0), None)


def test_two_of_four_and_two_of_a_hundred_are_four_of_a_hundred_and_four():
    assert combine("ratio", [(Decimal(2), Decimal(4)), (Decimal(2), Decimal(100))]) == (Decimal(4), Decimal(104))


@given(DAGS)
def test_links_taken_one_by_one_never_count_a_leaf_twice(edges):
    """Whatever is asked for: what the guard lets through has at most one way from anything to anything above it."""
    kept: list[tuple[int, int]] = []
    for child, parent in sorted(edges):
        if not path_up(kept, parent, child) and not second_path(kept, child, parent):
            kept.append((child, parent))
    for start in range(12):
        for goal in range(start):
            assert _ways(kept, start, goal) <= 1


@given(DAGS)
def test_what_is_refused_names_a_real_way(edges):
    kept = sorted(edges)
    for child, parent in kept:
        found = second_path([edge for edge in kept if edge != (child, parent)], child, parent)
        for step in pairwise(found):
            assert step in kept


@given(st.sets(st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda edge: edge[0] != edge[1]), max_size=20))
def test_circles_never_close(edges):
    kept: list[tuple[int, int]] = []
    for child, parent in sorted(edges):
        circle = path_up(kept, parent, child)
        if circle:
            assert (circle[0], circle[-1]) == (parent, child)
        else:
            kept.append((child, parent))
    assert all(not path_up([e for e in kept if e != edge], edge[1], edge[0]) for edge in kept)


def _ways(edges, start, goal) -> int:
    if start == goal:
        return 1
    return sum(_ways(edges, above, goal) for below, above in edges if below == start)


def test_a_rate_without_its_parts_does_not_add_up():
    assert why_not_additive("avg", "%") == "rate_without_parts"
    assert why_not_additive("ratio", "%", "sum", "sum") == ""
    assert why_not_additive("ratio", "%", "sum", "avg") == "mean_part"
    assert why_not_additive("sum", "VND") == ""
    assert why_not_additive("formula", "VND") == "not_additive"

"""The splitter: whatever is asked, the total holds to the last unit, or the reason why it cannot is named."""

import itertools
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kpiapp.decimals import ZERO
from kpiapp.splitting import (
    Event,
    Held,
    SplitError,
    equal_shares,
    level_path,
    readable_unit,
    shape_of,
    split,
    split_held,
    split_mean,
    unit_of,
    whole_of,
    with_events,
)

UNITS = [Decimal(1), Decimal("0.01"), Decimal("0.000001"), Decimal(1000)]
weights = st.decimals(0, 1_000_000, places=4)
shares = st.lists(weights, min_size=1, max_size=24)


@st.composite
def tasks(draw, pinned=True):
    """A total in whole units, weights with something above zero, and pins that leave a rest on the total's side."""
    unit = draw(st.sampled_from(UNITS))
    sign = draw(st.sampled_from([1, -1]))
    by = draw(st.lists(weights, min_size=1, max_size=24))
    places = draw(st.sets(st.integers(0, len(by) - 1), max_size=len(by) - 1)) if pinned else set()
    pins = {place: sign * unit * draw(st.integers(0, 10_000)) for place in places}
    rest = sign * unit * draw(st.integers(1, 10_000_000))
    assume(any(weight for place, weight in enumerate(by) if place not in pins))
    return sum(pins.values(), ZERO) + rest, by, pins, unit


@given(tasks())
def test_the_parts_add_up_exactly_and_pins_hold(task):
    total, by, pins, unit = task
    parts = split(total, by, pins=pins, unit=unit)
    assert sum(parts) == total
    assert all(parts[place] == value for place, value in pins.items())
    assert len(parts) == len(by)


@given(tasks())
def test_every_part_is_whole_units_on_the_side_of_the_total(task):
    total, by, pins, unit = task
    for place, part in enumerate(split(total, by, pins=pins, unit=unit)):
        assert part % unit == 0
        assert part == 0 or (part > 0) is (total > 0)
        assert part or not part.is_signed()
        if place not in pins and not by[place]:
            assert part == 0


@given(tasks())
def test_a_part_is_less_than_one_unit_from_its_fair_share(task):
    total, by, pins, unit = task
    rest = total - sum(pins.values(), ZERO)
    free = [place for place in range(len(by)) if place not in pins]
    whole = sum(by[place] for place in free)
    parts = split(total, by, pins=pins, unit=unit)
    for place in free:
        assert abs(parts[place] * whole - rest * by[place]) < unit * whole


@given(tasks())
def test_more_weight_is_never_less(task):
    total, by, pins, unit = task
    parts = split(total, by, pins=pins, unit=unit)
    free = sorted((by[place], abs(parts[place])) for place in range(len(by)) if place not in pins)
    for (less, small), (more, large) in itertools.pairwise(free):
        assert small <= large or less == more


@given(tasks(pinned=False), st.randoms(use_true_random=False))
def test_the_order_of_periods_does_not_matter(task, random):
    """Different weights get the same parts in any order; equal ones differ by one unit at most."""
    total, by, _pins, unit = task
    parts = split(total, by, unit=unit)
    order = list(range(len(by)))
    random.shuffle(order)
    mixed = split(total, [by[place] for place in order], unit=unit)
    if len(set(by)) == len(by):
        assert [parts[place] for place in order] == mixed
    else:
        assert sorted(mixed) == sorted(parts)


@given(tasks())
def test_a_total_below_zero_is_the_mirror_image(task):
    total, by, pins, unit = task
    mirrored = split(-total, by, pins={place: -value for place, value in pins.items()}, unit=unit)
    assert mirrored == [-part for part in split(total, by, pins=pins, unit=unit)]


@given(tasks(), st.integers(1, 1000))
def test_only_the_proportion_of_weights_counts(task, times):
    total, by, pins, unit = task
    assert split(total, [weight * times for weight in by], pins=pins, unit=unit) == split(
        total, by, pins=pins, unit=unit
    )


@given(tasks())
def test_pinning_what_came_out_changes_nothing(task):
    """Whoever pins a month as it stands sees the others stay where they are."""
    total, by, pins, unit = task
    parts = split(total, by, pins=pins, unit=unit)
    rest = dict(enumerate(parts))
    assert split(total, by, pins=rest, unit=unit) == parts


@given(shares, st.integers(-1_000_000, 1_000_000), st.sampled_from(UNITS[:3]))
def test_a_mean_is_kept_exactly(by, mean, unit):
    assume(any(by))
    parts = split_mean(mean * unit, by, unit=unit)
    assert sum(parts) == mean * unit * len(by)


@given(
    st.decimals(-1_000_000, 1_000_000, places=3),
    st.decimals(-1_000_000, 1_000_000, places=3),
    st.integers(1, 36),
    st.integers(0, 4),
)
def test_a_path_ends_at_its_target_and_never_turns_back(baseline, target, count, places):
    path = level_path(target, count, baseline=baseline, places=places)
    assert len(path) == count
    assert path[-1] == target
    turned = sorted(path[:-1], reverse=target < baseline)
    assert path[:-1] == turned


@given(st.decimals(0, 100, places=1), st.integers(2, 24), st.data())
def test_a_path_runs_through_what_is_pinned(target, count, data):
    place = data.draw(st.integers(0, count - 2))
    path = level_path(target, count, baseline=ZERO, pins={place: Decimal(7)}, places=1)
    assert (path[place], path[-1]) == (7, target)
    assert path[:place] == sorted(path[:place])


def test_without_a_baseline_a_level_stays():
    assert level_path(Decimal(90), 4, pins={1: Decimal(80)}) == [90, 80, 90, 90]


@given(st.lists(st.none() | st.decimals(0, 10_000, places=2), min_size=1, max_size=12))
def test_a_missing_month_takes_the_mean_of_the_others(figures):
    known = [figure for figure in figures if figure is not None]
    assume(any(known))
    shape = shape_of(figures)
    for figure, share in zip(figures, shape, strict=True):
        assert share == figure if figure is not None else min(known) <= share <= max(known)


def test_events_make_months_stronger_and_weaker():
    shares = with_events(equal_shares(3), [Event(0, Decimal(-40)), Event(2, Decimal(50)), Event(2, Decimal(10))])
    assert shares == [Decimal("0.6"), 1, Decimal("1.65")]


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (lambda: split(Decimal(10), []), "nothing"),
        (lambda: split(Decimal(10), [Decimal(-1)]), "negative_weight"),
        (lambda: split(Decimal("10.5"), [Decimal(1)]), "units"),
        (lambda: split(Decimal(10), [Decimal(1)] * 2, pins={0: Decimal("1.5")}), "units"),
        (lambda: split(Decimal(10), [Decimal(1)], pins={0: Decimal(9)}), "sum"),
        (lambda: split(Decimal(10), [Decimal(1)] * 2, pins={0: Decimal(11)}), "too_much"),
        (lambda: split(Decimal(0), [Decimal(1)] * 2, pins={0: Decimal(-1)}), "too_much"),
        (lambda: split(Decimal(10), [Decimal(1), ZERO], pins={0: Decimal(9)}), "no_shares"),
        (lambda: shape_of([None, None]), "no_shape"),
        (lambda: shape_of([ZERO, None]), "no_shape"),
        (lambda: shape_of([Decimal(-1), Decimal(1)]), "mixed_shape"),
        (lambda: with_events([Decimal(1)], [Event(0, Decimal(-101))]), "event"),
        (lambda: level_path(Decimal(90), 3, pins={2: Decimal(80)}), "end"),
        (lambda: level_path(Decimal(90), 0), "nothing"),
    ],
)
def test_what_cannot_hold_is_refused_with_the_reason(refused, code):
    with pytest.raises(SplitError) as error:
        refused()
    assert error.value.code == code
    assert "%(" not in str(error.value)


def test_steps_are_as_fine_as_the_numbers():
    assert unit_of(0, Decimal(100)) == 1
    assert unit_of(2, Decimal("0.5")) == Decimal("0.01")
    assert unit_of(0, Decimal("12.50")) == Decimal("0.1")


@pytest.mark.parametrize(
    ("total", "decimals", "others", "unit"),
    [
        ("3000000000", 0, [], "1000000"),
        ("4000", 0, [], "1"),
        ("100", 0, [], "1"),
        ("100", 1, [], "0.1"),
        ("3000000001", 0, [], "1"),
        ("3000000000", 0, ["245350000"], "10000"),
        ("-3000000000", 0, [], "1000000"),
    ],
)
def test_large_parts_are_given_in_round_numbers(total, decimals, others, unit):
    numbers = [Decimal(other) for other in others]
    assert readable_unit(Decimal(total), 12, decimals, *numbers) == Decimal(unit)


@given(
    st.lists(st.integers(1, 1000), min_size=12, max_size=12),
    st.sets(st.integers(0, 3)),
    st.sets(st.integers(0, 11)),
    st.integers(1, 100_000),
)
def test_quarters_that_hold_and_pins_in_them_hold_together_with_the_year(by, quarters, pinned, grain):
    """Taken from a year that adds up, so that there is an answer; every quarter keeps one free month."""
    months = [Decimal(grain + place) for place in range(12)]
    pins = {place: months[place] for place in pinned if place % 3}
    held = [Held(3 * place, 3 * place + 3, sum(months[3 * place : 3 * place + 3])) for place in sorted(quarters)]
    parts = split_held(sum(months), [Decimal(one) for one in by], held, pins=pins)
    assert sum(parts) == sum(months)
    assert all(sum(parts[one.first : one.end]) == one.total for one in held)
    assert all(parts[place] == value for place, value in pins.items())


@pytest.mark.parametrize(
    ("total", "quarters", "code"),
    [(6000, [6001], "too_much"), (6000, [1500] * 3 + [1400], "sum"), (0, [1], "too_much")],
)
def test_quarters_that_cannot_hold_are_refused(total, quarters, code):
    held = [Held(3 * place, 3 * place + 3, Decimal(one)) for place, one in enumerate(quarters)]
    with pytest.raises(SplitError) as refused:
        split_held(Decimal(total), equal_shares(12), held)
    assert refused.value.code == code


@given(st.lists(st.integers(-1000, 1000).map(Decimal), min_size=1, max_size=12))
def test_what_was_split_comes_together_again(parts):
    assert whole_of(parts, "sum") == sum(parts)
    assert whole_of(parts, "last") == parts[-1]
    assert abs(whole_of(parts, "avg") * len(parts) - sum(parts)) < Decimal("1e-20")

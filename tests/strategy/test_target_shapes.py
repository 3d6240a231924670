"""A year's target over its months, by what kind of target it is and which shape was chosen."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kpiapp.calendars import WorkingCalendar
from kpiapp.public_holidays import VIETNAM, holidays_in
from kpiapp.splitting import Event, SplitError
from strategy.choices import SHAPES_OF, TargetAggregation, TargetShape
from strategy.target_shapes import PlanYear, change_month, refuse_broken_year, split_target, year_value

YEAR = PlanYear(
    datetime.date(2026, 1, 1),
    WorkingCalendar(days={holiday.on: Decimal(0) for holiday in holidays_in(VIETNAM, 2026)}),
    {datetime.date(2025, month, 1): Decimal(100 + 10 * month) for month in range(1, 13) if month != 6},
)
SUM, LAST, AVG = TargetAggregation.SUM, TargetAggregation.LAST, TargetAggregation.AVG
months = st.lists(st.integers(0, 10_000).map(Decimal), min_size=12, max_size=12)


def laid_out(shape, total, aggregation=SUM, **options):
    return split_target(total=Decimal(total), year=YEAR, shape=shape, aggregation=aggregation, **options)


@given(
    st.sampled_from(SHAPES_OF[SUM]),
    st.integers(-(10**12), 10**12),
    st.integers(0, 4),
    st.booleans(),
    st.integers(-100, 300),
)
def test_a_total_holds_in_every_shape(shape, total, decimals, in_round_numbers, percent):
    """Whatever the decimals, the round numbers and an event in February."""
    events = [Event(1, Decimal(percent))]
    values = laid_out(shape, total, decimals=decimals, in_round_numbers=in_round_numbers, events=events)
    assert sum(values) == total
    refuse_broken_year(Decimal(total), values, SUM)


@given(months, st.integers(0, 11), st.integers(0, 20_000), st.sets(st.integers(0, 11), max_size=4))
def test_a_changed_month_and_the_pinned_ones_hold_and_so_does_the_year(values, place, typed, pinned):
    total = sum(values)
    values[place] = Decimal(typed)
    held = {place, *pinned}
    assume(sum(values[one] for one in held) < total)
    after = change_month(total=total, place=place, values=values, pinned=sorted(pinned), year=YEAR)
    assert sum(after) == total
    assert all(after[one] == values[one] for one in held)


@given(months, st.integers(0, 11))
def test_the_others_keep_their_proportions(values, place):
    """Whoever was larger stays at least as large."""
    total = sum(values)
    values[place] = values[place] + 1
    assume(total > values[place])
    after = change_month(total=total, place=place, values=values, pinned=[], year=YEAR)
    others = sorted((before, now) for one, (before, now) in enumerate(zip(values, after, strict=True)) if one != place)
    assert [now for _before, now in others] == sorted(now for _before, now in others) or len(
        {before for before, _now in others}
    ) < len(others)


@given(st.sampled_from([LAST, AVG]), st.sampled_from([TargetShape.CONSTANT, TargetShape.LINEAR]), st.integers(1, 999))
def test_a_level_ends_at_its_target(aggregation, shape, target):
    values = laid_out(shape, target, aggregation, baseline=Decimal(50), decimals=2)
    assert values[-1] == target
    refuse_broken_year(Decimal(target), values, aggregation)


def test_february_is_the_smallest_month_by_working_days():
    values = laid_out(TargetShape.WORKING_DAYS, 2490)
    assert (min(values), values[1]) == (150, 150)


def test_last_years_shape_fills_the_missing_june_with_the_mean():
    values = laid_out(TargetShape.LAST_YEAR, 2000)
    assert values[0] < values[5] < values[11]
    assert sum(values) == 2000


def test_a_constant_mean_makes_up_for_a_pinned_month():
    values = laid_out(TargetShape.CONSTANT, 90, AVG, pins={0: Decimal(79)})
    assert values == [79, *[91] * 11]
    assert year_value(values, AVG) == 90


def test_a_level_that_ends_elsewhere_is_refused():
    with pytest.raises(SplitError) as refused:
        refuse_broken_year(Decimal(90), [Decimal(85)] * 12, LAST)
    assert refused.value.code == "end"


def test_a_longer_period_takes_the_sum_the_last_or_the_mean():
    values = [Decimal(1), Decimal(2), Decimal(4)]
    assert [year_value(values, kind) for kind in (SUM, LAST, AVG)] == [7, 4, Decimal("2.333333")]

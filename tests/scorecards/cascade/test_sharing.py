"""A target is shared out to the last đồng, by whatever measure; what cannot add up is refused with the gap."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecards.cascade import sharing
from scorecards.cascade.sharing import Receiver, ShareRefused, receivers_of, shares_of
from scorecards.choices import ShareBy
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi

TOTALS = st.decimals(min_value=0, max_value=10**15, places=2)
HEADS = st.lists(st.integers(0, 500), min_size=1, max_size=30).filter(any)


def line(decimals=0, kind="sum"):
    return SimpleNamespace(kpi=SimpleNamespace(aggregation=kind, decimals=decimals))


def people(heads, last_year=None):
    return [
        Receiver(SimpleNamespace(pk=number, name=f"Unit {number}"), count, last_year, None)
        for number, count in enumerate(heads)
    ]


@given(TOTALS, HEADS, st.sampled_from([ShareBy.EQUAL, ShareBy.HEADCOUNT]), st.integers(0, 4))
def test_the_total_is_kept(total, heads, how, decimals):
    shares = shares_of(total, people(heads), how, line(decimals), {})
    assert sum(shares.values()) == total
    assert all(share >= 0 for share in shares.values())


@given(TOTALS, HEADS, st.data())
def test_what_is_typed_stands_and_the_rest_makes_up_the_total(total, heads, data):
    units = people(heads)
    typed = {}
    for unit in units[1:]:
        if data.draw(st.booleans()):
            left = total - sum(typed.values())
            typed[unit.key] = data.draw(st.decimals(min_value=0, max_value=left, places=2))
    shares = shares_of(total, units, ShareBy.HAND, line(), typed)
    assert sum(shares.values()) == total
    assert all(shares[key] == number for key, number in typed.items())


@given(HEADS, st.randoms(use_true_random=False))
def test_whole_shares_do_not_depend_on_the_order(heads, random):
    total = Decimal(sum(heads) * 7)
    units = people(heads)
    shuffled = list(units)
    random.shuffle(shuffled)
    assert shares_of(total, units, ShareBy.HEADCOUNT, line(), {}) == shares_of(
        total, shuffled, ShareBy.HEADCOUNT, line(), {}
    )


def test_typed_by_hand_it_has_to_add_up():
    units = people([1, 1])
    for typed in ((600, 500), (600, 300)):
        given = {unit.key: Decimal(number) for unit, number in zip(units, typed, strict=True)}
        with pytest.raises(ShareRefused, match="100"):
            shares_of(Decimal(1000), units, ShareBy.HAND, line(), given)


def test_of_a_rate_everybody_gets_the_whole():
    shares = shares_of(Decimal(90), people([1, 5]), ShareBy.HEADCOUNT, line(kind="ratio"), {})
    assert set(shares.values()) == {90}


def test_last_year_needs_a_figure_for_everybody():
    units = [*people([1], Decimal(30)), Receiver(SimpleNamespace(pk=9, name="New branch"), 4, None, None)]
    with pytest.raises(ShareRefused, match="New branch"):
        shares_of(Decimal(100), units, ShareBy.LAST_YEAR, line(), {})


def test_receivers_are_those_directly_below_whom_one_may_set(scope):
    kpi = make_kpi("REV")
    company = line_of(make_card(scope, scope.organization, (kpi, 100, 10)), kpi)
    unit = line_of(make_card(scope, scope.department, (kpi, 100, 10)), kpi)
    found = receivers_of(company, scope.acting(scope.strategy), STORY_DAY)
    assert {one.owner for one in found} == {scope.department, scope.other_department}
    assert {one.headcount for one in found if one.owner == scope.department} == {2}
    (below,) = receivers_of(unit, scope.acting(scope.manager), STORY_DAY)
    assert (below.owner, below.accepts) == (scope.lan, scope.lan)
    assert receivers_of(company, scope.acting(scope.lan), STORY_DAY) == []
    assert sharing.shares_of(D(10), found, ShareBy.HEADCOUNT, unit, {})

"""3P pay: worked amounts, what a missing score does, and what holds for any input."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payroll.pay_rules import P3State, PayInput, PayRule, next_tier, pay_of
from scorecards.scoring import DEFAULT_TIERS, Tier, Trace

money = st.decimals(min_value=0, max_value=10**12, places=2, allow_nan=False)
coefficients = st.decimals(min_value=0, max_value=5, places=4, allow_nan=False)
percents = st.decimals(min_value=0, max_value=250, places=6, allow_nan=False)
currencies = st.sampled_from(["VND", "USD"])


def pay(p1="15000000", k2="1.1", target="3300000", score="102.35", currency="VND", trace=None):
    given_score = None if score is None else Decimal(score)
    return pay_of(PayInput(Decimal(p1), Decimal(k2), Decimal(target), given_score), DEFAULT_TIERS, currency, trace)


def test_the_worked_example_of_p2_and_p3():
    result = pay()
    assert (result.p1_amount, result.p2_amount, result.p3_amount) == (15_000_000, 1_500_000, 3_300_000)
    assert result.gross_amount == 19_800_000
    assert result.tier.coefficient == 1


@pytest.mark.parametrize(
    ("score", "paid"), [("88", 2_310_000), ("112", 3_630_000), ("103", 3_300_000), ("69.99", 0), ("120", 3_960_000)]
)
def test_each_step_of_the_default_table(score, paid):
    assert pay(score=score).p3_amount == paid


@pytest.mark.parametrize(("score", "paid"), [("79.994", 1_650_000), ("79.995", 2_310_000)])
def test_the_tier_is_looked_up_on_the_percent_rounded_to_two_places(score, paid):
    assert pay(score=score).p3_amount == paid


def test_each_part_is_rounded_half_up_to_the_places_of_the_currency():
    # 10,000,001 × 0.05 is 500,000.05; 3,333,333 × 0.7 is 2,333,333.1; 3,333,335 × 0.5 is 1,666,667.5.
    assert pay(p1="10000001", k2="1.05", target="3333333", score="85").p2_amount == 500_000
    assert pay(target="3333335", score="75").p3_amount == 1_666_668
    assert pay(p1="1000.55", k2="1.05", target="0", currency="USD").p2_amount == Decimal("50.03")


def test_no_score_pays_no_p3_and_says_so():
    trace = Trace()
    result = pay(score=None, trace=trace)
    assert (result.p3_amount, result.p3_state, result.tier) == (0, P3State.NO_SCORE, None)
    assert PayRule.P3_NO_SCORE in [step.rule for step in trace.steps]


def test_a_real_zero_score_is_scored_and_not_missing():
    assert pay(score="0").p3_state == P3State.SCORED


def test_a_position_without_kpi_pay_needs_no_score():
    assert pay(target="0", score=None).p3_state == P3State.NO_TARGET


def test_negative_amounts_are_refused():
    with pytest.raises(ValueError, match="never negative"):
        pay(p1="-1")


@given(money, coefficients, money, st.none() | percents, currencies)
def test_gross_is_the_sum_of_its_parts_and_the_trace_changes_nothing(p1, k2, target, score, currency):
    trace = Trace()
    traced = pay_of(PayInput(p1, k2, target, score), DEFAULT_TIERS, currency, trace)
    assert traced == pay_of(PayInput(p1, k2, target, score), DEFAULT_TIERS, currency)
    assert traced.gross_amount == traced.p1_amount + traced.p2_amount + traced.p3_amount
    assert trace.steps[-1].result == traced.gross_amount
    assert min(traced.p1_amount + traced.p2_amount, traced.p3_amount) >= 0


@given(money, coefficients, coefficients, currencies)
def test_a_higher_coefficient_never_pays_less(target, one, other, currency):
    low, high = sorted((one, other))
    less, more = (
        pay_of(PayInput(Decimal(0), Decimal(1), target, Decimal(100)), [Tier(None, coefficient)], currency).p3_amount
        for coefficient in (low, high)
    )
    assert less <= more


@given(percents, percents)
def test_a_higher_score_never_pays_less_by_the_default_table(one, other):
    low, high = sorted((one, other))
    assert pay(score=low).p3_amount <= pay(score=high).p3_amount


def test_the_next_tier_is_the_nearest_that_pays_more():
    assert next_tier(Decimal("84.6"), DEFAULT_TIERS).at_least == 90
    assert next_tier(Decimal("89.995"), DEFAULT_TIERS).at_least == 100
    assert next_tier(Decimal(130), DEFAULT_TIERS) is None

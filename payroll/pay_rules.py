"""Pure Decimal maths of 3P pay: position, person, performance, and their sum, with a trace. No Django."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from kpiapp.decimals import EXACT, ONE, ZERO, round_money, round_percent
from scorecards.scoring import Tier, Trace, tier_of


class PayRule(StrEnum):
    """Which rule of pay a step applied, and the operands it names. Kept with locked pay: add, never rename."""

    P1 = "pay.p1"  # p1 → amount in the currency's places
    P2 = "pay.p2"  # p1, coefficient → p1 × (coefficient − 1)
    P3 = "pay.p3"  # target, coefficient → target × coefficient
    P3_NO_SCORE = "pay.p3.no_score"  # target, reason → 0, said aloud
    P3_NO_TARGET = "pay.p3.no_target"  # → 0: the position has no KPI pay
    GROSS = "pay.gross"  # p1, p2, p3 → their sum, never rounded again


class PayRounding(StrEnum):
    """The one rounding of pay: half-up to the places the currency has, line by line."""

    CURRENCY = "currency"


class P3State(StrEnum):
    """Whether performance pay follows from a score, and if not, why it is 0."""

    SCORED = "scored"
    NO_SCORE = "no_score"
    NO_TARGET = "no_target"


@dataclass(frozen=True, slots=True)
class PayInput:
    """What one person's pay is computed from; amounts monthly, score in percent (None: there is none, and why)."""

    p1_amount: Decimal
    p2_coefficient: Decimal
    p3_target_amount: Decimal
    score_percent: Decimal | None
    no_score_reason: str = ""


@dataclass(frozen=True, slots=True)
class PayResult:
    """One person's pay; every amount has the places of the currency, and gross is the sum of the three."""

    p1_amount: Decimal
    p2_amount: Decimal
    p3_target_amount: Decimal
    p3_amount: Decimal
    gross_amount: Decimal
    p3_state: P3State
    score_percent: Decimal | None
    tier: Tier | None


def pay_of(given: PayInput, tiers: Sequence[Tier], currency: str, trace: Trace | None = None) -> PayResult:
    """P1, P2 = P1 × (k − 1), P3 = target × tier coefficient, gross; each part rounded half-up by itself, then added.

    Without a score P3 is 0 in the state `no_score`. Raises ValueError for a negative amount or coefficient.
    """
    if min(given.p1_amount, given.p2_coefficient, given.p3_target_amount) < 0:
        raise ValueError("Amounts and coefficients of pay are never negative.")
    p1 = round_money(given.p1_amount, currency)
    _note(trace, PayRule.P1, p1, p1=given.p1_amount)
    p2 = round_money(EXACT.multiply(p1, given.p2_coefficient - ONE), currency)
    _note(trace, PayRule.P2, p2, p1=p1, coefficient=given.p2_coefficient)
    target = round_money(given.p3_target_amount, currency)
    percent = None if given.score_percent is None else round_percent(given.score_percent)
    tier = None if percent is None else tier_of(percent, tiers, trace)
    state, p3 = _performance(given, target, tier, currency, trace)
    gross = p1 + p2 + p3
    if trace is not None:
        trace.note(PayRule.GROSS, gross, p1=p1, p2=p2, p3=p3)
    return PayResult(p1, p2, target, p3, gross, state, percent, tier)


def _performance(
    given: PayInput, target: Decimal, tier: Tier | None, currency: str, trace: Trace | None
) -> tuple[P3State, Decimal]:
    if not target:
        if trace is not None:
            trace.note(PayRule.P3_NO_TARGET, ZERO)
        return P3State.NO_TARGET, ZERO
    if tier is None:
        if trace is not None:
            trace.note(PayRule.P3_NO_SCORE, ZERO, target=target, reason=given.no_score_reason)
        return P3State.NO_SCORE, ZERO
    amount = round_money(EXACT.multiply(target, tier.coefficient), currency)
    _note(trace, PayRule.P3, amount, target=target, coefficient=tier.coefficient)
    return P3State.SCORED, amount


def _note(trace: Trace | None, rule: PayRule, amount: Decimal, **operands: Decimal) -> None:
    if trace is not None:
        trace.note(rule, amount, PayRounding.CURRENCY, **operands)


def next_tier(score_percent: Decimal, tiers: Sequence[Tier]) -> Tier | None:
    """The nearest higher step that pays more than the one reached; None at the top."""
    reached = tier_of(score_percent, tiers)
    percent = round_percent(score_percent)
    above = [
        tier
        for tier in tiers
        if tier.at_least is not None and tier.at_least > percent and tier.coefficient > reached.coefficient
    ]
    return min(above, key=lambda tier: tier.at_least or ZERO, default=None)

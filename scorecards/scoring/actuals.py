"""The actual a line is scored with, and where scoring ends: the shapes every method shares.

An actual is kept as an exact pair: `a`, or `factor × a ÷ b` when `b` is given, so that a quotient is divided once,
at the end, and the result is exact half-up.
"""

from collections.abc import Callable
from decimal import Decimal

from kpiapp.decimals import EXACT, ONE, divide
from scorecards.scoring.rules import KpiRule
from scorecards.scoring.trace import RuleCode, Trace

Maybe = Decimal | None
# (a, b, target, baseline, late, trace) → raw completion; `late` counts days behind a milestone.
Raw = Callable[[Decimal, Maybe, Maybe, Maybe, Maybe, Trace | None], Decimal]
# (actual, target, late, trace) → raw completion
Simple = Callable[[Decimal, Maybe, Maybe, Trace | None], Decimal]

NO_TARGET = "no_target"
NO_BASELINE = "no_baseline"
ZERO_TARGET = "zero_target"
ZERO_DENOMINATOR = "zero_denominator"
ZERO_ACTUAL = "zero_actual"
NEGATIVE_ACTUAL = "negative_actual"
NEGATIVE_TARGET = "negative_target"
NOT_WHOLE = "not_whole_number"
BASELINE_EQUALS_TARGET = "baseline_equals_target"


class NotScorable(Exception):
    """The inputs lie outside the method's domain; `reason` is the part after "not_scorable:"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def value_of(a: Decimal, b: Decimal | None, factor: Decimal = ONE, trace: Trace | None = None) -> Decimal:
    """The actual of a stored pair: `a`, or factor × a ÷ b. Raises NotScorable("zero_denominator")."""
    if b is None:
        return a
    if not b:
        raise NotScorable(ZERO_DENOMINATOR)
    actual = divide(EXACT.multiply(factor, a), b)
    if trace is not None:
        trace.note(RuleCode.ACTUAL_QUOTIENT, actual, numerator=a, denominator=b, factor=factor)
    return actual


def on_value(rule: KpiRule, simple: Simple) -> Raw:
    """A raw function of one that takes the actual as one number."""
    factor = rule.factor

    def raw(a: Decimal, b: Maybe, target: Maybe, baseline: Maybe, late: Maybe, trace: Trace | None) -> Decimal:
        return simple(a if b is None else value_of(a, b, factor, trace), target, late, trace)

    return raw

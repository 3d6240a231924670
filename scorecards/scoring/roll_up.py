"""Children to parent: KPI to objective, perspective, card, unit and company, and periods to a longer period."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from kpiapp.decimals import EXACT, ONE, ZERO, divide, round_completion
from scorecards.scoring.trace import Rounding, RuleCode, Trace


class RollUp(StrEnum):
    """How a parent's completion follows from its children's."""

    WEIGHTED_AVG = "weighted_avg"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    SUM = "sum"
    SELF_STANDING = "self_standing"
    BLEND = "blend"


@dataclass(frozen=True, slots=True)
class Child:
    """A child's completion (1 = whole; None when it has none) with the weight it carries in its parent."""

    completion: Decimal | None
    weight: Decimal = ONE
    name: str = ""


@dataclass(frozen=True, slots=True)
class RollUpResult:
    """A parent's completion (six places, None when nothing is measured) and how much of it is measured."""

    completion: Decimal | None
    measured_weight: Decimal
    total_weight: Decimal
    children_scored: int
    children_total: int


def roll_up(
    method: str,
    children: Sequence[Child],
    *,
    own: Decimal | None = None,
    own_share: Decimal = ONE,
    trace: Trace | None = None,
) -> RollUpResult:
    """Roll children up. Children without a completion are left out and show in the coverage, never as 0.

    `self_standing` takes `own` alone; `blend` is own_share × own + (1 − own_share) × weighted mean of the children,
    and when only one side is measured, that side. Raises ValueError for an unknown method.
    """
    method = RollUp(method)
    scored = [child for child in children if child.completion is not None and child.weight]
    if trace is not None:
        for child in children:
            if child.completion is not None:
                trace.note(
                    RuleCode.ROLL_UP_CHILD,
                    child.completion,
                    name=child.name,
                    weight=child.weight,
                    completion=child.completion,
                )
            else:
                trace.note(RuleCode.ROLL_UP_CHILD_MISSING, None, name=child.name, weight=child.weight)
    measured = _sum([child.weight for child in scored])
    if method is RollUp.SELF_STANDING:
        exact = own
    else:
        base = RollUp.WEIGHTED_AVG if method is RollUp.BLEND else method
        exact = _combine(base, [(child.weight, child.completion or ZERO) for child in scored], measured)
    if method is RollUp.BLEND:
        exact = _blend(own, exact, own_share, trace)
    completion = None if exact is None else round_completion(exact)
    if trace is not None:
        trace.note(
            RuleCode.ROLL_UP,
            completion,
            Rounding.COMPLETION,
            method=method.value,
            children=Decimal(len(scored)),
            weight=measured,
        )
    total = _sum([child.weight for child in children])
    return RollUpResult(completion, measured, total, len(scored), len(children))


def _combine(method: RollUp, parts: list[tuple[Decimal, Decimal]], measured: Decimal) -> Decimal | None:
    """The exact completion of (weight, completion) parts, or None without any."""
    if not parts:
        return None
    completions = [completion for _, completion in parts]
    if method is RollUp.MIN:
        return min(completions)
    if method is RollUp.MAX:
        return max(completions)
    if method is RollUp.SUM:
        return _sum(completions)
    if method is RollUp.AVG:
        return divide(_sum(completions), Decimal(len(completions)))
    return divide(_sum([EXACT.multiply(weight, completion) for weight, completion in parts]), measured)


def _blend(own: Decimal | None, members: Decimal | None, own_share: Decimal, trace: Trace | None) -> Decimal | None:
    if own is None or members is None:
        return members if own is None else own
    blended = EXACT.add(EXACT.multiply(own_share, own), EXACT.multiply(EXACT.subtract(ONE, own_share), members))
    if trace is not None:
        trace.note(RuleCode.ROLL_UP_BLEND, blended, own=own, members=members, own_share=own_share)
    return blended


def average_of_periods(completions: Sequence[Decimal | None], *, trace: Trace | None = None) -> RollUpResult:
    """The plain mean of period scores, the other reading of a longer period than scoring its summed actual."""
    return roll_up(RollUp.AVG, [Child(completion) for completion in completions], trace=trace)


def _sum(numbers: Sequence[Decimal]) -> Decimal:
    total = ZERO
    for number in numbers:
        total = EXACT.add(total, number)
    return total

"""Nine of the twelve methods: each reads its parameters once and gives back a function from inputs to raw completion.

The other three stand on a table (tables.py). A raw function raises `NotScorable` where its domain ends.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from kpiapp.decimals import EXACT, HUNDRED, ONE, QUOTIENT, ZERO, gettext_noop
from scorecards.scoring import tables
from scorecards.scoring.actuals import (
    BASELINE_EQUALS_TARGET,
    NEGATIVE_ACTUAL,
    NEGATIVE_TARGET,
    NO_BASELINE,
    NO_TARGET,
    NOT_WHOLE,
    ZERO_ACTUAL,
    ZERO_DENOMINATOR,
    ZERO_TARGET,
    Maybe,
    NotScorable,
    Raw,
    on_value,
    value_of,
)
from scorecards.scoring.rules import (
    DEFAULT_DEDUCT_PER_UNIT,
    KpiRule,
    Method,
    RuleError,
    check_names,
    number_param,
    optional_param,
)
from scorecards.scoring.trace import RuleCode, Trace

NOT_NEGATIVE = gettext_noop("“%(name)s” must be zero or more.")
MORE_THAN_ZERO = gettext_noop("“%(name)s” must be more than zero.")
BAND_ORDER = gettext_noop("The limits of the band must rise: outer low, low, high, outer high.")
CONDITION_UNKNOWN = gettext_noop("“%(typed)s” is not a condition. Use actual >= target, actual <= target or =.")

# Bound once: an attribute look-up per line is a measurable part of a night.
_subtract, _multiply, _divide = EXACT.subtract, EXACT.multiply, QUOTIENT.divide
TWO = Decimal(2)


def raw_function(rule: KpiRule) -> Raw:
    """The raw completion of a rule as a function. Raises RuleError when a parameter is missing or wrong."""
    return BUILDERS[rule.method](rule)


# --- methods on a quotient with a target ----------------------------------------------------------


def _towards_target(rule: KpiRule, code: RuleCode, *, more_is_better: bool) -> Raw:
    """Ratio and mirror are one line, seen from two sides.

    ratio  = 1 + (A−T)/|T| = A/T for T > 0 and 2 − A/T for T < 0; mirror = 1 − (A−T)/|T| is the other of the two.
    """
    check_names(rule.params, ())
    factor = rule.factor
    scaled = factor != ONE

    def raw(a: Decimal, b: Maybe, target: Maybe, baseline: Maybe, late: Maybe, trace: Trace | None) -> Decimal:
        if target is None:
            raise NotScorable(NO_TARGET)
        if not target:
            return _zero_target(rule, value_of(a, b, factor, trace), target, trace, more_is_better=more_is_better)
        if b is None:
            reached, goal = a, target
        elif b:
            reached, goal = (_multiply(a, factor) if scaled else a), _multiply(target, b)
        else:
            raise NotScorable(ZERO_DENOMINATOR)
        completion = _divide(reached, goal)
        if target.is_signed() is more_is_better:
            completion = _subtract(TWO, completion)
        if trace is not None:
            trace.note(code, completion, actual=value_of(a, b, factor, trace), target=target)
        return completion

    return raw


def _zero_target(
    rule: KpiRule, actual: Decimal, target: Decimal, trace: Trace | None, *, more_is_better: bool
) -> Decimal:
    """A zero target never scores silently; a company may choose that meeting it is full and missing it is nothing."""
    if not rule.zero_target_full_if_met:
        raise NotScorable(ZERO_TARGET)
    met = actual >= target if more_is_better else actual <= target
    completion = ONE if met else ZERO
    if trace is not None:
        trace.note(RuleCode.ZERO_TARGET_MET, completion, actual=actual, target=target)
    return completion


def _ratio(rule: KpiRule) -> Raw:
    return _towards_target(rule, RuleCode.RATIO, more_is_better=True)


def _mirror(rule: KpiRule) -> Raw:
    return _towards_target(rule, RuleCode.MIRROR, more_is_better=False)


def _baseline(rule: KpiRule) -> Raw:
    """(A−B)/(T−B), both directions; a fixed baseline may stand in the rule, a line's own comes first."""
    check_names(rule.params, ("baseline",))
    # "last_year_actual" and the like name where the baseline of a line comes from; it arrives with the line.
    named = isinstance(rule.params.get("baseline"), str) and not _is_number(rule.params["baseline"])
    fixed = None if named else optional_param(rule.params, "baseline")
    factor = rule.factor

    def raw(a: Decimal, b: Maybe, target: Maybe, baseline: Maybe, late: Maybe, trace: Trace | None) -> Decimal:
        if target is None:
            raise NotScorable(NO_TARGET)
        start = fixed if baseline is None else baseline
        if start is None:
            raise NotScorable(NO_BASELINE)
        distance = _subtract(target, start)
        if not distance:
            raise NotScorable(BASELINE_EQUALS_TARGET)
        if b is None:
            completion = _divide(_subtract(a, start), distance)
        elif b:
            moved = _subtract(_multiply(a, factor), _multiply(start, b))
            completion = _divide(moved, _multiply(distance, b))
        else:
            raise NotScorable(ZERO_DENOMINATOR)
        if trace is not None:
            trace.note(
                RuleCode.BASELINE, completion, actual=value_of(a, b, factor, trace), baseline=start, target=target
            )
        return completion

    return raw


def _is_number(value: object) -> bool:
    return isinstance(value, str) and value.lstrip("+-").replace(".", "", 1).isdigit()


def _inverse(rule: KpiRule) -> Raw:
    """T/A: soft on failure, never reaches 0. Nothing at all scores the cap."""
    check_names(rule.params, ())
    cap = rule.cap

    def simple(actual: Decimal, target: Maybe, late: Maybe, trace: Trace | None) -> Decimal:
        if target is None:
            raise NotScorable(NO_TARGET)
        if actual < ZERO:
            raise NotScorable(NEGATIVE_ACTUAL)
        if target < ZERO:
            raise NotScorable(NEGATIVE_TARGET)
        if not target:
            code, completion = RuleCode.INVERSE_ZERO_TARGET, ZERO if actual else ONE
        elif not actual:
            if cap is None:
                raise NotScorable(ZERO_ACTUAL)
            if trace is not None:
                trace.note(RuleCode.INVERSE_AT_ZERO, cap, actual=actual, target=target, cap=cap)
            return cap
        else:
            code, completion = RuleCode.INVERSE, _divide(target, actual)
        if trace is not None:
            trace.note(code, completion, actual=actual, target=target)
        return completion

    return on_value(rule, simple)


def _deviation(rule: KpiRule) -> Raw:
    """1 − |A−T|/|T|, and full when the deviation is at most `tolerance` (a fraction of the target)."""
    check_names(rule.params, ("tolerance",))
    tolerance = number_param(rule.params, "tolerance", ZERO)
    if tolerance < 0:
        raise RuleError("tolerance", NOT_NEGATIVE, name="tolerance")

    def simple(actual: Decimal, target: Maybe, late: Maybe, trace: Trace | None) -> Decimal:
        if target is None:
            raise NotScorable(NO_TARGET)
        if not target:
            raise NotScorable(ZERO_TARGET)
        size, away = target.copy_abs(), _subtract(actual, target).copy_abs()
        if away <= _multiply(tolerance, size):
            if trace is not None:
                trace.note(RuleCode.DEVIATION_TOLERATED, ONE, actual=actual, target=target, tolerance=tolerance)
            return ONE
        completion = _divide(_subtract(size, away), size)
        if trace is not None:
            trace.note(RuleCode.DEVIATION, completion, actual=actual, target=target)
        return completion

    return on_value(rule, simple)


def _band(rule: KpiRule) -> Raw:
    """1 from `low` to `high`, falling to 0 at `outer_low` and `outer_high`; without an outer limit a step to 0."""
    check_names(rule.params, ("low", "high", "outer_low", "outer_high"))
    low, high = number_param(rule.params, "low"), number_param(rule.params, "high")
    outer_low, outer_high = optional_param(rule.params, "outer_low"), optional_param(rule.params, "outer_high")
    if low > high:
        raise RuleError("high", BAND_ORDER)
    if (outer_low is not None and outer_low >= low) or (outer_high is not None and outer_high <= high):
        raise RuleError("outer_low" if outer_low is not None and outer_low >= low else "outer_high", BAND_ORDER)

    def simple(actual: Decimal, target: Maybe, late: Maybe, trace: Trace | None) -> Decimal:
        if low <= actual <= high:
            completion, code = ONE, RuleCode.BAND_INSIDE
        elif actual < low and outer_low is not None and actual > outer_low:
            completion = _divide(_subtract(actual, outer_low), _subtract(low, outer_low))
            code = RuleCode.BAND_BELOW
        elif actual > high and outer_high is not None and actual < outer_high:
            completion = _divide(_subtract(outer_high, actual), _subtract(outer_high, high))
            code = RuleCode.BAND_ABOVE
        else:
            completion, code = ZERO, RuleCode.BAND_OUTSIDE
        if trace is not None:
            trace.note(code, completion, actual=actual, outer_low=outer_low, low=low, high=high, outer_high=outer_high)
        return completion

    return on_value(rule, simple)


CONDITIONS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    ">=": lambda actual, target: actual >= target,
    "<=": lambda actual, target: actual <= target,
    "=": lambda actual, target: actual == target,
}


def _binary(rule: KpiRule) -> Raw:
    """1 when the actual stands to the target as `pass_when` says (>=, <= or =), else 0."""
    check_names(rule.params, ("pass_when",))
    written = str(rule.params.get("pass_when", ">="))
    condition = written.replace(" ", "").removeprefix("actual").removesuffix("target").replace("==", "=")
    if condition not in CONDITIONS:
        raise RuleError("pass_when", CONDITION_UNKNOWN, typed=written)
    holds = CONDITIONS[condition]

    def simple(actual: Decimal, target: Maybe, late: Maybe, trace: Trace | None) -> Decimal:
        if target is None:
            raise NotScorable(NO_TARGET)
        completion = ONE if holds(actual, target) else ZERO
        if trace is not None:
            trace.note(RuleCode.BINARY, completion, actual=actual, target=target, condition=condition)
        return completion

    return on_value(rule, simple)


def _deduct(rule: KpiRule) -> Raw:
    """max(0, 1 − k·A) for counted events; k defaults to a quarter (Decree 335/2025)."""
    check_names(rule.params, ("deduct_per_unit",))
    per_unit = number_param(rule.params, "deduct_per_unit", DEFAULT_DEDUCT_PER_UNIT)
    if per_unit <= 0:
        raise RuleError("deduct_per_unit", MORE_THAN_ZERO, name="deduct_per_unit")

    def simple(actual: Decimal, target: Maybe, late: Maybe, trace: Trace | None) -> Decimal:
        if actual < ZERO:
            raise NotScorable(NEGATIVE_ACTUAL)
        if actual != actual.to_integral_value():
            raise NotScorable(NOT_WHOLE)
        completion = max(ZERO, _subtract(ONE, _multiply(per_unit, actual)))
        if trace is not None:
            trace.note(RuleCode.DEDUCT, completion, actual=actual, deduct_per_unit=per_unit)
        return completion

    return on_value(rule, simple)


def _manual(rule: KpiRule) -> Raw:
    """A reviewer's percent; how it was reached stands in the comment, not in a formula."""
    check_names(rule.params, ())

    def simple(actual: Decimal, target: Maybe, late: Maybe, trace: Trace | None) -> Decimal:
        if actual < ZERO:
            raise NotScorable(NEGATIVE_ACTUAL)
        completion = _divide(actual, HUNDRED)
        if trace is not None:
            trace.note(RuleCode.MANUAL, completion, actual=actual)
        return completion

    return on_value(rule, simple)


MANUAL_EVIDENCE_BELOW = Decimal(60)
MANUAL_EVIDENCE_ABOVE = HUNDRED


def manual_needs_evidence(percent: Decimal) -> bool:
    """Whether a reviewer's percent is so far from plain that a comment and evidence are asked for."""
    return percent < MANUAL_EVIDENCE_BELOW or percent > MANUAL_EVIDENCE_ABOVE


BUILDERS: Mapping[Method, Callable[[KpiRule], Raw]] = {
    Method.RATIO: _ratio,
    Method.MIRROR: _mirror,
    Method.INVERSE: _inverse,
    Method.BASELINE: _baseline,
    Method.DEVIATION: _deviation,
    Method.BAND: _band,
    Method.BINARY: _binary,
    Method.DEDUCT: _deduct,
    Method.MILESTONE: tables.milestone,
    Method.SCALE: tables.scale,
    Method.PIECEWISE_LINEAR: tables.piecewise_linear,
    Method.MANUAL: _manual,
}

"""One line of a scorecard, from actual and target to completion: compiled for the night, traced for a person."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from kpiapp.decimals import COMPLETION_PLACES, EXACT, ONE, ZERO, gettext_noop, quantize
from scorecards.scoring.actuals import BASELINE_EQUALS_TARGET, NotScorable, value_of
from scorecards.scoring.methods import raw_function
from scorecards.scoring.rules import (
    DIRECTIONS_OF,
    RAW_LIMIT,
    ZERO_TARGET_REFUSED,
    KpiRule,
    Method,
    MissingPolicy,
    RuleError,
)
from scorecards.scoring.status import DEFAULT_STATUS_BANDS, Status, StatusBands, status_of
from scorecards.scoring.trace import Rounding, RuleCode, Trace


class LineState(StrEnum):
    """What a line's completion rests on. A line outside its method's domain is "not_scorable:" and the reason."""

    SCORED = "scored"
    NOT_DUE = "not_due"
    LATE = "late"
    WAIVED = "waived"


NOT_SCORABLE = "not_scorable:"
SCORED = LineState.SCORED.value
LATE = LineState.LATE.value

# (state, raw, completion): raw and completion with six places, both None unless the line is scored.
Scored = tuple[str, Decimal | None, Decimal | None]
_quantize = EXACT.quantize
_SIX = ONE.scaleb(-COMPLETION_PLACES)
_ZERO = quantize(ZERO, COMPLETION_PLACES)
_BEYOND = RAW_LIMIT + 1


@dataclass(frozen=True, slots=True)
class LineResult:
    """A scored line: state, raw completion before and completion after gate, cap and floor (1 = whole), status."""

    state: str
    raw: Decimal | None
    completion: Decimal | None
    status: Status
    actual: Decimal | None


CompiledLine = Callable[..., Scored]


def compile_rule(rule: KpiRule) -> CompiledLine:
    """The rule as one function, the only place where a line's completion is decided.

    The function is `line(a, b=None, target=None, baseline=None, absence="late", late=None, trace=None)` and returns
    (state, raw, completion). The actual is the exact pair (a, b) of aggregation.py; `a` is None when there is no
    value, and `absence` then says which state that is. `late` is the days a milestone is behind. Compile once per
    KPI version: the function is pure and safe to keep. Raises RuleError for a rule that cannot be used.
    """
    raw_of = raw_function(rule)
    gate = rule.min_gate
    cap = RAW_LIMIT if rule.cap is None else min(RAW_LIMIT, quantize(rule.cap, COMPLETION_PLACES))
    floor = -RAW_LIMIT if rule.floor is None else quantize(rule.floor, COMPLETION_PLACES)
    if floor > cap:
        raise RuleError("floor", FLOOR_OVER_CAP)

    def line(
        a: Decimal | None,
        b: Decimal | None = None,
        target: Decimal | None = None,
        baseline: Decimal | None = None,
        absence: str = LATE,
        late: Decimal | None = None,
        trace: Trace | None = None,
    ) -> Scored:
        if a is None:
            if trace is not None:
                trace.note(RuleCode.NOT_MEASURED, None, state=absence)
            return absence, None, None
        try:
            exact = raw_of(a, b, target, baseline, late, trace)
        except NotScorable as error:
            state = NOT_SCORABLE + error.reason
            if trace is not None:
                trace.note(RuleCode.NOT_MEASURED, None, state=state)
            return state, None, None
        try:
            raw = _quantize(exact, _SIX)
        except InvalidOperation:
            raw = _BEYOND.copy_sign(exact)
        if not raw:
            raw = _ZERO
        if trace is not None:
            trace.note(RuleCode.ROUND_RAW, raw, Rounding.COMPLETION, raw=exact)
        used = raw
        if gate is not None and raw < gate:
            used, raw = _ZERO, _limited(raw, trace)
            if trace is not None:
                trace.note(RuleCode.BELOW_GATE, used, raw=raw, gate=gate)
        if used > cap:
            raw = _limited(raw, trace)
            if trace is not None:
                trace.note(RuleCode.CAPPED, cap, raw=raw, cap=cap)
            return SCORED, raw, cap
        if used < floor:
            raw = _limited(raw, trace)
            if trace is not None:
                trace.note(RuleCode.FLOORED, floor, raw=raw, floor=floor)
            return SCORED, raw, floor
        if trace is not None:
            trace.note(RuleCode.UNCHANGED, used, raw=raw)
        return SCORED, raw, used

    return line


def _limited(raw: Decimal, trace: Trace | None) -> Decimal:
    """A raw completion within what can be stored; the completion used is capped far below."""
    if -RAW_LIMIT <= raw <= RAW_LIMIT:
        return raw
    limit = RAW_LIMIT.copy_sign(raw)
    if trace is not None:
        trace.note(RuleCode.RAW_LIMITED, limit, raw=raw, limit=limit)
    return limit


def score_line(
    rule: KpiRule,
    *,
    actual: Decimal | None = None,
    denominator: Decimal | None = None,
    target: Decimal | None = None,
    baseline: Decimal | None = None,
    absence: str = LATE,
    late: Decimal | None = None,
    carried: tuple[Decimal, Decimal | None] | None = None,
    wiped_out: bool = False,
    bands: StatusBands = DEFAULT_STATUS_BANDS,
    trace: Trace | None = None,
) -> LineResult:
    """Score one line with everything around it: waiver, carried value, wipe-out and status.

    `actual` and `denominator` are the exact pair (a, b). `absence` says why there is no actual; "waived" wins over
    an actual that is there. `carried` is the pair of the period before, used for a late line whose policy is
    carry_forward. A severe violation (`wiped_out`) makes the line 0 whatever was reached. Raises RuleError.
    """
    a, b = actual, denominator
    if absence == LineState.WAIVED:
        a = b = None
    elif a is None and absence == LATE and carried and rule.missing_policy is MissingPolicy.CARRY_FORWARD:
        a, b = carried
        if trace is not None:
            trace.note(RuleCode.CARRIED_FORWARD, a, actual=a, denominator=b)
    state, raw, completion = compile_rule(rule)(a, b, target, baseline, absence, late, trace)
    if wiped_out:
        state, completion = SCORED, _ZERO
        if trace is not None:
            trace.note(RuleCode.WIPED_OUT, completion, scope="kpi")
    shown = None if a is None or (b is not None and not b) else value_of(a, b, rule.factor)
    return LineResult(state, raw, completion, status_of(completion, bands, trace), shown)


def absence_of(*, waived: bool, due_on: date, on: date) -> LineState:
    """Why a line without an actual has none: waived, still within its time (`on` ≤ `due_on`), or late."""
    if waived:
        return LineState.WAIVED
    return LineState.NOT_DUE if on <= due_on else LineState.LATE


# --- what is refused when a KPI is saved ------------------------------------------------------------

FLOOR_OVER_CAP = gettext_noop("The floor must not be above the cap.")
GATE_WITH_FLOOR = gettext_noop("A gate sets what is below it to zero, a floor lifts it again: use one of the two.")
GATE_OVER_CAP = gettext_noop("The gate must not be above the cap.")
TARGET_NOT_ZERO = gettext_noop("This method cannot score a target of zero. Use deduct or baseline, or another target.")
TARGET_IS_BASELINE = gettext_noop("Target and baseline are equal, so there is no way to go. Change one of them.")
TARGET_NEGATIVE = gettext_noop("This method needs a target of zero or more. Use mirror for a negative target.")
WRONG_DIRECTION = gettext_noop("The method “%(method)s” does not fit a KPI whose direction is “%(direction)s”.")
CARRY_LAST_ONLY = gettext_noop("Only a KPI that takes the last value can carry it forward.")


def problems_of(
    rule: KpiRule,
    *,
    target: Decimal | None = None,
    baseline: Decimal | None = None,
    aggregation: str | None = None,
) -> list[RuleError]:
    """Everything that must be mended before this rule, with this target and baseline, can be saved; [] when nothing.

    A missing target is no problem of the rule (targets come later); a target that can never be scored is.
    """
    try:
        compile_rule(rule)
    except RuleError as error:
        return [error]
    problems = []
    if rule.method in DIRECTIONS_OF and rule.direction not in DIRECTIONS_OF[rule.method]:
        problems.append(RuleError("method", WRONG_DIRECTION, method=rule.method, direction=rule.direction))
    if rule.min_gate is not None:
        if rule.floor:
            problems.append(RuleError("min_gate", GATE_WITH_FLOOR))
        if rule.cap is not None and rule.min_gate > rule.cap:
            problems.append(RuleError("min_gate", GATE_OVER_CAP))
    if rule.missing_policy is MissingPolicy.CARRY_FORWARD and aggregation not in (None, "last"):
        problems.append(RuleError("missing_policy", CARRY_LAST_ONLY))
    if target is not None:
        problems += _target_problems(rule, target, baseline)
    return problems


def _target_problems(rule: KpiRule, target: Decimal, baseline: Decimal | None) -> list[RuleError]:
    met_is_full = rule.zero_target_full_if_met and rule.method is not Method.DEVIATION
    if rule.method in ZERO_TARGET_REFUSED and not target and not met_is_full:
        return [RuleError("target", TARGET_NOT_ZERO)]
    if rule.method is Method.INVERSE and target < 0:
        return [RuleError("target", TARGET_NEGATIVE)]
    if rule.method is Method.BASELINE:
        # Any other actual will do: only target against baseline decides this state.
        state, _, _ = compile_rule(rule)(target, None, target, baseline)
        if state == NOT_SCORABLE + BASELINE_EQUALS_TARGET:
            return [RuleError("target", TARGET_IS_BASELINE)]
    return []

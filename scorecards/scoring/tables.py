"""The methods on a table: milestone, scale and piecewise linear, and the tables people know them by."""

from decimal import ROUND_CEILING, Decimal
from itertools import pairwise

from kpiapp.decimals import EXACT, HUNDRED, ONE, QUOTIENT, ZERO, gettext_noop
from scorecards.scoring.actuals import NEGATIVE_ACTUAL, NO_TARGET, ZERO_TARGET, Maybe, NotScorable, Raw, on_value
from scorecards.scoring.rules import (
    KpiRule,
    Method,
    RuleError,
    check_names,
    choice_param,
    number_param,
    row_params,
)
from scorecards.scoring.trace import RuleCode, Trace

SCALE_ORDER = gettext_noop("The rows of a scale must fall, each “at least” lower than the one before.")
DUE_DAY = gettext_noop("The day on which it is due is a whole number: 1 for the first day of the period.")
ANCHOR_ORDER = gettext_noop("Give at least two anchors, each further to the right than the one before.")

_add, _subtract, _multiply, _divide = EXACT.add, EXACT.subtract, EXACT.multiply, QUOTIENT.divide

LATE_UNITS = ("day", "week")
DAYS_PER_WEEK = Decimal(7)


def milestone_steps(rule: KpiRule) -> list[tuple[Decimal, str]]:
    """The milestones a rule knows as (the percent that is entered for it, its name), from the first to the last."""
    rows = row_params(rule.params, "table", "at_least")
    return sorted({_multiply(completion, HUNDRED): label for _first, completion, label in rows}.items())


def milestone(rule: KpiRule) -> Raw:
    """Percent of the reached row; a late milestone loses `late_percent` points a day or started week, to a floor.

    The days late come from outside (lateness.py), which reads `due_day`.

    The actual is a percent; the reached row is the highest one not above it. Lateness never adds.
    """
    check_names(rule.params, ("table", "due_day", "late_percent", "late_unit", "late_floor_percent"))
    rows = sorted(row_params(rule.params, "table", "at_least"), key=lambda row: row[1])
    late_percent = number_param(rule.params, "late_percent", ZERO)
    late_unit = choice_param(rule.params, "late_unit", LATE_UNITS)
    late_floor = number_param(rule.params, "late_floor_percent", ZERO)
    due_day = number_param(rule.params, "due_day", ONE)
    if due_day < ONE or due_day != due_day.to_integral_value():
        raise RuleError("due_day", DUE_DAY)

    def simple(actual: Decimal, target: Maybe, late: Maybe, trace: Trace | None) -> Decimal:
        if actual < ZERO:
            raise NotScorable(NEGATIVE_ACTUAL)
        completion, label = ZERO, ""
        for _, row_completion, row_label in rows:
            if _multiply(row_completion, HUNDRED) > actual:
                break
            completion, label = row_completion, row_label
        if trace is not None:
            row_percent = _multiply(completion, HUNDRED)
            trace.note(RuleCode.MILESTONE, completion, actual=actual, milestone=label, row_percent=row_percent)
        if late is None or late <= ZERO or not late_percent:
            return completion
        units = late if late_unit == "day" else _divide(late, DAYS_PER_WEEK).to_integral_value(ROUND_CEILING)
        lowered = _subtract(completion, _divide(_multiply(late_percent, units), HUNDRED))
        lowered = min(completion, max(_divide(late_floor, HUNDRED), lowered))
        if trace is not None:
            trace.note(
                RuleCode.MILESTONE_LATE,
                lowered,
                completion=completion,
                late_units=units,
                late_unit=late_unit,
                late_percent=late_percent,
                late_floor_percent=late_floor,
            )
        return lowered

    return on_value(rule, simple)


def scale(rule: KpiRule) -> Raw:
    """Completion of the first row with A ≥ at_least; rows fall, and the last one is open downwards."""
    check_names(rule.params, ("bands",))
    rows = row_params(rule.params, "bands", "at_least")
    bounds = [bound for bound, _, _ in rows]
    if any(bound is None for bound in bounds[:-1]):
        raise RuleError("bands", SCALE_ORDER)
    known = [bound for bound in bounds if bound is not None]
    if any(higher <= lower for higher, lower in pairwise(known)):
        raise RuleError("bands", SCALE_ORDER)

    def simple(actual: Decimal, target: Maybe, late: Maybe, trace: Trace | None) -> Decimal:
        bound, completion, _ = rows[-1]
        for row_bound, row_completion, _ in rows[:-1]:
            if row_bound is not None and actual >= row_bound:
                bound, completion = row_bound, row_completion
                break
        if trace is not None:
            trace.note(RuleCode.SCALE, completion, actual=actual, at_least=bound)
        return completion

    return on_value(rule, simple)


def piecewise_linear(rule: KpiRule) -> Raw:
    """Straight lines between anchors (x, completion); x is the actual, or actual ÷ target with `x_is: over_target`."""
    check_names(rule.params, ("anchors", "below_first", "above_last", "x_is"))
    anchors = [(x, y) for x, y, _ in row_params(rule.params, "anchors", "x") if x is not None]
    below = choice_param(rule.params, "below_first", ("clamp", "zero", "extrapolate"))
    above = choice_param(rule.params, "above_last", ("clamp", "extrapolate"))
    over_target = choice_param(rule.params, "x_is", ("actual", "over_target")) == "over_target"
    if len(anchors) < 2 or any(x1 <= x0 for (x0, _), (x1, _) in pairwise(anchors)):
        raise RuleError("anchors", ANCHOR_ORDER)
    first, last = anchors[0], anchors[-1]

    def simple(actual: Decimal, target: Maybe, late: Maybe, trace: Trace | None) -> Decimal:
        x = _over_target(actual, target, trace) if over_target else actual
        end = first if x < first[0] and below == "clamp" else last if x > last[0] and above == "clamp" else None
        if end is not None:
            if trace is not None:
                trace.note(RuleCode.PIECEWISE_CLAMPED, end[1], x=x, anchor=end[0])
            return end[1]
        if x < first[0] and below == "zero":
            if trace is not None:
                trace.note(RuleCode.PIECEWISE_ZERO, ZERO, x=x, first=first[0])
            return ZERO
        index = 1
        while index < len(anchors) - 1 and x > anchors[index][0]:
            index += 1
        (x0, y0), (x1, y1) = anchors[index - 1], anchors[index]
        width = _subtract(x1, x0)
        risen = _add(_multiply(y0, width), _multiply(_subtract(x, x0), _subtract(y1, y0)))
        completion = _divide(risen, width)
        if trace is not None:
            trace.note(RuleCode.PIECEWISE_BETWEEN, completion, x=x, x0=x0, y0=y0, x1=x1, y1=y1)
        return completion

    return on_value(rule, simple)


def _over_target(actual: Decimal, target: Decimal | None, trace: Trace | None) -> Decimal:
    if target is None:
        raise NotScorable(NO_TARGET)
    if not target:
        raise NotScorable(ZERO_TARGET)
    x = _divide(actual, target)
    if trace is not None:
        trace.note(RuleCode.PIECEWISE_OVER_TARGET, x, actual=actual, target=target)
    return x


def goal_red_flag(goal: Decimal, red_flag: Decimal, *, top: Decimal = ONE) -> KpiRule:
    """A third at the red flag, two thirds at the goal, the same distance again to nothing and to `top`.

    Goal 700 and red flag 500 give 0 at 300 and `top` at 900; a goal below its red flag is lower-is-better.
    """
    distance = _subtract(goal, red_flag)
    ends = [(_subtract(red_flag, distance), ZERO), (_add(goal, distance), top)]
    return KpiRule(Method.PIECEWISE_LINEAR, {"anchors": sorted(ends)}, cap=None)


def point_scale(points: list[Decimal], full: Decimal) -> dict[str, object]:
    """Parameters of a `scale` over points: each level completes points ÷ `full`.

    `full` is the points at target (the usual reading) or the highest points; a company chooses once per scale.
    """
    return {"bands": [(level, _divide(level, full)) for level in sorted(points, reverse=True)]}

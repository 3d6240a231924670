"""The twelve methods in words: the formula with its operands, one function for every rule code."""

import datetime
from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.templatetags.kpi import day
from scorecards.explain.numbers import Measure, Words, n, p, pct, signed, u
from scorecards.scoring import RuleCode, Step


def _method(formula: Callable[[Step, Measure], str]) -> Callable[[Step, Measure], Words]:
    def words(step: Step, measure: Measure) -> Words:
        return Words(_("Completion"), p(step.result), f"{formula(step, measure)} = {p(step.result)}")

    return words


def _values(step: Step, measure: Measure) -> dict[str, str]:
    return {name: u(value, measure) for name, value in step.operands.items() if isinstance(value, Decimal)}


def _ratio(step: Step, measure: Measure) -> str:
    actual, target = step.operands["actual"], step.operands["target"]
    lead = _("%(actual)s of %(target)s, more is better") % _values(step, measure)
    if target > 0:
        return f"{lead}: {n(actual)} ÷ {n(target)}"
    return f"{lead}: 1 + ({n(actual)} − {signed(target)}) ÷ {n(abs(target))}"


def _mirror(step: Step, measure: Measure) -> str:
    actual, target = step.operands["actual"], step.operands["target"]
    lead = _("%(actual)s of at most %(target)s") % _values(step, measure)
    return f"{lead}: 1 − ({n(actual)} − {signed(target)}) ÷ {n(abs(target))}"


def _inverse(step: Step, measure: Measure) -> str:
    lead = _("%(actual)s of at most %(target)s") % _values(step, measure)
    return f"{lead}: {n(step.operands['target'])} ÷ {n(step.operands['actual'])}"


def _inverse_at_zero(step: Step, measure: Measure) -> str:
    return _("%(actual)s of at most %(target)s: nothing at all gives the most there is") % _values(step, measure)


def _inverse_zero_target(step: Step, measure: Measure) -> str:
    return _("%(actual)s where the target is %(target)s: all or nothing") % _values(step, measure)


def _baseline(step: Step, measure: Measure) -> str:
    o = step.operands
    lead = _("On the way from %(baseline)s to %(target)s, now at %(actual)s") % _values(step, measure)
    start = signed(o["baseline"])
    return f"{lead}: ({n(o['actual'])} − {start}) ÷ ({n(o['target'])} − {start})"


def _deviation(step: Step, measure: Measure) -> str:
    actual, target = step.operands["actual"], step.operands["target"]
    lead = _("%(actual)s where %(target)s is to be hit") % _values(step, measure)
    return f"{lead}: 1 − |{n(actual)} − {signed(target)}| ÷ {n(abs(target))}"


def _tolerated(step: Step, measure: Measure) -> str:
    return _("%(actual)s is within %(tolerance)s of %(target)s") % {
        **_values(step, measure),
        "tolerance": p(step.operands["tolerance"]),
    }


def _inside(step: Step, measure: Measure) -> str:
    return _("%(actual)s lies between %(low)s and %(high)s") % _values(step, measure)


def _below(step: Step, measure: Measure) -> str:
    o = step.operands
    lead = _("%(actual)s lies under the band of %(low)s to %(high)s") % _values(step, measure)
    outer = signed(o["outer_low"])
    return f"{lead}: ({n(o['actual'])} − {outer}) ÷ ({n(o['low'])} − {outer})"


def _above(step: Step, measure: Measure) -> str:
    o = step.operands
    lead = _("%(actual)s lies over the band of %(low)s to %(high)s") % _values(step, measure)
    return f"{lead}: ({n(o['outer_high'])} − {signed(o['actual'])}) ÷ ({n(o['outer_high'])} − {signed(o['high'])})"


def _outside(step: Step, measure: Measure) -> str:
    return _("%(actual)s lies outside the band of %(low)s to %(high)s") % _values(step, measure)


def _binary(step: Step, measure: Measure) -> str:
    sign = {">=": "≥", "<=": "≤", "=": "="}[str(step.operands["condition"])]
    shown = {**_values(step, measure), "sign": sign}
    if step.result:
        return _("Passed, because %(actual)s %(sign)s %(target)s") % shown
    return _("Not passed: %(actual)s %(sign)s %(target)s does not hold") % shown


def _deduct(step: Step, measure: Measure) -> str:
    actual, unit = step.operands["actual"], step.operands["deduct_per_unit"]
    lead = _("%(share)s off for each of %(actual)s") % {"share": p(unit), "actual": u(actual, measure)}
    return f"{lead}: 100% − {n(actual)} × {p(unit)}"


def _milestone(step: Step, measure: Measure) -> str:
    reached = str(step.operands["milestone"] or "") or pct(step.operands["row_percent"])
    shown = {"actual": n(step.operands["actual"]), "milestone": reached}
    return _("%(actual)s of 100 reported, the milestone reached is “%(milestone)s”") % shown


def _milestone_reached(step: Step, measure: Measure) -> Words:
    days = {name: day(datetime.date.fromisoformat(str(value))) for name, value in step.operands.items()}
    text = _("It was due on %(due_on)s and was reached on %(reached_on)s") % days
    count = int(step.result)
    return Words(_("Days late"), ngettext("%(count)d day", "%(count)d days", count) % {"count": count}, text)


def _milestone_late(step: Step, measure: Measure) -> Words:
    o = step.operands
    count = int(o["late_units"])
    shown = {"completion": p(o["completion"]), "points": n(o["late_percent"]), "count": count}
    if o["late_unit"] == "week":
        words = ngettext(
            "%(completion)s; %(count)d week begun late, %(points)s points less for each",
            "%(completion)s; %(count)d weeks begun late, %(points)s points less for each",
            count,
        )
    else:
        words = ngettext(
            "%(completion)s; %(count)d day late, %(points)s points less for each",
            "%(completion)s; %(count)d days late, %(points)s points less for each",
            count,
        )
    text = words % shown
    if o["late_floor_percent"]:
        text += ", " + _("never below %(percent)s") % {"percent": pct(o["late_floor_percent"])}
    return Words(_("Completion less what being late costs"), p(step.result), f"{text} = {p(step.result)}")


def _scale(step: Step, measure: Measure) -> str:
    bound = step.operands["at_least"]
    if bound is None:
        return _("%(actual)s is below every step of the scale") % _values(step, measure)
    return _("%(actual)s reaches the step from %(at_least)s") % _values(step, measure)


def _between(step: Step, measure: Measure) -> str:
    o = step.operands
    points = {name: p(o[name]) if name.startswith("y") else n(o[name]) for name in ("x", "x0", "y0", "x1", "y1")}
    lead = _("%(x)s lies between %(x0)s (%(y0)s) and %(x1)s (%(y1)s)") % points
    return (
        f"{lead}: {points['y0']} + ({points['x']} − {points['x0']}) ÷ ({points['x1']} − {points['x0']})"
        f" × ({points['y1']} − {points['y0']})"
    )


def _curve_zero(step: Step, measure: Measure) -> str:
    return _("%(x)s lies before the first point, %(first)s") % {
        "x": n(step.operands["x"]),
        "first": n(step.operands["first"]),
    }


def _curve_end(step: Step, measure: Measure) -> str:
    shown = {"x": n(step.operands["x"]), "anchor": n(step.operands["anchor"])}
    return _("%(x)s lies beyond the last point, %(anchor)s, whose completion holds") % shown


def _over_target(step: Step, measure: Measure) -> Words:
    o = step.operands
    text = f"{n(o['actual'])} ÷ {signed(o['target'])} = {n(step.result)}"
    return Words(_("Actual against target"), n(step.result), text)


def _manual(step: Step, measure: Measure) -> str:
    return _("A reviewer gave %(actual)s of 100") % {"actual": n(step.operands["actual"])}


def _zero_target(step: Step, measure: Measure) -> str:
    return _("%(actual)s where the target is %(target)s: all or nothing") % _values(step, measure)


METHOD_WORDS: dict[RuleCode, Callable[[Step, Measure], Words]] = {
    RuleCode.RATIO: _method(_ratio),
    RuleCode.MIRROR: _method(_mirror),
    RuleCode.INVERSE: _method(_inverse),
    RuleCode.INVERSE_AT_ZERO: _method(_inverse_at_zero),
    RuleCode.INVERSE_ZERO_TARGET: _method(_inverse_zero_target),
    RuleCode.BASELINE: _method(_baseline),
    RuleCode.DEVIATION: _method(_deviation),
    RuleCode.DEVIATION_TOLERATED: _method(_tolerated),
    RuleCode.BAND_INSIDE: _method(_inside),
    RuleCode.BAND_BELOW: _method(_below),
    RuleCode.BAND_ABOVE: _method(_above),
    RuleCode.BAND_OUTSIDE: _method(_outside),
    RuleCode.BINARY: _method(_binary),
    RuleCode.DEDUCT: _method(_deduct),
    RuleCode.MILESTONE: _method(_milestone),
    RuleCode.MILESTONE_REACHED: _milestone_reached,
    RuleCode.MILESTONE_LATE: _milestone_late,
    RuleCode.SCALE: _method(_scale),
    RuleCode.PIECEWISE_BETWEEN: _method(_between),
    RuleCode.PIECEWISE_ZERO: _method(_curve_zero),
    RuleCode.PIECEWISE_CLAMPED: _method(_curve_end),
    RuleCode.PIECEWISE_OVER_TARGET: _over_target,
    RuleCode.MANUAL: _method(_manual),
    RuleCode.ZERO_TARGET_MET: _method(_zero_target),
}

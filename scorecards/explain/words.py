"""One sentence for every rule of the scoring kernel, with its operands as the reader's language writes them."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from kpiapp.decimals import HUNDRED, format_number, format_percent, quantize, round_percent
from kpiapp.templatetags.charts import status_word
from scorecards.reasons import reason_text
from scorecards.scoring import NOT_SCORABLE, LineState, RuleCode, Step

INEXACT_PLACES = 4


@dataclass(frozen=True)
class Measure:
    """How numbers of a KPI are written: its unit, and what its parts are called."""

    unit: str = ""
    since: str = ""
    numerator: str = ""
    denominator: str = ""


@dataclass(frozen=True)
class Words:
    """A step in words: what it gives, and how."""

    title: str
    value: str
    text: str


def n(value: Decimal | None) -> str:
    """A number, exact up to six decimals and shortened beyond."""
    if value is None:
        return "–"
    exact = quantize(value, 6)
    return format_number(exact if exact == value else quantize(value, INEXACT_PLACES), get_language() or "en")


def p(value: Decimal | None) -> str:
    """A completion (1 = whole) as a percent."""
    return "–" if value is None else pct(value * HUNDRED)


def pct(value: Decimal) -> str:
    """A percent where 100 is the whole."""
    return format_percent(round_percent(value), get_language() or "en", places=None)


def u(value: Decimal | None, measure: Measure) -> str:
    """A number with its unit."""
    return f"{n(value)}%" if measure.unit == "%" else f"{n(value)} {measure.unit}".strip()


def _signed(value: Decimal) -> str:
    """A number as it stands behind a sign: brackets around what is negative."""
    return f"({n(value)})" if value < 0 else n(value)


# --- entries to one actual ------------------------------------------------------------------------


def _part_name(step: Step, measure: Measure) -> str:
    part = step.operands["part"]
    names = {"numerator": measure.numerator or _("numerator"), "denominator": measure.denominator or _("denominator")}
    return names.get(str(part), _("Actual"))


def _entries(step: Step) -> str:
    count = int(step.operands["count"])
    return ngettext("%(count)d entry", "%(count)d entries", count) % {"count": count}


def _sum(step: Step, measure: Measure) -> Words:
    text = _("Sum of %(entries)s since %(since)s") % {"entries": _entries(step), "since": measure.since}
    return Words(_part_name(step, measure), u(step.result, measure), text)


def _avg(step: Step, measure: Measure) -> Words:
    total, count = step.operands["sum"], step.operands["count"]
    mean = total / count
    text = _("Mean of %(entries)s since %(since)s: %(sum)s ÷ %(count)s = %(mean)s") % {
        "entries": _entries(step),
        "since": measure.since,
        "sum": n(total),
        "count": n(count),
        "mean": n(mean),
    }
    return Words(_part_name(step, measure), u(mean, measure), text)


def _weighted(step: Step, measure: Measure) -> Words:
    total, weight = step.operands["weighted_sum"], step.operands["weight"]
    text = _("Weighted mean since %(since)s: sum of value × weight ÷ sum of weights = %(sum)s ÷ %(weight)s") % {
        "since": measure.since,
        "sum": n(total),
        "weight": n(weight),
    }
    return Words(_("Actual"), u(total / weight, measure) if weight else "–", text)


def _last(step: Step, measure: Measure) -> Words:
    text = _("The last entry counts: the one of %(day)s") % {"day": measure_day(str(step.operands["on"]))}
    return Words(_part_name(step, measure), u(step.result, measure), text)


def _lowest(step: Step, measure: Measure) -> Words:
    text = _("The lowest of %(entries)s since %(since)s") % {"entries": _entries(step), "since": measure.since}
    return Words(_part_name(step, measure), u(step.result, measure), text)


def _highest(step: Step, measure: Measure) -> Words:
    text = _("The highest of %(entries)s since %(since)s") % {"entries": _entries(step), "since": measure.since}
    return Words(_part_name(step, measure), u(step.result, measure), text)


def _count(step: Step, measure: Measure) -> Words:
    text = _("Number of entries since %(since)s") % {"since": measure.since}
    return Words(_part_name(step, measure), u(step.result, measure), text)


def _nothing(step: Step, measure: Measure) -> Words:
    return Words(_("Actual"), "–", _("Nothing was entered since %(since)s") % {"since": measure.since})


def _quotient(step: Step, measure: Measure) -> Words:
    o = step.operands
    top, bottom, factor = o["numerator"], o["denominator"], o["factor"]
    if factor == 1:
        text = f"{n(top)} ÷ {_signed(bottom)} = {n(step.result)}"
    else:
        text = f"{n(factor)} × {n(top)} ÷ {_signed(bottom)} = {n(step.result)}"
    return Words(_("Actual"), u(step.result, measure), text)


def _carried(step: Step, measure: Measure) -> Words:
    return Words(
        _("Actual"), u(step.result, measure), _("No entry in this period: the last value of the period before stays")
    )


# --- methods --------------------------------------------------------------------------------------


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
    return f"{lead}: 1 + ({n(actual)} − {_signed(target)}) ÷ {n(abs(target))}"


def _mirror(step: Step, measure: Measure) -> str:
    actual, target = step.operands["actual"], step.operands["target"]
    lead = _("%(actual)s of at most %(target)s") % _values(step, measure)
    return f"{lead}: 1 − ({n(actual)} − {_signed(target)}) ÷ {n(abs(target))}"


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
    start = _signed(o["baseline"])
    return f"{lead}: ({n(o['actual'])} − {start}) ÷ ({n(o['target'])} − {start})"


def _deviation(step: Step, measure: Measure) -> str:
    actual, target = step.operands["actual"], step.operands["target"]
    lead = _("%(actual)s where %(target)s is to be hit") % _values(step, measure)
    return f"{lead}: 1 − |{n(actual)} − {_signed(target)}| ÷ {n(abs(target))}"


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
    outer = _signed(o["outer_low"])
    return f"{lead}: ({n(o['actual'])} − {outer}) ÷ ({n(o['low'])} − {outer})"


def _above(step: Step, measure: Measure) -> str:
    o = step.operands
    lead = _("%(actual)s lies over the band of %(low)s to %(high)s") % _values(step, measure)
    return f"{lead}: ({n(o['outer_high'])} − {_signed(o['actual'])}) ÷ ({n(o['outer_high'])} − {_signed(o['high'])})"


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


def _milestone_late(step: Step, measure: Measure) -> str:
    o = step.operands
    return _("%(completion)s, less %(percent)s for each of %(units)s late") % {
        "completion": p(o["completion"]),
        "percent": pct(o["late_percent"]),
        "units": n(o["late_units"]),
    }


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
    text = f"{n(o['actual'])} ÷ {_signed(o['target'])} = {n(step.result)}"
    return Words(_("Actual against target"), n(step.result), text)


def _manual(step: Step, measure: Measure) -> str:
    return _("A reviewer gave %(actual)s of 100") % {"actual": n(step.operands["actual"])}


def _zero_target(step: Step, measure: Measure) -> str:
    return _("%(actual)s where the target is %(target)s: all or nothing") % _values(step, measure)


# --- from raw completion to the one used ------------------------------------------------------------


def _limited(step: Step, measure: Measure) -> Words:
    text = _("%(raw)s is beyond what is kept") % {"raw": p(step.operands["raw"])}
    return Words(_("Limit"), p(step.result), text)


def _gate(step: Step, measure: Measure) -> Words:
    shown = {"raw": p(step.operands["raw"]), "gate": p(step.operands["gate"])}
    return Words(_("Gate"), p(step.result), _("%(raw)s is below the gate of %(gate)s, so it counts 0") % shown)


def _cap(step: Step, measure: Measure) -> Words:
    shown = {"raw": p(step.operands["raw"]), "cap": p(step.operands["cap"])}
    return Words(_("Cap"), p(step.result), _("%(raw)s is capped at %(cap)s") % shown)


def _floor(step: Step, measure: Measure) -> Words:
    shown = {"raw": p(step.operands["raw"]), "floor": p(step.operands["floor"])}
    return Words(_("Floor"), p(step.result), _("%(raw)s is lifted to the floor of %(floor)s") % shown)


def _wiped_out(step: Step, measure: Measure) -> Words:
    return Words(_("Severe violation"), p(step.result), _("It counts 0, however much was reached"))


def _not_measured(step: Step, measure: Measure) -> Words:
    return Words(_("Completion"), "–", state_text(str(step.operands["state"])))


def state_text(state: str) -> str:
    """Why there is no completion."""
    if state.startswith(NOT_SCORABLE):
        return reason_text(state.removeprefix(NOT_SCORABLE))
    texts = {
        LineState.NOT_DUE: _("No entry yet; the period is still running, so it is not late"),
        LineState.LATE: _("No entry although the period is over"),
        LineState.WAIVED: _("Waived in this period, so it does not count"),
    }
    return texts[LineState(state)]


def _status(step: Step, measure: Measure) -> Words:
    word, bound = status_word(str(step.result)), step.operands["bound"]
    if bound is None:
        text = _("Below every other limit")
    elif step.rule is RuleCode.STATUS_ABOVE:
        text = _("%(completion)s is more than %(bound)s") % {
            "completion": p(step.operands["completion"]),
            "bound": p(bound),
        }
    else:
        text = _("%(completion)s is at least %(bound)s") % {
            "completion": p(step.operands["completion"]),
            "bound": p(bound),
        }
    return Words(_("Status"), word, text)


def measure_day(iso: str) -> str:
    """A day of the trace as the reader's language writes it."""
    return date_format(datetime.date.fromisoformat(iso), "DATE_FORMAT")


WORDS: dict[RuleCode, Callable[[Step, Measure], Words]] = {
    RuleCode.AGGREGATE_SUM: _sum,
    RuleCode.AGGREGATE_AVG: _avg,
    RuleCode.AGGREGATE_WEIGHTED_AVG: _weighted,
    RuleCode.AGGREGATE_LAST: _last,
    RuleCode.AGGREGATE_MIN: _lowest,
    RuleCode.AGGREGATE_MAX: _highest,
    RuleCode.AGGREGATE_COUNT: _count,
    RuleCode.AGGREGATE_NOTHING: _nothing,
    RuleCode.ACTUAL_QUOTIENT: _quotient,
    RuleCode.CARRIED_FORWARD: _carried,
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
    RuleCode.MILESTONE_LATE: _method(_milestone_late),
    RuleCode.SCALE: _method(_scale),
    RuleCode.PIECEWISE_BETWEEN: _method(_between),
    RuleCode.PIECEWISE_ZERO: _method(_curve_zero),
    RuleCode.PIECEWISE_CLAMPED: _method(_curve_end),
    RuleCode.PIECEWISE_OVER_TARGET: _over_target,
    RuleCode.MANUAL: _method(_manual),
    RuleCode.ZERO_TARGET_MET: _method(_zero_target),
    RuleCode.RAW_LIMITED: _limited,
    RuleCode.BELOW_GATE: _gate,
    RuleCode.CAPPED: _cap,
    RuleCode.FLOORED: _floor,
    RuleCode.WIPED_OUT: _wiped_out,
    RuleCode.NOT_MEASURED: _not_measured,
    RuleCode.STATUS: _status,
    RuleCode.STATUS_ABOVE: _status,
}
# Said by the step beside them: an entry is a source of what adds it up, a kept completion is the one before it.
UNSPOKEN = frozenset(
    {
        RuleCode.ENTRY,
        RuleCode.ENTRY_INCOMPLETE,
        RuleCode.AGGREGATE_RATIO,
        RuleCode.ROUND_RAW,
        RuleCode.UNCHANGED,
    }
)

"""One sentence for every rule of the scoring kernel, with its operands as the reader's language writes them."""

import datetime
from collections.abc import Callable
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.templatetags.charts import status_word
from scorecards.cards.reasons import reason_text
from scorecards.explain.formulas import fault_words, formula_words
from scorecards.explain.methods import METHOD_WORDS
from scorecards.explain.numbers import Measure, Words, n, p, signed, u
from scorecards.explain.segments import segment_words
from scorecards.scoring import DEFAULT_STATUS_BANDS, NOT_SCORABLE, LineState, RuleCode, Step

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
        text = f"{n(top)} ÷ {signed(bottom)} = {n(step.result)}"
    else:
        text = f"{n(factor)} × {n(top)} ÷ {signed(bottom)} = {n(step.result)}"
    return Words(_("Actual"), u(step.result, measure), text)


def _carried(step: Step, measure: Measure) -> Words:
    return Words(
        _("Actual"), u(step.result, measure), _("No entry in this period: the last value of the period before stays")
    )


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


def below_text(completion: Decimal, lowest: Decimal) -> str:
    """What is left for a number under the lowest bound of all."""
    return _("%(completion)s is below %(bound)s") % {"completion": p(completion), "bound": p(lowest)}


def _status(step: Step, measure: Measure) -> Words:
    word, bound = status_word(str(step.result)), step.operands["bound"]
    if bound is None:
        lowest = min(band.bound for band in DEFAULT_STATUS_BANDS.bands if band.bound is not None)
        text = below_text(step.operands["completion"], lowest)
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
    RuleCode.FORMULA: formula_words,
    RuleCode.FORMULA_FAULT: fault_words,
    RuleCode.CARRIED_FORWARD: _carried,
    **METHOD_WORDS,
    **segment_words(state_text),
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

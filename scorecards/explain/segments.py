"""The words of a line that changed inside its period: each segment, its days, its share of the target."""

import datetime
from collections.abc import Callable

from django.utils.translation import gettext as _

from kpiapp.templatetags.kpi import day
from scorecards.explain.numbers import Measure, Words, n, p, u
from scorecards.scoring import RuleCode, Step


def _span(step: Step) -> str:
    """The first and last day of a segment."""
    first = datetime.date.fromisoformat(str(step.operands["starts_on"]))
    last = datetime.date.fromisoformat(str(step.operands["ends_on"])) - datetime.timedelta(days=1)
    return f"{day(first)} – {day(last)}"


def _days(step: Step) -> dict[str, str]:
    return {"days": n(step.operands["days"]), "all": n(step.operands["all_days"])}


def _segment(step: Step, measure: Measure, state_text: Callable[[str], str]) -> Words:
    text = _("%(days)s of %(all)s working days of the period") % _days(step)
    if step.result is None:
        reason = state_text(str(step.operands["state"]))
        text += "; " + _("it does not count: %(reason)s") % {"reason": reason}
    return Words(_span(step), p(step.result), text)


def _share(step: Step, measure: Measure) -> Words:
    text = _("Share of the target by working days, %(span)s: %(target)s × %(days)s ÷ %(all)s = %(share)s") % {
        "span": _span(step),
        "target": n(step.operands["target"]),
        "share": n(step.result),
        **_days(step),
    }
    return Words(_("Target"), u(step.result, measure), text)


def _shares(step: Step, measure: Measure) -> Words:
    text = _("Nothing was entered for a part of these days, so its share of the target is added to that of the next")
    return Words(_("Target"), u(step.result, measure), text)


def _full_rate(step: Step, measure: Measure) -> Words:
    text = _("Taken to the full period: %(actual)s × %(all)s ÷ %(days)s working days") % {
        "actual": n(step.operands["actual"]),
        **_days(step),
    }
    return Words(_("Actual"), u(step.result, measure), text)


def _deduct(step: Step, measure: Measure) -> Words:
    text = _("%(each)s per event in a full period, so × %(all)s ÷ %(days)s working days here") % {
        "each": p(step.operands["deduct_per_unit"]),
        **_days(step),
    }
    return Words(_("Deducted per event"), p(step.result), text)


def _asked(step: Step, measure: Measure) -> Words:
    text = _("Only what was entered for these days; a level that nobody counted in them keeps its last value")
    return Words(_("Actual"), u(step.result, measure), text)


def _nothing_added(step: Step, measure: Measure) -> Words:
    return Words(_("Actual"), u(step.result, measure), _("Nothing was added after the last entry"))


def _mean(step: Step, measure: Measure) -> Words:
    total, days = step.operands["weighted_sum"], step.operands["days"]
    text = _("Mean of the segments by working days: sum of days × completion ÷ days = %(sum)s ÷ %(days)s") % {
        "sum": n(total),
        "days": n(days),
    }
    return Words(_("Completion"), p(step.result), text + ", " + _("rounded half-up to six decimals"))


def segment_words(state_text: Callable[[str], str]) -> dict[RuleCode, Callable[[Step, Measure], Words]]:
    """The sentences by rule; `state_text` says why there is no value."""
    return {
        RuleCode.SEGMENT: lambda step, measure: _segment(step, measure, state_text),
        RuleCode.SEGMENT_SHARE: _share,
        RuleCode.SEGMENT_SHARES: _shares,
        RuleCode.SEGMENT_FULL_RATE: _full_rate,
        RuleCode.SEGMENT_DEDUCT: _deduct,
        RuleCode.SEGMENT_NOTHING_ADDED: _nothing_added,
        RuleCode.SEGMENT_ASKED: _asked,
        RuleCode.SEGMENTS: _mean,
    }

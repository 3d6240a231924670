"""Pace and forecast in words: one sentence for every rule of `scorecards/scoring/pace.py`."""

from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import gettext as _

from kpiapp.decimals import ZERO
from scorecards.explain.numbers import Measure, Words, exact, n, p, signed, u
from scorecards.explain.words import below_text
from scorecards.scoring import PaceStatus, RuleCode, Step
from scorecards.scoring.pace import AT_RISK_FROM


def _kept(text: str, is_exact: bool) -> str:
    """How a number was rounded, where anything was left to round."""
    return text if is_exact else text + ", " + _("rounded half-up to six decimals")


def _share_kept(text: str, is_exact: bool) -> str:
    return text if is_exact else text + ", " + _("rounded half-up to four decimals of a percent")


def _minus(number: Decimal, start: Decimal | None) -> str:
    """A number as seen from the baseline, in brackets; the number itself where there is none."""
    return signed(number) if start is None else f"({n(number)} − {signed(start)})"


def _plus(start: Decimal | None) -> str:
    return "" if start is None else f"{n(start)} + "


def _elapsed(step: Step, measure: Measure) -> Words:
    shown = {"days": n(step.operands["elapsed_days"]), "all": n(step.operands["all_days"]), "share": exact(step.result)}
    if step.operands["counted"] == "working":
        text = _("%(days)s of %(all)s working days of the period have gone by = %(share)s")
    else:
        text = _("Nobody works on any day of the period: %(days)s of %(all)s calendar days have gone by = %(share)s")
    return Words(_("Time gone by"), p(step.result), text % shown)


def _planned(step: Step, measure: Measure) -> Words:
    shown = {"due": u(step.operands["due"], measure), "whole": u(step.operands["whole"], measure)}
    text = _("By the months of the plan, %(due)s of %(whole)s are due by now") % shown
    if step.operands["baseline"] is not None:
        start = _("from the baseline of %(start)s") % {"start": u(step.operands["baseline"], measure)}
        text += f" ({start})"
    divided = f"{n(step.operands['due'])} ÷ {signed(step.operands['whole'])} = {exact(step.result)}"
    return Words(_("Share that is due"), p(step.result), f"{text}: {divided}")


def _expected(step: Step, measure: Measure) -> Words:
    start, target, share = (step.operands[name] for name in ("baseline", "target", "elapsed"))
    if start is None:
        lead = _("Share of the target that is due")
    else:
        lead = _("Share of the way from the baseline to the target that is due")
    text = f"{lead}: {_plus(start)}{_minus(target, start)} × {exact(share)} = {n(step.result)}"
    origin = start or ZERO
    is_exact = origin + (target - origin) * share == step.result
    return Words(_("Due by today"), u(step.result, measure), _kept(text, is_exact))


def _pace(step: Step, measure: Measure) -> Words:
    actual, due, start = (step.operands[name] for name in ("actual", "expected", "baseline"))
    if step.result is None:
        return Words(_("Pace"), "–", _("Nothing is due yet, so there is no pace"))
    lead, origin = _("The actual against what is due"), start or ZERO
    text = f"{lead}: {_minus(actual, start)} ÷ {_minus(due, start)} = {exact(step.result)}"
    is_exact = (due - origin) * step.result == actual - origin
    return Words(_("Pace"), p(step.result), _share_kept(text, is_exact))


def _mirrored(step: Step, measure: Measure) -> Words:
    actual, due = step.operands["actual"], step.operands["expected"]
    lead = _("What is used against what may be used by now; less is better")
    text = f"{lead}: 2 − {n(actual)} ÷ {signed(due)} = {exact(step.result)}"
    return Words(_("Pace"), p(step.result), _share_kept(text, (2 - step.result) * due == actual))


def _forecast(step: Step, measure: Measure) -> Words:
    actual, start, share = (step.operands[name] for name in ("actual", "baseline", "elapsed"))
    lead = _("The actual so far, going on like this to the end")
    text = f"{lead}: {_plus(start)}{_minus(actual, start)} ÷ {exact(share)} = {n(step.result)}"
    origin = start or ZERO
    is_exact = (step.result - origin) * share == actual - origin
    return Words(_("At this pace"), u(step.result, measure), _kept(text, is_exact))


def pace_word(status: str) -> str:
    """What a pace is called."""
    words = {
        PaceStatus.ON_TRACK: _("on track"),
        PaceStatus.AT_RISK: _("at risk"),
        PaceStatus.BEHIND: _("behind"),
        PaceStatus.TOO_EARLY: _("too early to say"),
        PaceStatus.NONE: _("no pace"),
    }
    return words[PaceStatus(status)]


def _status(step: Step, measure: Measure) -> Words:
    pace, bound = step.operands["pace"], step.operands["bound"]
    if pace is None:
        text = _("Nothing is due yet, so there is no pace")
    elif bound is None:
        text = below_text(pace, AT_RISK_FROM)
    else:
        text = _("%(completion)s is at least %(bound)s") % {"completion": p(pace), "bound": p(bound)}
    return Words(_("Pace, in a word"), pace_word(str(step.result)), text)


def _too_early(step: Step, measure: Measure) -> Words:
    shown = {"elapsed": p(step.operands["elapsed"]), "needed": p(step.operands["needed"])}
    text = _("%(elapsed)s of the working days have gone by; below %(needed)s a forecast would be a guess") % shown
    return Words(_("Pace, in a word"), pace_word(str(step.result)), text)


def _none(step: Step, measure: Measure) -> Words:
    text = _("No target is set") if step.operands["target"] is None else _("There is no value yet")
    return Words(_("Pace"), "–", text)


PACE_WORDS: dict[RuleCode, Callable[[Step, Measure], Words]] = {
    RuleCode.PACE_ELAPSED: _elapsed,
    RuleCode.PACE_PLANNED: _planned,
    RuleCode.PACE_EXPECTED: _expected,
    RuleCode.PACE: _pace,
    RuleCode.PACE_MIRRORED: _mirrored,
    RuleCode.PACE_FORECAST: _forecast,
    RuleCode.PACE_STATUS: _status,
    RuleCode.PACE_TOO_EARLY: _too_early,
    RuleCode.PACE_NONE: _none,
}

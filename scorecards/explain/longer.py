"""Why a longer period gives what it gives: the score, the actual and the target, and the months behind them."""

import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.choices import LongPeriods
from kpiapp.decimals import ZERO
from kpiapp.explain import Explanation, Source, Step
from scorecards.cards.longer import Longer, Month, longer_periods, months_together, score_longer
from scorecards.explain.numbers import Measure, n, p, signed, u
from scorecards.explain.words import UNSPOKEN, WORDS
from scorecards.models import ScorecardLine
from scorecards.scoring import RuleCode, Trace, average_of_periods, status_of
from strategy.choices import Aggregation, TargetAggregation


def window_name(code: str) -> str:
    """What a window is called."""
    names = {
        "ytd": _("Year to date"),
        "rolling_3": _("Last 3 months"),
        "rolling_12": _("Last 12 months"),
        "quarter": _("Quarter"),
        "half_year": _("Half-year"),
    }
    return names[code]


def mode_words(mode: str) -> str:
    """How the score was found."""
    return str(LongPeriods(mode).label)


def explain_longer(line: ScorecardLine, code: str, *, on: datetime.date) -> Explanation:
    """One window of a line (loaded with its KPI, card, owner and organization), from the score down to the months."""
    card = line.scorecard
    organization = card.organization
    windows = longer_periods(
        line, on=on, mode=organization.long_periods, start_month=organization.fiscal_year_start_month
    )
    found = next((window for window in windows if window.code == code), None)
    shown = p(found.completion if found else None)
    steps = _steps(line, found) if found else []
    return Explanation(
        title=_("Why %(percent)s?") % {"percent": shown},
        intro=_("%(window)s of %(kpi)s, %(owner)s, up to %(period)s.")
        % {
            "window": window_name(code),
            "kpi": line.kpi.name,
            "owner": card.owner_name,
            "period": card.period.label,
        },
        steps=tuple(steps),
        crumbs=(Source(line.kpi.name, reverse("scorecards:line", args=[organization.slug, line.pk])),),
        about=("line", line.pk),
    )


def _steps(line: ScorecardLine, found: Longer) -> list[Step]:
    kpi, trace = line.kpi, Trace()
    measure = Measure(kpi.unit, numerator=kpi.numerator_label, denominator=kpi.denominator_label)
    steps = [Step(_("Score"), p(found.completion), mode_words(found.mode))]
    if found.mode == LongPeriods.AVERAGE:
        average_of_periods([month.completion for month in found.counted], trace=trace)
        steps.append(_mean(trace))
        status_of(found.completion, trace=trace)
    together = Trace()
    if line.kpi.aggregation != Aggregation.FORMULA:
        months_together(line, found.counted, together)
    # The actual of all months together is shown in either mode; it is scored in one of them.
    score_longer(line, found.pair, found.target, found.baseline, trace if found.mode == LongPeriods.RECOMPUTE else None)
    for step in reversed(trace.steps):
        if step.rule in WORDS and step.rule not in UNSPOKEN:
            words = WORDS[step.rule](step, measure)
            steps.append(Step(words.title, words.value, words.text))
    sources = tuple(_source(month, line) for month in reversed(found.months))
    steps.append(Step(_("Actual"), u(found.actual, measure), _how(line, found), sources))
    steps += reversed(_together(together, measure))
    for title, name, number in (
        (_("Target"), "target", found.target),
        (_("Baseline"), "baseline", found.baseline),
    ):
        given = [getattr(month.line, name) for month in found.counted if getattr(month.line, name) is not None]
        if given or name == "target":
            steps.append(Step(title, u(number, measure), _whole(line, given, number)))
    return steps


def _mean(trace: Trace) -> Step:
    """The mean of the months' scores, with each of them."""
    given = [p(step.result) for step in trace.steps if step.rule is RuleCode.ROLL_UP_CHILD]
    mean = next(step for step in trace.steps if step.rule is RuleCode.ROLL_UP)
    text = f"({' + '.join(given)}) ÷ {len(given)} = {p(mean.result)}, " + _("rounded half-up to six decimals")
    return Step(_("Mean of the months' scores"), p(mean.result), text if given else _("No month has a score"))


def _whole(line: ScorecardLine, given: list[Decimal], number: Decimal | None) -> str:
    """How the targets of the months are that of all of them."""
    how, kind = str(line.kpi.get_target_aggregation_display()), line.kpi.target_aggregation
    added = " + ".join(signed(one) if place else n(one) for place, one in enumerate(given))
    if len(given) < 2 or kind == TargetAggregation.LAST:
        return how
    if kind == TargetAggregation.AVG:
        return f"{how}: ({added}) ÷ {len(given)} = {n(number)}"
    return f"{how}: {added} = {n(number)}"


def _together(trace: Trace, measure: Measure) -> list[Step]:
    """What the months were kept as, and how that comes together, in the order of the trace."""
    names = {
        "value": _("Values of the months"),
        "divisor": _("Weights or entries of the months"),
        "numerator": measure.numerator or _("numerator"),
        "denominator": measure.denominator or _("denominator"),
    }
    months = [step for step in trace.steps if step.rule is RuleCode.PERIOD]
    parts = {part: [step.operands["quantity"] for step in months] for part in ("value", "numerator")}
    parts |= {part: [step.operands["divisor"] or ZERO for step in months] for part in ("divisor", "denominator")}
    told = []
    for step in trace.steps:
        part = str(step.operands.get("part"))
        if step.rule is RuleCode.PERIOD_MEAN:
            given, entries = step.operands["quantity"], step.operands["entries"]
            parts[part][int(step.operands["number"]) - 1] = step.result
            shown = {"number": n(step.operands["number"]), "sum": f"{n(given)} ÷ {n(entries)} = {n(step.result)}"}
            told.append(Step(names[part], n(step.result), _("Month %(number)s without its entries: %(sum)s") % shown))
        elif step.rule is RuleCode.PERIODS_TIMES:
            shown = f"{n(step.operands['value'])} × {n(step.operands['entries'])} = {n(step.result)}"
            text = _("Times the entries of all months, because the other part is a mean of them: %(sum)s")
            told.append(Step(names[part], n(step.result), text % {"sum": shown}))
        elif step.rule is not RuleCode.PERIOD:
            numbers = [signed(one) if place else n(one) for place, one in enumerate(parts[part])]
            texts = {
                RuleCode.PERIODS_LAST: _("The last month counts"),
                RuleCode.PERIODS_MIN: _("The lowest of %(numbers)s"),
                RuleCode.PERIODS_MAX: _("The highest of %(numbers)s"),
                RuleCode.PERIODS_SUM: _("Added up: %(sum)s"),
            }
            shown = {"numbers": " · ".join(numbers), "sum": f"{' + '.join(numbers)} = {n(step.result)}"}
            told.append(Step(names[part], n(step.result), texts[step.rule] % shown))
    return told


def _how(line: ScorecardLine, found: Longer) -> str:
    count = ngettext(
        "%(count)d of %(all)d month that is over has a value",
        "%(count)d of %(all)d months that are over have a value",
        len(found.months),
    ) % {"count": len(found.counted), "all": len(found.months)}
    if line.kpi.aggregation == Aggregation.FORMULA:
        how = _("The formula over its operands of all these months together, not a mean of the months")
    else:
        how = _("%(how)s, over all these months together") % {"how": line.kpi.get_aggregation_display()}
    return f"{how}. {count}."


def _source(month: Month, line: ScorecardLine) -> Source:
    slug = line.scorecard.organization.slug
    value = _("no value") if month.value is None else u(month.value, Measure(line.kpi.unit))
    text = f"{month.line.scorecard.period.label}: {value} · {p(month.completion)}"
    return Source(text, reverse("scorecards:line", args=[slug, month.line.pk]))

"""Why a longer period gives what it gives: the score, the actual and the target, and the months behind them."""

import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.choices import LongPeriods
from kpiapp.explain import Explanation, Source, Step
from scorecards.cards.longer import Longer, Month, longer_periods, score_longer
from scorecards.explain.numbers import Measure, p, u
from scorecards.explain.words import UNSPOKEN, WORDS
from scorecards.models import ScorecardLine
from scorecards.scoring import Trace
from strategy.choices import Aggregation


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
    )


def _steps(line: ScorecardLine, found: Longer) -> list[Step]:
    measure = Measure(line.kpi.unit)
    steps = [Step(_("Score"), p(found.completion), mode_words(found.mode))]
    if found.mode == LongPeriods.RECOMPUTE:
        trace = Trace()
        score_longer(line, found.pair, found.target, found.baseline, trace)
        for step in reversed(trace.steps):
            if step.rule not in UNSPOKEN:
                words = WORDS[step.rule](step, measure)
                steps.append(Step(words.title, words.value, words.text))
    sources = tuple(_source(month, line) for month in reversed(found.months))
    steps.append(Step(_("Actual"), u(found.actual, measure), _how(line, found), sources))
    steps.append(Step(_("Target"), u(found.target, measure), str(line.kpi.get_target_aggregation_display())))
    return steps


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

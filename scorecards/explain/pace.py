"""Why so much is due by today, and where a pace leads: of a line, and of a whole card that stands exactly on plan."""

import datetime
from collections.abc import Sequence

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kpiapp.decimals import ONE
from kpiapp.explain import Explanation, Source, Step
from kpiapp.fiscal_years import add_months
from kpiapp.models import Member, working_calendar
from kpiapp.templatetags.kpi import day
from scorecards.cards.rows import Row, expected_percent, outlook_of, rows_of
from scorecards.explain.cards import score_words
from scorecards.explain.lines import load_line, target_step, version_step
from scorecards.explain.numbers import Measure, exact, n, p, pct, u
from scorecards.explain.pace_words import PACE_WORDS
from scorecards.explain.words import UNSPOKEN, WORDS
from scorecards.line_rules import actual_of, elapsed_on, pace_kind_of
from scorecards.models import Scorecard, ScorecardLine
from scorecards.planned_pace import planned_ways
from scorecards.scoring import RuleCode, Trace
from scorecards.scoring import Step as KernelStep

# What rests on an actual, and is left out where there is none.
OF_ACTUALS = frozenset(
    {
        RuleCode.PACE,
        RuleCode.PACE_MIRRORED,
        RuleCode.PACE_FORECAST,
        RuleCode.PACE_STATUS,
        RuleCode.PACE_TOO_EARLY,
    }
)


def explain_pace(line: ScorecardLine, *, on: datetime.date) -> Explanation:
    """Every step to what is due by a day and to the forecast: the working days or the plan, then the pace."""
    line = load_line(line.pk)
    card, calendar, trace = line.scorecard, working_calendar(), Trace()
    slug, period, measure, actual = card.organization.slug, card.period, Measure(line.kpi.unit), actual_of(line)
    elapsed = elapsed_on(period, on, calendar, trace)
    plan = planned_ways([line], period, on, calendar).get(line.pk)
    outlook = outlook_of(line, elapsed, plan, actual, trace)
    if outlook.due is None:
        steps = [Step(_("Due by today"), "–", _why_nothing(line, on))]
    else:
        steps = _steps(line, trace, outlook.expected)
    why = Source(_("How the actual came about"), reverse("scorecards:explain_line", args=[slug, line.pk]))
    steps.append(Step(_("Actual"), u(actual, measure), "", (why,)))
    return Explanation(
        title=_why_due(None if outlook.due is None else u(outlook.due, measure)),
        intro=_(
            "%(kpi)s, %(owner)s, %(period)s, as of %(day)s. Pace is a hint while there is time to act; it never"
            " changes the score."
        )
        % {"kpi": line.kpi.name, "owner": card.owner_name, "period": period.label, "day": day(on)},
        steps=(*steps, target_step(line), version_step(line)),
        crumbs=(
            Source(line.kpi.name, reverse("scorecards:line", args=[slug, line.pk])),
            Source(_("The whole card by today"), reverse("scorecards:explain_card_pace", args=[slug, card.pk])),
        ),
        about=("line", line.pk),
    )


def _why_due(due: str | None) -> str:
    return _("Why is nothing due by today?") if due is None else _("Why %(due)s by today?") % {"due": due}


def _why_nothing(line: ScorecardLine, on: datetime.date) -> str:
    period = line.scorecard.period
    if line.target is None:
        return _("No target is set")
    if pace_kind_of(line) is None:
        return _("The way this KPI is scored or adds up does not grow steadily with time, so nothing is due by a day.")
    if on < period.starts_on:
        return _("The period has not begun.")
    if on >= period.last_day:
        return _("The period is over: the target is due in full.")
    return _("No working day has gone by yet.")


def _steps(line: ScorecardLine, trace: Trace, completion) -> list[Step]:
    """The kernel's steps, the last first: the pace, what standing exactly on plan scores, then what is due."""
    measure = Measure(line.kpi.unit)
    pace = [step for step in trace.steps if step.rule in PACE_WORDS]
    if actual_of(line) is None:
        pace = [step for step in pace if step.rule not in OF_ACTUALS]
    above = [step for step in pace if step.rule in OF_ACTUALS]
    months = [step for step in trace.steps if step.rule is RuleCode.PACE_PLANNED_MONTH]
    steps = [_spoken(step, measure) for step in reversed(above)]
    text = _("What it would score to stand exactly where it is due by today: the mark ▾ on the bar.")
    steps.append(Step(_("Exactly on plan"), p(completion), text))
    scored = [step for step in trace.steps if step.rule in WORDS and not step.rule.value.startswith("status")]
    steps += [_spoken(step, measure) for step in reversed(scored) if step.rule not in UNSPOKEN]
    for step in reversed([step for step in pace if step.rule not in OF_ACTUALS]):
        spoken = _spoken(step, measure)
        if step.rule is RuleCode.PACE_PLANNED:
            spoken = _with_months(spoken, months, line)
        steps.append(spoken)
    return steps


def _spoken(step: KernelStep, measure: Measure) -> Step:
    words = (PACE_WORDS | WORDS)[step.rule](step, measure)
    return Step(words.title, words.value, words.text)


def _with_months(planned: Step, months: Sequence[KernelStep], line: ScorecardLine) -> Step:
    """The step of a plan with a line for each of its months, and a link to the plan."""
    first, measure, told = line.scorecard.period.starts_on, Measure(line.kpi.unit), [planned.text]
    for step in months:
        name = date_format(add_months(first, int(step.operands["number"]) - 1), "YEAR_MONTH_FORMAT")
        shown = {"month": name, "target": u(step.result, measure), "share": p(step.operands["elapsed"])}
        told.append(_("%(month)s: %(target)s, %(share)s of its working days gone by") % shown)
    slug = line.scorecard.organization.slug
    source = Source(_("The plan, month by month"), reverse("strategy:kpi_plan", args=[slug, line.kpi.definition_id]))
    return Step(planned.title, planned.value, "\n".join(told), (source,))


def explain_card_pace(card: Scorecard, *, reader: Member, on: datetime.date) -> Explanation:
    """The score that a card would have if each of its measured lines stood exactly on plan today."""
    card = Scorecard.objects.select_related("period", "member", "department", "organization", "score").get(pk=card.pk)
    rows, trace = rows_of(card, reader=reader, on=on, can_record=False), Trace()
    percent = expected_percent(rows, trace)
    shown, slug = "–" if percent is None else pct(percent), card.organization.slug
    if percent is None:
        text = _("Nothing is due by a day: the period does not run, or no measured KPI goes by time.")
        steps = [Step(_("Expected by today"), "–", text)]
    else:
        steps = [*score_words(trace), *(_row_step(row, slug) for row in rows if row.line.is_scored)]
    return Explanation(
        title=_why_due(None if percent is None else shown),
        intro=_(
            "The score of %(owner)s, %(period)s, if every KPI with a value stood exactly where it is due on %(day)s."
        )
        % {"owner": card.owner_name, "period": card.period.label, "day": day(on)},
        steps=tuple(steps),
        crumbs=(
            Source(card.owner_name, reverse("scorecards:card", args=[slug, card.pk])),
            Source(_("Score"), reverse("scorecards:explain_card", args=[slug, card.pk])),
        ),
        about=("card", card.pk),
    )


def _row_step(row: Row, slug: str) -> Step:
    line, weight = row.line, {"weight": pct(row.line.weight)}
    if line.is_hidden:
        return Step(_("Confidential KPI"), "", _("%(weight)s of the card") % weight)
    source = Source(_("Why?"), reverse("scorecards:explain_pace", args=[slug, line.pk]))
    if row.completion is None:
        text = _("%(weight)s of the card is left out: %(reason)s") % {**weight, "reason": _("it has no value yet")}
        return Step(line.kpi.name, "–", text, (source,))
    due = ONE if row.pace is None else row.pace
    shown = {**weight, "completion": exact(due), "points": n(line.weight * due)}
    text = _("%(weight)s of the card × %(completion)s = %(points)s points") % shown
    if row.pace is None:
        text += "; " + _("nothing is due by a day here, so it counts as on target")
    return Step(line.kpi.name, p(due), text, (source,))

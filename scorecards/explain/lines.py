"""Why a line's completion is what it is, from the percent down to what was typed."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.decimals import ZERO, round_completion
from kpiapp.explain import Explanation, Source, Step
from kpiapp.models import Member
from kpiapp.templatetags.kpi import day, instant
from scorecards.choices import LIVE_STATES, ActualState, ChangeState
from scorecards.explain.children import from_below, stored_pair
from scorecards.explain.formulas import formula_sources, rerun_formula
from scorecards.explain.lift import lift_of_line
from scorecards.explain.numbers import Measure, p, u
from scorecards.explain.words import UNSPOKEN, WORDS
from scorecards.line_rules import absence_on, rule_of_line
from scorecards.models import Actual, ChangeRequest, LineSegment, ScorecardLine
from scorecards.recompute.gather import carried_pairs
from scorecards.recompute.lateness import read_lateness
from scorecards.recompute.segments import read_segments
from scorecards.scoring import (
    Entry,
    LineResult,
    MissingPolicy,
    Pair,
    RuleCode,
    Trace,
    aggregate,
    charges_lateness,
    score_line,
    score_segments,
    status_of,
)
from scorecards.scoring import LineState as KernelState
from strategy.choices import Aggregation
from strategy.kpis.activation import activation_of
from strategy.kpis.wording import scoring_words

ENTRIES_SHOWN = 12


def load_line(pk: int) -> ScorecardLine:
    """A line with everything its explanation names."""
    return ScorecardLine.objects.select_related(
        "kpi__created_by",
        "score",
        "scorecard__period",
        "scorecard__member",
        "scorecard__department",
        "scorecard__organization",
        "scorecard__agreed_by",
        "waived_by",
        "wiped_out_by",
    ).get(pk=pk)


def rerun(
    line: ScorecardLine, entries: Sequence[Actual], on: datetime.date, trace: Trace, reader: Member | None = None
) -> LineResult:
    """Score a line again from its entries, leaving the trace; the same functions the night uses."""
    if line.in_segments and not line.waived_reason:
        return _rerun_segments(line, on, trace)
    if line.kpi.aggregation == Aggregation.FORMULA:
        pair = None if line.waived_reason else rerun_formula(line, on, trace, reader)
        return _score(line, pair, on, trace)
    ratio = line.kpi.aggregation == Aggregation.RATIO
    given = [Entry(e.numerator if ratio else e.value, e.denominator, e.on, e.pk) for e in entries]
    parts = {"numerator_agg": line.kpi.numerator_agg, "denominator_agg": line.kpi.denominator_agg} if ratio else {}
    waived = bool(line.waived_reason)
    if line.takes_children:
        pair = None if waived else stored_pair(line)
    else:
        pair = None if waived else aggregate(line.kpi.aggregation, given, trace=trace, **parts)
    return _score(line, pair, on, trace)


def _score(line: ScorecardLine, pair: Pair | None, on: datetime.date, trace: Trace) -> LineResult:
    """The line scored with a pair, and with what a period before leaves where there is none."""
    rule, absence = rule_of_line(line), absence_on(line, line.scorecard.period, on)
    late = pair is None and absence == KernelState.LATE and rule.missing_policy is MissingPolicy.CARRY_FORWARD
    carried = carried_pairs([line.pk]).get(line.pk) if late else None
    lateness = read_lateness({line.pk: rule})[line.pk] if pair and charges_lateness(rule) else None
    if lateness:
        lateness.note(trace)
    return score_line(
        rule,
        actual=pair[0] if pair else None,
        denominator=pair[1] if pair else None,
        target=line.target,
        baseline=line.baseline,
        absence=absence,
        late=lateness.days if lateness else None,
        carried=carried,
        wiped_out=bool(line.wiped_out_reason),
        trace=trace,
    )


def _rerun_segments(line: ScorecardLine, on: datetime.date, trace: Trace) -> LineResult:
    """The same of a line that changed inside its period."""
    given = read_segments([line.pk])[line.pk]
    absence = absence_on(line, line.scorecard.period, on)
    state, raw, completion = score_segments(given.segments, absence=absence, carried=given.carried, trace=trace)
    if line.wiped_out_reason:
        state, completion = KernelState.SCORED, round_completion(ZERO)
        trace.note(RuleCode.WIPED_OUT, completion, scope="kpi")
    return LineResult(state, raw, completion, status_of(completion, trace=trace), None)


def explain_line(line: ScorecardLine, *, on: datetime.date, reader: Member | None = None) -> Explanation:
    """Every step from a line's completion down to its entries; says so when it differs from what is stored.

    What adds up from below names the children that `reader` may read, and how many more there are.
    Operands of a formula that stand on other cards show their value to a reader who may read those.
    """
    line = load_line(line.pk)
    every = list(
        Actual.objects.filter(line=line).select_related("entered_by", "decided_by").prefetch_related("evidence")
    )
    live = sorted((e for e in every if e.state in LIVE_STATES), key=lambda e: (e.on, e.pk))
    trace = Trace()
    result = rerun(line, live, on, trace, reader)
    stored = getattr(line, "score", None)
    calculated = line.kpi.aggregation == Aggregation.FORMULA
    sources = formula_sources(line, reader, on) if calculated else _entry_sources(line, live, every)
    steps = [_spoken(step, line, sources) for step in reversed(trace.steps) if step.rule not in UNSPOKEN]
    if line.takes_children:
        steps.append(from_below(line, reader, on))
    if stored is not None and stored.completion != result.completion:
        steps.insert(0, _difference(stored.completion, result.completion))
    if line.waived_reason or line.wiped_out_reason:
        steps.insert(0, _decision(line))
    return Explanation(
        title=_("Why %(percent)s?") % {"percent": p(stored.completion if stored else result.completion)},
        intro=_("%(kpi)s, %(owner)s, %(period)s. Every step that led here, down to what was typed.")
        % {"kpi": line.kpi.name, "owner": line.scorecard.owner_name, "period": line.scorecard.period.label},
        steps=(*steps, target_step(line), *_own_rule(line), version_step(line)),
        lift=lift_of_line(line, result),
        crumbs=_crumbs(line),
        about=("line", line.pk),
    )


def _measure(line: ScorecardLine) -> Measure:
    since = date_format(line.scorecard.period.starts_on, "MONTH_DAY_FORMAT")
    return Measure(line.kpi.unit, since, line.kpi.numerator_label, line.kpi.denominator_label)


def _spoken(step, line: ScorecardLine, sources: tuple[Source, ...]) -> Step:
    measure = _measure(line)
    if step.operands.get("part") in ("numerator", "denominator"):
        # A part is counted in its own unit; the KPI's unit is that of the quotient.
        measure = Measure("", measure.since, measure.numerator, measure.denominator)
    words = WORDS[step.rule](step, measure)
    is_source = step.rule.value.startswith(("aggregate.", "actual.formula"))
    return Step(words.title, words.value, words.text, sources if is_source else ())


def _entry_sources(line: ScorecardLine, live: Sequence[Actual], every: Sequence[Actual]) -> tuple[Source, ...]:
    """Who entered what and when, newest first, with files; then how many more there are and what was corrected."""
    address = reverse("scorecards:line", args=[line.scorecard.organization.slug, line.pk])
    sources = [Source(_entry_text(entry, line), f"{address}#entry-{entry.pk}") for entry in reversed(live)]
    shown = sources[:ENTRIES_SHOWN]
    more = len(sources) - len(shown)
    if more:
        text = ngettext("and %(count)d earlier entry", "and %(count)d earlier entries", more) % {"count": more}
        shown.append(Source(text, address))
    corrected = sum(entry.state == ActualState.CORRECTED for entry in every)
    if corrected:
        text = ngettext("%(count)d correction", "%(count)d corrections", corrected) % {"count": corrected}
        shown.append(Source(text, address))
    return tuple(shown)


def _entry_text(entry: Actual, line: ScorecardLine) -> str:
    if entry.value is not None:
        number = u(entry.value, Measure(line.kpi.unit))
    else:
        number = f"{u(entry.numerator, Measure())} ÷ {u(entry.denominator, Measure())}"
    who = entry.entered_by.name if entry.entered_by else entry.get_source_display()
    text = _("%(number)s for %(day)s, entered by %(who)s on %(when)s") % {
        "number": number,
        "day": day(entry.on),
        "who": who,
        "when": instant(entry.entered_at),
    }
    if entry.state == ActualState.APPROVED and entry.decided_by:
        text += ", " + _("approved by %(who)s") % {"who": entry.decided_by.name}
    files = ", ".join(file.filename for file in entry.evidence.all())
    return f"{text}, " + _("evidence: %(files)s") % {"files": files} if files else text


def _difference(stored: Decimal | None, now: Decimal | None) -> Step:
    return Step(
        _("The stored score differs"),
        p(stored),
        _(
            "Calculated anew from the same entries it is %(now)s. A locked period keeps what it had; an open one is"
            " brought up to date by the next night."
        )
        % {"now": p(now)},
    )


def _decision(line: ScorecardLine) -> Step:
    who = line.wiped_out_by if line.wiped_out_reason else line.waived_by
    title = _("Severe violation") if line.wiped_out_reason else _("Waived")
    return Step(title, "", f"{line.wiped_out_reason or line.waived_reason} ({who.name if who else '–'})")


def target_step(line: ScorecardLine) -> Step:
    """The target: who agreed it, and what changed since."""
    card = line.scorecard
    slug = card.organization.slug
    sources = [Source(_("%(owner)s, %(period)s") % {"owner": card.owner_name, "period": card.period.label},
                      reverse("scorecards:card", args=[slug, card.pk]))]  # fmt: skip
    if card.agreed_by and card.agreed_at:
        text = _("Agreed by %(who)s on %(when)s") % {"who": card.agreed_by.name, "when": instant(card.agreed_at)}
    else:
        text = _("Not agreed yet: the card is a draft")
    changes = ChangeRequest.objects.filter(line=line, state=ChangeState.APPROVED).select_related("decided_by")
    for change in changes:
        label = _("Changed on %(when)s, approved by %(who)s") % {
            "when": instant(change.decided_at),
            "who": change.decided_by.name,
        }
        sources.append(Source(label, reverse("scorecards:changes", args=[slug])))
    return Step(_("Target"), u(line.target, Measure(line.kpi.unit)), text, tuple(sources))


def _own_rule(line: ScorecardLine) -> tuple[Step, ...]:
    """How the line is scored where not as its KPI says; since when, where that changed inside the period."""
    dated = list(LineSegment.objects.filter(line=line)) if line.in_segments else []
    steps = []
    for one in dated or [line]:
        if one.method:
            text = scoring_words(one.method, one.params or {})
            if isinstance(one, LineSegment):
                text = _("From %(day)s on") % {"day": day(one.starts_on)} + ": " + text
            steps.append(Step(_("Scored differently here"), str(one.get_method_display()), text))
    return tuple(steps)


def version_step(line: ScorecardLine) -> Step:
    """The version of the KPI that the line is scored by: who defined it, and since when the KPI is in use."""
    version, slug = line.kpi, line.scorecard.organization.slug
    url = f"{reverse('strategy:kpi', args=[slug, version.definition_id])}#version-{version.number}"
    shown = {"number": version.number, "when": day(version.created_at)}
    if version.created_by:
        shown["who"] = version.created_by.name
        label = _("KPI version %(number)d, defined by %(who)s on %(when)s") % shown
    else:
        label = _("KPI version %(number)d, defined on %(when)s") % shown
    text = f"{version.get_method_display()} · {version.get_aggregation_display()}"
    if activation := activation_of(version):
        shown = {"who": activation.actor_name, "when": day(activation.at)}
        text += " · " + _("in use since %(when)s, activated by %(who)s") % shown
    return Step(version.name, _("version %(number)d") % {"number": version.number}, text, (Source(label, url),))


def _crumbs(line: ScorecardLine) -> tuple[Source, ...]:
    slug, card = line.scorecard.organization.slug, line.scorecard
    return (
        Source(card.owner_name, reverse("scorecards:card", args=[slug, card.pk])),
        Source(_("Score"), reverse("scorecards:explain_card", args=[slug, card.pk])),
    )

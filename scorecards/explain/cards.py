"""Why a card's score is what it is: the weighted mean, line by line, and how much of the card it rests on."""

import datetime
from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from kpiapp.explain import Explanation, Source, Step
from kpiapp.models import Member
from kpiapp.templatetags.kpi import instant
from scorecards import queries
from scorecards.explain.lift import lift_of_card
from scorecards.explain.numbers import exact, lowered, n, p, pct
from scorecards.explain.words import state_text
from scorecards.line_rules import absence_on, rule_of_line
from scorecards.models import Scorecard, ScorecardLine
from scorecards.scoring import (
    NOT_SCORABLE,
    CardLine,
    CardResult,
    MissingPolicy,
    RuleCode,
    Trace,
    WeightPolicy,
    score_card,
)
from scorecards.scoring import Step as KernelStep


def _card_line(line: ScorecardLine, on: datetime.date) -> CardLine:
    """What the card's mean takes from a stored line."""
    score = getattr(line, "score", None)
    state = score.state if score else absence_on(line, line.scorecard.period, on)
    if score is not None and score.reason:
        state = f"{NOT_SCORABLE}{score.reason}"
    policy = MissingPolicy(rule_of_line(line).missing_policy)
    return CardLine(line.weight, str(state), score.completion if score else None, line.kpi.name, missing_policy=policy)


def rerun(card: Scorecard, lines: Sequence[ScorecardLine], on: datetime.date, trace: Trace) -> CardResult:
    """The card's score from its stored lines once more, leaving the trace."""
    return score_card([_card_line(line, on) for line in lines], weight_policy=WeightPolicy.NORMALISE, trace=trace)


def explain_card(card: Scorecard, *, reader: Member, on: datetime.date) -> Explanation:
    """Every step from a card's score to its lines, each of which explains itself; says so when stored differs."""
    card = Scorecard.objects.select_related("period", "member", "department", "organization", "score", "agreed_by").get(
        pk=card.pk
    )
    lines = card.lines.filter(is_scored=True).select_related("kpi", "score", "scorecard__period")
    lines = list(lines.annotate(is_hidden=queries.is_hidden_from(reader, on)))
    trace = Trace()
    result = rerun(card, lines, on, trace)
    stored = getattr(card, "score", None)
    percent = stored.percent if stored else result.percent
    shown = "–" if percent is None else pct(percent)
    steps = [*_top(trace, result), *_line_steps(card, lines, trace), _agreement(card)]
    if stored is not None and stored.percent != result.percent:
        text = _("Calculated anew from the same lines it is %(now)s.") % {
            "now": "–" if result.percent is None else pct(result.percent)
        }
        steps.insert(0, Step(_("The stored score differs"), shown, text))
    return Explanation(
        title=_("Why %(percent)s?") % {"percent": shown},
        intro=_("The score of %(owner)s, %(period)s. Open a KPI to go on down to what was typed.")
        % {"owner": card.owner_name, "period": card.period.label},
        steps=tuple(steps),
        lift=lift_of_card(lines, [_card_line(line, on) for line in lines], result.percent),
        crumbs=(Source(card.owner_name, reverse("scorecards:card", args=[card.organization.slug, card.pk])),),
        about=("card", card.pk),
    )


def _found(trace: Trace, code: RuleCode) -> KernelStep | None:
    return next((step for step in trace.steps if step.rule is code), None)


def score_words(trace: Trace) -> list[Step]:
    """The cap, where it bites, and the weighted mean with its rounding."""
    steps = []
    if capped := _found(trace, RuleCode.CARD_CAPPED):
        text = _("%(percent)s is capped at %(cap)s") % {
            "percent": pct(capped.operands["percent"]),
            "cap": pct(capped.operands["cap_percent"]),
        }
        steps.append(Step(_("Cap"), pct(capped.result), text))
    if score := _found(trace, RuleCode.CARD_SCORE):
        total, weight = score.operands["weighted_sum"], score.operands["measured_weight"]
        shown = {"sum": n(total), "weight": n(weight), "percent": pct(score.result)}
        text = _("Weighted mean: sum of weight × completion ÷ measured weight = %(sum)s ÷ %(weight)s = %(percent)s")
        text = text % shown + ", " + _("rounded half-up to two decimals")
        steps.append(Step(_("Score"), pct(score.result), text))
    return steps


def _top(trace: Trace, result: CardResult) -> list[Step]:
    """Score, cap, coverage, and what makes it less than a plain score."""
    steps = score_words(trace)
    if not steps:
        blocked = _found(trace, RuleCode.CARD_BLOCKED)
        text = _("A KPI that must have a value has none, so the card cannot be closed")
        nothing = _("Nothing is measured yet: no score, which is not the same as 0")
        steps.append(Step(_("Score"), "–", text if blocked else nothing))
    text = _("%(scored)d of %(total)d KPIs, %(weight)s of the weight") % {
        "scored": result.lines_scored,
        "total": result.lines_total,
        "weight": pct(result.coverage_percent),
    }
    if provisional := _found(trace, RuleCode.CARD_PROVISIONAL):
        needed = pct(provisional.operands["needed_percent"])
        text += "; " + _("below %(needed)s it is provisional") % {"needed": needed}
    steps.append(Step(_("Measured"), pct(result.coverage_percent), text))
    if result.warnings:
        text = _("Weights add up to %(total)s, so each counts by its share") % {"total": n(result.total_weight)}
        steps.append(Step(_("Weights"), n(result.total_weight), text))
    return steps


def _line_steps(card: Scorecard, lines: Sequence[ScorecardLine], trace: Trace) -> list[Step]:
    """The table of lines: weight × completion, or why a line is left out; in the order of the card."""
    codes = (RuleCode.CARD_LINE, RuleCode.CARD_LINE_ZERO, RuleCode.CARD_LINE_LEFT_OUT)
    noted = [step for step in trace.steps if step.rule in codes]
    steps = []
    for line, step in zip(lines, noted, strict=True):
        if line.is_hidden:
            steps.append(Step(_("Confidential KPI"), "", _("%(weight)s of the card") % {"weight": pct(line.weight)}))
            continue
        url = reverse("scorecards:explain_line", args=[card.organization.slug, line.pk])
        source = Source(_("Why?"), url)
        weight = pct(line.weight)
        if step.rule is RuleCode.CARD_LINE:
            completion = step.operands["completion"]
            text = _("%(weight)s of the card × %(completion)s = %(points)s points") % {
                "weight": weight,
                "completion": exact(completion),
                "points": n(step.result),
            }
            steps.append(Step(line.kpi.name, p(completion), text, (source,)))
            continue
        reason = lowered(state_text(str(step.operands["state"])))
        if step.rule is RuleCode.CARD_LINE_ZERO:
            text = _("%(weight)s of the card counts 0: %(reason)s") % {"weight": weight, "reason": reason}
        else:
            text = _("%(weight)s of the card is left out: %(reason)s") % {"weight": weight, "reason": reason}
        steps.append(Step(line.kpi.name, "–", text, (source,)))
    return steps


def _agreement(card: Scorecard) -> Step:
    if card.agreed_by and card.agreed_at:
        text = _("By %(who)s on %(when)s") % {"who": card.agreed_by.name, "when": instant(card.agreed_at)}
        return Step(_("Weights and targets agreed"), "", text)
    return Step(_("Weights and targets"), "", _("Not agreed yet: the card is a draft"))

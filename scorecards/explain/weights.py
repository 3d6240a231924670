"""Why a weight is suggested: the group's factor, the limits of the company, and whole percents that add up to 100."""

import datetime
from collections import defaultdict

from django.urls import reverse
from django.utils.translation import gettext as _

from kpiapp.explain import Explanation, Source, Step
from kpiapp.models import Member
from kpiapp.permissions import Permission, can
from scorecards import queries
from scorecards.cards.weights import suggestions
from scorecards.explain.numbers import n, pct
from scorecards.models import Scorecard, ScorecardLine
from scorecards.models.rules import card_rules
from scorecards.scoring import RuleCode, Trace
from scorecards.scoring import Step as KernelStep


def explain_weights(card: Scorecard, *, reader: Member, on: datetime.date) -> Explanation:
    """The weight suggested for each scored line of a card, from its group to the whole percent."""
    lines = [line for line in queries.card_with_lines(card, reader, on) if line.is_scored]
    rules, trace, slug = card_rules(), Trace(), card.organization.slug
    suggestions(lines, rules, trace)
    told: dict[int, list[KernelStep]] = defaultdict(list)
    for step in trace.steps:
        told[int(step.operands["number"])].append(step)
    steps = [_line_step(line, told[number], slug) for number, line in enumerate(lines, 1) if told[number]]
    if not steps:
        steps = [Step(_("No suggestion"), "–", _("The limits leave no room, or a KPI here does not show its group."))]
    shown = {"least": pct(rules.weight_least), "most": pct(rules.weight_most)}
    rule = _("A counts 3, B counts 2, C counts 1; each from %(least)s to %(most)s where that leaves room.") % shown
    rules_page = Source(_("Rules of cards"), reverse("scorecards:card_rules", args=[slug]))
    return Explanation(
        title=_("Why these weights?"),
        intro=_("%(owner)s, %(period)s: what is suggested by the groups of the KPIs. You decide.")
        % {"owner": card.owner_name, "period": card.period.label},
        steps=(*steps, Step(_("Rule"), "", rule, (rules_page,) if can(reader, Permission.ROLE_READ) else ())),
        crumbs=(Source(card.owner_name, reverse("scorecards:card", args=[slug, card.pk])),),
    )


def _line_step(line: ScorecardLine, steps: list[KernelStep], slug: str) -> Step:
    """One line: its share by factor or limit, then the largest remainder."""
    texts = [_("Group %(group)s") % {"group": line.kpi.group}]
    for step in steps:
        o = step.operands
        if step.rule is RuleCode.WEIGHT_SHARE:
            texts.append(f"{n(o['rest'])} × {n(o['factor'])} ÷ {n(o['factors'])} = {n(step.result)}")
        elif step.rule is RuleCode.WEIGHT_LIMITED:
            shown = {"share": n(o["share"]), "limit": n(o["limit"])}
            text = _("%(share)s by its group is outside the limits, so %(limit)s; the rest is shared anew")
            texts.append(text % shown)
        else:
            texts.append(_("in whole percents by the largest remainder: %(weight)s") % {"weight": pct(step.result)})
    source = Source(_("The KPI and its group"), reverse("strategy:kpi", args=[slug, line.kpi.definition_id]))
    return Step(line.kpi.name, pct(steps[-1].result), "; ".join(texts), (source,))

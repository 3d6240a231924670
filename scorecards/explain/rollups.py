"""Why a rolled-up score is what it is: of an objective, a perspective, a department or the organization."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp import queries as people
from kpiapp.decimals import ONE, divide
from kpiapp.explain import Explanation, Source, Step
from kpiapp.models import Department, Employment, Member
from scorecards import queries
from scorecards.choices import CardState, OwnerKind, RollupKind
from scorecards.explain.numbers import n, pct
from scorecards.models import RollupScore, Scorecard, ScorecardLine
from scorecards.scoring import Child, RollUp, roll_up
from strategy.models import Objective

PARTS_SHOWN = 50
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Part:
    """One of the scores a roll-up is made of; `url` is empty for what the reader may not open."""

    name: str
    completion: Decimal | None
    weight: Decimal = ONE
    url: str = ""


def explain_rollup(rollup: RollupScore, *, reader: Member, on: datetime.date) -> Explanation:
    """The mean behind a roll-up with its parts; parts the reader may not see are counted and not named."""
    parts = _PARTS[RollupKind(rollup.kind)](rollup, reader, on)
    weighted = rollup.kind == RollupKind.OBJECTIVE
    method = RollUp.WEIGHTED_AVG if weighted else RollUp.AVG
    result = roll_up(method, [Child(part.completion, part.weight, part.name) for part in parts])
    shown = "–" if rollup.percent is None else pct(rollup.percent)
    steps = [_mean(rollup, result.children_scored, weighted)]
    now = None if result.completion is None else result.completion * HUNDRED
    if now is not None and rollup.percent is not None and pct(now) != pct(rollup.percent):
        text = _("Calculated anew it is %(now)s: scores have changed since, and are rolled up within minutes.")
        steps.insert(0, Step(_("The stored score differs"), shown, text % {"now": pct(now)}))
    return Explanation(
        title=_("Why %(percent)s?") % {"percent": shown},
        intro=f"{_name(rollup)}, {rollup.period.label}",
        steps=(*steps, *_part_steps(parts, weighted)),
        crumbs=(Source(_("Scorecards"), _team_url(rollup)),),
        about=("rollup", rollup.pk),
    )


def _mean(rollup: RollupScore, count: int, weighted: bool) -> Step:
    counted = ngettext("%(count)d score", "%(count)d scores", count) % {"count": count}
    if rollup.kind in (RollupKind.DEPARTMENT, RollupKind.ORGANIZATION) and rollup.parts == 1:
        text = _("Its one score")
    elif weighted:
        text = _("Mean of %(scores)s, each by its weight on its card") % {"scores": counted}
    else:
        text = _("Mean of %(scores)s; what has no score is left out, never counted as 0") % {"scores": counted}
    return Step(_name(rollup), "–" if rollup.percent is None else pct(rollup.percent), text)


def _part_steps(parts: Sequence[Part], weighted: bool) -> list[Step]:
    named = [part for part in parts if part.name][:PARTS_SHOWN]
    steps = [
        Step(
            part.name,
            "–" if part.completion is None else pct(part.completion * HUNDRED),
            _("Weight %(weight)s") % {"weight": n(part.weight)} if weighted else "",
            (Source(_("Why?"), part.url),) if part.url else (),
        )
        for part in named
    ]
    hidden = len(parts) - len(named)
    if hidden:
        text = ngettext("and %(count)d more score", "and %(count)d more scores", hidden) % {"count": hidden}
        steps.append(Step(text, "", ""))
    return steps


def _name(rollup: RollupScore) -> str:
    named = rollup.objective or rollup.department or rollup.organization
    return rollup.perspective.label if rollup.perspective else named.name


def _team_url(rollup: RollupScore) -> str:
    return f"{reverse('scorecards:team', args=[rollup.organization.slug])}?period={rollup.period.code}"


def _rollup_url(rollup: RollupScore) -> str:
    return reverse("scorecards:explain_rollup", args=[rollup.organization.slug, rollup.pk])


def _fraction(percent: Decimal | None) -> Decimal | None:
    return None if percent is None else divide(percent, HUNDRED)


def _objective_parts(rollup: RollupScore, reader: Member, on: datetime.date) -> list[Part]:
    """Lines of departments and of the organization; only where there are none, those of people."""
    lines = ScorecardLine.objects.filter(
        scorecard__period=rollup.period_id,
        kpi__objective=rollup.objective_id,
        score__completion__isnull=False,
        is_scored=True,
        weight__gt=0,
    ).exclude(scorecard__state=CardState.DRAFT)
    lines = lines.select_related(
        "kpi", "score", "scorecard__member", "scorecard__department", "scorecard__organization"
    )
    lines = list(lines.order_by("scorecard__owner_kind", "pk"))
    units = [line for line in lines if line.scorecard.owner_kind != OwnerKind.MEMBER]
    found = queries.visible_lines(reader, on).filter(pk__in=[line.pk for line in lines])
    visible = set(found.values_list("pk", flat=True))
    return [
        Part(
            f"{line.kpi.name} · {line.scorecard.owner_name}" if line.pk in visible else "",
            line.score.completion,
            line.weight,
            reverse("scorecards:explain_line", args=[rollup.organization.slug, line.pk]) if line.pk in visible else "",
        )
        for line in units or lines
    ]


def _perspective_parts(rollup: RollupScore, reader: Member, on: datetime.date) -> list[Part]:
    objectives = Objective.objects.published().filter(perspective=rollup.perspective_id)
    scores = RollupScore.objects.filter(period=rollup.period_id, kind=RollupKind.OBJECTIVE)
    scores = {row.objective_id: row for row in scores.select_related("organization")}
    return [
        Part(one.name, _fraction(row.percent) if row else None, url=_rollup_url(row) if row else "")
        for one in objectives
        for row in [scores.get(one.pk)]
    ]


def _department_parts(rollup: RollupScore, reader: Member, on: datetime.date) -> list[Part]:
    """The department's own card, else the cards of everyone in it and below it."""
    department = rollup.department
    cards = Scorecard.objects.filter(period=rollup.period_id, score__percent__isnull=False)
    cards = cards.exclude(state=CardState.DRAFT).select_related("score", "member", "department", "organization")
    own = cards.filter(department=department)
    if not own:
        below = people.department_subtree(department).values("pk")
        here = Employment.objects.on(min(on, rollup.period.last_day)).filter(department__in=below)
        own = cards.filter(member__in=here.values("member")).order_by("member__sort_key")
    return _card_parts(list(own), rollup, reader, on)


def _card_parts(cards: Sequence[Scorecard], rollup: RollupScore, reader: Member, on: datetime.date) -> list[Part]:
    visible = set(queries.visible_cards(reader, on).filter(period=rollup.period_id).values_list("pk", flat=True))
    return [
        Part(
            card.owner_name if card.pk in visible else "",
            _fraction(card.score.percent),
            url=reverse("scorecards:explain_card", args=[rollup.organization.slug, card.pk])
            if card.pk in visible
            else "",
        )
        for card in cards
    ]


def _organization_parts(rollup: RollupScore, reader: Member, on: datetime.date) -> list[Part]:
    """The organization's own card, else the departments at the top."""
    own = Scorecard.objects.filter(
        period=rollup.period_id, owner_kind=OwnerKind.ORGANIZATION, score__percent__isnull=False
    )
    own = own.exclude(state=CardState.DRAFT).select_related("score", "member", "department", "organization")
    if own:
        return _card_parts(list(own), rollup, reader, on)
    tops = Department.objects.filter(parent=None).order_by("sort_key")
    scores = RollupScore.objects.filter(period=rollup.period_id, kind=RollupKind.DEPARTMENT)
    scores = {row.department_id: row for row in scores.select_related("organization")}
    open_to_reader = set(queries.visible_rollups(reader, on).values_list("pk", flat=True))
    return [
        Part(
            department.name,
            _fraction(row.percent) if row else None,
            url=_rollup_url(row) if row and row.pk in open_to_reader else "",
        )
        for department in tops
        for row in [scores.get(department.pk)]
    ]


_PARTS = {
    RollupKind.OBJECTIVE: _objective_parts,
    RollupKind.PERSPECTIVE: _perspective_parts,
    RollupKind.DEPARTMENT: _department_parts,
    RollupKind.ORGANIZATION: _organization_parts,
}

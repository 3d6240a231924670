"""What strategy puts on the home page: how the map stands, what is not measured, and a new company's first steps."""

import datetime
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, Q
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.translation import gettext as _

from kpiapp.choices import Role
from kpiapp.models import Member, RoleGrant
from kpiapp.permissions import Permission, can
from kpiapp.queries import count_of
from kpiapp.registry import HomeAction, HomePanel, HomeVisit, ObjectiveScore
from strategy import queries
from strategy.choices import MapState
from strategy.kpis import threads
from strategy.models import KpiDefinition, Objective, Perspective, StrategyMap
from strategy.visibility import visible_kpis

READERS = frozenset({Role.STRATEGY, Role.OWNER, Role.AUDITOR})
STATUSES = ("above", "on", "at_risk", "off", "none")
SHOWN = 5


def panels(visit: HomeVisit) -> list[HomePanel]:
    """First steps while there is something to begin with, and the map by perspective; at most three queries."""
    found = [_questions(visit)]
    if _builds(visit.member):
        found.append(_first_steps(visit))
    if _reads(visit.member):
        found.append(_map(visit))
    return [panel for panel in found if panel]


def _questions(visit: HomeVisit) -> HomePanel | None:
    """Questions about KPIs that wait for the member's answer; one query."""
    asked = threads.questions_for(visit.member, visit.today).select_related("definition", "author")
    waiting = list(asked.order_by("id")[: SHOWN + 1])
    if not waiting:
        return None
    slug = visit.member.organization.slug
    url = f"{reverse('strategy:kpi_list', args=[slug])}?state=asked"
    action = HomeAction(_("Answer questions"), url, "circle-help", order=45)
    context = {"questions": waiting[:SHOWN], "more": len(waiting) > SHOWN, "url": url}
    return HomePanel(_("Questions to answer"), "strategy/_home_questions.html", context, order=45, action=action)


def _reads(member: Member) -> bool:
    return bool(member.roles & READERS)


def _builds(member: Member) -> bool:
    return _reads(member) or can(member, Permission.PEOPLE_EDIT)


def facts(member: Member, on: datetime.date) -> dict:
    """What there is already, and the active KPIs that serve no objective."""
    if not _builds(member):
        return {}
    used = KpiDefinition.objects.filter(is_active=True)
    orphans = used.filter(Q(current__objective=None) | ~Q(current__objective__retired_at=None))
    known = visible_kpis(member, on)
    named = (
        orphans.filter(pk__in=known.values("pk"))
        .order_by("sort_key")[:SHOWN]
        .values_list(JSONObject(pk="pk", name="name"))
    )
    return {
        "has_map": Exists(StrategyMap.objects.exclude(state=MapState.ARCHIVED)),
        "has_kpi": Exists(used),
        "people": count_of(Member.objects.filter(is_active=True)),
        "has_payroll": Exists(RoleGrant.objects.filter(role=Role.PAYROLL_MAKER)),
        "orphans": count_of(orphans),
        "orphans_named": ArraySubquery(named),
    }


# --- first steps ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """A first step of a new company, and whether it is done."""

    title: str
    text: str
    label: str
    url: str
    icon: str
    is_done: bool


def _first_steps(visit: HomeVisit) -> HomePanel | None:
    steps = _steps(visit.member, visit.facts)
    following = next((step for step in steps if not step.is_done), None)
    if following is None:
        return None
    action = HomeAction(following.label, following.url, following.icon, order=5)
    return HomePanel(
        _("First steps"), "strategy/_home_steps.html", {"steps": steps}, order=5, place="top", action=action
    )


def _steps(member: Member, facts: Mapping[str, Any]) -> list[Step]:
    slug = member.organization.slug
    steps = [
        (
            Permission.STRATEGY_EDIT,
            Step(
                title=_("Strategy map"),
                text=_("What the company wants to reach, and what drives what. Begin empty or with an example."),
                label=_("Draw the map"),
                url=reverse("strategy:map", args=[slug]),
                icon="map",
                is_done=facts["has_map"],
            ),
        ),
        (
            Permission.KPI_EDIT,
            Step(
                title=_("KPIs"),
                text=_("Take what fits from the library, ready to be scored, or define your own."),
                label=_("Choose KPIs"),
                url=reverse("strategy:library", args=[slug]),
                icon="library",
                is_done=facts["has_kpi"],
            ),
        ),
        (
            Permission.PEOPLE_EDIT,
            Step(
                title=_("People"),
                text=_("Who works where and for whom: import a list from Excel, or add them one by one."),
                label=_("Add people"),
                url=reverse("kpiapp:imports", args=[slug]),
                icon="users",
                is_done=facts["people"] > 1,
            ),
        ),
        (
            Permission.ROLE_GRANT,
            Step(
                title=_("Pay"),
                text=_("One person prepares the pay run, another approves it. Invite both and give them their roles."),
                label=_("Give roles"),
                url=reverse("kpiapp:roles", args=[slug]),
                icon="wallet",
                is_done=facts["has_payroll"],
            ),
        ),
    ]
    return [step for permission, step in steps if can(member, permission)]


# --- the map --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lane:
    """A perspective, how many objectives it has, and how many of them stand where."""

    perspective: Perspective
    statuses: list[dict]
    total: int


def _map(visit: HomeVisit) -> HomePanel | None:
    objectives = Objective.objects.published().select_related("perspective", "owner")
    objectives = list(objectives.order_by("perspective__position", "position", "pk"))
    if not objectives and not visit.facts["has_kpi"]:
        return None
    scores = queries.objective_scores([objective.pk for objective in objectives], visit.period)
    off = [(one, scores[one.pk]) for one in objectives if one.pk in scores and scores[one.pk].status == "off"]
    off.sort(key=lambda pair: pair[1].percent)
    context = {
        "period": visit.period,
        "lanes": _lanes(objectives, scores),
        "off": off[:SHOWN],
        "off_more": max(0, len(off) - SHOWN),
        "orphans": visit.facts["orphans"],
        "orphans_named": visit.facts["orphans_named"],
    }
    return HomePanel(_("The strategy this month"), "strategy/_home_map.html", context, order=30)


def _lanes(objectives: list[Objective], scores: dict[int, ObjectiveScore]) -> list[Lane]:
    found: dict[Perspective, Counter] = {}
    for one in objectives:
        status = scores[one.pk].status if one.pk in scores else "none"
        found.setdefault(one.perspective, Counter())[status] += 1
    return [
        Lane(lane, [{"status": status, "value": counts[status]} for status in STATUSES], counts.total())
        for lane, counts in found.items()
    ]

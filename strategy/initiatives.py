"""Reads of initiatives: who may change which, how far each has come, what is late, and the timeline."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import ngettext

from kpiapp.choices import Scope
from kpiapp.decimals import HUNDRED, divide, round_percent
from kpiapp.models import Member
from kpiapp.permissions import Permission, scope_of
from kpiapp.queries import visible_members
from kpiapp.text import search_key
from strategy.choices import InitiativeState, MapState
from strategy.models import Initiative, InitiativeObjective, InitiativeWait, KpiDefinition, Milestone, Objective

OPEN = (InitiativeState.PLANNED, InitiativeState.RUNNING)


def plannable_initiatives(member: Member, on: datetime.date) -> QuerySet[Initiative]:
    """Initiatives a member may change: all, or those of the people they plan for."""
    return _of_people(member, Permission.INITIATIVE_PLAN, on)


def reportable_initiatives(member: Member, on: datetime.date) -> QuerySet[Initiative]:
    """Initiatives whose progress a member may report: their own, and those they may change."""
    return _of_people(member, Permission.INITIATIVE_REPORT, on)


def people_planned_for(member: Member, on: datetime.date) -> QuerySet[Member] | None:
    """Who may own what a member plans; None for anybody, and nobody too."""
    if scope_of(member, Permission.INITIATIVE_PLAN) == Scope.ALL:
        return None
    return visible_members(member, Permission.INITIATIVE_PLAN, on)


def _of_people(member: Member, permission: Permission, on: datetime.date) -> QuerySet[Initiative]:
    if scope_of(member, permission) == Scope.ALL:
        return Initiative.objects.all()
    return Initiative.objects.filter(owner__in=visible_members(member, permission, on).values("pk"))


@dataclass
class InitiativeView:
    """An initiative with its milestones, and how it stands on a day."""

    initiative: Initiative
    on: datetime.date
    milestones: Sequence[Milestone]
    objectives: Sequence[Objective] = field(default_factory=list)
    waits_for: Sequence[Initiative] = field(default_factory=list)

    @property
    def progress(self) -> Decimal:
        """Percent, 100 = done: the share of milestones reached, else what was typed."""
        if self.initiative.state == InitiativeState.DONE:
            return HUNDRED
        if not self.milestones:
            return Decimal(self.initiative.progress_percent)
        done = sum(milestone.done_on is not None for milestone in self.milestones)
        return round_percent(divide(HUNDRED * done, Decimal(len(self.milestones))))

    @property
    def is_late(self) -> bool:
        """Whether it, or one of its milestones, should have been there by now."""
        if self.initiative.state not in OPEN:
            return False
        return self.initiative.due_on < self.on or any(self.is_overdue(milestone) for milestone in self.milestones)

    def is_overdue(self, milestone: Milestone) -> bool:
        """Whether a milestone should have been reached by now."""
        return milestone.done_on is None and milestone.due_on < self.on

    def days_late(self, milestone: Milestone) -> int:
        """By how many days a milestone missed its day, or misses it so far; 0 when it is in time."""
        return max(0, ((milestone.done_on or self.on) - milestone.due_on).days)

    @property
    def status(self) -> str:
        """The hue: off when late or over budget, on when done, at risk when the time goes faster than the work."""
        if self.initiative.state == InitiativeState.DONE:
            return "on"
        if self.initiative.state == InitiativeState.STOPPED:
            return "none"
        if self.is_late or self.is_over_budget:
            return "off"
        if self.held_up_by:
            return "at_risk"
        if self.initiative.state == InitiativeState.PLANNED and self.initiative.starts_on > self.on:
            return "none"
        return "at_risk" if self.progress < self.elapsed else "on"

    @property
    def held_up_by(self) -> list[Initiative]:
        """What it waits for and what will not be done when it is to begin: by plan, or because it is late."""
        begins = self.initiative.starts_on
        if self.initiative.state not in OPEN:
            return []
        return [one for one in self.waits_for if one.state in OPEN and (one.due_on >= begins or begins <= self.on)]

    @property
    def elapsed(self) -> Decimal:
        """Percent of its days gone by."""
        start, end = self.initiative.starts_on, self.initiative.due_on
        days, gone = (end - start).days + 1, (self.on - start).days
        return round_percent(divide(HUNDRED * max(0, min(gone, days)), Decimal(days)))

    @property
    def is_over_budget(self) -> bool:
        """Whether more was spent than planned."""
        budget = self.initiative.budget_amount
        return budget is not None and self.initiative.spent_amount > budget

    @property
    def spent_percent(self) -> Decimal | None:
        """Share of the budget that is gone; None without a budget."""
        budget = self.initiative.budget_amount
        return round_percent(divide(HUNDRED * self.initiative.spent_amount, budget)) if budget else None


def late_on(on: datetime.date) -> Q:
    """The condition of InitiativeView.is_late, for the database."""
    overdue = Milestone.objects.filter(initiative=OuterRef("pk"), done_on=None, due_on__lt=on)
    return Q(state__in=OPEN) & (Q(due_on__lt=on) | Exists(overdue))


def list_initiatives(
    *, on: datetime.date, query: str = "", state: str = "", owner: Member | None = None, objective: int | None = None
) -> QuerySet[Initiative]:
    """Initiatives for a list, what is due first on top; `state` also takes "late" and "open"."""
    found = Initiative.objects.select_related("owner").order_by("due_on", "pk")
    for word in search_key(query).split():
        found = found.filter(search_key__contains=word)
    if state == "late":
        found = found.filter(late_on(on))
    elif state == "open":
        found = found.filter(state__in=OPEN)
    elif state in InitiativeState.values:
        found = found.filter(state=state)
    if owner is not None:
        found = found.filter(owner=owner)
    if objective is not None:
        found = found.filter(objective_links__objective=objective)
    return found


def views_of(initiatives: Iterable[Initiative], on: datetime.date) -> list[InitiativeView]:
    """Initiatives with milestones, objectives and what they wait for; three queries whatever their number."""
    initiatives = list(initiatives)
    waits = defaultdict(list)
    for wait in InitiativeWait.objects.filter(initiative__in=initiatives).select_related("waits_for").order_by("pk"):
        waits[wait.initiative_id].append(wait.waits_for)
    milestones, objectives = defaultdict(list), defaultdict(list)
    for milestone in Milestone.objects.filter(initiative__in=initiatives):
        milestones[milestone.initiative_id].append(milestone)
    # Those of a draft are for its editors alone, until it is published.
    served = InitiativeObjective.objects.filter(initiative__in=initiatives, objective__retired_at=None)
    served = served.exclude(objective__map__state=MapState.DRAFT)
    for link in served.select_related("objective").order_by("objective__position", "pk"):
        objectives[link.initiative_id].append(link.objective)
    return [InitiativeView(one, on, milestones[one.pk], objectives[one.pk], waits[one.pk]) for one in initiatives]


@dataclass(frozen=True)
class Counted:
    """How many initiatives serve an objective, and how many of those are late."""

    total: int
    late: int


def counts_by_objective(objective_ids: Iterable[int], on: datetime.date) -> dict[int, Counted]:
    """Open initiatives of objectives, in one query; objectives without any are left out."""
    late = Initiative.objects.filter(late_on(on), pk=OuterRef("initiative"))
    rows = (
        InitiativeObjective.objects.filter(objective__in=list(objective_ids), initiative__state__in=OPEN)
        .annotate(is_late=Exists(late))
        .values("objective")
        .annotate(total=Count("pk"), late=Count("pk", filter=Q(is_late=True)))
        .order_by()
    )
    return {row["objective"]: Counted(row["total"], row["late"]) for row in rows}


def notes_of(objectives: Iterable[Objective], on: datetime.date) -> dict[int, str]:
    """What a map says of the open initiatives of its objectives: "2 initiatives, 1 late"; a copy has its original's."""
    original = {one.pk: one.stands_for_id or one.pk for one in objectives}
    counts = counts_by_objective(original.values(), on)
    return {pk: _note(counts[shown]) for pk, shown in original.items() if shown in counts}


def _note(counted: Counted) -> str:
    total = ngettext("%(count)d initiative", "%(count)d initiatives", counted.total) % {"count": counted.total}
    if not counted.late:
        return total
    late = ngettext("%(count)d late", "%(count)d late", counted.late) % {"count": counted.late}
    return f"{total}, {late}"


def served_kpis(initiative: Initiative) -> list[KpiDefinition]:
    """KPIs an initiative is meant to move, in the order of lists; what became confidential since is left out."""
    shown = KpiDefinition.objects.filter(initiative_links__initiative=initiative, is_confidential=False)
    return list(shown.select_related("current").order_by("sort_key"))

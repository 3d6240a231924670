"""Links of people who were transferred: which still lead to a place its person has left, and where they belong now.

A link of a person's KPI leads to a department they stand in (or below), or to somebody above them. When they no longer
do, it belongs to the nearest owner of the new place who has the same KPI: the new manager where it led to a person,
else the department joined, else those above it.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from kpiapp.models import Department, Employment, Member, Period
from scorecards.choices import OwnerKind
from scorecards.models import KpiLink, ScorecardLine

Place = Department | Member
ENDS = ("child__definition__current", "child__member", "parent__definition__current")
PARENT = ("parent__member", "parent__department", "parent__organization")


@dataclass(frozen=True)
class LeftBehind:
    """A link to a place its person has left, since when, and the place it belongs to (None: nobody has the KPI)."""

    link: KpiLink
    since: datetime.date
    goes_to: Place | None

    @property
    def person(self) -> Member:
        """Who was transferred."""
        return self.link.child.member


def left_behind(
    *,
    on: datetime.date,
    links: QuerySet[KpiLink] | None = None,
    members: Iterable[int] | None = None,
    replaced: Employment | None = None,
) -> list[LeftBehind]:
    """Links that hold on a day though their person has left the place they lead to by then.

    Five queries however many there are; one where nobody moved. A link that was made after the move is meant.
    `replaced` is where the person would have stood, had another move not been recorded for the same day.
    """
    found = _of_movers(KpiLink.objects.all() if links is None else links, on, members)
    if not found:
        return []
    places = _Places([link.child.member_id for link in found], on)
    if replaced is not None:
        places.insert(replaced)
    moved = [(link, since) for link in found if (since := places.left_since(link)) is not None]
    carriers = _carriers([link for link, _since in moved], on)
    return [LeftBehind(link, since, places.new_place(link, carriers)) for link, since in moved]


def _of_movers(links: QuerySet[KpiLink], on: datetime.date, members: Iterable[int] | None) -> list[KpiLink]:
    moves = Employment.objects.filter(
        member=OuterRef("child__member"), valid_from__gte=OuterRef("valid_from"), valid_from__lte=on
    )
    before = Employment.objects.filter(member=OuterRef("child__member"), valid_to__lte=on)
    held = links.filter(Q(valid_to=None) | Q(valid_to__gt=on), child__owner_kind=OwnerKind.MEMBER)
    held = held.exclude(parent__owner_kind=OwnerKind.ORGANIZATION).filter(Exists(moves), Exists(before))
    if members is not None:
        held = held.filter(child__member__in=list(members))
    return list(held.select_related(*ENDS, *PARENT).order_by("child__member__sort_key", "pk"))


class _Places:
    """Where people stood and stand, and what is above these places."""

    def __init__(self, members: Sequence[int], on: datetime.date):
        self.departments = {unit.pk: unit for unit in Department.objects.all()}
        self.spans: dict[int, list[Employment]] = {}
        rows = Employment.objects.filter(member__in=set(members), valid_from__lte=on).select_related("manager")
        for row in rows.order_by("valid_from"):
            self.spans.setdefault(row.member_id, []).append(row)
        self.on = on

    def insert(self, replaced: Employment) -> None:
        """Count a place somebody would have had before the one they have."""
        self.spans[replaced.member_id].insert(-1, replaced)

    def _inside(self, span: Employment, link: KpiLink) -> bool:
        parent = link.parent
        if parent.member_id is not None:
            return span.manager_id == parent.member_id
        return parent.department_id in self._upwards(span.department_id)

    def _upwards(self, department: int | None) -> list[int]:
        found: list[int] = []
        while department is not None and department not in found:
            found.append(department)
            department = self.departments[department].parent_id
        return found

    def left_since(self, link: KpiLink) -> datetime.date | None:
        """The day from which the person stands elsewhere; None where they do not, or never stood there."""
        spans = self.spans.get(link.child.member_id, [])
        if not spans or self._inside(spans[-1], link):
            return None
        last = next((at for at in range(len(spans) - 1, -1, -1) if self._inside(spans[at], link)), None)
        if last is None:
            return None
        since = spans[last + 1].valid_from
        return since if since >= link.valid_from else None

    def new_place(self, link: KpiLink, carriers: set[tuple[int, str, int]]) -> Place | None:
        """The nearest owner of the new place who has the KPI that the link leads to."""
        now, definition = self.spans[link.child.member_id][-1], link.parent.definition_id
        if now.valid_to is not None and now.valid_to <= self.on:
            return None
        if link.parent.member_id is not None and (definition, OwnerKind.MEMBER, now.manager_id) in carriers:
            return now.manager
        for unit in self._upwards(now.department_id):
            if (definition, OwnerKind.DEPARTMENT, unit) in carriers:
                return self.departments[unit]
        return None


def _carriers(links: Sequence[KpiLink], on: datetime.date) -> set[tuple[int, str, int]]:
    """Who has these KPIs from a day on, on a card or as an end of a link: (definition, kind of owner, owner)."""
    if not links:
        return set()
    definitions = {link.parent.definition_id for link in links}
    owner = ("owner_kind", "department", "member")
    lines = ScorecardLine.objects.filter(
        kpi__definition__in=definitions,
        scorecard__period__in=Period.objects.filter(locked_at=None, ends_on__gt=on),
    ).exclude(scorecard__owner_kind=OwnerKind.ORGANIZATION)
    ends = KpiLink.objects.filter(Q(valid_to=None) | Q(valid_to__gt=on), parent__definition__in=definitions)
    rows = [
        *lines.order_by().values_list("kpi__definition", *(f"scorecard__{name}" for name in owner)).distinct(),
        *ends.order_by().values_list(F("parent__definition"), *(f"parent__{name}" for name in owner)).distinct(),
    ]
    return {(definition, kind, department or member) for definition, kind, department, member in rows}

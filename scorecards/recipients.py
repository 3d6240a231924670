"""Who is told: the people a card measures, and those who may decide about it. Never somebody about their own card."""

import datetime

from kpiapp import queries as people
from kpiapp.choices import Role
from kpiapp.models import Department, Employment, Member
from scorecards.choices import OwnerKind
from scorecards.models import Scorecard


def measured_ids(card: Scorecard) -> list[int]:
    """The person of a card, or the head of its department; nobody in particular for the organization's."""
    if card.member_id:
        return [card.member_id]
    head_id = card.department.head_id if card.department else None
    return [head_id] if head_id else []


def decider_ids(card: Scorecard, on: datetime.date) -> list[int]:
    """Who is asked to decide about a card: the manager, the head above, else the strategy office."""
    measured = set(measured_ids(card))
    above = None
    if card.owner_kind == OwnerKind.MEMBER:
        above = Employment.objects.on(on).filter(member=card.member_id).values_list("manager_id", flat=True).first()
    elif card.owner_kind == OwnerKind.DEPARTMENT:
        above = _head_above(card.department, measured)
    if above and above not in measured and Member.objects.filter(pk=above, is_active=True).exists():
        return [above]
    return [pk for pk in strategy_office_ids(on) if pk not in measured]


def strategy_office_ids(on: datetime.date) -> list[int]:
    """The members of the strategy office on a day."""
    grants = people.grants_in_force(on).filter(role=Role.STRATEGY, member__is_active=True)
    return sorted(set(grants.values_list("member_id", flat=True)))


def _head_above(department: Department, measured: set[int]) -> int | None:
    """The head of the nearest department above that somebody else leads."""
    units = {unit.pk: unit for unit in Department.objects.all()}
    seen: set[int] = set()
    above = department.parent_id
    while above in units and above not in seen:
        seen.add(above)
        if units[above].head_id and units[above].head_id not in measured:
            return units[above].head_id
        above = units[above].parent_id
    return None

"""What the assignment page works with: who may be given KPIs, which, and what each card weighs afterwards."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from kpiapp import queries as people
from kpiapp.choices import Scope
from kpiapp.decimals import HUNDRED, ZERO
from kpiapp.models import Department, Employment, Member, Period, Position
from kpiapp.permissions import Permission, scope_of
from scorecards.choices import OwnerKind
from scorecards.models import Scorecard, ScorecardLine
from scorecards.scoring import suggest_weights
from strategy.models import KpiDefinition, KpiVersion

MOST_OWNERS = 2000


@dataclass(frozen=True)
class Item:
    """A KPI to be assigned with the numbers suggested for it."""

    version: KpiVersion
    weight: Decimal
    baseline: Decimal | None
    target: Decimal | None


@dataclass(frozen=True)
class CardAfter:
    """What a card weighs once the KPIs are on it (100 = whole)."""

    owner: Member | Department
    before: Decimal
    after: Decimal
    is_agreed: bool


def assignable_people(member: Member, on: datetime.date) -> QuerySet[Member]:
    """People whose cards a member may set up, in the order lists of people have."""
    reach = people.visible_members(member, Permission.CARD_EDIT, on)
    return reach.filter(is_active=True).order_by("sort_key")


def assignable_departments(member: Member, on: datetime.date) -> QuerySet[Department]:
    """Departments whose cards a member may set up."""
    return people.visible_departments(member, Permission.CARD_EDIT, on).filter(is_active=True).order_by("sort_key")


def assignable_positions(member: Member, on: datetime.date) -> QuerySet[Position]:
    """Positions held by people whose cards a member may set up."""
    held = Employment.objects.on(on).filter(member__in=assignable_people(member, on).values("pk"))
    return Position.objects.filter(pk__in=held.values("position")).order_by("sort_key")


def may_assign_others(member: Member) -> bool:
    """Whether more than one's own card is within reach."""
    return scope_of(member, Permission.CARD_EDIT) in (Scope.TEAM, Scope.ALL)


def owners_chosen(
    member: Member,
    on: datetime.date,
    *,
    members: Sequence[Member],
    position: Position | None,
    department: Department | None,
    unit: Department | None,
) -> list[Member | Department]:
    """Everyone named, everyone holding a position, everyone in a department, and a department's own card, once each."""
    reach = assignable_people(member, on)
    chosen: dict[tuple, Member | Department] = {("m", person.pk): person for person in members}
    here = Employment.objects.on(on)
    if position is not None:
        held = here.filter(position=position).values("member")
        chosen |= {("m", person.pk): person for person in reach.filter(pk__in=held)[:MOST_OWNERS]}
    if department is not None:
        inside = here.filter(department__in=people.department_subtree(department).values("pk")).values("member")
        chosen |= {("m", person.pk): person for person in reach.filter(pk__in=inside)[:MOST_OWNERS]}
    if unit is not None:
        chosen["d", unit.pk] = unit
    return list(chosen.values())


def suggested(
    definitions: Sequence[KpiDefinition], free: Decimal, weights: dict[int, Decimal] | None = None
) -> list[Item]:
    """KPIs with suggested numbers: weights of a ready card, else what is free on the card shared by A, B and C."""
    versions = [definition.current for definition in definitions if definition.current]
    if weights is None:
        total = free if free > ZERO and free == free.to_integral_value() else HUNDRED
        shares = suggest_weights([version.group for version in versions], total=total) if versions else []
        weights = {version.definition_id: share for version, share in zip(versions, shares, strict=True)}
    return [Item(v, weights.get(v.definition_id, ZERO), v.baseline, v.target) for v in versions]


def cards_after(
    owners: Sequence[Member | Department], period: Period, items: Sequence[tuple[int, Decimal]]
) -> list[CardAfter]:
    """Total weight of each owner's card before and after putting (definition id, weight) on it; three queries."""
    definitions = {definition for definition, _weight in items}
    added = sum((weight for _definition, weight in items), ZERO)
    members = [owner.pk for owner in owners if isinstance(owner, Member)]
    units = [owner.pk for owner in owners if isinstance(owner, Department)]
    theirs = Scorecard.objects.filter(Q(member__in=members) | Q(department__in=units), period=period)
    cards = {_owner_key(card): card for card in theirs}
    lines = ScorecardLine.objects.filter(scorecard__in=[card.pk for card in cards.values()], is_scored=True).order_by()
    totals = dict(lines.values_list("scorecard").annotate(total=Sum("weight")))
    kept = dict(lines.exclude(kpi__definition__in=definitions).values_list("scorecard").annotate(total=Sum("weight")))
    after = []
    for owner in owners:
        card = cards.get((OwnerKind.MEMBER if isinstance(owner, Member) else OwnerKind.DEPARTMENT, owner.pk))
        key = card.pk if card else None
        agreed = bool(card and card.is_agreed)
        before = totals.get(key, ZERO)
        after.append(CardAfter(owner, before, before if agreed else kept.get(key, ZERO) + added, agreed))
    return after


def _owner_key(card: Scorecard) -> tuple:
    return card.owner_kind, card.member_id or card.department_id

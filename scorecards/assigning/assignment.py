"""What the assignment page works with: who may be given KPIs, which, and what each card weighs afterwards."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from kpiapp import queries as people
from kpiapp.choices import PeriodKind, Scope
from kpiapp.decimals import HUNDRED, ZERO
from kpiapp.models import Department, Employment, Member, Organization, Period, Position
from kpiapp.permissions import Permission, scope_of
from kpiapp.services.periods import fiscal_year_start
from kpiapp.text import search_key
from scorecards import queries
from scorecards.choices import CardState, OwnerKind
from scorecards.models import Scorecard, ScorecardLine, card_rules
from scorecards.scoring import suggest_weights
from strategy.models import KpiDefinition, KpiVersion

MOST_OWNERS = 2000
MOST_TEXT = 100_000

Owner = Member | Department | Organization


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


@dataclass(frozen=True)
class Reach:
    """Whose cards a member may set up, once read."""

    members: frozenset[int]
    departments: frozenset[int]
    organization: bool

    def covers(self, owner: Owner) -> bool:
        """Whether the card of an owner is among them."""
        if isinstance(owner, Member):
            return owner.pk in self.members
        return owner.pk in self.departments if isinstance(owner, Department) else self.organization


def reach_of(member: Member, on: datetime.date) -> Reach:
    """Everyone whose card a member may set up, as ids: two queries."""
    return Reach(
        frozenset(assignable_people(member, on).values_list("pk", flat=True)),
        frozenset(assignable_departments(member, on).values_list("pk", flat=True)),
        reaches_all(member),
    )


def may_assign_others(member: Member) -> bool:
    """Whether more than one's own card is within reach."""
    return scope_of(member, Permission.CARD_EDIT) in (Scope.TEAM, Scope.ALL)


def people_named(people: QuerySet[Member], text: str) -> tuple[list[Member], list[str]]:
    """Who is meant by codes, e-mails, names or "Name (CODE)", one a line or cell; and what nobody was found for.

    Only people within the given ones are found. A name that several have means none of them.
    """
    typed = {part.strip() for part in re.split(r"[\t\n\r;,]+", text[:MOST_TEXT]) if part.strip()}
    codes = {part: part.rstrip(") ").rpartition("(")[2].strip().upper() for part in typed}
    keys = {part: search_key(part) for part in typed}
    wanted = Q(code__in=[*codes.values(), *typed]) | Q(email__in=[part.lower() for part in typed])
    found = list(people.filter(wanted | Q(search_key__in=list(keys.values())))[:MOST_OWNERS])
    by_code = {person.code.upper(): person for person in found}
    by_email = {person.email.lower(): person for person in found if person.email}
    by_name: dict[str, list[Member]] = {}
    for person in found:
        by_name.setdefault(person.search_key, []).append(person)
    meant, unknown = {}, []
    for part in sorted(typed):
        named = by_name.get(keys[part], [])
        person = by_code.get(codes[part]) or by_email.get(part.lower()) or (named[0] if len(named) == 1 else None)
        if person is None:
            unknown.append(part)
        else:
            meant[person.pk] = person
    return list(meant.values()), unknown


def kpis_named(kpis: QuerySet[KpiDefinition], text: str) -> tuple[list[KpiDefinition], list[str]]:
    """Which KPIs are meant by codes or names, one a line; and what none was found for."""
    typed = {part.strip() for part in re.split(r"[\t\n\r;]+", text[:MOST_TEXT]) if part.strip()}
    keys = {part: search_key(part) for part in typed}
    found = list(kpis.filter(Q(code__in=[*typed]) | Q(search_key__in=list(keys.values()))))
    by_code = {kpi.code: kpi for kpi in found}
    by_name = {kpi.search_key: kpi for kpi in reversed(found)}
    meant = {part: by_code.get(part) or by_name.get(keys[part]) for part in sorted(typed)}
    named = {kpi.pk: kpi for kpi in meant.values() if kpi is not None}
    return list(named.values()), [part for part, kpi in meant.items() if kpi is None]


@dataclass(frozen=True)
class PeriodChoice:
    """The periods that may be planned: a usual choice by its name, or picked ones."""

    name: str
    periods: list[Period]
    # Names of the usual choices there are periods for.
    usual: list[str]


def choose_periods(organization: Organization, on: datetime.date, name: str, codes: Sequence[str]) -> PeriodChoice:
    """Open periods: the running one, the rest of its fiscal year, all of it, the next one, or those picked by code.

    Without a usable choice: the running period.
    """
    periods = [period for period in queries.all_periods()[::-1] if period.is_open]
    months = [period for period in periods if period.kind == PeriodKind.MONTH]
    first = fiscal_year_start(on, organization.fiscal_year_start_month)
    end = first.replace(year=first.year + 1)
    year = [period for period in months if first <= period.starts_on < end]
    following = [period for period in months if end <= period.starts_on < end.replace(year=end.year + 1)]
    running = queries.period_on(on)
    usual = {
        "now": [running] if running and running.is_open else [],
        "rest": [period for period in year if period.ends_on > on],
        "year": year,
        "next": following,
    }
    there = [usual_name for usual_name, found in usual.items() if found]
    by_code = {period.code: period for period in periods}
    picked = [by_code[code] for code in codes if code in by_code] or usual["now"]
    if name == "pick" or (name not in usual and picked != usual["now"]):
        return PeriodChoice("pick", sorted(set(picked), key=lambda one: (one.starts_on, one.ends_on)), there)
    return PeriodChoice(name, usual[name], there) if name in there else PeriodChoice("now", usual["now"], there)


def spans_of(organization: Organization, on: datetime.date) -> list[tuple[str, str, list[Period]]]:
    """Periods as one chooses them to copy: each alone, and the months of a fiscal year together, the latest first."""
    periods = queries.all_periods()
    years: dict[datetime.date, list[Period]] = {}
    for period in reversed(periods):
        if period.kind == PeriodKind.MONTH:
            first = fiscal_year_start(period.starts_on, organization.fiscal_year_start_month)
            years.setdefault(first, []).append(period)
    spans = [
        (f"months-{first.year}", _("All months of %(year)d") % {"year": first.year}, months)
        for first, months in years.items()
        if len(months) > 1
    ]
    for first, months in years.items():
        rest = [period for period in months if period.ends_on > on]
        if 1 < len(rest) < len(months):
            spans.append((f"rest-{first.year}", _("Rest of %(year)d") % {"year": first.year}, rest))
    return [*((period.code, period.label, [period]) for period in periods), *spans]


def owners_copied(
    member: Member, on: datetime.date, *, who: str, person: Member | None, inside: Department | None
) -> list[Owner]:
    """Owners whose cards are copied, within reach: oneself, a person, a department with all in it, or everyone."""
    if who == "me":
        return list(Member.objects.filter(pk=member.pk))
    people_in_reach, units = assignable_people(member, on), assignable_departments(member, on)
    if who == "person":
        return list(people_in_reach.filter(pk=person.pk if person else None))
    if who == "inside" and inside is not None:
        below = people.department_subtree(inside).values("pk")
        here = Employment.objects.on(on).filter(department__in=below).values("member")
        return [*people_in_reach.filter(pk__in=here), *units.filter(pk__in=below)]
    own = list(Organization.objects.filter(pk=member.organization_id)) if reaches_all(member) else []
    return [*people_in_reach, *units, *own]


def reaches_all(member: Member) -> bool:
    """Whether every card may be set up, the organization's own included."""
    return scope_of(member, Permission.CARD_EDIT) == Scope.ALL


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
    """KPIs with suggested numbers: weights of a ready card, else what is free on the card shared by A, B and C.

    As on the page of a card, none is outside the company's limits where these leave room.
    """
    versions = [definition.current for definition in definitions if definition.current]
    if weights is None:
        total = free if free > ZERO and free == free.to_integral_value() else HUNDRED
        scored, rules = [version for version in versions if version.is_scored], card_rules()
        least, most = (limit.to_integral_value() for limit in (rules.weight_least, rules.weight_most))
        groups = [version.group for version in scored]
        shares = suggest_weights(groups, total=total, least=least, most=most) if scored else []
        weights = {version.definition_id: share for version, share in zip(scored, shares, strict=True)}
    return [Item(v, weights.get(v.definition_id, ZERO), v.baseline, v.target) for v in versions]


def cards_after(
    owners: Sequence[Member | Department], period: Period, items: Sequence[tuple[int, Decimal]]
) -> list[CardAfter]:
    """Total weight of each owner's card before and after putting (definition id, weight) on it; two queries."""
    definitions = {definition for definition, _weight in items}
    added = sum((weight for _definition, weight in items), ZERO)
    cards = {_owner_key(card): card for card in _cards_of(owners).filter(period=period)}
    lines = ScorecardLine.objects.filter(scorecard__in=[card.pk for card in cards.values()], is_scored=True).order_by()
    others = ~Q(kpi__definition__in=definitions)
    weights = lines.values_list("scorecard").annotate(
        total=Sum("weight"), kept=Sum("weight", filter=others, default=ZERO)
    )
    totals = {key: (total, kept) for key, total, kept in weights}
    after = []
    for owner in owners:
        card = cards.get((OwnerKind.MEMBER if isinstance(owner, Member) else OwnerKind.DEPARTMENT, owner.pk))
        key = card.pk if card else None
        agreed = bool(card and card.is_agreed)
        before, kept = totals.get(key, (ZERO, ZERO))
        after.append(CardAfter(owner, before, before if agreed else kept + added, agreed))
    return after


def first_free_month(owners: Sequence[Member | Department], after: Period) -> Period | None:
    """The first open period like one, after it, in which none of these owners has an agreed card."""
    later = [one for one in queries.all_periods() if one.kind == after.kind and one.starts_on >= after.ends_on]
    agreed = _cards_of(owners).filter(period__in=later, state=CardState.AGREED).values_list("period", flat=True)
    taken = set(agreed)
    free = (one for one in later if one.is_open and one.pk not in taken)
    return min(free, key=lambda one: one.starts_on, default=None)


def _cards_of(owners: Sequence[Member | Department]) -> QuerySet[Scorecard]:
    members = [owner.pk for owner in owners if isinstance(owner, Member)]
    units = [owner.pk for owner in owners if isinstance(owner, Department)]
    return Scorecard.objects.filter(Q(member__in=members) | Q(department__in=units))


def _owner_key(card: Scorecard) -> tuple:
    return card.owner_kind, card.member_id or card.department_id

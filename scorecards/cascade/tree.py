"""The cascade as pages show it: what stands above and below a line in its period, as far as the reader may see it."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Concat
from django.utils.translation import gettext as _

from kpiapp import queries as people
from kpiapp.decimals import HUNDRED, ONE, VALUE_PLACES, ZERO, divide, quantize
from kpiapp.models import Employment, Member, Period, working_calendar
from kpiapp.models.people import last_day_of
from kpiapp.templatetags.kpi import day
from kpiapp.text import search_key
from scorecards import queries
from scorecards.choices import LinkKind, OwnerKind
from scorecards.line_rules import actual_of
from scorecards.models import KpiLink, ScorecardLine
from scorecards.scoring import Aggregation
from scorecards.segments import days_of
from strategy.models import Objective
from strategy.visibility import hidden_kpis

BRANCH_SHOWN, TOPS_SHOWN = 50, 500
FOUND_SHOWN = 100
CANDIDATES_SHOWN = 300
# Kinds whose targets add up as their actuals do.
TARGETS_ADD_UP = frozenset({Aggregation.SUM, Aggregation.COUNT, Aggregation.LAST})
OWNER_ORDER = {OwnerKind.ORGANIZATION: 0, OwnerKind.DEPARTMENT: 1, OwnerKind.MEMBER: 2}


@dataclass
class Node:
    """A line in the tree with the link that leads to it; without a line where the owner has no such card."""

    owned_name: str
    line: ScorecardLine | None = None
    link: KpiLink | None = None
    path: list["Node"] = field(default_factory=list)

    @property
    def name(self) -> str:
        """KPI and owner."""
        return f"{self.line.kpi.name}, {self.line.scorecard.owner_name}" if self.line else self.owned_name

    @property
    def is_compared(self) -> bool:
        """Whether its numbers are looked at but not added up."""
        return bool(self.link and self.link.kind == LinkKind.CONTRIBUTION and not self.link.rolls_up)

    @property
    def begins_on(self) -> datetime.date | None:
        """The day from which it counts, where that lies inside the period."""
        if self.line is None or self.link is None:
            return None
        return self.link.valid_from if self.link.valid_from > self.line.scorecard.period.starts_on else None

    @property
    def last_day(self) -> datetime.date | None:
        """The last day on which it counts, where that lies inside the period."""
        if self.line is None or self.link is None or self.link.valid_to is None:
            return None
        return last_day_of(self.link) if self.link.valid_to < self.line.scorecard.period.ends_on else None

    @property
    def is_part(self) -> bool:
        """Whether it counts for a part of the period only."""
        return self.begins_on is not None or self.last_day is not None

    @property
    def days(self) -> str:
        """On which days of the period it counts, in words; "" for all of them."""
        days = {"first": day(self.begins_on), "last": day(self.last_day)}
        if self.begins_on and self.last_day:
            return _("from %(first)s to %(last)s") % days
        if self.begins_on:
            return _("from %(first)s on") % days
        return _("until %(last)s") % days if self.last_day else ""

    @property
    def actual(self) -> Decimal | None:
        """The actual so far."""
        return actual_of(self.line) if self.line else None

    @property
    def completion(self) -> Decimal | None:
        """1 = target."""
        score = getattr(self.line, "score", None)
        return score.completion if score else None

    @property
    def status(self) -> str:
        """Where the completion stands."""
        score = getattr(self.line, "score", None)
        return score.status if score else "none"

    @property
    def is_support(self) -> bool:
        """Whether it helps without numbers."""
        return bool(self.link and self.link.kind == LinkKind.SUPPORT)


@dataclass
class Branch:
    """What stands directly below (or above) a line: what the reader may see, and how many they may not."""

    nodes: list[Node]
    hidden: int = 0
    more: int = 0
    next: int = 0


@dataclass(frozen=True)
class TargetShare:
    """How much of a line's target its children carry; percent with 100 = whole."""

    target: Decimal
    carried: Decimal
    children: int

    @property
    def percent(self) -> Decimal | None:
        """Share of the target."""
        return divide(self.carried * HUNDRED, self.target) if self.target else None

    @property
    def gap(self) -> Decimal:
        """What is missing; less than zero when they carry more."""
        return self.target - self.carried

    @property
    def surplus(self) -> Decimal:
        """What they carry beyond the target."""
        return -self.gap


def links_in(period: Period) -> QuerySet[KpiLink]:
    """Links that hold on a day of a period at least; the entries of these days count."""
    return KpiLink.objects.filter(Q(valid_to=None) | Q(valid_to__gt=period.starts_on), valid_from__lt=period.ends_on)


def links_at_end(period: Period) -> QuerySet[KpiLink]:
    """Links that hold on the last day of a period."""
    return KpiLink.objects.on(period.last_day)


def lines_in(member: Member, period: Period, on: datetime.date) -> QuerySet[ScorecardLine]:
    """Lines of a period that a member may see, with how many links lead down and up."""
    down = links_in(period).filter(parent=OuterRef("owned"))
    up = links_in(period).filter(child=OuterRef("owned"))
    lines = queries.visible_lines(member, on).filter(scorecard__period=period)
    return lines.select_related(*_SHOWN).annotate(below=_counted(down, "parent"), over=_counted(up, "child"))


_SHOWN = (
    "kpi__objective",
    "score",
    "scorecard__period",
    "scorecard__member",
    "scorecard__department",
    "scorecard__organization",
)


def _counted(links: QuerySet, by: str) -> Coalesce:
    return Coalesce(Subquery(links.order_by().values(by).annotate(n=Count("pk")).values("n")), 0)


OTHER_END = {"child": "parent", "parent": "child"}


def below(line: ScorecardLine, member: Member, on: datetime.date, skip: int = 0) -> Branch:
    """What feeds and supports a line in its period, without the first ones."""
    return _branches(line, member, on, "child", skip=skip)[0]


def both_ways(line: ScorecardLine, member: Member, on: datetime.date) -> tuple[Branch, Branch]:
    """What a line feeds and supports in its period, and what feeds and supports it."""
    above, under = _branches(line, member, on, "parent", "child")
    return above, under


def _branches(line: ScorecardLine, member: Member, on: datetime.date, *ends: str, skip: int = 0) -> list[Branch]:
    """What stands at these ends of a line's links: three queries for all; of lines only what is shown is loaded."""
    if line.owned_id is None:
        return [Branch([]) for _end in ends]
    period = line.scorecard.period
    reach = reduce(or_, (Q(**{OTHER_END[end]: line.owned_id}) for end in ends))
    hidden = hidden_kpis(member, on).values("pk")
    links = links_in(period).filter(reach).exclude(parent__definition__in=hidden)
    links = links.exclude(child__definition__in=hidden)
    found: dict[str, dict[int, KpiLink]] = {end: {} for end in ends}
    for link in in_order_of_owners(links).annotate(**_name_of("child"), **_name_of("parent")):
        end = "child" if link.parent_id == line.owned_id else "parent"
        found[end][getattr(link, f"{end}_id")] = link
    owned = {pk for by_owned in found.values() for pk in by_owned}
    readable = Case(When(pk__in=queries.visible_lines(member, on).values("pk"), then=True), default=False)
    there = ScorecardLine.objects.filter(scorecard__period=period, owned__in=owned).annotate(readable=readable)
    present = dict(there.values_list("owned", "readable"))
    seen = {end: [pk for pk in by_owned if present.get(pk, True)] for end, by_owned in found.items()}
    shown = {end: pks[skip : skip + BRANCH_SHOWN] for end, pks in seen.items()}
    wanted = {pk for pks in shown.values() for pk in pks}
    lines = {one.owned_id: one for one in lines_in(member, period, on).filter(owned__in=wanted)}
    return [
        Branch(
            [_node_of(found[end][pk], end, lines.get(pk)) for pk in shown[end]],
            hidden=0 if skip else len(found[end]) - len(seen[end]),
            more=max(0, len(seen[end]) - skip - BRANCH_SHOWN),
            next=skip + BRANCH_SHOWN,
        )
        for end in ends
    ]


def _node_of(link: KpiLink, end: str, line: ScorecardLine | None) -> Node:
    return Node(getattr(link, f"{end}_name"), line, link)


def _name_of(end: str) -> dict[str, Concat]:
    """KPI and owner at an end of a link, as an owned KPI tells them."""
    owner = Coalesce(f"{end}__member__name", f"{end}__department__name", "organization__name")
    return {f"{end}_name": Concat(f"{end}__definition__name", Value(", "), owner)}


def in_order_of_owners(links: QuerySet[KpiLink]) -> QuerySet[KpiLink]:
    """Contributions before support; company, departments and people by their names."""
    return links.order_by(*OWNERS_IN_ORDER)


OWNERS_IN_ORDER = (
    Case(When(kind=LinkKind.SUPPORT, then=1), default=0),
    Case(*(When(child__owner_kind=kind, then=place) for kind, place in OWNER_ORDER.items()), default=3),
    "child__department__sort_key",
    "child__member__sort_key",
    "pk",
)


def _place(node: Node) -> tuple:
    if node.line is None:
        return (True, node.is_support, 3, node.owned_name)
    card = node.line.scorecard
    owner = card.member or card.department
    return (False, node.is_support, OWNER_ORDER[OwnerKind(card.owner_kind)], owner.sort_key if owner else "")


def target_share(line: ScorecardLine) -> TargetShare | None:
    """How much of a line's target the lines that feed it carry; None where targets do not add up."""
    if line.owned_id is None or line.target is None or line.kpi.aggregation not in TARGETS_ADD_UP:
        return None
    period = line.scorecard.period
    targets = ScorecardLine.objects.filter(
        scorecard__period=period, owned=OuterRef("child"), kpi__unit=line.kpi.unit, target__isnull=False
    )
    feeding = links_in(period).filter(parent=line.owned_id, kind=LinkKind.CONTRIBUTION)
    feeding = feeding.annotate(target=Subquery(targets.values("target")[:1])).filter(target__isnull=False)
    held = {link.child_id: link for link in feeding.only("child", "valid_from", "valid_to")}.values()
    shares = [(link.target, *_share_of_days(link, period, line.kpi.aggregation)) for link in held]
    given = [divide(target * part, whole) for target, part, whole in shares]
    return (
        TargetShare(line.target, sum((quantize(part, VALUE_PLACES) for part in given), ZERO), len(given))
        if given
        else None
    )


def _share_of_days(link: KpiLink, period: Period, kind: str) -> tuple[Decimal, Decimal]:
    """The working days of a period on which a link holds, of all of them; of a stock, all or none by its end."""
    if link.valid_to is not None and link.valid_to < period.ends_on and kind == Aggregation.LAST:
        return ZERO, ONE
    begins, ends = max(link.valid_from, period.starts_on), min(link.valid_to or period.ends_on, period.ends_on)
    if (begins, ends) == (period.starts_on, period.ends_on) or kind == Aggregation.LAST:
        return ONE, ONE
    bounds = sorted({period.starts_on, begins, ends})
    days = dict(zip(bounds, days_of(bounds, period.ends_on, working_calendar()), strict=False))
    return days[begins], sum(days.values(), ZERO)


# --- the whole tree ------------------------------------------------------------------------------------


def tops(member: Member, period: Period, on: datetime.date) -> dict[int | None, list[Node]]:
    """By objective (None: without one), the lines of company and departments with nothing above them."""
    found = lines_in(member, period, on).filter(over=0).exclude(scorecard__owner_kind=OwnerKind.MEMBER)
    personal = lines_in(member, period, on).filter(over=0, below__gt=0, scorecard__owner_kind=OwnerKind.MEMBER)
    groups: dict[int | None, list[Node]] = {}
    for line in [*found[:TOPS_SHOWN], *personal[:TOPS_SHOWN]]:
        groups.setdefault(line.kpi.objective_id, []).append(Node(line.kpi.name, line))
    for nodes in groups.values():
        nodes.sort(key=_place)
    return groups


def found(member: Member, period: Period, on: datetime.date, text: str) -> list[Node]:
    """Lines whose KPI or owner holds every word of a text."""
    lines = lines_in(member, period, on)
    for word in search_key(text).split():
        lines = lines.filter(
            Q(kpi__definition__search_key__contains=word)
            | Q(scorecard__member__search_key__contains=word)
            | Q(scorecard__department__search_key__contains=word)
        )
    nodes = [Node(line.kpi.name, line) for line in lines.order_by("kpi__definition__sort_key", "pk")[:FOUND_SHOWN]]
    return sorted(nodes, key=_place)


def candidates(line: ScorecardLine, member: Member, on: datetime.date) -> list[ScorecardLine]:
    """Lines of the same KPI inside a department (or team) that feed nothing yet: what could be linked below a line."""
    feeds = links_at_end(line.scorecard.period).filter(child=OuterRef("owned"), kind=LinkKind.CONTRIBUTION)
    lines = queries.visible_lines(member, on).filter(scorecard__period=line.scorecard.period).exclude(pk=line.pk)
    lines = lines.exclude(Exists(feeds)).exclude(scorecard__owner_kind=OwnerKind.ORGANIZATION)
    same = lines.filter(kpi__definition=line.kpi.definition_id)
    if line.scorecard.department_id is not None:
        here = Employment.objects.on(min(on, line.scorecard.period.last_day)).filter(
            department__in=people.department_subtree(line.scorecard.department).values("pk")
        )
        same = same.filter(
            Q(scorecard__member__in=here.values("member"))
            | Q(scorecard__department__in=people.department_subtree(line.scorecard.department).values("pk"))
        )
    elif line.scorecard.member_id is not None:
        same = same.filter(scorecard__member__in=people.team_ids(line.scorecard.member, on))
    return list(same.select_related(*_SHOWN).order_by("scorecard__member__sort_key", "pk")[:CANDIDATES_SHOWN])


def supporters(line: ScorecardLine, member: Member, on: datetime.date, text: str) -> list[ScorecardLine]:
    """Lines found by a text that could support a line."""
    if not text.strip():
        return []
    return [node.line for node in found(member, line.scorecard.period, on, text) if node.line.pk != line.pk]


def objectives_of(ids: Iterable[int]) -> Sequence[Objective]:
    """Objectives with their lanes, in the order of the map."""
    return Objective.objects.filter(pk__in=list(ids)).select_related("perspective", "map")

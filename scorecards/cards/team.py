"""The list of cards of a period: its filters, and the roll-ups that lead into it."""

import datetime
from dataclasses import dataclass
from typing import Self

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When

from kpiapp import queries as people
from kpiapp.choices import Role
from kpiapp.models import Department, Member, Period
from kpiapp.permissions import Permission
from kpiapp.text import id_in, search_key
from scorecards import queries
from scorecards.choices import CardState, OwnerKind, RollupKind, Status, WarningKind
from scorecards.models import EarlyWarning, Scorecard

ORDERS = {
    "name": ("rank", "owner_sort", "pk"),
    "low": (F("score__percent").asc(nulls_last=True), "owner_sort", "pk"),
    "high": (F("score__percent").desc(nulls_last=True), "owner_sort", "pk"),
}


@dataclass(frozen=True)
class Filters:
    """What a list of cards is narrowed to, as it stands in the address."""

    text: str = ""
    department: Department | None = None
    status: str = ""
    state: str = ""
    order: str = "name"
    warning: str = ""
    # Whose reports alone are shown; None for all.
    reports_of: Member | None = None

    @classmethod
    def read(cls, query, member: Member) -> Self:
        """Filters of an address; what makes no sense is left out."""
        department = id_in(query.get("department", ""))
        order = query.get("order", "")
        return cls(
            text=query.get("q", "").strip()[:100],
            department=Department.objects.filter(pk=department).first() if department else None,
            status=query.get("status", "") if query.get("status") in Status.values else "",
            state=query.get("state", "") if query.get("state") in CardState.values else "",
            order=order if order in ORDERS else "name",
            warning=query.get("warning", "") if query.get("warning") in WarningKind.values else "",
            reports_of=member if query.get("reports") and Role.MANAGER in member.roles else None,
        )

    @property
    def is_narrow(self) -> bool:
        """Whether cards may be missing because of them."""
        return self != Filters(order=self.order)


def filtered(cards: QuerySet[Scorecard], filters: Filters, on: datetime.date) -> QuerySet[Scorecard]:
    """Cards that match, in the order asked for; names the Vietnamese way."""
    if filters.text:
        key = search_key(filters.text)
        cards = cards.filter(
            Q(member__search_key__contains=key)
            | Q(member__code__iexact=filters.text)
            | Q(department__search_key__contains=key)
        )
    if filters.department:
        cards = cards.filter(place_id__in=people.department_subtree(filters.department).values("pk"))
    if filters.status:
        unscored = Q(score=None) if filters.status == Status.NONE else Q(pk__in=[])
        cards = cards.filter(Q(score__status=filters.status) | unscored)
    if filters.state:
        cards = cards.filter(state=filters.state)
    if filters.warning:
        open_ones = EarlyWarning.objects.filter(scorecard=OuterRef("pk"), kind=filters.warning, closed_on=None)
        cards = cards.filter(Exists(open_ones))
    if filters.reports_of:
        cards = cards.filter(member__in=queries.reports(filters.reports_of, on).values("pk"))
    rank = Case(
        When(owner_kind=OwnerKind.ORGANIZATION, then=Value(0)),
        When(owner_kind=OwnerKind.DEPARTMENT, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return cards.annotate(rank=rank, completion=F("score__percent") / 100).order_by(*ORDERS[filters.order])


def overview(member: Member, period: Period, filters: Filters, on: datetime.date) -> dict:
    """What stands above the list: the company, its departments with their roll-ups, and how many cards are where."""
    cards = queries.visible_cards(member, on).filter(period=period)
    rollups = queries.visible_rollups(member, on).filter(
        period=period, kind__in=[RollupKind.ORGANIZATION, RollupKind.DEPARTMENT]
    )
    rollups = rollups.select_related("department").annotate(completion=F("percent") / 100)
    rollups = list(rollups.order_by("department__sort_key"))
    counts = cards.aggregate(
        cards=Count("pk"),
        agreed=Count("pk", filter=Q(state=CardState.AGREED)),
        submitted=Count("pk", filter=Q(state=CardState.SUBMITTED)),
        scored=Count("pk", filter=Q(score__percent__isnull=False)),
        off=Count("pk", filter=Q(score__status=Status.OFF)),
    )
    return {
        "departments": Department.objects.filter(is_active=True).order_by("sort_key"),
        "company": next((r for r in rollups if r.kind == RollupKind.ORGANIZATION), None),
        "department_scores": [r for r in rollups if r.kind == RollupKind.DEPARTMENT],
        "counts": counts,
        "statuses": Status.choices,
        "states": CardState.choices,
        "warnings": WarningKind.choices,
        "has_reports": Role.MANAGER in member.roles,
        "can_assign": queries.scope_of(member, Permission.CARD_EDIT) not in (None, "self"),
    }

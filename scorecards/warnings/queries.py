"""Early warnings as somebody may see, answer and hand them over."""

import datetime

from django.db.models import F, Q, QuerySet

from kpiapp import queries as people
from kpiapp.choices import Scope
from kpiapp.models import Member
from kpiapp.permissions import Permission, can, scope_of
from scorecards import queries, recipients
from scorecards.models import EarlyWarning, ScorecardLine
from strategy.visibility import hidden_kpis

PARTS = (
    "owner",
    "answered_by",
    "period",
    "scorecard__member",
    "scorecard__department",
    "scorecard__organization",
    "line__kpi__definition",
    "line__score",
    "objective",
    "kpi",
)


def visible_warnings(member: Member, on: datetime.date) -> QuerySet[EarlyWarning]:
    """One's own, those of the cards one is responsible for, and of the strategy for those who see every card."""
    reach = Q(owner=member.pk) | Q(scorecard__in=queries.responsible_cards(member, on).values("pk"))
    if can(member, Permission.STRATEGY_EDIT) or scope_of(member, Permission.CARD_READ) == Scope.ALL:
        reach |= Q(scorecard=None)
    # Nobody is warned of a confidential KPI of which they may know nothing.
    hidden = hidden_kpis(member, on).values("pk")
    warnings = EarlyWarning.objects.filter(reach).exclude(kpi__in=hidden)
    return warnings.exclude(line__in=ScorecardLine.objects.filter(kpi__definition__in=hidden).values("pk"))


def open_warnings(member: Member, on: datetime.date) -> QuerySet[EarlyWarning]:
    """What somebody may see and nobody has brought to its end, the most pressing first."""
    return (
        visible_warnings(member, on)
        .filter(closed_on=None)
        .select_related(*PARTS)
        .order_by("state", F("due_on").asc(nulls_last=True), "kind", "pk")
    )


def assignable_warnings(member: Member, on: datetime.date) -> QuerySet[EarlyWarning]:
    """Open ones a member may hand over: of cards they may agree, and of the strategy for its editors."""
    reach = Q(scorecard__in=queries.agreeable_cards(member, on).values("pk"))
    if can(member, Permission.STRATEGY_EDIT):
        reach |= Q(scorecard=None)
    return EarlyWarning.objects.filter(reach, closed_on=None)


def answerable_warnings(member: Member, on: datetime.date) -> QuerySet[EarlyWarning]:
    """Open ones a member may answer: their own, and those they may hand over."""
    own = Q(owner=member.pk, closed_on=None)
    return EarlyWarning.objects.filter(own | Q(pk__in=assignable_warnings(member, on).values("pk")))


def possible_owners(warning: EarlyWarning, on: datetime.date) -> QuerySet[Member]:
    """Who may own a warning: those who can see what it is about and can do something about it."""
    ids = set(recipients.strategy_office_ids(on))
    if warning.scorecard_id:
        card = warning.scorecard
        measured = recipients.measured_ids(card)
        ids |= set(measured)
        for person in Member.objects.filter(pk__in=measured):
            ids |= {above.pk for above in people.managers_above(person, on)}
    else:
        holder = warning.objective or (warning.kpi.current if warning.kpi else None)
        ids |= {holder.owner_id} if holder and holder.owner_id else set()
    return Member.objects.filter(pk__in=ids, is_active=True).order_by("sort_key")

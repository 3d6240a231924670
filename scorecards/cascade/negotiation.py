"""Who may offer, who answers: proposals as far as a member sees them, and whose turn it is."""

import datetime

from django.db.models import Q, QuerySet

from kpiapp import queries as people
from kpiapp.choices import Scope
from kpiapp.models import Member
from kpiapp.permissions import Permission, scope_of
from scorecards.choices import OPEN_PROPOSALS, ProposalState
from scorecards.models import Proposal
from strategy.visibility import hidden_kpis

SHOWN = (
    "kpi__definition",
    "period",
    "owned__member",
    "owned__department__head",
    "owned__organization",
    "offered_by",
    "made_by",
    "parent__definition",
    "parent__member",
    "parent__department",
    "parent__organization",
)


def may_offer_people(member: Member, on: datetime.date) -> Q:
    """People whose targets a member may set: those whose cards they may agree, never themselves."""
    reach = people.visible_members(member, Permission.CARD_AGREE, on)
    return Q(pk__in=reach.values("pk")) & ~Q(pk=member.pk)


def may_offer_departments(member: Member, on: datetime.date) -> Q:
    """Departments whose targets a member may set: never one they head."""
    reach = people.visible_departments(member, Permission.CARD_AGREE, on)
    return Q(pk__in=reach.values("pk")) & ~Q(head=member.pk)


def _above(member: Member, permission: Permission, on: datetime.date) -> Q:
    """Proposals about owners that a permission reaches, without those that measure the member."""
    scope = scope_of(member, permission)
    if scope is None or scope == Scope.SELF:
        return Q(pk__in=[])
    reach = Q(pk__isnull=False)
    if scope == Scope.TEAM:
        team = people.visible_members(member, permission, on).values("pk")
        led = people.visible_departments(member, permission, on).values("pk")
        reach = Q(owned__member__in=team) | Q(owned__department__in=led)
    return reach & ~_owner_side(member)


def _owner_side(member: Member) -> Q:
    """Proposals about the member's own card, or that of a department they head."""
    return Q(owned__member=member.pk) | Q(owned__department__head=member.pk)


def visible_proposals(member: Member, on: datetime.date) -> QuerySet[Proposal]:
    """Proposals about oneself, made by oneself, or about cards one may read."""
    others = _above(member, Permission.CARD_READ, on) & ~Q(kpi__definition__in=hidden_kpis(member, on).values("pk"))
    seen = _owner_side(member) | Q(made_by=member.pk) | others
    return Proposal.objects.filter(seen).select_related(*SHOWN)


def answerable_proposals(member: Member, on: datetime.date) -> QuerySet[Proposal]:
    """Proposals that wait for this member: never for the one whose numbers stand."""
    turn = Q(state=ProposalState.FOR_OWNER) & _owner_side(member) | Q(state=ProposalState.FOR_GIVER) & _above(
        member, Permission.CARD_AGREE, on
    )
    return Proposal.objects.filter(turn, period__locked_at=None).exclude(offered_by=member.pk).select_related(*SHOWN)


def withdrawable_proposals(member: Member) -> QuerySet[Proposal]:
    """Open proposals that a member made."""
    return Proposal.objects.filter(made_by=member.pk, state__in=OPEN_PROPOSALS).select_related(*SHOWN)


def offered_together(proposal: Proposal, member: Member, on: datetime.date) -> list[Proposal]:
    """What waits for a member's answer beside a proposal: the same share in other periods, the first one first."""
    others = answerable_proposals(member, on).filter(
        owned=proposal.owned_id, parent=proposal.parent_id, made_by=proposal.made_by_id, state=proposal.state
    )
    return list(others.exclude(pk=proposal.pk).order_by("period__starts_on"))

"""Agreeing on targets: pushed from above or proposed from below, answered by the other side, then put on the card."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp import queries as people
from kpiapp.decimals import plain
from kpiapp.models import Department, Member, Period
from kpiapp.services import audit, notifications
from kpiapp.services.refusals import Refused
from scorecards import notices
from scorecards.choices import (
    OPEN_PROPOSALS,
    PROPOSAL_TRANSITIONS,
    CardState,
    LinkKind,
    OwnerKind,
    ProposalState,
    StepKind,
)
from scorecards.models import OwnedKpi, Proposal, ProposalStep, Scorecard, ScorecardLine
from scorecards.services import cascade
from scorecards.services.scorecards import CardRefused, Draft, check_line, owner_fields, put_lines
from strategy.models import KpiVersion


class ProposalRefused(Refused):
    """An offer or an answer that cannot be; the message says why and what to do."""


@dataclass(frozen=True)
class Share:
    """What one owner is offered, in the period of the line that is shared out unless another is named."""

    owner: Member | Department
    target: Decimal | None
    period: Period | None = None


@dataclass
class Pushed:
    """What a push did: offers made, and owners that take none, with the reason."""

    proposals: list[Proposal] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@transaction.atomic
def push(
    *, line: ScorecardLine, shares: Sequence[Share], weight: Decimal, by: Member, today: datetime.date, reason: str = ""
) -> Pushed:
    """Offer shares of a line's target to those below; each accepts, answers with another number, or declines.

    Several periods may be offered at once. Owners whose card is agreed, who have nobody to answer, or who have an open
    offer of the KPI come back refused, period by period.
    Raises ProposalRefused for numbers that can never be scored and for a locked period.
    """
    by_period: dict[int, list[Share]] = {}
    periods = {}
    for share in shares:
        period = share.period or line.scorecard.period
        _check(line.kpi, weight, share.target)
        by_period.setdefault(period.pk, []).append(share)
        periods[period.pk] = _open(period)
    done = Pushed()
    chosen = {pk: _willing(given, line.kpi, periods[pk], done) for pk, given in by_period.items()}
    done.refused = list(dict.fromkeys(done.refused))
    parent = cascade.owned_of([line])[0]
    owners = {_key(share.owner): share.owner for given in chosen.values() for share in given}
    owned = {
        (one.department_id, one.member_id): one
        for one in cascade.owned_by(list(owners.values()), line.kpi.definition_id)
    }
    done.proposals = Proposal.objects.bulk_create(
        Proposal(
            owned=owned[_key(share.owner)],
            period=periods[pk],
            kpi=line.kpi,
            parent=parent,
            target=share.target,
            weight=weight,
            state=ProposalState.FOR_OWNER,
            made_by=by,
            offered_by=by,
        )
        for pk, given in chosen.items()
        for share in given
    )
    _step(done.proposals, StepKind.OFFER, reason, by)
    if done.proposals:
        shown = {
            f"{one}, {one.period.code}": plain(one.target) if one.target is not None else None for one in done.proposals
        }
        audit.record(action="proposal.push", target=line, by=by, after={"targets": shown}, reason=reason)
    # Who is offered several periods at once is told once, about the first.
    for proposal in {one.owned_id: one for one in reversed(done.proposals)}.values():
        _tell(proposal, notices.TARGET_OFFERED, by)
    return done


def _key(owner: Member | Department) -> tuple[int | None, int | None]:
    fields = owner_fields(owner)
    return fields["department_id"], fields["member_id"]


def _willing(shares: Sequence[Share], kpi: KpiVersion, period: Period, done: Pushed) -> list[Share]:
    """Shares that can be offered; the others are named in `refused`."""
    departments = [share.owner.pk for share in shares if isinstance(share.owner, Department)]
    members = [share.owner.pk for share in shares if isinstance(share.owner, Member)]
    theirs = Q(department__in=departments) | Q(member__in=members)
    agreed = {
        (card.department_id, card.member_id)
        for card in Scorecard.objects.filter(theirs, period=period, state=CardState.AGREED)
    }
    waiting = Proposal.objects.filter(
        Q(owned__department__in=departments) | Q(owned__member__in=members),
        owned__definition=kpi.definition_id,
        period=period,
        state__in=OPEN_PROPOSALS,
    )
    offered = set(waiting.values_list("owned__department", "owned__member"))
    chosen = []
    for share in shares:
        name = {"owner": share.owner.name, "period": period.label}
        if _key(share.owner) in agreed:
            done.refused.append(_("%(owner)s, %(period)s: agreed already. Ask for a change instead.") % name)
        elif _key(share.owner) in offered:
            done.refused.append(
                _("%(owner)s, %(period)s: there is an open offer of this KPI. Withdraw it first.") % name
            )
        elif isinstance(share.owner, Department) and share.owner.head_id is None:
            done.refused.append(_("%(owner)s has no head who could answer. Name one first.") % name)
        else:
            chosen.append(share)
    return chosen


@transaction.atomic
def propose(
    *,
    owner: Member | Department,
    kpi: KpiVersion,
    period: Period,
    target: Decimal | None,
    weight: Decimal,
    by: Member,
    today: datetime.date,
    reason: str = "",
) -> Proposal:
    """Propose a KPI with a target for oneself, or for a department one heads; somebody above answers."""
    _open(period)
    _check(kpi, weight, target)
    pushed = Pushed()
    if not _willing([Share(owner, target)], kpi, period, pushed):
        raise ProposalRefused(pushed.refused[0])
    proposal = Proposal.objects.create(
        owned=cascade.owned_by([owner], kpi.definition_id)[0],
        period=period,
        kpi=kpi,
        target=target,
        weight=weight,
        state=ProposalState.FOR_GIVER,
        made_by=by,
        offered_by=by,
    )
    _step([proposal], StepKind.OFFER, reason, by)
    audit.record(action="proposal.propose", target=proposal, by=by, after=_numbers(proposal), reason=reason)
    _tell(proposal, notices.TARGET_PROPOSED, by)
    return proposal


@transaction.atomic
def counter(
    *, proposal: Proposal, target: Decimal | None, weight: Decimal, reason: str, by: Member, today: datetime.date
) -> Proposal:
    """Answer with other numbers and a reason: the turn passes to the other side. Raises ProposalRefused."""
    proposal = _locked(proposal, by)
    if not reason.strip():
        raise ProposalRefused(_("Say why you propose another number, so that the other side can decide."))
    if (proposal.target, proposal.weight) == (target, weight):
        raise ProposalRefused(_("These are the numbers that stand already: accept them, or type others."))
    _check(proposal.kpi, weight, target)
    before = _numbers(proposal)
    other = {
        ProposalState.FOR_OWNER: ProposalState.FOR_GIVER,
        ProposalState.FOR_GIVER: ProposalState.FOR_OWNER,
    }[ProposalState(proposal.state)]
    proposal.target, proposal.weight, proposal.offered_by, proposal.state = target, weight, by, other
    proposal.save(update_fields=["target", "weight", "offered_by", "state"])
    _step([proposal], StepKind.COUNTER, reason.strip(), by)
    audit.record(
        action="proposal.counter",
        target=proposal,
        by=by,
        before=before,
        after=_numbers(proposal),
        reason=reason.strip(),
    )
    _tell(proposal, notices.TARGET_ANSWERED, by)
    return proposal


@transaction.atomic
def accept(*, proposal: Proposal, by: Member, today: datetime.date) -> str:
    """Agree to the numbers that stand: they become a line of the card, linked to what they are a share of.

    Returns why it could not be linked, or nothing. Raises ProposalRefused.
    """
    proposal = _locked(proposal, by)
    draft = Draft(
        proposal.owned.owner, proposal.period, proposal.kpi, proposal.weight, proposal.target, proposal.kpi.baseline
    )
    try:
        put = put_lines(drafts=[draft], by=by, today=today)
    except CardRefused as refusal:
        raise ProposalRefused(str(refusal)) from refusal
    if put.refused:
        raise ProposalRefused(put.refused[0])
    not_linked = _link(proposal, today)
    _end(proposal, ProposalState.AGREED, StepKind.ACCEPT, "", by)
    after = {**_numbers(proposal), "linked": not not_linked and proposal.parent_id is not None}
    audit.record(action="proposal.accept", target=proposal, by=by, after=after, reason=not_linked)
    return not_linked


@transaction.atomic
def accept_all(*, proposals: Sequence[Proposal], by: Member, today: datetime.date) -> str:
    """Agree to what was offered for several periods, all of them or none; see accept."""
    told = [accept(proposal=one, by=by, today=today) for one in sorted(proposals, key=lambda one: one.period.starts_on)]
    return next(filter(None, told), "")


def _link(proposal: Proposal, today: datetime.date) -> str:
    """Let an agreed share feed its parent; why it cannot, or nothing."""
    if proposal.parent_id is None:
        return ""
    try:
        with transaction.atomic():
            done = cascade.link_many(
                parent=proposal.parent,
                children=[proposal.owned],
                kind=LinkKind.CONTRIBUTION,
                valid_from=proposal.period.starts_on,
                by=proposal.made_by,
                today=today,
            )
    except Refused as refusal:
        return str(refusal)
    return "" if not done.refused or _is_linked(proposal) else done.refused[0]


def _is_linked(proposal: Proposal) -> bool:
    return cascade.holds(parent=proposal.parent_id, child=proposal.owned_id, on=proposal.period.last_day)


@transaction.atomic
def decline(*, proposal: Proposal, reason: str, by: Member) -> Proposal:
    """Refuse what stands, with a reason; the proposal ends. Raises ProposalRefused."""
    proposal = _locked(proposal, by)
    if not reason.strip():
        raise ProposalRefused(_("Say why, so that the other side can make a better offer."))
    _end(proposal, ProposalState.DECLINED, StepKind.DECLINE, reason.strip(), by)
    audit.record(action="proposal.decline", target=proposal, by=by, before=_numbers(proposal), reason=reason.strip())
    return proposal


@transaction.atomic
def withdraw(*, proposal: Proposal, by: Member) -> Proposal:
    """Take one's own proposal back. Raises ProposalRefused."""
    proposal = _lock(proposal)
    if proposal.made_by_id != by.pk:
        raise ProposalRefused(_("Only the one who made it takes it back."))
    _end(proposal, ProposalState.WITHDRAWN, StepKind.WITHDRAW, "", by)
    audit.record(action="proposal.withdraw", target=proposal, by=by, before=_numbers(proposal))
    return proposal


def _lock(proposal: Proposal) -> Proposal:
    related = ("kpi", "period", "owned__member", "owned__department__head", "owned__organization", "parent", "made_by")
    proposal = Proposal.objects.select_for_update(of=("self",)).select_related(*related).get(pk=proposal.pk)
    if not proposal.is_open:
        raise ProposalRefused(_("This was decided meanwhile. Reload the page to see how."))
    return proposal


def _locked(proposal: Proposal, by: Member) -> Proposal:
    """The open proposal, for somebody other than who made the offer that stands."""
    proposal = _lock(proposal)
    _open(proposal.period)
    if proposal.offered_by_id == by.pk:
        raise ProposalRefused(_("These are your own numbers: the other side answers."))
    return proposal


def _end(proposal: Proposal, state: ProposalState, kind: StepKind, reason: str, by: Member) -> None:
    assert state in PROPOSAL_TRANSITIONS[ProposalState(proposal.state)]
    proposal.state, proposal.decided_by, proposal.decided_at = state, by, timezone.now()
    proposal.save(update_fields=["state", "decided_by", "decided_at"])
    _step([proposal], kind, reason, by)
    if kind in (StepKind.ACCEPT, StepKind.DECLINE):
        _tell(proposal, notices.TARGET_ACCEPTED if kind == StepKind.ACCEPT else notices.TARGET_DECLINED, by)


def _open(period: Period) -> Period:
    if not period.is_open:
        raise ProposalRefused(_("%(period)s is locked. Ask HR to reopen it, with a reason.") % {"period": period.label})
    return period


def _check(kpi: KpiVersion, weight: Decimal, target: Decimal | None) -> None:
    try:
        check_line(kpi, weight, target, kpi.baseline)
    except CardRefused as refusal:
        raise ProposalRefused(str(refusal)) from refusal


def _step(proposals: Iterable[Proposal], kind: str, reason: str, by: Member) -> None:
    ProposalStep.objects.bulk_create(
        ProposalStep(proposal=one, kind=kind, target=one.target, weight=one.weight, reason=reason, by=by)
        for one in proposals
    )


def _numbers(proposal: Proposal) -> dict:
    return {
        "target": None if proposal.target is None else plain(proposal.target),
        "weight": plain(proposal.weight),
        "state": proposal.state,
    }


def _tell(proposal: Proposal, kind: str, by: Member) -> None:
    """Whoever has the turn, or, at the end, whoever made the offer that was answered."""
    to: list[Member | int | None]
    if kind in (notices.TARGET_ACCEPTED, notices.TARGET_DECLINED):
        to = [proposal.offered_by_id]
    elif proposal.state == ProposalState.FOR_OWNER:
        to = [_answering(proposal.owned)]
    else:
        to = [proposal.made_by_id] if proposal.parent_id else [_above(proposal.owned, proposal.period)]
    notifications.notify(to=to, kind=kind, target=proposal, by=by)


def _answering(owned: OwnedKpi) -> int | None:
    return owned.member_id or (owned.department.head_id if owned.department else None)


def _above(owned: OwnedKpi, period: Period) -> int | None:
    """The manager of the person, or of the department's head."""
    person = owned.member if owned.owner_kind == OwnerKind.MEMBER else owned.department and owned.department.head
    standing = people.employment_on(person, period.last_day) if person else None
    return standing.manager_id if standing else None

"""Changing what was agreed: a request with a reason, decided by a second person, applied and rescored."""

import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp.decimals import plain
from kpiapp.models import Member
from kpiapp.services import audit, notifications
from kpiapp.services.refusals import Refused
from kpiapp.templatetags.kpi import day
from scorecards import notices, recipients, recompute
from scorecards.choices import CardState, ChangeMode, ChangeState
from scorecards.models import ChangeRequest, ScorecardLine
from scorecards.recompute.reached import adds_up_otherwise
from scorecards.scoring import divides
from scorecards.services import dated
from scorecards.services.dated import Proposal
from scorecards.services.scorecards import CardRefused, check_line, measured_by
from strategy.choices import Aggregation
from strategy.models import KpiVersion

NUMBERS = ("target", "baseline", "weight")
# A severe violation: the line counts 0 however much was reached. Set like any other change, by two people.
WIPE_OUT = "wiped_out_reason"
# The version of the KPI; requests keep its id.
VERSION = "kpi"
# How the line alone is scored; empty: as its KPI says.
SCORED_BY = ("method", "params")
FIELDS = (*NUMBERS, *SCORED_BY, WIPE_OUT, VERSION)


class ChangeRefused(Refused):
    """A request that cannot be made or decided; the message says why."""


def _text(value):
    if isinstance(value, KpiVersion):
        return value.pk
    return plain(value) if isinstance(value, Decimal) else value


def _kept(before, after) -> dict:
    """Old and new as a request keeps them; of versions, which have an id, the number people know as well."""
    kept = {"old": _text(before), "new": _text(after)}
    return kept | {"numbers": [before.number, after.number]} if isinstance(after, KpiVersion) else kept


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def value_now(line: ScorecardLine, name: str):
    """What holds today of a line: of a weight, the one since its last change."""
    return dated.weight_today(line) if name == "weight" else getattr(line, name)


@transaction.atomic
def request_change(
    *,
    line: ScorecardLine,
    changes: dict,
    reason: str,
    effective_on: datetime.date,
    by: Member,
    mode: str = ChangeMode.SEGMENTS,
) -> ChangeRequest:
    """Ask for new values of an agreed line, {field: new value}. Raises ChangeRefused.

    Once approved they hold since `effective_on`, and the line is scored in segments; with the mode "replace", or on
    the first day, for the whole period.
    """
    line = (
        ScorecardLine.objects.select_for_update(of=("self",))
        .select_related("kpi", "scorecard__period", "scorecard__department")
        .get(pk=line.pk)
    )
    _check_open(line, effective_on, mode)
    if not reason.strip():
        raise ChangeRefused(_("Say why it has to change: the one who decides was not there."))
    different = _different(line, changes, effective_on, mode)
    _check_none_waits(line)
    request = ChangeRequest.objects.create(
        line=line,
        changes={name: _kept(value_now(line, name), value) for name, value in different.items()},
        reason=reason.strip(),
        effective_on=effective_on,
        mode=mode,
        requested_by=by,
    )
    audit.record(action="change.request", target=line, by=by, after=request.changes, reason=request.reason)
    deciders = recipients.decider_ids(line.scorecard, timezone.localdate(request.requested_at))
    notifications.notify(to=deciders, kind=notices.CHANGE_REQUESTED, target=request, by=by)
    return request


def propose_change(*, line: ScorecardLine, changes: dict, effective_on: datetime.date, mode: str) -> Proposal:
    """What a request would make of a card, before it is made; nothing is written. Raises ChangeRefused."""
    _check_open(line, effective_on, mode)
    _check_none_waits(line)
    different = _different(line, changes, effective_on, mode)
    return dated.propose(line=line, values=different, effective_on=effective_on, mode=mode)


def _check_none_waits(line: ScorecardLine) -> None:
    if ChangeRequest.objects.filter(line=line, state=ChangeState.REQUESTED).exists():
        raise ChangeRefused(_("A change of this KPI is already waiting. Withdraw it, or wait for the decision."))


def _different(line: ScorecardLine, changes: dict, effective_on: datetime.date, mode: str) -> dict:
    """The values that would change. Raises ChangeRefused when there is none, or one that can never be scored."""
    different = {name: value for name, value in changes.items() if name in FIELDS and value_now(line, name) != value}
    if not different.keys().isdisjoint(SCORED_BY):
        # One says nothing without the other to whoever decides.
        different |= {name: changes[name] for name in SCORED_BY if name in changes}
    if not different:
        raise ChangeRefused(_("Nothing would change: type at least one new value."))
    if mode == ChangeMode.SEGMENTS and effective_on > line.scorecard.period.starts_on and set(different) != {"weight"}:
        _check_split(line, different.get(VERSION, line.kpi))
    _check(line, different)
    return different


def _check_split(line: ScorecardLine, version: KpiVersion) -> None:
    """Refuse to divide a period whose parts could not be told: what comes from other lines has to come alike."""
    if (line.kpi.aggregation == Aggregation.FORMULA) != (version.aggregation == Aggregation.FORMULA):
        raise ChangeRefused(
            _("One version is calculated from other KPIs and the other is not. Choose “For the whole period”.")
        )
    if not line.takes_children:
        return
    if adds_up_otherwise(line.kpi, version):
        raise ChangeRefused(
            _("This number adds up from below, and the new version adds up otherwise. Choose “For the whole period”.")
        )
    if not divides(version.aggregation, version.numerator_agg, version.denominator_agg):
        raise ChangeRefused(
            _(
                "This ratio of a sum to a last value adds up from several cards and cannot be told for a part of the"
                " period. Choose “For the whole period”."
            )
        )


def _check_open(line: ScorecardLine, effective_on: datetime.date, mode: str) -> None:
    """Refuse what no change can be dated to: a draft, a locked period, a day outside it or before the last change."""
    period = line.scorecard.period
    if line.scorecard.state != CardState.AGREED:
        raise ChangeRefused(_("This card is not agreed yet: change it directly."))
    if not period.is_open:
        raise ChangeRefused(_("%(period)s is locked. Ask HR to reopen it, with a reason.") % {"period": period.label})
    if not period.starts_on <= effective_on < period.ends_on:
        raise ChangeRefused(_("The day must lie in %(period)s.") % {"period": period.label})
    last = dated.holds_from(line)
    if mode == ChangeMode.SEGMENTS and last is not None and effective_on < last:
        raise ChangeRefused(
            _("A change from %(day)s on is agreed already. Choose that day or a later one, or the whole period.")
            % {"day": day(last)}
        )


def _check(line: ScorecardLine, values: dict) -> None:
    def now(name):
        return values.get(name, getattr(line, name))

    try:
        check_line(now(VERSION), now("weight"), now("target"), now("baseline"), now("method"), now("params"))
    except CardRefused as error:
        raise ChangeRefused(str(error)) from error


def wipe_out_line(*, line: ScorecardLine, reason: str, effective_on: datetime.date, by: Member) -> ChangeRequest:
    """Ask that a line counts 0 because of a severe violation; a second person decides. Raises ChangeRefused."""
    return request_change(
        line=line,
        changes={WIPE_OUT: reason.strip()},
        reason=reason,
        effective_on=effective_on,
        by=by,
        mode=ChangeMode.REPLACE,
    )


def _lock(request: ChangeRequest) -> ChangeRequest:
    request = (
        ChangeRequest.objects.select_for_update(of=("self",))
        .select_related("line__kpi", "line__scorecard__period", "line__scorecard__department", "requested_by")
        .get(pk=request.pk)
    )
    if request.state != ChangeState.REQUESTED:
        raise ChangeRefused(_("This request was decided already."))
    return request


def _check_decider(request: ChangeRequest, by: Member) -> None:
    if request.requested_by_id == by.pk:
        raise ChangeRefused(_("A second person decides, not the one who asked."))
    if by.pk in measured_by(request.line.scorecard):
        raise ChangeRefused(_("Nobody decides on a change of their own card."))


@transaction.atomic
def approve_change(*, request: ChangeRequest, by: Member, today: datetime.date, note: str = "") -> ChangeRequest:
    """Apply a request and rescore the card. A new weight scales the others, so that the card stays at 100.

    Raises ChangeRefused for the requester, the person measured, a locked period, or values that moved meanwhile.
    """
    # The card first: a new weight moves the other lines, which another request may be about.
    recompute.lock_cards_of_lines([request.line_id])
    request = _lock(request)
    _check_decider(request, by)
    line, card = request.line, request.line.scorecard
    _check_open(line, request.effective_on, request.mode)
    if any(_text(value_now(line, name)) != change["old"] for name, change in request.changes.items()):
        raise ChangeRefused(_("The values have changed since. Refuse this request and ask again."))
    proposal = proposal_of(request)
    if proposal.lines[0].in_segments:
        _check_split(line, proposal.lines[0].kpi)
    dated.save(proposal)
    _decide(request, ChangeState.APPROVED, by, note)
    recompute.refresh_actuals(line_ids=[line.pk])
    recompute.rescore_cards(card_ids=[card.pk], on=today)
    if line.feeds_above or line.takes_children:
        recompute.roll_up_after_commit(line_ids=[line.pk], on=today)
    others = {"other_weights": proposal.other_weights} if proposal.other_weights else {}
    audit.record(
        action="change.approve",
        target=line,
        by=by,
        before={name: change["old"] for name, change in request.changes.items()},
        after={**{name: change["new"] for name, change in request.changes.items()}, **others},
        reason=request.reason,
    )
    return request


def proposal_of(request: ChangeRequest) -> Proposal:
    """What a request would make of its card; nothing is written."""
    line = request.line
    values = {
        name: _number(change["new"]) if name in NUMBERS else change["new"] for name, change in request.changes.items()
    }
    if VERSION in values:
        values[VERSION] = KpiVersion.objects.get(pk=values[VERSION])
    proposal = dated.propose(line=line, values=values, effective_on=request.effective_on, mode=request.mode)
    if WIPE_OUT in values:
        proposal.lines[0].wiped_out_by = request.requested_by
    return proposal


def _decide(request: ChangeRequest, state: str, by: Member, note: str) -> None:
    request.state, request.decided_by, request.decided_at, request.decision_note = (
        state,
        by,
        timezone.now(),
        note.strip(),
    )
    request.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    notifications.settle(kinds=[notices.CHANGE_REQUESTED], targets=[request])
    decided = {ChangeState.APPROVED: notices.CHANGE_APPROVED, ChangeState.REFUSED: notices.CHANGE_REFUSED}
    if state in decided:
        to = {request.requested_by_id, *recipients.measured_ids(request.line.scorecard)}
        notifications.notify(to=to, kind=decided[state], target=request, by=by)


@transaction.atomic
def refuse_change(*, request: ChangeRequest, by: Member, note: str) -> ChangeRequest:
    """Turn a request down, with a reason. Raises ChangeRefused."""
    request = _lock(request)
    _check_decider(request, by)
    if not note.strip():
        raise ChangeRefused(_("Say why the change is refused."))
    _decide(request, ChangeState.REFUSED, by, note)
    audit.record(action="change.refuse", target=request.line, by=by, before=request.changes, reason=note.strip())
    return request


@transaction.atomic
def withdraw_change(*, request: ChangeRequest, by: Member) -> ChangeRequest:
    """Take one's own request back. Raises ChangeRefused."""
    request = _lock(request)
    if request.requested_by_id != by.pk:
        raise ChangeRefused(_("Only the one who asked can withdraw a request."))
    _decide(request, ChangeState.WITHDRAWN, by, "")
    audit.record(action="change.withdraw", target=request.line, by=by, before=request.changes)
    return request

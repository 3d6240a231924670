"""Periods: the calendar of a fiscal year, locking and reopening."""

import datetime

from django.db import transaction
from django.db.models.deletion import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp import queries, registry
from kpiapp.choices import PeriodKind, PeriodState, ReopeningState
from kpiapp.fiscal_years import MONTHS_OF_A_YEAR, add_months, fiscal_year_start
from kpiapp.models import Member, Organization, Period, PeriodReopening
from kpiapp.models.period import MONTHS
from kpiapp.notices import PERIOD_REOPEN
from kpiapp.permissions import ROLES, Permission, can
from kpiapp.services import audit, notifications
from kpiapp.services.refusals import Refused


class PeriodBlocked(Refused):
    """The period cannot be locked yet; `blockers` are sentences, each naming one thing to settle."""

    def __init__(self, blockers: list[str]):
        self.blockers = blockers
        super().__init__(_("The period cannot be locked yet."))


def fill_fiscal_year(*, starts_on: datetime.date) -> int:
    """Create the months, quarters, half-years and the year that are missing; returns how many were."""
    known = set(Period.objects.values_list("kind", "starts_on"))
    missing = [
        Period(kind=kind, starts_on=first, ends_on=add_months(first, length), fiscal_start_month=starts_on.month)
        for kind, length in MONTHS.items()
        for first in (add_months(starts_on, step) for step in range(0, MONTHS_OF_A_YEAR, length))
        if (kind, first) not in known
    ]
    return len(Period.objects.bulk_create(missing))


@transaction.atomic
def open_next_year(*, organization: Organization, by: Member) -> int:
    """Create the fiscal year after the last one there is; returns its first calendar year."""
    last = Period.objects.filter(kind=PeriodKind.MONTH).order_by("starts_on").last()
    following = last.ends_on if last else timezone.localdate()
    starts_on = fiscal_year_start(following, organization.fiscal_year_start_month)
    fill_fiscal_year(starts_on=starts_on)
    audit.record(action="period.create", target=organization, by=by, after={"starts_on": starts_on})
    return starts_on.year


def shift_fiscal_year(*, start_month: int, on: datetime.date) -> None:
    """Lay quarters, half-years and years anew from another month. Refused once one of them is locked or in use."""
    for check in registry.FISCAL_YEAR_CHECKS:
        for sentence in check():
            raise Refused(sentence, field="fiscal_year_start_month")
    longer = Period.objects.exclude(kind=PeriodKind.MONTH)
    message = _("Quarters and years are in use: the fiscal year can no longer start in another month.")
    if longer.exclude(state=PeriodState.OPEN).exists():
        raise Refused(message, field="fiscal_year_start_month")
    try:
        with transaction.atomic():
            longer.delete()
    except ProtectedError as error:
        raise Refused(message, field="fiscal_year_start_month") from error
    first = fiscal_year_start(on, start_month)
    for start in (first, add_months(first, MONTHS_OF_A_YEAR)):
        fill_fiscal_year(starts_on=start)


def lock_blockers(period: Period) -> list[str]:
    """Sentences that say what keeps a period from being locked; empty when nothing does."""
    return [sentence for check in registry.PERIOD_LOCK_CHECKS for sentence in check(period)]


@transaction.atomic
def lock_period(*, period: Period, on: datetime.date, by: Member) -> Period:
    """Close a period to entries and changes. Raises PeriodBlocked with everything that has to be settled first."""
    period = Period.objects.select_for_update().get(pk=period.pk)
    if not period.is_open:
        raise Refused(_("%(period)s is locked already.") % {"period": period.label})
    if period.starts_on > on:
        raise Refused(_("%(period)s has not begun yet.") % {"period": period.label})
    if blockers := lock_blockers(period):
        raise PeriodBlocked(blockers)
    for close in registry.BEFORE_LOCKING:
        close(period, on)
    period.state, period.locked_at, period.locked_by = PeriodState.LOCKED, timezone.now(), by
    period.save(update_fields=["state", "locked_at", "locked_by"])
    audit.record(
        action="period.lock",
        target=period,
        by=by,
        before={"state": PeriodState.OPEN},
        after={"state": PeriodState.LOCKED},
    )
    return period


@transaction.atomic
def ask_to_reopen(*, period: Period, reason: str, by: Member) -> PeriodReopening:
    """Ask that a locked period takes entries again, with a reason; it stays locked until a second person confirms."""
    period = Period.objects.select_for_update(of=("self",)).get(pk=period.pk)
    if period.is_open:
        raise Refused(_("%(period)s is open already.") % {"period": period.label})
    if not reason.strip():
        raise Refused(_("Say why the period is reopened."), field="reason")
    if period.reopenings.filter(state=ReopeningState.WAITING).exists():
        raise Refused(_("Somebody has asked already to reopen %(period)s.") % {"period": period.label})
    reopening = PeriodReopening.objects.create(
        period=period,
        reason=reason.strip(),
        asked_by=by,
        locked_at=period.locked_at,
        locked_by_id=period.locked_by_id,
    )
    audit.record(action="period.ask_reopen", target=period, by=by, reason=reopening.reason)
    notifications.notify(to=_who_may_reopen(on=timezone.localdate()), kind=PERIOD_REOPEN, target=reopening, by=by)
    return reopening


def may_confirm(reopening: PeriodReopening, by: Member) -> bool:
    """Whether an acting member may be the second person."""
    return can(by, Permission.PERIOD_REOPEN) and by.pk != reopening.asked_by_id


@transaction.atomic
def confirm_reopening(*, reopening: PeriodReopening, by: Member) -> PeriodReopening:
    """Take entries again, once what was has been kept. Never by who asked for it."""
    reopening = _waiting(reopening)
    if not may_confirm(reopening, by):
        raise Refused(_("You asked for this: another person has to confirm it."))
    period = Period.objects.select_for_update(of=("self",)).select_related("locked_by").get(pk=reopening.period_id)
    _decide(reopening, ReopeningState.REOPENED, by)
    for keep in registry.BEFORE_REOPENING:
        keep(reopening)
    before = {"state": period.state, "locked_at": period.locked_at, "locked_by": str(period.locked_by or "")}
    period.state, period.locked_at, period.locked_by = PeriodState.OPEN, None, None
    period.save(update_fields=["state", "locked_at", "locked_by"])
    audit.record(
        action="period.reopen",
        target=period,
        by=by,
        before=before,
        after={"state": PeriodState.OPEN, "asked_by": str(reopening.asked_by)},
        reason=reopening.reason,
    )
    return reopening


@transaction.atomic
def decline_reopening(*, reopening: PeriodReopening, by: Member) -> PeriodReopening:
    """Leave the period locked: the second person says no, or who asked takes it back."""
    reopening = _waiting(reopening)
    _decide(reopening, ReopeningState.DECLINED, by)
    audit.record(action="period.decline_reopen", target=reopening.period, by=by, reason=reopening.reason)
    return reopening


def _waiting(reopening: PeriodReopening) -> PeriodReopening:
    """The wish as it is now, held; refused when somebody has decided it meanwhile."""
    held = PeriodReopening.objects.select_for_update(of=("self",)).select_related("period", "asked_by")
    reopening = held.get(pk=reopening.pk)
    if reopening.state != ReopeningState.WAITING:
        raise Refused(_("This has been decided already."))
    return reopening


def _decide(reopening: PeriodReopening, state: ReopeningState, by: Member) -> None:
    reopening.state, reopening.decided_by, reopening.decided_at = state, by, timezone.now()
    reopening.save(update_fields=["state", "decided_by", "decided_at"])
    notifications.settle(kinds=[PERIOD_REOPEN], targets=[reopening])


def _who_may_reopen(on: datetime.date) -> list[int]:
    """Ids of those whose granted role may be the second person."""
    roles = [role for role, held in ROLES.items() if Permission.PERIOD_REOPEN in held]
    return list(queries.grants_in_force(on).filter(role__in=roles).values_list("member", flat=True))

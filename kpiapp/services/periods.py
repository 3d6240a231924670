"""Periods: the calendar of a fiscal year, locking and reopening."""

import datetime

from django.db import transaction
from django.db.models.deletion import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp import registry
from kpiapp.choices import PeriodKind, PeriodState
from kpiapp.fiscal_years import MONTHS_OF_A_YEAR, add_months, fiscal_year_start
from kpiapp.models import Member, Organization, Period
from kpiapp.models.period import MONTHS
from kpiapp.services import audit
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
def reopen_period(*, period: Period, reason: str, by: Member) -> Period:
    """Take entries again. The audit event keeps who had locked it, when, and the reason, which must be given."""
    period = Period.objects.select_for_update(of=("self",)).select_related("locked_by").get(pk=period.pk)
    if period.is_open:
        raise Refused(_("%(period)s is open already.") % {"period": period.label})
    if not reason.strip():
        raise Refused(_("Say why the period is reopened."), field="reason")
    before = {"state": period.state, "locked_at": period.locked_at, "locked_by": str(period.locked_by or "")}
    period.state, period.locked_at, period.locked_by = PeriodState.OPEN, None, None
    period.save(update_fields=["state", "locked_at", "locked_by"])
    audit.record(
        action="period.reopen",
        target=period,
        by=by,
        before=before,
        after={"state": PeriodState.OPEN},
        reason=reason.strip(),
    )
    return period

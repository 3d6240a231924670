"""What people do about early warnings: answer with an action, put off with a reason, hand over. Nobody closes one."""

import datetime
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp.models import Member
from kpiapp.services import audit, notifications
from kpiapp.services.refusals import Refused
from scorecards import notices
from scorecards.choices import WarningState
from scorecards.models import EarlyWarning

# An answer that takes longer than this is a wish.
LONGEST_DAYS = 92


class WarningRefused(Refused):
    """An answer that cannot be taken; the message says why."""


def answer_warning(
    *, warning: EarlyWarning, text: str, until: datetime.date, on: datetime.date, by: Member
) -> EarlyWarning:
    """Say what is done about it, and by when it will have helped. Raises WarningRefused."""
    return _rest(warning, WarningState.ANSWERED, text, until, on, by)


def snooze_warning(
    *, warning: EarlyWarning, text: str, until: datetime.date, on: datetime.date, by: Member
) -> EarlyWarning:
    """Say why it can wait, and until when. Raises WarningRefused."""
    return _rest(warning, WarningState.SNOOZED, text, until, on, by)


@transaction.atomic
def answer_all(
    *,
    warning: EarlyWarning,
    like: Iterable[EarlyWarning],
    put_off: bool,
    text: str,
    until: datetime.date,
    on: datetime.date,
    by: Member,
) -> EarlyWarning:
    """The same answer for a warning and those like it on its card, each with its event. Raises WarningRefused."""
    state = WarningState.SNOOZED if put_off else WarningState.ANSWERED
    for one in [other for other in like if other.pk != warning.pk]:
        _rest(one, state, text, until, on, by)
    return _rest(warning, state, text, until, on, by)


@transaction.atomic
def _rest(
    warning: EarlyWarning, state: WarningState, text: str, until: datetime.date, on: datetime.date, by: Member
) -> EarlyWarning:
    warning = _locked(warning)
    if not text.strip():
        raise WarningRefused(_("Say what is done about it, or why it can wait."), field="text")
    if until <= on:
        raise WarningRefused(
            _("Choose a day after today: the warning comes back then if it still holds."), field="until"
        )
    if (until - on).days > LONGEST_DAYS:
        raise WarningRefused(
            _("That is too far away. Choose a day within %(days)d days.") % {"days": LONGEST_DAYS}, field="until"
        )
    before = {"state": warning.state, "due_on": warning.due_on, "answer": warning.answer}
    warning.state, warning.answer, warning.due_on = state, text.strip(), until
    warning.answered_by, warning.answered_at = by, timezone.now()
    warning.save(update_fields=["state", "answer", "due_on", "answered_by", "answered_at"])
    after = {"state": warning.state, "due_on": warning.due_on, "kind": warning.kind}
    action = "warning.answer" if state == WarningState.ANSWERED else "warning.snooze"
    audit.record(action=action, target=_target(warning), by=by, before=_plain(before), after=_plain(after), reason=text)
    return warning


@transaction.atomic
def assign_warning(*, warning: EarlyWarning, to: Member, by: Member) -> EarlyWarning:
    """Hand it to somebody else, who is told. Raises WarningRefused."""
    warning = _locked(warning)
    if warning.owner_id == to.pk:
        raise WarningRefused(_("%(name)s owns it already.") % {"name": to.name}, field="to")
    before, warning.owner = {"owner": warning.owner.name if warning.owner else ""}, to
    warning.save(update_fields=["owner"])
    after = {"owner": to.name, "kind": warning.kind}
    audit.record(action="warning.assign", target=_target(warning), by=by, before=before, after=after)
    notifications.settle(kinds=[notices.WARNING_ASSIGNED], targets=[warning])
    notifications.notify(to=[to], kind=notices.WARNING_ASSIGNED, target=warning, by=by)
    return warning


def _locked(warning: EarlyWarning) -> EarlyWarning:
    rows = EarlyWarning.objects.select_for_update(of=("self",))
    warning = rows.select_related("owner", "scorecard", "line__kpi", "objective", "kpi").get(pk=warning.pk)
    if warning.closed_on is not None:
        raise WarningRefused(_("This warning is closed already: its cause is gone."))
    return warning


def _target(warning: EarlyWarning):
    """What the audit trail files it under: the row it is about."""
    return warning.line or warning.scorecard or warning.objective or warning.kpi


def _plain(values: dict) -> dict:
    return {name: value.isoformat() if isinstance(value, datetime.date) else value for name, value in values.items()}

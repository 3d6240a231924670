"""From draft to active: a KPI that fails a letter is used only when somebody allowed to says why. And its reviews."""

import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kpiapp.choices import Role, Scope
from kpiapp.models import Member
from kpiapp.permissions import Permission, scope_of
from kpiapp.queries import grants_in_force
from kpiapp.services import audit, notifications
from kpiapp.services.refusals import Refused
from strategy import notices
from strategy.choices import KPI_TRANSITIONS, KpiState
from strategy.models import KpiDefinition
from strategy.smarter import judging
from strategy.smarter.letters import Finding, is_smarter


class StateRefused(Refused):
    """A step a KPI cannot take; the message says why and what to do."""


def decides(member: Member) -> bool:
    """Whether a member may let a KPI be used although letters are open."""
    return scope_of(member, Permission.KPI_EDIT) == Scope.ALL


def _is_the_librarys(definition: KpiDefinition) -> bool:
    """As the library words it: read by people before anybody here took it, so whoever takes it may use it."""
    return bool(definition.origin) and definition.current is not None and definition.current.number == 1


@transaction.atomic
def activate_kpi(*, definition: KpiDefinition, by: Member, on: datetime.date, reason: str = "") -> KpiDefinition:
    """Let a draft be given to people: when nothing keeps it back, or with a reason of who decides. Raises Refused."""
    definition = _lock(definition, KpiState.ACTIVE)
    findings = judging.judge(definition, definition.current, on)
    reason = reason.strip()
    if not is_smarter(findings):
        if not (decides(by) or _is_the_librarys(definition)):
            raise StateRefused(_("Some letters are open. Mend them, or send it to the strategy office."))
        if not reason:
            raise StateRefused(_("Some letters are open. Say why it is used as it is."), field="reason")
    definition = _move(definition, KpiState.ACTIVE, "kpi.activate", by, reason, open=_open(findings))
    _tell([definition.created_by_id], notices.KPI_ACTIVATED, definition, by, reason)
    return definition


@transaction.atomic
def send_kpi(*, definition: KpiDefinition, by: Member, on: datetime.date, reason: str = "") -> KpiDefinition:
    """Ask the strategy office to let a draft be used although letters are open, saying why. Raises Refused."""
    definition = _lock(definition, KpiState.WAITING)
    if not reason.strip():
        raise StateRefused(_("Say why it should be used although letters are open."), field="reason")
    findings = judging.judge(definition, definition.current, on)
    definition = _move(definition, KpiState.WAITING, "kpi.send", by, reason.strip(), open=_open(findings))
    office = grants_in_force(on).filter(role=Role.STRATEGY).values_list("member", flat=True)
    _tell(list(office), notices.KPI_SENT, definition, by, reason.strip())
    return definition


@transaction.atomic
def return_kpi(*, definition: KpiDefinition, by: Member, reason: str) -> KpiDefinition:
    """Give a KPI that waits back to be mended, with a reason. Raises Refused."""
    definition = _lock(definition, KpiState.DRAFT)
    if not decides(by):
        raise StateRefused(_("The strategy office gives it back."))
    if not reason.strip():
        raise StateRefused(_("Say what has to be mended."), field="reason")
    definition = _move(definition, KpiState.DRAFT, "kpi.return", by, reason.strip())
    _tell([definition.created_by_id], notices.KPI_RETURNED, definition, by, reason.strip())
    return definition


@transaction.atomic
def review_kpi(*, definition: KpiDefinition, by: Member, on: datetime.date) -> KpiDefinition:
    """Somebody looked at the KPI on this day and found it right."""
    before = {"reviewed_on": definition.reviewed_on and definition.reviewed_on.isoformat()}
    definition.reviewed_on, definition.reviewed_by = on, by
    definition.save(update_fields=["reviewed_on", "reviewed_by"])
    audit.record(action="kpi.review", target=definition, by=by, before=before, after={"reviewed_on": on.isoformat()})
    return definition


def _lock(definition: KpiDefinition, wanted: str) -> KpiDefinition:
    locked = KpiDefinition.objects.select_for_update(of=("self",))
    definition = locked.select_related("current__owner", "current__objective__map").get(pk=definition.pk)
    if wanted not in KPI_TRANSITIONS[KpiState(definition.state)]:
        raise StateRefused(_("Somebody was faster: it is “%(state)s”.") % {"state": definition.get_state_display()})
    return definition


def _move(definition: KpiDefinition, state: str, action: str, by: Member, reason: str, **more: Any) -> KpiDefinition:
    before = {"state": definition.state}
    definition.state = state
    definition.save(update_fields=["state"])
    audit.record(action=action, target=definition, by=by, before=before, after={"state": state, **more}, reason=reason)
    return definition


def _tell(to: list[int | None], kind: str, definition: KpiDefinition, by: Member, reason: str) -> None:
    notifications.notify(to=to, kind=kind, target=definition, by=by, facts={"reason": reason})


def _open(findings: list[Finding]) -> str:
    """The letters that keep it back, as the audit trail keeps them."""
    return " ".join(finding.letter for finding in findings if finding.keeps_back)

"""Roles given for a time. A role that opens pay counts only once a second person has confirmed it."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kpiapp.choices import GRANTED_ROLES, PAY_ROLES, Role
from kpiapp.models import Member, RoleGrant
from kpiapp.permissions import Permission, can
from kpiapp.services import audit
from kpiapp.services.people import refuse_last_owner
from kpiapp.services.refusals import Refused

# A role that opens pay is looked at anew after a year at the latest.
PAY_ROLE_DAYS = 366


@transaction.atomic
def grant_role(
    *, member: Member, role: str, valid_from: datetime.date, valid_to: datetime.date | None = None, by: Member
) -> RoleGrant:
    """Give a role from a day on, up to but without another. A pay role needs an end, and waits for confirmation."""
    _refuse_bad_dates(role, valid_from, valid_to)
    if role not in GRANTED_ROLES:
        raise Refused(_("This role follows from the org tree and cannot be given."), field="role")
    member = Member.objects.select_for_update().get(pk=member.pk)
    if not member.is_active:
        raise Refused(_("%(name)s has left.") % {"name": member.name}, field="member")
    held = RoleGrant.objects.filter(member=member, role=role).exclude(valid_to__lte=valid_from)
    if valid_to:
        held = held.filter(valid_from__lt=valid_to)
    if held.exists():
        raise Refused(_("%(name)s has this role in that time already.") % {"name": member.name}, field="role")
    grant = RoleGrant.objects.create(member=member, role=role, valid_from=valid_from, valid_to=valid_to, granted_by=by)
    audit.record(
        action="role.grant",
        target=member,
        by=by,
        after={"role": role, "valid_from": valid_from, "valid_to": valid_to},
    )
    return grant


def may_confirm(grant: RoleGrant, by: Member) -> bool:
    """Whether an acting member may be the second person: another owner or payroll approver than those concerned."""
    return can(by, Permission.ROLE_CONFIRM) and by.pk not in (grant.granted_by_id, grant.member_id)


@transaction.atomic
def confirm_grant(*, grant: RoleGrant, by: Member) -> RoleGrant:
    """Let a pay role count. Neither who gave it nor who receives it may be the one to confirm."""
    grant = RoleGrant.objects.select_for_update(of=("self",)).select_related("member").get(pk=grant.pk)
    if grant.role not in PAY_ROLES or grant.confirmed_at:
        raise Refused(_("There is nothing to confirm."))
    if not may_confirm(grant, by):
        raise Refused(_("Another owner or payroll approver has to confirm this: not who gave or receives it."))
    grant.confirmed_by, grant.confirmed_at = by, timezone.now()
    grant.save(update_fields=["confirmed_by", "confirmed_at"])
    audit.record(action="role.confirm", target=grant.member, by=by, after={"role": grant.role})
    return grant


@transaction.atomic
def revoke_grant(*, grant: RoleGrant, on: datetime.date, by: Member) -> None:
    """End a role on a day; one that had not begun, or was never confirmed, disappears."""
    grant = RoleGrant.objects.select_for_update(of=("self",)).select_related("member").get(pk=grant.pk)
    if grant.valid_to and grant.valid_to <= on:
        raise Refused(_("This role has ended already."))
    if grant.role == Role.OWNER:
        refuse_last_owner(grant.member, on)
    before = {"role": grant.role, "valid_from": grant.valid_from, "valid_to": grant.valid_to}
    unconfirmed = grant.role in PAY_ROLES and grant.confirmed_at is None
    if grant.valid_from >= on or unconfirmed:
        grant.delete()
    else:
        grant.valid_to = on
        grant.save(update_fields=["valid_to"])
    audit.record(action="role.revoke", target=grant.member, by=by, before=before, after={"valid_to": on})


def _refuse_bad_dates(role: str, valid_from: datetime.date, valid_to: datetime.date | None) -> None:
    if valid_to and valid_to <= valid_from:
        raise Refused(_("The last day has to come after the first."), field="last_day")
    if role not in PAY_ROLES:
        return
    latest = valid_from + datetime.timedelta(days=PAY_ROLE_DAYS)
    if valid_to is None or valid_to > latest:
        last_day = date_format(latest - datetime.timedelta(days=1), "DATE_FORMAT")
        message = _("This role opens pay, so it needs an end, a year away at most: choose %(day)s or an earlier day.")
        raise Refused(message % {"day": last_day}, field="last_day")

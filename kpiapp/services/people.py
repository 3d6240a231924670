"""People: joining, moving by date, leaving and coming back."""

import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp import queries, registry
from kpiapp.choices import Role
from kpiapp.models import ApiToken, Department, Employment, Invitation, Member, Organization, Position, RoleGrant, User
from kpiapp.services import audit, organizations
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import current_organization_id

ONE_DAY = datetime.timedelta(days=1)
# The first of the two keys of the advisory lock under which owners of an organization go.
_OWNERS_LOCK = 7304


class ManagerCycle(Refused):
    """Somebody would become their own superior."""

    def __init__(self, path: list[str]):
        self.path = path
        names = " → ".join(path)
        super().__init__(
            _("That would make a circle: %(names)s. Choose another manager.") % {"names": names}, field="manager"
        )


class Moved(NamedTuple):
    """Where somebody stands now, and what followed from it, as sentences for whoever moved them."""

    employment: Employment
    followed: list[str]


@transaction.atomic
def add_member(
    *,
    name: str,
    code: str = "",
    email: str = "",
    department: Department,
    position: Position,
    manager: Member | None = None,
    on: datetime.date,
    by: Member,
) -> Member:
    """A new person, employed from a day on. Without a code they get the next free one."""
    code = code.strip() or next_code()
    _refuse_taken(code=code, email=email)
    member = Member.objects.create(name=_name(name), code=code, email=User.objects.normalize_email(email))
    employment = Employment(member=member, department=department, position=position, manager=manager, valid_from=on)
    employment.save()
    audit.record(
        action="person.add",
        target=member,
        by=by,
        after={"name": member.name, "code": code, "email": member.email, **describe(employment)},
    )
    return member


@transaction.atomic
def edit_member(*, member: Member, name: str, code: str, email: str, by: Member) -> Member:
    """Correct name, code or address of a person; where they stand is changed by move_member."""
    after = {"name": _name(name), "code": code.strip(), "email": User.objects.normalize_email(email)}
    before = {key: getattr(member, key) for key in after}
    changed = [key for key in after if after[key] != before[key]]
    if not changed:
        return member
    _refuse_taken(code=after["code"], email=after["email"], besides=member)
    for key in changed:
        setattr(member, key, after[key])
    member.save()
    audit.record_changes(action="person.edit", target=member, by=by, before=before, after=after)
    return member


@transaction.atomic
def move_member(
    *,
    member: Member,
    department: Department,
    position: Position,
    manager: Member | None,
    on: datetime.date,
    by: Member,
    today: datetime.date,
    reason: str = "",
) -> Moved:
    """Another department, position or manager from a day on; the range before ends on that day.

    Refused when a later change stands already, when nothing would change, and when it would make a circle of managers.
    """
    member = Member.objects.select_for_update().get(pk=member.pk)
    if not member.is_active:
        raise Refused(_("%(name)s has left. Bring them back first.") % {"name": member.name})
    _refuse_later_change(member, on)
    refuse_cycle(member=member, manager=manager, on=on)
    current = queries.employment_on(member, on)
    wanted = Employment(member=member, department=department, position=position, manager=manager, valid_from=on)
    before, after = (describe(current) if current else {}), describe(wanted)
    if before == after:
        raise Refused(_("Nothing would change: that is where they stand already."))
    _end(current, on)
    wanted.save()
    changed = [key for key in after if before.get(key) != after[key]]
    audit.record(
        action="person.move",
        target=member,
        by=by,
        before={key: before.get(key) for key in changed},
        after={**{key: after[key] for key in changed}, "valid_from": on},
        reason=reason.strip(),
    )
    if current is None:
        return Moved(wanted, [])
    calls = (follow(member=member, left=current, on=on, by=by, today=today) for follow in registry.AFTER_MOVES)
    return Moved(wanted, [sentence for told in calls for sentence in told])


@transaction.atomic
def deactivate_member(
    *, member: Member, organization: Organization, last_day: datetime.date, by: Member, reason: str = ""
) -> Member:
    """Let a person go: access ends now, employment with the last day, roles, keys and invitations with it.

    Who still reports to them stays so until moved: the caller shows their number. Nobody removes themselves or the
    last owner.
    """
    member = Member.objects.select_for_update(of=("self",)).select_related("user").get(pk=member.pk)
    if not member.is_active:
        raise Refused(_("%(name)s has left already.") % {"name": member.name})
    if member.pk == by.pk:
        raise Refused(_("You cannot deactivate yourself. Ask somebody else in HR."))
    refuse_last_owner(member, last_day)
    end = last_day + ONE_DAY
    current = queries.employment_on(member, last_day)
    Employment.objects.filter(member=member, valid_from__gte=end).delete()
    if current and (current.valid_to is None or current.valid_to > end):
        current.valid_to = end
        current.save(update_fields=["valid_to"])
    end_roles(member, end)
    ApiToken.objects.filter(member=member, revoked_at=None).update(revoked_at=timezone.now())
    Invitation.objects.filter(member=member, accepted_at=None).delete()
    member.is_active, member.deactivated_at = False, timezone.now()
    member.save(update_fields=["is_active", "deactivated_at"])
    if member.user:
        organizations.leave(user=member.user, organization=organization)
    audit.record(action="person.deactivate", target=member, by=by, after={"last_day": last_day}, reason=reason.strip())
    return member


@transaction.atomic
def reactivate_member(
    *,
    member: Member,
    organization: Organization,
    department: Department,
    position: Position,
    manager: Member | None,
    on: datetime.date,
    by: Member,
) -> Member:
    """Bring a person back from a day on, with their login if they had one, without the roles they had."""
    member = Member.objects.select_for_update(of=("self",)).select_related("user").get(pk=member.pk)
    if member.is_active:
        raise Refused(_("%(name)s is here already.") % {"name": member.name})
    _refuse_later_change(member, on)
    refuse_cycle(member=member, manager=manager, on=on)
    _end(queries.employment_on(member, on), on)
    employment = Employment(member=member, department=department, position=position, manager=manager, valid_from=on)
    employment.save()
    member.is_active, member.deactivated_at = True, None
    member.save(update_fields=["is_active", "deactivated_at"])
    if member.user:
        organizations.join(user=member.user, organization=organization)
    audit.record(action="person.reactivate", target=member, by=by, after={**describe(employment), "valid_from": on})
    return member


def next_code() -> str:
    """The code after the highest one of the form NV001."""
    numbers = [
        int(code[2:]) for code in Member.objects.filter(code__regex=r"^NV\d{1,9}$").values_list("code", flat=True)
    ]
    return f"NV{max(numbers, default=0) + 1:03}"


def refuse_cycle(*, member: Member, manager: Member | None, on: datetime.date) -> None:
    """Raise ManagerCycle when the manager stands under the member on that day or on a later day already planned."""
    if manager is None:
        return
    later = Employment.objects.filter(valid_from__gt=on).order_by("valid_from").values_list("valid_from", flat=True)
    for day in (on, *later.distinct()):
        chain = [manager, *queries.managers_above(manager, day)]
        if member in chain:
            raise ManagerCycle([member.name, *(superior.name for superior in chain[: chain.index(member) + 1])])


def refuse_last_owner(member: Member, on: datetime.date) -> None:
    """An organization always keeps an owner: of two who go at once, the second waits and is refused."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_OWNERS_LOCK, current_organization_id()])
    owners = RoleGrant.objects.on(on).filter(role=Role.OWNER, member__is_active=True)
    holders = set(owners.values_list("member_id", flat=True))
    if holders == {member.pk}:
        raise Refused(_("%(name)s is the only owner. Make somebody else an owner first.") % {"name": member.name})


def end_roles(member: Member, on: datetime.date) -> None:
    """Every role of a member ends on a day; one that had not begun by then disappears."""
    RoleGrant.objects.filter(member=member, valid_from__gte=on).delete()
    RoleGrant.objects.on(on).filter(member=member).update(valid_to=on)


def describe(employment: Employment) -> dict[str, str]:
    """Where a person stands, by names, for the audit trail."""
    return {
        "department": employment.department.name,
        "position": employment.position.name,
        "manager": employment.manager.name if employment.manager else "",
    }


def _end(current: Employment | None, on: datetime.date) -> None:
    """End a range on a day; one that began that very day was never in force."""
    if current is None:
        return
    if current.valid_from == on:
        current.delete()
        return
    current.valid_to = on
    current.save(update_fields=["valid_to"])


def _refuse_later_change(member: Member, on: datetime.date) -> None:
    later = Employment.objects.filter(member=member, valid_from__gt=on).order_by("valid_from").first()
    if later:
        raise Refused(
            _("A change on %(day)s is planned already. Choose that day or a later one.")
            % {"day": later.valid_from.strftime("%d/%m/%Y")},
            field="on",
        )


def _refuse_taken(*, code: str, email: str, besides: Member | None = None) -> None:
    others = Member.objects.exclude(pk=besides.pk) if besides else Member.objects.all()
    if not code:
        raise Refused(_("Give the person a code."), field="code")
    if holder := others.filter(code=code).first():
        raise Refused(
            _("%(code)s is the code of %(name)s already.") % {"code": code, "name": holder.name}, field="code"
        )
    address = User.objects.normalize_email(email)
    if address and (holder := others.filter(email=address).first()):
        raise Refused(_("%(name)s has this address already.") % {"name": holder.name}, field="email")


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise Refused(_("Give the person a name."), field="name")
    return name

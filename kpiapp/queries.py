"""Reads that depend on who asks, or on a date: access, visible people, the org tree."""

import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from kpiapp.choices import PAY_ROLES, Role, Scope
from kpiapp.models import Department, Employment, Member, Organization, RoleGrant
from kpiapp.permissions import Permission, scope_of
from kpiapp.tenancy import current_organization_id

# The people below a manager on a day, however deep. UNION (not ALL) ends a cycle should one ever be stored.
_TEAM_SQL = """
WITH RECURSIVE team(member_id) AS (
    SELECT member_id FROM kpiapp_employment
    WHERE organization_id = %(organization)s AND manager_id = %(manager)s
      AND valid_from <= %(on)s AND (valid_to IS NULL OR valid_to > %(on)s)
    UNION
    SELECT e.member_id FROM kpiapp_employment e JOIN team t ON e.manager_id = t.member_id
    WHERE e.organization_id = %(organization)s
      AND e.valid_from <= %(on)s AND (e.valid_to IS NULL OR e.valid_to > %(on)s)
)
SELECT member_id FROM team
"""

_DEPARTMENTS_BELOW_SQL = """
WITH RECURSIVE below(id) AS (
    SELECT id FROM kpiapp_department WHERE organization_id = %(organization)s AND {root}
    UNION
    SELECT d.id FROM kpiapp_department d JOIN below b ON d.parent_id = b.id WHERE d.organization_id = %(organization)s
)
SELECT id FROM below
"""


def find_member(user, on: datetime.date) -> Member | None:
    """The active member a user is in the current organization, with roles loaded, or None."""
    return load_access(Member.objects.filter(user=user, is_active=True), on)


def load_access(members: QuerySet[Member], on: datetime.date) -> Member | None:
    """First of these members with `roles` as of a day: granted ones, employee, and manager when someone reports."""
    reports = Employment.objects.on(on).filter(manager=OuterRef("pk"))
    member = members.select_related("user").annotate(leads=Exists(reports)).first()
    if member is None:
        return None
    roles = set(granted_roles(member, on)) | {Role.EMPLOYEE}
    if member.leads:
        roles.add(Role.MANAGER)
    member.roles = frozenset(roles)
    return member


def granted_roles(member: Member, on: datetime.date) -> list[str]:
    """Roles granted to a member on a day; a pay role only once a second person has confirmed it."""
    grants = RoleGrant.objects.on(on).filter(member=member)
    return list(grants.exclude(Q(role__in=PAY_ROLES) & Q(confirmed_at=None)).values_list("role", flat=True))


def team_ids(manager: Member, on: datetime.date) -> RawSQL:
    """Subquery of the ids of everyone below a manager on a day."""
    return RawSQL(  # noqa: S611  (constant SQL, bound parameters)
        _TEAM_SQL.replace("%(organization)s", "%s").replace("%(manager)s", "%s").replace("%(on)s", "%s"),
        [current_organization_id(), manager.pk, on, on, current_organization_id(), on, on],
    )


def visible_members(member: Member, permission: Permission, on: datetime.date) -> QuerySet[Member]:
    """The members over whom an acting member holds a permission on a day."""
    scope = scope_of(member, permission)
    if scope == Scope.ALL:
        return Member.objects.all()
    if scope == Scope.TEAM:
        return Member.objects.filter(Q(pk=member.pk) | Q(pk__in=team_ids(member, on)))
    if scope == Scope.SELF:
        return Member.objects.filter(pk=member.pk)
    return Member.objects.none()


def visible_departments(member: Member, permission: Permission, on: datetime.date) -> QuerySet[Department]:
    """Departments over which a permission reaches: all, those headed and below, or (to read) one's own."""
    scope = scope_of(member, permission)
    if scope == Scope.ALL:
        return Department.objects.all()
    if scope == Scope.TEAM:
        return Department.objects.filter(pk__in=_departments_below("head_id = %s", member.pk))
    return Department.objects.none()


def department_subtree(department: Department) -> QuerySet[Department]:
    """A department and everything below it."""
    return Department.objects.filter(pk__in=_departments_below("id = %s", department.pk))


def _departments_below(root: str, value: int) -> RawSQL:
    organization_id = current_organization_id()
    sql = _DEPARTMENTS_BELOW_SQL.format(root=root).replace("%(organization)s", "%s")
    return RawSQL(sql, [organization_id, value, organization_id])  # noqa: S611  (constant SQL, bound parameters)


def employment_on(member: Member, day: datetime.date) -> Employment | None:
    """Where a person stands on a day."""
    return Employment.objects.on(day).filter(member=member).select_related("department", "position", "manager").first()


def organizations_of(user) -> QuerySet[Organization]:
    """Organizations a user may switch between."""
    return Organization.objects.filter(pk__in=user.organization_ids, is_active=True).order_by("name")

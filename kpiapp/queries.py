"""Reads that depend on who asks, or on a date: access, visible people, the org tree."""

import datetime
from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, JSONObject
from django.utils import timezone

from kpiapp import registry
from kpiapp.choices import PAY_ROLES, Role, Scope
from kpiapp.models import (
    ApiToken,
    AuditEvent,
    Department,
    Employment,
    ImportBatch,
    Invitation,
    Member,
    Notification,
    Organization,
    Period,
    Position,
    RoleGrant,
)
from kpiapp.permissions import Permission, can, scope_of
from kpiapp.tenancy import current_organization_id
from kpiapp.text import search_key

# What an event about pay tells besides amounts.
_NO_AMOUNTS = {"filename", "rows", "sha256", "people", "state", "valid_from", "valid_to"}
HIDDEN_AMOUNT = "•••"
# Time enough to give a pay role again before its end, with a second person to confirm it.
ENDS_SOON = datetime.timedelta(days=30)

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

# The managers above a person on a day, nearest first.
_MANAGERS_ABOVE_SQL = """
WITH RECURSIVE above(manager_id, path) AS (
    SELECT manager_id, ARRAY[member_id] FROM kpiapp_employment
    WHERE organization_id = %(organization)s AND member_id = %(member)s AND manager_id IS NOT NULL
      AND valid_from <= %(on)s AND (valid_to IS NULL OR valid_to > %(on)s)
    UNION ALL
    SELECT e.manager_id, a.path || e.member_id FROM kpiapp_employment e JOIN above a ON e.member_id = a.manager_id
    WHERE e.organization_id = %(organization)s AND e.manager_id IS NOT NULL AND NOT e.member_id = ANY(a.path)
      AND e.valid_from <= %(on)s AND (e.valid_to IS NULL OR e.valid_to > %(on)s)
)
SELECT manager_id FROM above ORDER BY cardinality(path)
"""


def find_member(user, on: datetime.date) -> Member | None:
    """The active member a user is in the current organization, with roles loaded, or None."""
    return load_access(Member.objects.filter(user=user, is_active=True), on)


def load_access(members: QuerySet[Member], on: datetime.date) -> Member | None:
    """First of these members with `roles` as of a day: granted ones, employee, and manager when someone reports."""
    reports = Employment.objects.on(on).filter(manager=OuterRef("pk"))
    granted = grants_in_force(on).filter(member=OuterRef("pk")).values("role")
    unread = count_of(Notification.objects.filter(member=OuterRef("pk"), read_at=None))
    members = members.select_related("user")
    member = members.annotate(leads=Exists(reports), granted=ArraySubquery(granted), unread=unread).first()
    if member is None:
        return None
    roles = {*member.granted, Role.EMPLOYEE}
    if member.leads:
        roles.add(Role.MANAGER)
    member.roles = frozenset(roles)
    return member


def grants_in_force(on: datetime.date) -> QuerySet[RoleGrant]:
    """Grants that count on a day: a pay role only once a second person has confirmed it."""
    return RoleGrant.objects.on(on).exclude(Q(role__in=PAY_ROLES) & Q(confirmed_at=None))


def ending_pay_grants(on: datetime.date) -> QuerySet[RoleGrant]:
    """Grants that open pay now and end soon, with nothing given to follow."""
    following = RoleGrant.objects.filter(
        member=OuterRef("member"), role=OuterRef("role"), valid_from__gte=OuterRef("valid_to")
    )
    ending = grants_in_force(on).filter(role__in=PAY_ROLES, valid_to__lte=on + ENDS_SOON, member__is_active=True)
    return ending.exclude(Exists(following))


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
        return led_departments(member)
    return Department.objects.none()


def led_departments(member: Member) -> QuerySet[Department]:
    """Departments a member heads, with everything below them."""
    return Department.objects.filter(pk__in=_departments_below("head_id = %s", member.pk))


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


def managers_above(member: Member, on: datetime.date) -> list[Member]:
    """The superiors of a person on a day, nearest first; a circle, should one be stored, ends where it began."""
    organization_id = current_organization_id()
    with connection.cursor() as cursor:
        cursor.execute(_MANAGERS_ABOVE_SQL, {"organization": organization_id, "member": member.pk, "on": on})
        ids = [row[0] for row in cursor.fetchall()]
    found = Member.objects.in_bulk(ids)
    return [found[pk] for pk in ids]


def matching(rows: QuerySet, text: str, *, also: tuple[str, ...] = ()) -> QuerySet:
    """Rows whose search key holds every word of a text, with or without accents; `also` names columns to look into.

    The organization's rows are found by its index and then read: row security lets no trigram index help.
    """
    for word in search_key(text).split():
        condition = Q(search_key__contains=word)
        for column in also:
            condition |= Q(**{f"{column}__istartswith": word})
        rows = rows.filter(condition)
    return rows


def with_standing(members: QuerySet[Member], on: datetime.date) -> QuerySet[Member]:
    """Members with `standing`: the list of their one employment on a day, or an empty list."""
    employments = Employment.objects.on(on).select_related("department", "position", "manager")
    return members.prefetch_related(Prefetch("employments", queryset=employments, to_attr="standing"))


def find_people(*, text: str, department: Department | None, left: bool, on: datetime.date) -> QuerySet[Member]:
    """The directory in Vietnamese order: those here (or those who left), of a department and all below it."""
    members = matching(Member.objects.filter(is_active=not left), text, also=("code", "email"))
    if department:
        here = Employment.objects.on(on).filter(member=OuterRef("pk"), department__in=department_subtree(department))
        members = members.filter(Exists(here))
    return with_standing(members, on).order_by("sort_key", "id")


def may_see_history(member: Member, person: Member, on: datetime.date) -> bool:
    """Where somebody stood before is for them, their superiors, and those who see every card or keep the people."""
    if can(member, Permission.PEOPLE_EDIT) or member.pk == person.pk:
        return True
    return visible_members(member, Permission.CARD_READ, on).filter(pk=person.pk).exists()


@dataclass
class TreeNode:
    """A department in its tree: how many people it has today, itself and with all below it."""

    department: Department
    people: int
    children: list["TreeNode"]

    @property
    def people_below(self) -> int:
        """People of this department and of all below it."""
        return self.people + sum(child.people_below for child in self.children)


def department_tree(on: datetime.date) -> list[TreeNode]:
    """The open departments as trees, in Vietnamese order, with people counted on a day."""
    counts = dict(
        Employment.objects.on(on)
        .filter(member__is_active=True)
        .values_list("department")
        .annotate(Count("pk"))
        .order_by()
    )
    departments = Department.objects.filter(is_active=True).select_related("head").order_by("sort_key", "id")
    nodes = {row.pk: TreeNode(department=row, people=counts.get(row.pk, 0), children=[]) for row in departments}
    roots = []
    for node in nodes.values():
        above = nodes.get(node.department.parent_id)
        (above.children if above else roots).append(node)
    return roots


def positions_with_people(on: datetime.date) -> QuerySet[Position]:
    """The positions in Vietnamese order, with `people`: how many hold each on a day."""
    here = Employment.objects.on(on).filter(position=OuterRef("pk"), member__is_active=True)
    counted = here.order_by().values("position").annotate(count=Count("pk")).values("count")
    return Position.objects.annotate(people=Coalesce(Subquery(counted), 0)).order_by("sort_key", "id")


def begun_periods(on: datetime.date) -> list[Period]:
    """Periods that have begun, the latest first; of those that start on one day the shortest first."""
    return list(Period.objects.filter(starts_on__lte=on).order_by("-starts_on", "ends_on"))


def count_of(rows: QuerySet) -> Coalesce:
    """How many rows there are, as a part of another query: many counts are read in one go."""
    counted = rows.order_by().values("organization").annotate(rows_counted=Count("pk")).values("rows_counted")
    return Coalesce(Subquery(counted), 0)


def access_counts(on: datetime.date) -> JSONObject:
    """Who cannot sign in yet, how many of them are invited, grants that wait or end soon, keys in use, by name."""
    without = Member.objects.filter(is_active=True, user=None)
    open_invitations = Invitation.objects.filter(accepted_at=None, expires_at__gt=timezone.now())
    waiting = RoleGrant.objects.exclude(valid_to__lte=on).filter(role__in=PAY_ROLES, confirmed_at=None)
    return JSONObject(
        ending=count_of(ending_pay_grants(on)),
        without_login=count_of(without),
        invited=count_of(without.filter(pk__in=open_invitations.values("member"))),
        grants=count_of(waiting),
        keys=count_of(ApiToken.objects.filter(revoked_at=None)),
    )


def visible_events(member: Member, on: datetime.date) -> QuerySet[AuditEvent]:
    """The audit trail, newest first, without pay for those who read neither runs nor amounts, and what is hidden."""
    events = AuditEvent.objects.order_by("-id")
    for hidden in registry.HIDDEN_EVENTS:
        events = events.exclude(hidden(member, on))
    if can(member, Permission.PAY_RUN_READ) or scope_of(member, Permission.PAY_READ) == Scope.ALL:
        return events
    return events.filter(is_pay=False)


def readable_events(member: Member, events: QuerySet[AuditEvent]) -> list[AuditEvent]:
    """Visible events with what the member may read of them: who reads runs but nobody's pay sees no amount."""
    found = list(events)
    if scope_of(member, Permission.PAY_READ) != Scope.ALL:
        for event in found:
            if event.is_pay:
                event.before, event.after = _without_amounts(event.before), _without_amounts(event.after)
    return found


def _without_amounts(values: dict) -> dict:
    return {name: value if name in _NO_AMOUNTS else HIDDEN_AMOUNT for name, value in values.items()}


def organizations_of(user) -> QuerySet[Organization]:
    """Organizations a user may switch between."""
    return Organization.objects.filter(pk__in=user.organization_ids, is_active=True).order_by("sort_key")


def filter_events(events: QuerySet[AuditEvent], chosen: dict) -> QuerySet[AuditEvent]:
    """Events by who (part of a name), what ("noun" of the action), when (`until` includes its day) and target."""
    if chosen.get("who"):
        named = Member.objects.filter(search_key__contains=search_key(chosen["who"]))
        events = events.filter(actor_id__in=named.values("pk"))
    if chosen.get("what"):
        events = events.filter(action__startswith=f"{chosen['what']}.")
    if chosen.get("since"):
        events = events.filter(at__gte=_midnight(chosen["since"]))
    if chosen.get("until"):
        events = events.filter(at__lt=_midnight(chosen["until"] + datetime.timedelta(days=1)))
    if chosen.get("target_type") and chosen.get("target_id") is not None:
        events = events.filter(target_type=chosen["target_type"], target_id=chosen["target_id"])
    return events


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))


def visible_imports(member: Member, permissions: dict[str, Permission]) -> QuerySet[ImportBatch]:
    """Imports of the kinds a member may do: everybody's where they may for the whole organization, else their own."""
    scopes = {kind: scope_of(member, permission) for kind, permission in permissions.items()}
    everybodys = [kind for kind, scope in scopes.items() if scope == Scope.ALL]
    own = [kind for kind, scope in scopes.items() if scope == Scope.TEAM]
    return ImportBatch.objects.filter(Q(kind__in=everybodys) | Q(kind__in=own, created_by=member))

"""Departments and positions: the tree people stand in, and the jobs they hold."""

import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from kpiapp import queries
from kpiapp.models import Department, Employment, Member, Position
from kpiapp.services import audit
from kpiapp.services.refusals import Refused


class DepartmentCycle(Refused):
    """A department would stand under itself."""


@transaction.atomic
def save_department(
    *,
    department: Department | None = None,
    code: str,
    name: str,
    parent: Department | None,
    head: Member | None,
    by: Member,
) -> Department:
    """Create a department, or change the given one. Refuses a code in use and a place under itself."""
    _refuse_taken(Department, code, besides=department)
    before = _described(department) if department else {}
    if department and parent and queries.department_subtree(department).filter(pk=parent.pk).exists():
        raise DepartmentCycle(
            _("%(parent)s lies below %(name)s, so it cannot stand above it.")
            % {"parent": parent.name, "name": department.name},
            field="parent",
        )
    department = department or Department()
    department.code, department.name, department.parent, department.head = code, name, parent, head
    department.save()
    _record("department", department, before, _described(department), by)
    return department


@transaction.atomic
def close_department(*, department: Department, on: datetime.date, by: Member) -> Department:
    """Take a department out of use. People and open departments in it have to move first."""
    people = Employment.objects.filter(department=department).exclude(valid_to__lte=on).count()
    if people:
        raise Refused(
            _("%(count)d people still belong to %(name)s. Move them first.")
            % {"count": people, "name": department.name}
        )
    if Department.objects.filter(parent=department, is_active=True).exists():
        raise Refused(_("There are departments below %(name)s. Move them first.") % {"name": department.name})
    department.is_active = False
    department.save(update_fields=["is_active"])
    audit.record(action="department.close", target=department, by=by)
    return department


@transaction.atomic
def reopen_department(*, department: Department, by: Member) -> Department:
    """Put a closed department into use again."""
    department.is_active = True
    department.save(update_fields=["is_active"])
    audit.record(action="department.reopen", target=department, by=by)
    return department


@transaction.atomic
def save_position(*, position: Position | None = None, code: str, name: str, by: Member) -> Position:
    """Create a position, or change the given one."""
    _refuse_taken(Position, code, besides=position)
    before = {"code": position.code, "name": position.name} if position else {}
    position = position or Position()
    position.code, position.name = code, name
    position.save()
    _record("position", position, before, {"code": code, "name": name}, by)
    return position


def _record(noun: str, target, before: dict, after: dict, by: Member) -> None:
    action = f"{noun}.edit" if before else f"{noun}.add"
    audit.record_changes(action=action, target=target, by=by, before=before, after=after)


def _described(department: Department) -> dict[str, str]:
    return {
        "code": department.code,
        "name": department.name,
        "parent": department.parent.name if department.parent else "",
        "head": department.head.name if department.head else "",
    }


def _refuse_taken(model, code: str, *, besides) -> None:
    others = model.objects.exclude(pk=besides.pk) if besides else model.objects.all()
    if holder := others.filter(code=code).first():
        raise Refused(
            _("%(code)s is the code of %(name)s already.") % {"code": code, "name": holder.name}, field="code"
        )

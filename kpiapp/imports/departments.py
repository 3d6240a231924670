"""Departments from a file: code, name, what they are part of, who heads them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.choices import RowOutcome
from kpiapp.models import Department, Member
from kpiapp.permissions import Permission
from kpiapp.services.import_changes import Changes, undo_changes
from kpiapp.services.import_fields import FieldKind, ImportField, RowRefused
from kpiapp.services.import_handlers import ImportHandler, Row, Run


@dataclass
class Known:
    """What departments of a file refer to; `parents` is the tree as it will be, by code."""

    departments: dict[str, Department]
    members: dict[str, Member]
    parents: dict[str, str]
    in_file: set[str]


@dataclass
class Plan:
    """The department of a row and what it becomes."""

    department: Department | None
    values: dict


class DepartmentImport(ImportHandler):
    """Known by code: a new code is a new department, a known one gets the new name, parent and head."""

    kind = "departments"
    label = gettext_lazy("Departments")
    help = gettext_lazy("Code, name, the department above, and its head.")
    icon = "network"
    order = 10
    permission = Permission.IMPORT_PEOPLE
    fields = (
        ImportField(
            "code",
            gettext_lazy("Code"),
            kind=FieldKind.CODE,
            required=True,
            max_length=40,
            synonyms=("department code", "mã phòng ban", "mã bộ phận", "mã đơn vị", "mã"),
            example="SAL",
        ),
        ImportField(
            "name",
            gettext_lazy("Name"),
            required=True,
            synonyms=("department", "department name", "tên phòng ban", "phòng ban", "bộ phận", "đơn vị", "tên"),
            example="Phòng Kinh doanh",
        ),
        ImportField(
            "parent",
            gettext_lazy("Part of"),
            kind=FieldKind.CODE,
            max_length=40,
            synonyms=("parent", "parent code", "mã cấp trên", "thuộc", "trực thuộc", "phòng ban cha"),
            help=gettext_lazy("Code of the department above; empty at the top."),
            example="CO",
        ),
        ImportField(
            "head",
            gettext_lazy("Head"),
            kind=FieldKind.CODE,
            max_length=40,
            synonyms=("head code", "manager", "trưởng phòng", "mã trưởng phòng", "trưởng đơn vị"),
            help=gettext_lazy("Code of the person who leads it."),
            example="NV001",
        ),
    )

    def key(self, row: Row) -> str:
        """Its code."""
        return row.values["code"]

    def prepare(self, rows: Sequence[Row], run: Run) -> Known:
        """All departments, and the people named as heads: two queries."""
        departments = {department.code: department for department in Department.objects.select_related("parent")}
        heads = {row.values["head"] for row in rows if "head" in row.values}
        members = {member.code: member for member in Member.objects.filter(code__in=heads)}
        parents = {code: department.parent.code for code, department in departments.items() if department.parent}
        for row in rows:
            if "parent" in row.values:
                parents[row.values["code"]] = row.values["parent"]
        return Known(departments, members, parents, {row.values["code"] for row in rows})

    def needs(self, row: Row, known: Known) -> Iterable[tuple[str, str]]:
        """The department above, when it is new."""
        parent = row.values.get("parent")
        if parent and parent not in known.departments:
            yield parent, _("The department above, “%(code)s”, has an error. Mend that row first.") % {"code": parent}

    def plan(self, row: Row, known: Known) -> str:
        """Compare with the department of the same code. What a file leaves empty stays as it is."""
        values = row.values
        parent, head = values.get("parent"), values.get("head")
        if parent and parent not in known.departments and parent not in known.in_file:
            raise RowRefused(
                _("There is no department with the code “%(code)s”. Add it to the file, or correct the code.")
                % {"code": parent}
            )
        if parent:
            self._refuse_circle(values["code"], known)
        if head and head not in known.members:
            raise RowRefused(
                _("There is no person with the code “%(code)s”. Import people first, or correct the code.")
                % {"code": head}
            )
        department = known.departments.get(values["code"])
        wanted = {"name": values["name"]}
        if head:
            wanted["head"] = known.members[head]
        row.plan = Plan(department, wanted)
        if department is None:
            return RowOutcome.CREATE
        same_parent = not parent or (department.parent and department.parent.code == parent)
        same_head = not head or department.head_id == wanted["head"].pk
        same = same_parent and same_head and department.name == values["name"]
        return RowOutcome.SAME if same else RowOutcome.UPDATE

    def _refuse_circle(self, code: str, known: Known) -> None:
        path, place = [code], known.parents.get(code)
        while place:
            if place in path:
                raise RowRefused(
                    _("“%(code)s” would stand above itself: %(path)s. Correct “Part of”.")
                    % {"code": code, "path": " → ".join([*path, place])}
                )
            path.append(place)
            place = known.parents.get(place)

    def apply(self, rows: Sequence[Row], known: Known, run: Run) -> None:
        """New departments first, then names, heads and the tree: parents may stand anywhere in the file."""
        changes = Changes()
        for row in rows:
            if row.plan.department is None:
                department = Department(code=row.values["code"], **row.plan.values)
                known.departments[department.code] = row.plan.department = department
                changes.create(row, department, "code", "name", "head")
                row.plan.values = {}
        changes.write_created(Department)
        for row in rows:
            wanted = dict(row.plan.values)
            if "parent" in row.values:
                wanted["parent"] = known.departments[row.values["parent"]]
            if wanted:
                changes.update(row, row.plan.department, **wanted)
        changes.write_updated(Department)
        changes.close()

    def undo(self, rows, run: Run) -> None:
        """New departments go, others get back what they were."""
        undo_changes(rows, order=[Department])

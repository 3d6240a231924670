"""Where people stand, shared by the imports of people and of their history: fields, look-ups, and dated ranges."""

import datetime
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.models import Department, Employment, Member, Position
from kpiapp.services.import_changes import Changes
from kpiapp.services.import_fields import FieldKind, ImportField, RowRefused
from kpiapp.services.import_handlers import Row, Run
from kpiapp.text import search_key

PERSON_CODE = ImportField(
    "code",
    gettext_lazy("Employee code"),
    kind=FieldKind.CODE,
    required=True,
    max_length=40,
    synonyms=("code", "employee", "employee id", "mã nhân viên", "mã nv", "msnv", "mã"),
    example="NV012",
)


def standing_fields(*, required: bool) -> tuple[ImportField, ...]:
    """Department, position, manager and the first day."""
    return (
        ImportField(
            "department",
            gettext_lazy("Department"),
            required=required,
            synonyms=("department code", "phòng ban", "mã phòng ban", "bộ phận", "đơn vị"),
            help=gettext_lazy("Code or name."),
            example="SAL",
        ),
        ImportField(
            "position",
            gettext_lazy("Position"),
            required=required,
            synonyms=("job title", "title", "position code", "chức danh", "chức vụ", "vị trí"),
            help=gettext_lazy("Code or name; an unknown one is created."),
            example="Nhân viên kinh doanh",
        ),
        ImportField(
            "manager",
            gettext_lazy("Manager"),
            kind=FieldKind.CODE,
            max_length=40,
            synonyms=("manager code", "reports to", "mã quản lý", "quản lý", "quản lý trực tiếp", "cấp trên"),
            help=gettext_lazy("Employee code of the manager; empty at the top."),
            example="NV003",
        ),
        ImportField(
            "valid_from",
            gettext_lazy("From"),
            kind=FieldKind.DATE,
            required=required,
            synonyms=("from date", "start date", "start on", "hired on", "hire date", "từ ngày", "ngày vào làm"),
            example="01/11/2026",
        ),
    )


@dataclass
class Span:
    """A stretch of days somebody stands somewhere: an employment that is stored, changed or new."""

    valid_from: datetime.date
    valid_to: datetime.date | None
    department: Department
    position: Position
    manager: str
    stored: Employment | None = None

    def covers(self, day: datetime.date) -> bool:
        """Whether the day lies in it."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def overlaps(self, start: datetime.date, end: datetime.date | None) -> bool:
        """Whether it shares a day with [start, end)."""
        return (end is None or self.valid_from < end) and (self.valid_to is None or start < self.valid_to)

    def stands(self) -> tuple:
        """Where, to compare."""
        return self.department.pk, self.position.code, self.manager


@dataclass
class Standing:
    """People, structure and ranges that the rows of a file refer to, kept as they will be row after row."""

    members: dict[str, Member]
    departments: dict[str, Department]
    department_names: dict[str, list[Department]]
    positions: dict[str, Position]
    spans: dict[str, list[Span]]
    in_file: set[str]
    reports_to: dict[str, str]
    # Address to code of its owner, for rows that give one.
    emails: dict[str, str] = field(default_factory=dict)

    def department(self, text: str) -> Department:
        """By code, else by name. Raises RowRefused."""
        if text in self.departments:
            return self.departments[text]
        named = self.department_names.get(search_key(text), [])
        if len(named) == 1:
            return named[0]
        if named:
            raise RowRefused(_("Several departments are called “%(name)s”. Write the code instead.") % {"name": text})
        raise RowRefused(
            _("There is no department “%(name)s”. Import departments first, or correct the name.") % {"name": text}
        )

    def position(self, text: str) -> Position:
        """By code or name; a new one when there is none."""
        key = search_key(text)
        if key not in self.positions:
            self.positions[key] = Position(code=self._free_position_code(text), name=text)
        return self.positions[key]

    def _free_position_code(self, name: str) -> str:
        base = re.sub(r"[^A-Z0-9]+", "-", search_key(name).upper()).strip("-")[:30] or "POS"
        taken = {position.code for position in self.positions.values()}
        return next(code for code in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if code not in taken)

    def check_person(self, code: str) -> None:
        """Who has left is not employed again by a file. Raises RowRefused."""
        member = self.members.get(code)
        if member is not None and not member.is_active:
            raise RowRefused(_("%(name)s has left. Bring them back first.") % {"name": member.name})

    def check_manager(self, row: Row) -> None:
        """The manager exists, is somebody else, and does not stand below. Raises RowRefused."""
        code, manager = row.values["code"], row.values.get("manager")
        if not manager:
            return
        if manager == code:
            raise RowRefused(_("Nobody is their own manager. Correct or empty the manager."))
        if manager not in self.members and manager not in self.in_file:
            raise RowRefused(
                _("There is no person with the code “%(code)s”. Add them to the file, or correct the manager.")
                % {"code": manager}
            )
        path, above = [code], self.reports_to.get(code)
        while above:
            if above in path:
                raise RowRefused(
                    _("That would make a circle of managers: %(path)s. Correct one of them.")
                    % {"path": " → ".join([*path, above])}
                )
            path.append(above)
            above = self.reports_to.get(above)

    def needs_manager(self, row: Row) -> Iterable[tuple[str, str]]:
        """The manager's row, when the manager is new."""
        manager = row.values.get("manager")
        if manager and manager not in self.members:
            yield manager, _("The row of the manager “%(code)s” has an error. Mend it first.") % {"code": manager}


def read_standing(rows: Sequence[Row], run: Run) -> Standing:
    """Everything rows of people refer to: four queries."""
    codes = {row.values["code"] for row in rows}
    managers = {row.values["manager"] for row in rows if "manager" in row.values}
    members = {member.code: member for member in Member.objects.filter(code__in=codes | managers)}
    departments = {department.code: department for department in Department.objects.filter(is_active=True)}
    names = defaultdict(list)
    for department in departments.values():
        names[department.search_key].append(department)
    positions = {}
    for position in Position.objects.all():
        positions[position.search_key] = positions[search_key(position.code)] = position
    spans, reports_to = defaultdict(list), {}
    stored = Employment.objects.select_related("member", "department", "position", "manager").order_by("valid_from")
    for employment in stored:
        manager = employment.manager.code if employment.manager else ""
        span = Span(
            employment.valid_from,
            employment.valid_to,
            employment.department,
            employment.position,
            manager,
            employment,
        )
        spans[employment.member.code].append(span)
        if span.covers(run.on):
            reports_to[employment.member.code] = manager
    latest: dict[str, datetime.date] = {}
    for row in rows:
        start = row.values.get("valid_from")
        if start and start >= latest.get(row.values["code"], start) and "valid_to" not in row.values:
            latest[row.values["code"]] = start
            reports_to[row.values["code"]] = row.values.get("manager", "")
    return Standing(members, departments, names, positions, spans, codes, reports_to)


def write_spans(rows: Sequence[Row], known: Standing, changes: Changes) -> None:
    """Write what planned rows hold in `plan`: (spans to end, spans to change, spans to add). Members are written."""
    for row in rows:
        for span, values in row.plan.changed:
            if "manager" in values:
                values["manager"] = known.members.get(values["manager"])
            changes.update(row, span.stored, **values)
    changes.write_updated(Employment)
    for row in rows:
        for span in row.plan.added:
            employment = Employment(
                member=known.members[row.values["code"]],
                department=span.department,
                position=span.position,
                manager=known.members.get(span.manager),
                valid_from=span.valid_from,
                valid_to=span.valid_to,
            )
            span.stored = employment
            changes.create(row, employment, "department", "position", "manager", "valid_from", "valid_to")
    changes.write_created(Employment)


def write_positions(rows: Sequence[Row], changes: Changes) -> None:
    """Write positions that did not exist, on behalf of the first row that names each."""
    written: set[int] = set()
    for row in rows:
        for position in row.plan.positions():
            if position.pk is None and id(position) not in written:
                written.add(id(position))
                changes.create(row, position, "code", "name")
    changes.write_created(Position)


@dataclass
class Moves:
    """What a row does to the ranges of a person."""

    changed: list[tuple[Span, dict]] = field(default_factory=list)
    added: list[Span] = field(default_factory=list)

    def positions(self) -> Iterable[Position]:
        """Positions the row brings in."""
        yield from (span.position for span in self.added)
        yield from (values["position"] for _span, values in self.changed if "position" in values)

"""People from a file: who they are, and where they stand from a day on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.choices import RowOutcome
from kpiapp.imports.standing import (
    PERSON_CODE,
    Moves,
    Span,
    Standing,
    read_standing,
    standing_fields,
    write_positions,
    write_spans,
)
from kpiapp.models import Employment, Member, Position, User
from kpiapp.permissions import Permission
from kpiapp.services.import_changes import Changes, undo_changes
from kpiapp.services.import_fields import ImportField, RowRefused
from kpiapp.services.import_handlers import ImportHandler, Row, Run


@dataclass
class Plan(Moves):
    """A person, what of them changes, and how they move."""

    member: Member | None = None
    values: dict = field(default_factory=dict)


class PeopleImport(ImportHandler):
    """Known by code. With department, position and first day a person joins, or moves when they stand elsewhere."""

    kind = "people"
    label = gettext_lazy("People")
    help = gettext_lazy("Who works here, and where they stand from a day on.")
    icon = "users"
    order = 20
    permission = Permission.IMPORT_PEOPLE
    fields = (
        PERSON_CODE,
        ImportField(
            "name",
            gettext_lazy("Full name"),
            required=True,
            synonyms=("name", "employee name", "họ tên", "họ và tên", "tên nhân viên"),
            example="Lê Thị Lan",
        ),
        ImportField(
            "email",
            gettext_lazy("E-mail"),
            synonyms=("email", "mail", "thư điện tử", "địa chỉ email"),
            example="lan@anphat.example",
        ),
        *standing_fields(required=False),
    )

    def key(self, row: Row) -> str:
        """The person's code."""
        return row.values["code"]

    def prepare(self, rows: Sequence[Row], run: Run) -> Standing:
        """People, structure, ranges, and who has which address: five queries."""
        known = read_standing(rows, run)
        addresses = {User.objects.normalize_email(row.values.get("email", "")) for row in rows} - {""}
        known.emails = dict(Member.objects.filter(email__in=addresses).values_list("email", "code"))
        return known

    def needs(self, row: Row, known: Standing) -> Iterable[tuple[str, str]]:
        """The manager, when they are new."""
        return known.needs_manager(row)

    def plan(self, row: Row, known: Standing) -> str:
        """Compare with the person of the same code and with where they stand. What is left empty stays."""
        values = row.values
        member = known.members.get(values["code"])
        wanted = {"name": values["name"]}
        if "email" in values:
            wanted["email"] = self._address(values["email"], values["code"], known)
        if member is not None:
            wanted = {name: value for name, value in wanted.items() if getattr(member, name) != value}
        row.plan = Plan(member=member, values=wanted)
        self._plan_move(row, known)
        if member is None:
            return RowOutcome.CREATE
        return RowOutcome.UPDATE if wanted or row.plan.changed or row.plan.added else RowOutcome.SAME

    def _address(self, typed: str, code: str, known: Standing) -> str:
        address = User.objects.normalize_email(typed)
        try:
            validate_email(address)
        except ValidationError as error:
            raise RowRefused(_("“%(typed)s” is not an e-mail address.") % {"typed": typed}) from error
        if known.emails.setdefault(address, code) != code:
            raise RowRefused(
                _("%(address)s belongs to %(code)s already. Correct the address.")
                % {"address": address, "code": known.emails[address]}
            )
        return address

    def _plan_move(self, row: Row, known: Standing) -> None:
        values = row.values
        given = {"department", "position", "valid_from"} & values.keys()
        if not given and "manager" not in values:
            return
        if len(given) < 3:
            raise RowRefused(_("Department, position and “From” go together: fill in all three, or none."))
        known.check_person(values["code"])
        known.check_manager(row)
        start = values["valid_from"]
        spans = known.spans[values["code"]]
        later = min((span.valid_from for span in spans if span.valid_from > start), default=None)
        current = next((span for span in spans if span.covers(start)), None)
        wanted = Span(
            start,
            current.valid_to if current else later,
            known.department(values["department"]),
            known.position(values["position"]),
            values.get("manager", ""),
        )
        if current is None:
            row.plan.added.append(wanted)
        elif current.stands() == wanted.stands():
            return
        elif current.valid_from == start:
            changed = {"department": wanted.department, "position": wanted.position, "manager": wanted.manager}
            row.plan.changed.append((current, changed))
        else:
            row.plan.changed.append((current, {"valid_to": start}))
            row.plan.added.append(wanted)

    def apply(self, rows: Sequence[Row], known: Standing, run: Run) -> None:
        """Positions and people first, then where they stand."""
        changes = Changes()
        write_positions(rows, changes)
        for row in rows:
            plan = row.plan
            if plan.member is None:
                plan.member = known.members[row.values["code"]] = Member(code=row.values["code"], **plan.values)
                changes.create(row, plan.member, "code", "name", "email")
            elif plan.values:
                changes.update(row, plan.member, **plan.values)
        changes.write_created(Member)
        changes.write_updated(Member)
        write_spans(rows, known, changes)
        changes.close()

    def undo(self, rows, run: Run) -> None:
        """New people go with where they stood; others get back what they were."""
        undo_changes(rows, order=[Employment, Member, Position])

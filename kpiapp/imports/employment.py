"""The history of where people stood, from a file: whole ranges with a first and a last day."""

import datetime
from collections.abc import Iterable, Sequence

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
from kpiapp.models import Employment, Position
from kpiapp.permissions import Permission
from kpiapp.services.import_changes import Changes, undo_changes
from kpiapp.services.import_fields import FieldKind, ImportField, RowRefused
from kpiapp.services.import_handlers import ImportHandler, Row, Run


class EmploymentImport(ImportHandler):
    """Known by person and first day. Ranges are taken as they stand in the file and may not overlap."""

    kind = "employment"
    label = gettext_lazy("Employment history")
    help = gettext_lazy("Which person stood where, from which day to which.")
    icon = "history"
    order = 30
    permission = Permission.IMPORT_PEOPLE
    fields = (
        PERSON_CODE,
        *standing_fields(required=True),
        ImportField(
            "valid_to",
            gettext_lazy("Last day"),
            kind=FieldKind.DATE,
            synonyms=("to", "until", "end date", "end on", "đến ngày", "ngày kết thúc"),
            help=gettext_lazy("Included; empty while it lasts."),
            example="30/06/2027",
        ),
    )

    def key(self, row: Row) -> tuple[str, datetime.date]:
        """The person and the first day."""
        return row.values["code"], row.values["valid_from"]

    def prepare(self, rows: Sequence[Row], run: Run) -> Standing:
        """People, structure and ranges: four queries."""
        return read_standing(rows, run)

    def needs(self, row: Row, known: Standing) -> Iterable[tuple]:
        """Nothing: people are there before their history is."""
        return ()

    def plan(self, row: Row, known: Standing) -> str:
        """Compare with the range that begins on the same day."""
        values = row.values
        for code in filter(None, (values["code"], values.get("manager"))):
            if code not in known.members:
                raise RowRefused(
                    _("There is no person with the code “%(code)s”. Import people first, or correct the code.")
                    % {"code": code}
                )
        known.check_manager(row)
        wanted = self._wanted(values, known)
        spans = known.spans[values["code"]]
        current = next((span for span in spans if span.valid_from == wanted.valid_from), None)
        for span in spans:
            if span is not current and span.overlaps(wanted.valid_from, wanted.valid_to):
                raise RowRefused(self._overlap(span))
        row.plan = Moves()
        if current is None:
            spans.append(wanted)
            row.plan.added.append(wanted)
            return RowOutcome.CREATE
        if current.stands() == wanted.stands() and current.valid_to == wanted.valid_to:
            return RowOutcome.SAME
        row.plan.changed.append(
            (
                current,
                {
                    "department": wanted.department,
                    "position": wanted.position,
                    "manager": wanted.manager,
                    "valid_to": wanted.valid_to,
                },
            )
        )
        current.valid_to = wanted.valid_to
        return RowOutcome.UPDATE

    def _wanted(self, values: dict, known: Standing) -> Span:
        last = values.get("valid_to")
        if last and last < values["valid_from"]:
            raise RowRefused(_("The last day comes before the first. Correct one of them."))
        return Span(
            values["valid_from"],
            last + datetime.timedelta(days=1) if last else None,
            known.department(values["department"]),
            known.position(values["position"]),
            values.get("manager", ""),
        )

    def _overlap(self, span: Span) -> str:
        last = (
            _("today and later") if span.valid_to is None else f"{span.valid_to - datetime.timedelta(days=1):%d/%m/%Y}"
        )
        return _(
            "They stand in %(department)s from %(first)s to %(last)s. Ranges may not overlap: correct the days."
        ) % {
            "department": span.department.name,
            "first": f"{span.valid_from:%d/%m/%Y}",
            "last": last,
        }

    def apply(self, rows: Sequence[Row], known: Standing, run: Run) -> None:
        """Positions, then ranges: ends before beginnings, so that there is room."""
        changes = Changes()
        write_positions(rows, changes)
        write_spans(rows, known, changes)
        changes.close()

    def undo(self, rows, run: Run) -> None:
        """New ranges go, changed ones get back what they were."""
        undo_changes(rows, order=[Employment, Position])

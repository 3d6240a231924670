"""What an import handler is: it knows one kind of rows; kpiapp.services.imports does everything else."""

import datetime
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from kpiapp import registry
from kpiapp.models import ImportRow, Member, Organization
from kpiapp.permissions import Permission
from kpiapp.services.import_fields import ImportField


@dataclass
class Row:
    """One row of a file on its way in: values by field (only those that are not empty), and what becomes of it."""

    number: int
    values: dict[str, Any]
    errors: list[str] = field(default_factory=list)
    outcome: str = ""
    # What the handler remembers between plan and apply.
    plan: Any = None
    undo: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """The circumstances of an import: whose, by whom (roles loaded; None: the system), on which day."""

    organization: Organization
    by: Member | None
    on: datetime.date
    report: Callable[[int, int], None] = lambda done, total: None

    @property
    def language(self) -> str:
        """What sentences about rows are written in: the reader's own language, else the organization's."""
        reader = self.by.user if self.by is not None and self.by.user_id else None
        return reader.language if reader is not None else self.organization.language


class ImportHandler:
    """One kind of rows. Stateless: what a run needs to know is what `prepare` returns.

    `fields` in the order of the template file; `permission` to import it at all.
    """

    kind: str
    label: Any
    help: Any = ""
    icon: str = "file-up"
    # What others refer to comes first.
    order: int = 100
    permission: Permission
    fields: tuple[ImportField, ...]
    # Whether `current` gives what is there: export, change in Excel, import, and just that has changed.
    has_current: bool = False

    def key(self, row: Row) -> Hashable:
        """What makes two rows of a file the same thing."""
        raise NotImplementedError

    def repeated(self, number: int) -> str:
        """What to say about a row that is the same thing as an earlier one."""
        return _("Row %(number)d says the same thing. Keep one of the two.") % {"number": number}

    def prepare(self, rows: Sequence[Row], run: Run) -> Any:
        """Everything the rows refer to, read in a fixed number of queries."""
        raise NotImplementedError

    def needs(self, row: Row, known: Any) -> Iterable[tuple[Hashable, str]]:
        """Keys of other rows of the file without which this one cannot be written, each with what to say then."""
        return ()

    def plan(self, row: Row, known: Any) -> str:
        """What the row would do, as a RowOutcome; the row's `plan` remembers how. Raises RowRefused."""
        raise NotImplementedError

    def apply(self, rows: Sequence[Row], known: Any, run: Run) -> None:
        """Write planned rows in bulk, and say in each row's `undo` how to put things back."""
        raise NotImplementedError

    def current(self, run: Run) -> Iterable[dict[str, Any]]:
        """What is there as rows of a file, values by field: only what the member may write about."""
        raise NotImplementedError

    def undo(self, rows: Sequence[ImportRow], run: Run) -> None:
        """Put back what applied rows did. Raises Refused with the reason when that cannot be."""
        raise NotImplementedError


def handler_of(kind: str) -> ImportHandler:
    """The registered handler of a kind; KeyError when there is none."""
    return registry.IMPORT_HANDLERS[kind]

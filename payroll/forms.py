"""Tables one types into: tiers, amounts of positions, coefficients of people. What was typed always comes back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from kpiapp.choices import PeriodKind
from kpiapp.decimals import ONE, NumberError, currency_places, format_number, parse_number
from kpiapp.forms import DayInput, OrganizationChoiceField, OrganizationForm
from kpiapp.models import Member, Period, Position
from kpiapp.services.refusals import Refused
from payroll.choices import ExportFormat

COEFFICIENT_PLACES = 4
MOST_STEPS = 12
MOST_DIGITS = 14


def read_number(typed: str, places: int) -> tuple[Decimal | None, str]:
    """(number or None when nothing was typed, what is wrong with it in words)."""
    if not typed.strip():
        return None, ""
    try:
        value = parse_number(typed, get_language() or "en", max_decimals=places, max_digits=MOST_DIGITS)
    except NumberError as error:
        return None, _(error.message) % error.params
    return (value, "") if value >= 0 else (None, _("Type 0 or more."))


@dataclass
class Cell:
    """One field of a row: its name in the form, what is typed in it, the number it means, what is wrong."""

    name: str
    column: str
    heading: str
    label: str
    otherwise: str
    text: str = ""
    value: Decimal | None = None
    error: str = ""


@dataclass(frozen=True)
class RateColumn:
    """A column of a table of rates; an empty field of an optional one means "as the position"."""

    name: str
    label: str
    places: int
    required: bool


@dataclass
class RateRow:
    """A position or a person with the rate in force (None: none) and the cells to change it."""

    target: Any
    rate: Any
    # The approved rate that comes next, if any.
    following: Any = None
    note: str = ""
    is_locked: bool = False
    # What holds where nothing is typed, by column.
    otherwise: dict[str, Decimal] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)

    @property
    def has_errors(self) -> bool:
        """Whether any cell of the row cannot be read."""
        return any(cell.error for cell in self.cells)


def position_rows(positions: Iterable[Position]) -> list[RateRow]:
    """Rows of the table of positions."""
    return [
        RateRow(
            target=position,
            rate=position.pay[0] if position.pay else None,
            following=next(iter(position.later), None),
            note=ngettext("%(n)d person", "%(n)d people", position.holders) % {"n": position.holders},
        )
        for position in positions
    ]


def member_rows(members: Iterable[Member], acting: Member) -> list[RateRow]:
    """Rows of the table of people; one's own row is locked."""
    return [
        RateRow(
            target=member,
            rate=member.pay[0] if member.pay else None,
            following=next(iter(member.later), None),
            note=" · ".join(f"{place.position.name}, {place.department.name}" for place in member.places),
            is_locked=member.pk == acting.pk,
            otherwise={"p2_coefficient": ONE, **_amounts_of_position(member)},
        )
        for member in members
    ]


def _amounts_of_position(member: Member) -> dict[str, Decimal]:
    rates = [rate for place in member.places for rate in place.position.pay]
    return {name: getattr(rates[0], name) for name in ("p1_amount", "p3_target_amount")} if rates else {}


def position_columns(currency: str) -> list[RateColumn]:
    """P1 and KPI pay at target."""
    places = currency_places(currency)
    return [
        RateColumn("p1_amount", _("P1, monthly"), places, True),
        RateColumn("p3_target_amount", _("KPI pay at target"), places, True),
    ]


def member_columns(currency: str) -> list[RateColumn]:
    """P2 coefficient, and own amounts; an empty amount is the position's."""
    places = currency_places(currency)
    return [
        RateColumn("p2_coefficient", _("P2 coefficient"), COEFFICIENT_PLACES, True),
        RateColumn("p1_amount", _("Own P1"), places, False),
        RateColumn("p3_target_amount", _("Own KPI pay at target"), places, False),
    ]


class StartForm(OrganizationForm):
    """Which month is paid."""

    period = OrganizationChoiceField(Period, order="-starts_on", filters={"kind": PeriodKind.MONTH})


class ExportForm(OrganizationForm):
    """As which kind of file."""

    format = forms.ChoiceField(choices=ExportFormat.choices)


class DayForm(OrganizationForm):
    """From which day typed rates hold."""

    valid_from = forms.DateField(label=gettext_lazy("In force from"), widget=DayInput())


class RateTable:
    """A page of rates as one form: `rows` to show, `changes()` what was typed anew as (row, amounts)."""

    def __init__(self, rows: list[RateRow], columns: list[RateColumn], data=None):
        self.rows, self.columns, self.data = rows, columns, data
        for row in self.rows:
            row.cells = [self._cell(row, column) for column in columns]

    def is_valid(self) -> bool:
        """Whether every typed cell can be read."""
        return not any(row.has_errors for row in self.rows)

    def save(self, day: DayForm, service: Callable, target: str, *, by: Member) -> bool:
        """Store every row that was typed anew, or none: why a service refused stands with the day or the row."""
        if not day.is_valid():
            return False
        try:
            with transaction.atomic():
                for row, amounts in self.changes():
                    service(**{target: row.target}, **amounts, valid_from=day.cleaned_data["valid_from"], by=by)
        except Refused as refusal:
            day.refuse(refusal)
            return False
        return True

    def changes(self) -> list[tuple[RateRow, dict[str, Decimal | None]]]:
        """Rows whose amounts differ from those in force; a row left wholly empty is none."""
        changed = []
        for row in self.rows:
            amounts = {cell.column: cell.value for cell in row.cells}
            now = {column.name: getattr(row.rate, column.name) if row.rate else None for column in self.columns}
            if amounts != now:
                changed.append((row, amounts))
        return changed

    def _cell(self, row: RateRow, column: RateColumn) -> Cell:
        name, label = f"{column.name}-{row.target.pk}", f"{row.target.name}: {column.label}"
        otherwise = row.otherwise.get(column.name)
        shown = "" if otherwise is None else format_number(otherwise, get_language() or "en")
        cell = Cell(name, column.name, column.label, label, shown)
        now = getattr(row.rate, column.name) if row.rate else None
        if self.data is None or row.is_locked or cell.name not in self.data:
            cell.value, cell.text = now, "" if now is None else format_number(now, get_language() or "en")
            return cell
        cell.text = self.data[cell.name]
        cell.value, cell.error = read_number(cell.text, column.places)
        typed_any = any((self.data.get(f"{other.name}-{row.target.pk}") or "").strip() for other in self.columns)
        if column.required and cell.value is None and not cell.error and (typed_any or row.rate):
            cell.error = _("Type an amount, or 0.")
        return cell


class TierTableForm(OrganizationForm):
    """A new tier table: a name, a day, and rows of name, percent and coefficient."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    valid_from = forms.DateField(label=gettext_lazy("In force from"), widget=DayInput())

    def __init__(self, data=None, *, steps: Iterable[tuple[str, Decimal, Decimal]] = (), **options):
        super().__init__(data, **options)
        self.rows = self._typed(data) if data is not None else [self._shown(*step) for step in steps]
        blank = {"code": "", "at_least": "", "coefficient": "", "error": ""}
        self.rows += [dict(blank) for _index in range(max(2, 7 - len(self.rows)))]
        self.rows = self.rows[:MOST_STEPS]

    def clean(self):
        """Rows as (code, at least, coefficient) from the top; wholly empty rows are left out."""
        cleaned, steps = super().clean(), []
        for row in self.rows:
            if not any((row["code"], row["at_least"], row["coefficient"])):
                continue
            at_least, wrong = read_number(row["at_least"], 2)
            coefficient, also_wrong = read_number(row["coefficient"], COEFFICIENT_PLACES)
            row["error"] = wrong or also_wrong
            if not row["error"] and (at_least is None or coefficient is None or not row["code"]):
                row["error"] = _("Fill in name, percent and coefficient, or leave the row empty.")
            steps.append((row["code"], at_least, coefficient))
        if any(row["error"] for row in self.rows):
            raise forms.ValidationError(_("Some rows cannot be read. What to change stands beside them."))
        return {**cleaned, "steps": steps}

    @staticmethod
    def _typed(data) -> list[dict[str, str]]:
        columns = [data.getlist(name)[:MOST_STEPS] for name in ("code", "at_least", "coefficient")]
        return [
            {"code": code.strip(), "at_least": at_least.strip(), "coefficient": coefficient.strip(), "error": ""}
            for code, at_least, coefficient in zip(*columns, strict=False)
        ]

    @staticmethod
    def _shown(code: str, at_least: Decimal, coefficient: Decimal) -> dict[str, str]:
        language = get_language() or "en"
        shown = {"at_least": format_number(at_least, language), "coefficient": format_number(coefficient, language)}
        return {"code": code, "error": "", **shown}


class WhatIfForm(OrganizationForm):
    """A score and a target, to see what they would pay."""

    score = forms.CharField(label=gettext_lazy("Score, %"))
    target = forms.CharField(label=gettext_lazy("KPI pay at target"))

    def clean_score(self):
        """A percent."""
        return self._number("score", 2)

    def clean_target(self):
        """An amount."""
        return self._number("target", 2)

    def _number(self, name: str, places: int) -> Decimal:
        value, wrong = read_number(self.cleaned_data[name], places)
        if wrong or value is None:
            raise forms.ValidationError(wrong or _("Type a number."))
        return value


def what_if_start() -> dict[str, str]:
    """What the what-if shows before anybody types."""
    language = get_language() or "en"
    return {"score": "100", "target": format_number(Decimal(10_000_000), language)}

"""What typing a number into a cell means: the cell shows the period so far, the entry behind it is found here."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import FilteredRelation, Q, QuerySet
from django.utils.translation import gettext as _

from kpiapp.decimals import EXACT, ZERO
from kpiapp.models import Member
from scorecards.cards.rows import DENOMINATOR, NUMERATOR, VALUE, columns_of
from scorecards.choices import LIVE_STATES, ActualSource
from scorecards.line_rules import shown_part
from scorecards.models import Actual, ScorecardLine
from scorecards.services.actuals import (
    NewEntry,
    append,
    locked_lines,
    refusal_of,
    refusal_of_withdrawal,
    withdraw_actuals,
)
from strategy.choices import Aggregation, PartAggregation


@dataclass(frozen=True)
class Typed:
    """What was typed into one cell: a number, or None for an emptied cell."""

    line_id: int
    column: str
    number: Decimal | None


@dataclass(frozen=True)
class GridResult:
    """Which entries were stored, and why cells were refused, by (line id, column)."""

    stored: list[Actual]
    errors: dict[tuple[int, str], str]
    lines: dict[int, ScorecardLine]
    withdrawn: int = 0


# Nothing is caught on the way out of a request's transaction, so a savepoint inside it would guard nothing.
@transaction.atomic(savepoint=False)
def type_cells(
    *,
    lines: QuerySet[ScorecardLine],
    cells: Sequence[Typed],
    by: Member,
    today: datetime.date,
    source: str = ActualSource.TYPED,
) -> GridResult:
    """Turn typed numbers into entries of today (or of the period's last day) and rescore once.

    `lines` are those the member may record for; a cell of any other line is refused. Good cells are stored, bad ones
    come back with a sentence. Queries do not grow with the number of cells.
    """
    locked, entries = _lock_with_entries(lines, [cell.line_id for cell in cells], by)
    planned: dict[int, NewEntry] = {}
    errors: dict[tuple[int, str], str] = {}
    emptied: list[Actual] = []
    for cell in cells:
        line = locked.get(cell.line_id)
        if line is None:
            error = _("You may not record for this KPI.")
        elif cell.column not in columns_of(line):
            error = _("Add an entry in the row's details: this KPI cannot be typed as one number.")
        elif cell.number is None:
            error = _emptied(line, cell, entries[line.pk], by, today, emptied)
        else:
            entry = _entry_for(line, cell, entries[line.pk], planned.get(line.pk), by, today)
            error = refusal_of(entry, by)
            if not error and not _unchanged(entry):
                planned[line.pk] = entry
        if error:
            errors[cell.line_id, cell.column] = error
    stored = append(planned=list(planned.values()), by=by, today=today, source=source)
    if emptied:
        withdraw_actuals(actuals=emptied, by=by, today=today)
    return GridResult(stored, errors, locked, len(emptied))


def day_of(line: ScorecardLine, today: datetime.date) -> datetime.date:
    """The day an entry typed now is for: today, or the last day of a period that has ended."""
    return min(today, line.scorecard.period.last_day)


def _lock_with_entries(
    lines: QuerySet[ScorecardLine], ids: Sequence[int], by: Member
) -> tuple[dict[int, ScorecardLine], dict[int, list[Actual]]]:
    """Locked lines and their live entries by id: all of a ratio, else one's own; one query beside the lock."""
    # The entries of a ratio have parts and no value.
    needed = Q(actuals__state__in=LIVE_STATES) & (Q(actuals__entered_by=by) | Q(actuals__value=None))
    joined = FilteredRelation("actuals", condition=needed)
    found = locked_lines(lines, ids).annotate(entry=joined).select_related("entry")
    locked: dict[int, ScorecardLine] = {}
    entries: dict[int, list[Actual]] = {}
    for row in found.order_by("entry__on", "entry__pk"):
        locked.setdefault(row.pk, row)
        # A line without entries has one row and no such attribute.
        entries.setdefault(row.pk, []).extend([row.entry] if hasattr(row, "entry") else [])
    return locked, entries


def _own_today(line: ScorecardLine, entries: Sequence[Actual], by: Member, today: datetime.date) -> Actual | None:
    """The member's own entry of the day, which typing again corrects. Entries of systems and files are left alone."""
    day = day_of(line, today)
    own = [e for e in entries if e.entered_by_id == by.pk and e.on == day and not e.external_key]
    return own[-1] if own else None


def _entry_for(
    line: ScorecardLine,
    cell: Typed,
    entries: Sequence[Actual],
    planned: NewEntry | None,
    by: Member,
    today: datetime.date,
) -> NewEntry:
    own = _own_today(line, entries, by, today)
    on = day_of(line, today)
    note = own.note if own else ""
    if cell.column == VALUE:
        return NewEntry(line, on, value=_value_for(line, cell.number, own), note=note, corrects=own)
    others = [entry for entry in entries if entry is not own]
    parts = {}
    for part, kind in ((NUMERATOR, line.kpi.numerator_agg), (DENOMINATOR, line.kpi.denominator_agg)):
        if part == cell.column:
            parts[part] = _part_for(cell.number, part, kind, others)
        elif planned is not None:
            parts[part] = getattr(planned, part)
        elif own is not None:
            parts[part] = getattr(own, part)
        else:
            parts[part] = _kept(part, kind, others)
    return NewEntry(line, on, note=note, corrects=own, **parts)


def _value_for(line: ScorecardLine, number: Decimal, own: Actual | None) -> Decimal:
    """A sum: what is missing to the new total, beside the other entries. Anything else: today's measurement."""
    score = getattr(line, "score", None)
    if line.kpi.aggregation != Aggregation.SUM or score is None or score.quantity is None:
        return number
    others = EXACT.subtract(score.quantity, own.value if own else ZERO)
    return EXACT.subtract(number, others)


def _part_for(number: Decimal, part: str, kind: str, others: Sequence[Actual]) -> Decimal:
    if kind != PartAggregation.SUM:
        return number
    return EXACT.subtract(number, shown_part(others, part, kind) or ZERO)


def _kept(part: str, kind: str, others: Sequence[Actual]) -> Decimal | None:
    """What leaves the other cell as it is shown: nothing more of a sum, the same again of a level; none if unknown."""
    shown = shown_part(others, part, kind)
    return ZERO if kind == PartAggregation.SUM and shown is not None else shown


def _unchanged(entry: NewEntry) -> bool:
    """Whether the entry would say what is there already: the same again, or nothing more of a sum."""
    own = entry.corrects
    if own is not None:
        return (own.value, own.numerator, own.denominator) == (entry.value, entry.numerator, entry.denominator)
    score = getattr(entry.line, "score", None)
    if score is None or not score.entries:
        return False
    version = entry.line.kpi
    adds_up = {version.aggregation} == {Aggregation.SUM} or (
        {version.numerator_agg, version.denominator_agg} == {PartAggregation.SUM}
    )
    return adds_up and not any((entry.value, entry.numerator, entry.denominator))


def _emptied(
    line: ScorecardLine, cell: Typed, entries: Sequence[Actual], by: Member, today: datetime.date, into: list[Actual]
) -> str:
    """An emptied cell takes back one's own entry of the day; older ones are withdrawn in the details."""
    own = _own_today(line, entries, by, today)
    if own is not None:
        error = refusal_of_withdrawal(own, line)
        if not error and own not in into:
            into.append(own)
        return error
    score = getattr(line, "score", None)
    if score is None or not score.entries:
        return ""
    return _("There are earlier entries: open the row to withdraw one.")

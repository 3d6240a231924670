"""The assignment grid before anything is saved: made, typed into, worked on in bulk, put on cards in one go.

Typing into a draft decides nothing and writes no audit event; putting it on cards does.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.decimals import HUNDRED, ZERO, plain
from kpiapp.models import Member, Period
from kpiapp.services import jobs
from kpiapp.services.refusals import Refused
from kpiapp.splitting import split, unit_of
from kpiapp.tenancy import current_organization_id
from scorecards.assigning import assignment
from scorecards.assigning.draft_grid import (
    MOST_ROWS,
    TOTAL,
    Grid,
    WrongCell,
    columns_of,
    grid_of,
    read_cell,
    standing_of,
)
from scorecards.assigning.spreading import Shares
from scorecards.choices import SpreadBy
from scorecards.models import AssignmentDraft, DraftRow
from scorecards.models.draft import BASELINE, WEIGHT
from scorecards.scoring.targets import multiplied, raised
from scorecards.services.scorecards import Assigned, Draft, Owner, balanced, owner_fields, put_lines
from strategy import plans
from strategy.choices import TargetAggregation
from strategy.models import KpiVersion

TASK = "put_draft"
# From here on somebody would have to wait for an answer: a worker does it, with progress.
LINES_AT_ONCE = 500
REFUSALS_KEPT = 200
MOST_SIGNS = 100


class DraftRefused(Refused):
    """A draft that cannot be made or put on cards; the message says why and what to do."""


@dataclass(frozen=True)
class Item:
    """A KPI with the numbers every owner's row begins with."""

    kpi: KpiVersion
    weight: Decimal
    baseline: Decimal | None = None
    target: Decimal | None = None
    method: str = ""
    params: dict | None = None


@transaction.atomic
def create_draft(
    *, owners: Sequence[Owner], items: Sequence[Item], periods: Sequence[Period], by: Member
) -> AssignmentDraft:
    """A grid of owners × KPIs with the periods as columns, each with its planned target where there is a plan.

    Numbers that stand on draft cards already are kept. Raises DraftRefused when it would be empty or larger than a
    screen can hold.
    """
    if not (owners and items and periods):
        raise DraftRefused(_("Choose at least one KPI, one person or department, and one period."))
    _refuse_too_many(len(owners) * len(items))
    draft = AssignmentDraft.objects.create(made_by=by, periods=[period.code for period in periods])
    planned = plans.planned_targets([item.kpi for item in items], periods)
    rows = []
    for owner in owners:
        for item in items:
            whose = owner_fields(owner)
            targets = {
                period.code: plans.default_target(planned, item.kpi, whose["member_id"], period, item.target)
                for period in periods
            }
            cells = _plain({WEIGHT: item.weight, BASELINE: item.baseline, **targets})
            own = {"method": item.method, "params": item.params}
            rows.append(DraftRow(position=len(rows), kpi=item.kpi, cells=cells, **own, **whose))
    _take_what_stands(rows, periods)
    for row in rows:
        row.draft = draft
    DraftRow.objects.bulk_create(rows)
    return draft


def _take_what_stands(rows: Sequence[DraftRow], periods: Sequence[Period]) -> None:
    """Numbers on cards that are drafts win over suggested ones; closed cards show theirs, or nothing."""
    standing = standing_of(rows, periods)
    for row in rows:
        for period in periods:
            code = period.code
            line = standing.lines.get((row.owner_key, row.kpi.definition_id, code))
            is_closed = (row.owner_key, code) in standing.closed
            if line is None and not is_closed:
                continue
            weight, baseline, target = line or (None, None, None)
            _set(row, code, target)
            if line is not None and not is_closed:
                _set(row, WEIGHT, weight)
                _set(row, BASELINE, baseline)


def _refuse_too_many(rows: int) -> None:
    if rows > MOST_ROWS:
        raise DraftRefused(
            _("That would be %(count)d rows; at most %(most)d fit. Choose fewer people or fewer KPIs.")
            % {"count": rows, "most": MOST_ROWS}
        )


def _plain(cells: Mapping[str, Decimal | None]) -> dict[str, str]:
    return {column: plain(value) for column, value in cells.items() if value is not None}


# --- typing into it -----------------------------------------------------------------------------------------------


@transaction.atomic
def write_cells(
    *,
    draft: AssignmentDraft,
    typed: Sequence[tuple[int, str, str]],
    language: str,
    spread_by: str = SpreadBy.PLAN,
) -> list[int]:
    """Write cells (row, column, text) as they were typed; what is no number is kept beside and flagged.

    A text in the total's column is spread over the row's periods when targets add up, else it is the target of
    each. Returns the ids of the rows that were touched; cells of other drafts' rows are left out.
    """
    sheet = _Sheet(draft, {row for row, _column, _text in typed})
    if any(column == TOTAL for _row, column, _text in typed):
        sheet.shares = Shares(list(sheet.rows.values()), sheet.periods, spread_by)
    touched: dict[int, DraftRow] = {}
    for pk, column, text in typed:
        row = sheet.rows.get(pk)
        if row is None or not sheet.takes(row, column):
            continue
        touched[pk] = row
        for one, value in sheet.meant(row, column, text.strip()[:MOST_SIGNS], language):
            _set(row, one, value)
    sheet.save(list(touched.values()))
    return list(touched)


class _Sheet:
    """Some rows of a draft, locked, with what is closed in them."""

    # Read by whoever spreads a total.
    shares: Shares

    def __init__(self, draft: AssignmentDraft, ids: Iterable[int]):
        self.draft = _lock(draft)
        if self.draft.job is not None and self.draft.job.is_live:
            raise DraftRefused(_("This grid is being put on the cards right now."))
        rows = DraftRow.objects.filter(draft=draft, pk__in=list(ids)).select_for_update(of=("self",))
        self.rows = {row.pk: row for row in rows.select_related("kpi", "member", "department", "organization")}
        self.periods = columns_of(draft)
        self.standing = standing_of(list(self.rows.values()), self.periods)

    def takes(self, row: DraftRow, column: str) -> bool:
        """Whether a cell can be written."""
        if column == WEIGHT:
            return row.kpi.is_scored
        return column in (BASELINE, TOTAL) or column in self.open_codes(row)

    def open_codes(self, row: DraftRow) -> list[str]:
        """Columns of a row whose card takes targets."""
        codes = row.periods_of(self.draft.periods)
        return [code for code in codes if (row.owner_key, code) not in self.standing.closed]

    def meant(self, row: DraftRow, column: str, text: str, language: str) -> list[tuple[str, Decimal | str | None]]:
        """The cells that a typed text fills: (column, number, None, or the text itself when it cannot be taken)."""
        try:
            value = read_cell(column, text, language)
        except WrongCell:
            return [(column, text)]
        if column != TOTAL:
            return [(column, value)]
        open_codes = self.open_codes(row)
        if value is None or row.kpi.target_aggregation != TargetAggregation.SUM:
            return [(TOTAL, None), *((code, value) for code in open_codes)]
        closed = [Decimal(text) for code, text in row.cells.items() if code in self._closed_codes(row)]
        left = value - sum(closed, ZERO)
        if not open_codes or left * value < 0:
            return [(TOTAL, text)]
        shares = self.shares.of(row, open_codes)
        parts = split(left, shares, unit=unit_of(row.kpi.decimals, left))
        return [(TOTAL, None), *zip(open_codes, parts, strict=True)]

    def by_card(self) -> list[list[DraftRow]]:
        """Scored rows that stand on the same open cards together, in their order."""
        found: dict[tuple, list[DraftRow]] = {}
        for row in sorted(self.rows.values(), key=lambda row: row.position):
            if row.kpi.is_scored and (codes := self.open_codes(row)):
                found.setdefault((row.owner_key, *codes), []).append(row)
        return list(found.values())

    def overlaps(self, rows: Sequence[DraftRow]) -> bool:
        """Whether other rows share only some of the cards of these: a weight is one for all periods of its row."""
        codes, own = set(self.open_codes(rows[0])), {row.pk for row in rows}
        others = (row for row in self.rows.values() if row.kpi.is_scored and row.owner_key == rows[0].owner_key)
        return any(codes & set(self.open_codes(row)) for row in others if row.pk not in own)

    def _closed_codes(self, row: DraftRow) -> set[str]:
        return set(row.periods_of(self.draft.periods)) - set(self.open_codes(row))

    def save(self, rows: Sequence[DraftRow]) -> None:
        """Write rows in one statement: bulk_update() takes ten times as long for JSON."""
        parameters = {
            "organization": current_organization_id(),
            "ids": [row.pk for row in rows],
            "cells": [json.dumps(row.cells) for row in rows],
            "wrong": [json.dumps(row.wrong) for row in rows],
        }
        with connection.cursor() as cursor:
            cursor.execute(_SAVE, parameters)
        AssignmentDraft.objects.filter(pk=self.draft.pk).update(changed_at=timezone.now())


_SAVE = """
UPDATE scorecards_draftrow r SET cells = n.cells::jsonb, wrong = n.wrong::jsonb
FROM unnest(%(ids)s::bigint[], %(cells)s::text[], %(wrong)s::text[]) n(id, cells, wrong)
WHERE r.organization_id = %(organization)s AND r.id = n.id
"""


def _set(row: DraftRow, column: str, value: Decimal | str | None) -> None:
    row.wrong.pop(column, None)
    if column not in (WEIGHT, BASELINE):
        row.wrong.pop(TOTAL, None)
    if isinstance(value, str):
        row.wrong[column] = value
    elif value is None:
        row.cells.pop(column, None)
    else:
        row.cells[column] = plain(value)


@transaction.atomic
def adjust_cells(
    *, draft: AssignmentDraft, ids: Iterable[int], columns: Sequence[str], how: str, amount: Decimal
) -> list[int]:
    """Work on every cell of rows × columns: "set" it, "percent" more, or "times"; half-up to the KPI's decimals.

    Empty cells and cells that are no number are left as they are, unless they are set. Returns the touched rows.
    """
    sheet = _Sheet(draft, set(ids))
    for row in sheet.rows.values():
        for column in columns:
            value = row.cells.get(column)
            if column == TOTAL or not sheet.takes(row, column):
                continue
            if how == "set":
                _set(row, column, amount)
            elif value is not None and column not in row.wrong:
                _set(row, column, _adjusted(Decimal(value), how, amount, _places(row, column)))
    sheet.save(list(sheet.rows.values()))
    return list(sheet.rows)


@transaction.atomic
def balance_rows(*, draft: AssignmentDraft, ids: Iterable[int]) -> tuple[list[int], list[str]]:
    """Scale the weights of the owners of some rows so that each card comes to 100 with what weighs on it already.

    Each row keeps its share; whole numbers stay whole. Returns the touched rows, and why a card was left as it is.
    """
    asked = DraftRow.objects.filter(draft=draft, pk__in=list(ids)).values_list("owner_kind", "member", "department")
    owners = set(asked.order_by().distinct())
    theirs = [row.pk for row in DraftRow.objects.filter(draft=draft) if row.owner_key in owners]
    sheet = _Sheet(draft, theirs)
    touched: list[DraftRow] = []
    left = []
    for rows in sheet.by_card():
        owner = {"owner": rows[0].owner.name}
        if sheet.overlaps(rows):
            left.append(_("%(owner)s: some rows are for other periods than the rest. Weigh them by hand.") % owner)
            continue
        codes = sheet.open_codes(rows[0])
        free = HUNDRED - max(sheet.standing.kept.get((rows[0].owner_key, code), ZERO) for code in codes)
        if free <= ZERO:
            left.append(_("%(owner)s: other KPIs on the card already weigh 100.") % owner)
            continue
        weights = [Decimal(row.cells.get(WEIGHT, "0")) for row in rows]
        for row, weight in zip(rows, balanced(weights, free), strict=True):
            _set(row, WEIGHT, weight)
            touched.append(row)
    sheet.save(touched)
    return [row.pk for row in touched], left


def _places(row: DraftRow, column: str) -> int:
    return 2 if column == WEIGHT else row.kpi.decimals


def _adjusted(value: Decimal, how: str, amount: Decimal, places: int) -> Decimal:
    return raised(value, amount, places) if how == "percent" else multiplied(value, amount, places)


# --- on the cards -------------------------------------------------------------------------------------------------


@transaction.atomic
def put_on_cards(*, draft: AssignmentDraft, by: Member, today) -> AssignmentDraft:
    """Put a grid on cards at once, or hand it to a worker when it is large. Raises DraftRefused."""
    draft = _lock(draft)
    if DraftRow.objects.filter(draft=draft).count() * max(len(draft.periods), 1) <= LINES_AT_ONCE:
        return put_draft(draft=draft, by=by, today=today)
    _refuse_wrong(grid_of(draft))
    draft.job = jobs.enqueue(task=TASK, key=f"{TASK}/{draft.pk}", arguments={"draft": draft.pk}, by=by, again=True)
    draft.save(update_fields=["job"])
    return draft


def _lock(draft: AssignmentDraft) -> AssignmentDraft:
    draft = AssignmentDraft.objects.select_for_update(of=("self",)).select_related("job").get(pk=draft.pk)
    if draft.put_at:
        raise DraftRefused(_("This grid is on the cards already. Start a new one to change more."))
    return draft


def _refuse_wrong(grid: Grid) -> None:
    wrong = grid.count_wrong()
    if wrong:
        text = ngettext(
            "%(count)d cell has to be mended first: it is marked red.",
            "%(count)d cells have to be mended first: they are marked red.",
            wrong,
        )
        raise DraftRefused(text % {"count": wrong})


@transaction.atomic
def put_draft(
    *, draft: AssignmentDraft, by: Member, today, report: Callable[[int, int], None] = lambda done, total: None
) -> AssignmentDraft:
    """Write all lines of a grid in one transaction. Agreed cards, locked periods and people out of reach are named.

    Raises DraftRefused while a cell is wrong.
    """
    draft = _lock(draft)
    grid = grid_of(draft)
    _refuse_wrong(grid)
    reach = assignment.reach_of(by, today)
    lines = _lines_of(grid, reach)
    report(0, len(lines))
    done = put_lines(drafts=lines, by=by, today=today) if lines else Assigned()
    done.refused += _out_of_reach(grid, reach)
    report(len(lines), len(lines))
    draft.put_at = timezone.now()
    draft.result = {
        "lines": done.lines,
        "cards": len(done.cards),
        "card": done.cards[0].pk if len(done.cards) == 1 else None,
        "refused": done.refused[:REFUSALS_KEPT],
        "left_alone": len(done.refused),
    }
    draft.save(update_fields=["put_at", "result"])
    return draft


def _lines_of(grid: Grid, reach: "assignment.Reach") -> list[Draft]:
    periods = {period.code: period for period in grid.periods}
    lines = []
    for row in grid.rows:
        owner = row.owner
        if not reach.covers(owner):
            continue
        numbers = {column: Decimal(text) for column, text in row.cells.items()}
        weight, baseline = numbers.get(WEIGHT, ZERO), numbers.get(BASELINE)
        lines += [
            Draft(owner, periods[code], row.kpi, weight, numbers.get(code), baseline, row.method, row.params)
            for code in row.periods_of(grid.codes)
        ]
    return lines


def _out_of_reach(grid: Grid, reach: "assignment.Reach") -> list[str]:
    owners = {row.owner_key: row.owner for row in grid.rows}
    return [
        _("%(owner)s: not within your reach any more.") % {"owner": owner.name}
        for owner in owners.values()
        if not reach.covers(owner)
    ]


@transaction.atomic
def discard_draft(*, draft: AssignmentDraft) -> None:
    """Throw a grid away; cards are not touched."""
    _lock(draft).delete()


def open_drafts(member: Member) -> list[AssignmentDraft]:
    """Grids somebody has not put on cards yet, the latest first, each with its number of `lines`."""
    begun = AssignmentDraft.objects.filter(made_by=member.pk, put_at=None)
    return list(begun.annotate(lines=Count("rows"))[:5])

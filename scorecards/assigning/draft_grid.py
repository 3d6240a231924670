"""What the assignment grid shows: columns, cells as the reader writes numbers, what is wrong, closed, and adds up."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp.decimals import HUNDRED, ZERO, NumberError, format_number, parse_number, quantize
from kpiapp.models import Period
from kpiapp.splitting import whole_of
from scorecards import queries
from scorecards.kpi_checks import sentence_of
from scorecards.line_rules import rule_of
from scorecards.models import AssignmentDraft, DraftRow, Scorecard, ScorecardLine
from scorecards.models.draft import BASELINE, WEIGHT
from scorecards.scoring import problems_of
from strategy.choices import TargetAggregation

TOTAL = "total"
# More would be no screen any more, and no transaction either.
MOST_ROWS = 3_000
WEIGHT_DECIMALS = 2
AGREED, LOCKED, LEFT_OUT, UNSCORED = "agreed", "locked", "left_out", "unscored"


class WrongCell(ValueError):
    """Why a cell cannot be read; the message is a sentence for the reader."""


def read_cell(column: str, text: str, language: str) -> Decimal | None:
    """The number typed into a cell, None for an empty one. Raises WrongCell."""
    if not text.strip():
        return None
    places = WEIGHT_DECIMALS if column == WEIGHT else 6
    try:
        number = parse_number(text, language, max_decimals=places)
    except NumberError as error:
        raise WrongCell(_(error.message) % error.params) from error
    if column == WEIGHT and not ZERO <= number <= HUNDRED:
        raise WrongCell(_("A weight lies between 0 and 100."))
    return number


@dataclass
class Standing:
    """How the cards of the rows' owners stand: closed ones with why, and what weighs on them beside the rows."""

    closed: dict[tuple, str] = field(default_factory=dict)
    kept: dict[tuple, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    # (weight, baseline, target) of lines the rows are about, by owner, KPI and period's code.
    lines: dict[tuple, tuple] = field(default_factory=dict)


def columns_of(draft: AssignmentDraft) -> list[Period]:
    """The periods of a draft in the order of its columns; one that is gone by now is left out."""
    by_code = {period.code: period for period in queries.all_periods()}
    return [by_code[code] for code in draft.periods if code in by_code]


def rows_of(draft: AssignmentDraft) -> QuerySet[DraftRow]:
    """Rows with their owners and KPIs, in their order."""
    return DraftRow.objects.filter(draft=draft).select_related("member", "department", "organization", "kpi")


def cards_of(rows: Sequence[DraftRow]) -> QuerySet[Scorecard]:
    """The cards of these rows' owners, whatever their period."""
    owners = Q(member__in={row.member_id for row in rows if row.member_id})
    owners |= Q(department__in={row.department_id for row in rows if row.department_id})
    if any(row.member_id is None and row.department_id is None for row in rows):
        owners |= Q(member=None, department=None)
    return Scorecard.objects.filter(owners)


def standing_of(rows: Sequence[DraftRow], periods: Sequence[Period]) -> Standing:
    """Cards of these rows' owners in these periods: two queries. For `kept`, rows are all those of their owners."""
    drafted = {(row.owner_key, row.kpi.definition_id) for row in rows}
    standing = Standing()
    codes = {period.pk: period.code for period in periods}
    cards = {}
    for card in cards_of(rows).filter(period__in=periods):
        key = (card.owner_kind, card.member_id, card.department_id), codes[card.period_id]
        cards[card.pk] = key
        if card.is_agreed:
            standing.closed[key] = AGREED
    for owner in {row.owner_key for row in rows}:
        for period in periods:
            if not period.is_open:
                standing.closed[owner, period.code] = LOCKED
    lines = ScorecardLine.objects.filter(scorecard__in=list(cards)).order_by()
    found = lines.values_list("scorecard", "kpi__definition", "is_scored", "weight", "baseline", "target")
    for card, definition, is_scored, *numbers in found:
        owner, code = cards[card]
        if (owner, definition) in drafted:
            standing.lines[owner, definition, code] = tuple(numbers)
        elif is_scored:
            standing.kept[owner, code] += numbers[0]
    return standing


def owner_id(row: DraftRow) -> str:
    """A short name of a row's owner inside the page."""
    return f"{row.owner_kind[0]}{row.member_id or row.department_id or ''}"


@dataclass
class Grid:
    """A draft as the page shows it; numbers in the reader's language."""

    draft: AssignmentDraft
    periods: list[Period]
    rows: list[DraftRow]
    standing: Standing
    language: str
    problems: dict[tuple, str] = field(default_factory=dict)

    @property
    def codes(self) -> list[str]:
        """Codes of the columns that hold targets."""
        return [period.code for period in self.periods]

    def row_data(self, row: DraftRow) -> dict:
        """One row: the text of every cell, sentences by column, closed columns, and the total."""
        wrong = self.wrong_in(row)
        cells = [self._text(row, column) for column in (WEIGHT, BASELINE, *self.codes)]
        closed = {code: why for code in self.codes if (why := self.closed(row, code))}
        if not row.kpi.is_scored:
            closed[WEIGHT] = UNSCORED
        return {"id": row.pk, "cells": cells, "wrong": wrong, "closed": closed, "total": self._total(row)}

    def row_head(self, row: DraftRow) -> dict:
        """Who and what a row is about."""
        owner = row.owner
        return {
            "owner": owner_id(row),
            "name": owner.name,
            "code": getattr(owner, "code", ""),
            "kpi": row.kpi.name,
            "definition": row.kpi.definition_id,
            "unit": row.kpi.unit,
            "adds": row.kpi.target_aggregation,
            "own": _("scored differently here: %(method)s") % {"method": row.get_method_display()}
            if row.method
            else "",
        }

    def closed(self, row: DraftRow, code: str) -> str:
        """Why a cell takes nothing: the card is agreed, the period locked, the row is not for it; "" when it does."""
        if row.only and code not in row.only:
            return LEFT_OUT
        return self.standing.closed.get((row.owner_key, code), "")

    def wrong_in(self, row: DraftRow) -> dict[str, str]:
        """A sentence for each cell that cannot be read, or holds a number that could never be scored."""
        wrong = {}
        for column, typed in row.wrong.items():
            try:
                read_cell(column, typed, self.language)
                wrong[column] = _("Type this again: it is not saved as a number yet.")
                if column == TOTAL:
                    wrong[column] = self._no_room(row)
            except WrongCell as error:
                wrong[column] = str(error)
        baseline = row.cells.get(BASELINE)
        for code in self.codes:
            target = row.cells.get(code)
            if target is not None and code not in wrong and (sentence := self._problem(row, target, baseline)):
                wrong[code] = sentence
        return wrong

    def _no_room(self, row: DraftRow) -> str:
        """Why a total cannot be spread: what periods hold that take nothing any more."""
        closed = [code for code in self.codes if self.closed(row, code)]
        held = sum((Decimal(text) for code in closed if (text := row.cells.get(code)) is not None), ZERO)
        return _("This total cannot be spread: closed periods hold %(held)s already, which leaves no room for it.") % {
            "held": format_number(held, self.language)
        }

    def _problem(self, row: DraftRow, target: str, baseline: str | None) -> str:
        key = row.kpi_id, target, baseline, row.method, str(row.params)
        if key not in self.problems:
            rule = rule_of(row.kpi, row.method, row.params)
            found = problems_of(
                rule, target=Decimal(target), baseline=Decimal(baseline) if baseline is not None else None
            )
            self.problems[key] = sentence_of(found[0]) if found else ""
        return self.problems[key]

    def _text(self, row: DraftRow, column: str) -> str:
        if column in row.wrong:
            return row.wrong[column]
        value = None if column == WEIGHT and not row.kpi.is_scored else row.cells.get(column)
        return "" if value is None else format_number(Decimal(value), self.language)

    def _total(self, row: DraftRow) -> str:
        if TOTAL in row.wrong:
            return row.wrong[TOTAL]
        values = [Decimal(text) for code in self.codes if (text := row.cells.get(code)) is not None]
        total = whole_of(values, row.kpi.target_aggregation)
        if total is not None and row.kpi.target_aggregation == TargetAggregation.AVG:
            total = quantize(total, row.kpi.decimals)
        return "" if total is None else format_number(total, self.language)

    def weights(self) -> dict[str, dict]:
        """What each owner's card weighs with these rows: the first period that is not 100, else 100."""
        drafted: dict[tuple, Decimal] = defaultdict(Decimal)
        names = {}
        for row in self.rows:
            names[row.owner_key] = owner_id(row)
            weight = Decimal(row.cells.get(WEIGHT, "0")) if row.kpi.is_scored else ZERO
            for code in row.periods_of(self.codes):
                drafted[row.owner_key, code] += weight
        shown = {}
        for owner, name in names.items():
            sums = {
                period: drafted[owner, period.code] + self.standing.kept.get((owner, period.code), ZERO)
                for period in self.periods
                if (owner, period.code) not in self.standing.closed and (owner, period.code) in drafted
            }
            shown[name] = self._weight_text(sums)
        return shown

    def _weight_text(self, sums: dict[Period, Decimal]) -> dict:
        if not sums:
            return {"text": "–", "note": "", "ok": True}
        off = next((period for period, total in sums.items() if total != HUNDRED), None)
        total = HUNDRED if off is None else sums[off]
        text = format_number(total, self.language)
        if off is None:
            return {"text": text, "note": "", "ok": True}
        gap = format_number(abs(HUNDRED - total), self.language)
        note = _("%(gap)s missing") if total < HUNDRED else _("%(gap)s too many")
        where = "" if len(set(sums.values())) == 1 else f" · {off.label}"
        return {"text": text, "note": note % {"gap": gap} + where, "ok": False}

    def count_wrong(self) -> int:
        """Cells that keep the grid from being put on cards."""
        return sum(len(self.wrong_in(row)) for row in self.rows)


def grid_of(draft: AssignmentDraft, owners_of: Iterable[int] | None = None) -> Grid:
    """The whole grid, or all rows of the owners that some rows belong to."""
    periods = columns_of(draft)
    rows = rows_of(draft)
    if owners_of is not None:
        some = DraftRow.objects.filter(draft=draft, pk__in=list(owners_of)).order_by()
        owners = set(some.values_list("owner_kind", "member_id", "department_id").distinct())
        members, departments = {owner[1] for owner in owners}, {owner[2] for owner in owners}
        mine = Q(member__in=members - {None}) | Q(department__in=departments - {None})
        if any(owner[1] is None and owner[2] is None for owner in owners):
            mine |= Q(member=None, department=None)
        rows = rows.filter(mine)
    rows = list(rows)
    return Grid(draft, periods, rows, standing_of(rows, periods), get_language() or "en")


def page_data(grid: Grid) -> dict:
    """Everything the script needs to draw the grid."""
    return {
        "columns": [WEIGHT, BASELINE, *grid.codes],
        "rows": [{**grid.row_head(row), **grid.row_data(row)} for row in grid.rows],
        "weights": grid.weights(),
    }


def changed_data(grid: Grid, ids: Iterable[int]) -> dict:
    """What the script draws anew after cells were written: these rows, and the weights of their owners."""
    wanted = set(ids)
    return {"rows": [grid.row_data(row) for row in grid.rows if row.pk in wanted], "weights": grid.weights()}

"""A year's target month by month, as it is typed: what moves when a shape is chosen or a month is changed."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from kpiapp.decimals import NumberError, format_number, parse_number, quantize
from kpiapp.forms import OrganizationForm
from kpiapp.permissions import Permission
from kpiapp.person_field import PersonField
from kpiapp.splitting import Event, SplitError
from strategy.choices import SHAPES_OF, TargetAggregation, TargetShape
from strategy.forms.plan_cells import BAR_HEIGHT, EventRow, MonthCell, QuarterCell
from strategy.models import KpiPlan
from strategy.services.plans import PlanDraft, reason_of
from strategy.target_shapes import (
    QUARTERS_OF_A_YEAR,
    PlanYear,
    change_month,
    held_quarter,
    split_target,
    usual_shape,
    year_value,
)

TOTAL, QUARTER = "total", "quarter-"
EVENT_ROWS = 2
# How many months fit beside each other, by the length of the longest number: characters → columns.
COLUMNS = ((5, 12), (9, 6))
FEWEST_COLUMNS = 4
SMALLER_BY = 2


class PlanPersonForm(OrganizationForm):
    """Whose plan is looked at beside the one for everybody."""

    person = PersonField(label=gettext_lazy("Plan for a person"), required=False, within=Permission.CARD_EDIT)


@dataclass
class PlanField:
    """The whole field. `aggregation` says how months make the year (TargetAggregation)."""

    year: PlanYear
    aggregation: str
    decimals: int = 0
    baseline: Decimal | None = None
    tet_months: frozenset[datetime.date] = frozenset()
    unit: str = ""
    total: Decimal | None = None
    total_text: str = ""
    total_error: str = ""
    shape: str = ""
    error: str = ""
    cells: list[MonthCell] = field(default_factory=list)
    quarters: list[QuarterCell] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)

    def __post_init__(self):
        last_year = self.year.last_year()
        self.cells = [
            MonthCell(place, month, is_tet=month in self.tet_months, last_year=last_year[place])
            for place, month in enumerate(self.year.months)
        ]
        self.quarters = [QuarterCell(place) for place in range(QUARTERS_OF_A_YEAR)] if self.is_total else []
        for quarter in self.quarters:
            self.cells[held_quarter(quarter.place, Decimal(0)).end - 1].quarter = quarter
        self.shape = usual_shape(self.aggregation)
        self.events = [EventRow() for _row in range(EVENT_ROWS)]

    # --- filling --------------------------------------------------------------------------------

    def show_plan(self, plan: KpiPlan) -> None:
        """Begin with a plan that is kept."""
        self.total, self.shape = plan.total, plan.shape
        self.total_text = self._written(plan.total)
        for cell, month in zip(self.cells, plan.months.all(), strict=True):
            cell.value, cell.text, cell.is_pinned = month.target, self._written(month.target), month.is_pinned
        for quarter in self.quarters:
            quarter.is_held = quarter.place in plan.held_quarters
        self._add_quarters()
        for row, event in zip(self.events, plan.events, strict=False):
            row.place, row.name = event["month"], event["name"]
            row.text = format_number(Decimal(event["percent"]), get_language() or "en")

    def suggest(self, total: Decimal | None) -> None:
        """Begin with a year's target in its usual shape."""
        self.total = total
        self.total_text = "" if total is None else self._written(total)
        self._lay_out()
        self._add_quarters()

    def read(self, data) -> None:
        """What was typed, and what it makes of the other months (`data` is a QueryDict)."""
        self.total_text = data.get("plan-total", "")[:40]
        self.total, self.total_error = _number(self.total_text)
        shape = data.get("plan-shape", "")
        self.shape = shape if shape in SHAPES_OF[TargetAggregation(self.aggregation)] else self.shape
        pinned = set(data.getlist("plan-pin"))
        for cell in self.cells:
            cell.text = data.get(f"plan-month-{cell.place}", "")[:40]
            cell.value, cell.error = _number(cell.text)
            cell.is_pinned = str(cell.place) in pinned
        held = set(data.getlist("plan-hold"))
        for quarter in self.quarters:
            quarter.text = data.get(f"plan-quarter-{quarter.place}", "")[:40]
            quarter.value, quarter.error = _number(quarter.text)
            quarter.is_held = str(quarter.place) in held and quarter.value is not None
        for number, row in enumerate(self.events):
            month = data.get(f"plan-event-month-{number}", "")
            row.place = int(month) if month.isdecimal() and int(month) < len(self.cells) else None
            row.text = data.get(f"plan-event-percent-{number}", "")[:20]
            row.name = data.get(f"plan-event-name-{number}", "")[:60]
            row.error = _number(row.text)[1]
        self._act(data.get("plan-use", ""), data.get("plan-changed", ""))

    def _act(self, use: str, changed: str) -> None:
        if use in SHAPES_OF[TargetAggregation(self.aggregation)]:
            self.shape = use
            self._lay_out()
        elif changed in (TOTAL, "event"):
            self._lay_out()
        elif changed.isdecimal() and int(changed) < len(self.cells):
            self._move_others(int(changed))
        elif changed.startswith(QUARTER):
            self._hold_quarter(changed.removeprefix(QUARTER))
        self._add_quarters()

    def _hold_quarter(self, typed: str) -> None:
        """A quarter's total was typed: it holds, and its months share it in the shape there is."""
        quarter = next((one for one in self.quarters if str(one.place) == typed), None)
        if quarter is not None and not quarter.error:
            quarter.is_held = quarter.value is not None
            self._lay_out()

    def _add_quarters(self) -> None:
        """What the months of quarters come to that hold no total of their own."""
        values = [cell.value for cell in self.cells]
        for quarter in self.quarters:
            months = held_quarter(quarter.place, Decimal(0))
            known = values[months.first : months.end]
            if not quarter.is_held and not quarter.error:
                quarter.value = None if None in known else sum(known, Decimal(0))
                quarter.text = "" if quarter.value is None else self._written(quarter.value)
            elif quarter.value is None and not quarter.error:
                quarter.value = sum((value for value in known if value is not None), Decimal(0))
                quarter.text = self._written(quarter.value)

    @property
    def held(self) -> dict[int, Decimal]:
        """The totals that quarters hold, by their places."""
        return {one.place: one.value for one in self.quarters if one.is_held and one.value is not None}

    def _lay_out(self) -> None:
        """All months that are not pinned, by the shape."""
        if self.total is None:
            return
        pins = {cell.place: cell.value for cell in self.cells if cell.is_pinned and cell.value is not None}
        self._show_or_refuse(
            lambda: split_target(
                total=self.total,
                year=self.year,
                shape=self.shape,
                aggregation=self.aggregation,
                decimals=self.decimals,
                baseline=self.baseline,
                pins=pins,
                events=self.chosen_events(),
                current=[cell.value for cell in self.cells],
                quarters=self.held,
                in_round_numbers=True,
            )
        )

    def _move_others(self, place: int) -> None:
        """A month was typed: from here on the shape is one's own. The months of a level do not depend on each other."""
        self.shape = TargetShape.OWN
        if not self.is_total or self.total is None or self.cells[place].value is None:
            return
        self._show_or_refuse(
            lambda: change_month(
                total=self.total,
                place=place,
                values=[cell.value for cell in self.cells],
                pinned=[cell.place for cell in self.cells if cell.is_pinned],
                year=self.year,
                decimals=self.decimals,
                quarters=self.held,
            ),
            typed=place,
        )

    def _show_or_refuse(self, computed, typed: int | None = None) -> None:
        try:
            targets = computed()
        except SplitError as error:
            self.error = reason_of(error)
            return
        for cell, target in zip(self.cells, targets, strict=True):
            if cell.place != typed:
                cell.text, cell.error = self._written(target), ""
            cell.value = target

    # --- reading --------------------------------------------------------------------------------

    @property
    def shapes(self) -> list[TargetShape]:
        """What one can choose from, the one by hand left out: it is chosen by typing."""
        return [shape for shape in SHAPES_OF[TargetAggregation(self.aggregation)] if shape != TargetShape.OWN]

    @property
    def has_last_year(self) -> bool:
        """Whether a shape can be taken from the year before."""
        return any(cell.last_year for cell in self.cells)

    @property
    def is_total(self) -> bool:
        """Whether months add up to the year."""
        return self.aggregation == TargetAggregation.SUM

    @property
    def reached(self) -> Decimal | None:
        """What the months come to over the year; None while one is missing."""
        values = [cell.value for cell in self.cells]
        return None if None in values else year_value(values, self.aggregation)

    @property
    def holds(self) -> bool:
        """Whether the months come to the year's target; a mean may differ."""
        return self.aggregation == TargetAggregation.AVG or self.reached == self.total

    @property
    def columns(self) -> int:
        """How many months fit beside each other."""
        written = [len(cell.text) for cell in self.cells]
        # Last year's figures stand below in small letters.
        below = [self._written(quantize(cell.last_year, self.decimals)) for cell in self.cells if cell.last_year]
        longest = max([*written, *(len(text) - SMALLER_BY for text in below)], default=0)
        return next((columns for limit, columns in COLUMNS if longest <= limit), FEWEST_COLUMNS)

    def with_bars(self) -> list[MonthCell]:
        """The months with the heights of their bars."""
        top = max((abs(cell.value) for cell in self.cells if cell.value is not None), default=Decimal(0))
        for cell in self.cells:
            cell.bar = int(quantize(abs(cell.value or 0) * BAR_HEIGHT / top, 0)) if top else 0
        return self.cells

    def chosen_events(self) -> list[Event]:
        """Events that were filled in."""
        found = []
        for row in self.events:
            percent, _error = _number(row.text)
            if row.place is not None and percent:
                found.append(Event(row.place, percent, row.name))
        return found

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was typed."""
        return not any(text.strip() for text in (self.total_text, *(cell.text for cell in self.cells)))

    def is_valid(self) -> bool:
        """Whether every month has a number; what is missing is said beside it."""
        if self.total is None and not self.total_error:
            self.total_error = _("Type the target of the year.")
        for cell in self.cells:
            if cell.value is None and not cell.error:
                cell.error = _("Type a number, for example %(example)s.") % {"example": self._written(Decimal(100))}
        rows = (*self.cells, *self.quarters, *self.events)
        return not (self.total_error or any(row.error for row in rows))

    def draft(self) -> PlanDraft:
        """A valid field as what the service keeps."""
        return PlanDraft(
            total=self.total,
            targets=[cell.value for cell in self.cells],
            shape=self.shape,
            pinned=frozenset(cell.place for cell in self.cells if cell.is_pinned),
            quarters=self.held,
            events=self.chosen_events(),
        )

    def _written(self, number: Decimal) -> str:
        return format_number(number, get_language() or "en")


def _number(text: str) -> tuple[Decimal | None, str]:
    """What was typed as a number, or the sentence that says why it is none."""
    if not text.strip():
        return None, ""
    try:
        return parse_number(text, get_language() or "en"), ""
    except NumberError as error:
        return None, _(error.message) % error.params

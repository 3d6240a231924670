"""What the pages of a card show: its rows and its summary, with every number worked out by the kernel."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from kpiapp.decimals import HUNDRED, ONE, ZERO, divide, format_number, quantize
from kpiapp.models import Member, calendar_of
from scorecards.cards.formula_views import FormulaView, views_of
from scorecards.cards.milestones import step_choices
from scorecards.cards.reasons import reason_text
from scorecards.cards.segment_parts import Part, parts_of
from scorecards.choices import LIVE_STATES, LineState, WarningKind
from scorecards.line_rules import actual_of, elapsed_on, pace_kind_of, rule_of_line, shown_part
from scorecards.models import Actual, Scorecard, ScorecardLine
from scorecards.planned_pace import planned_ways
from scorecards.queries import card_with_lines
from scorecards.scoring import (
    CardLine,
    MissingPolicy,
    PaceStatus,
    PlannedWay,
    Trace,
    WeightPolicy,
    pace_of,
    score_card,
    score_line,
)
from scorecards.scoring import LineState as KernelState
from strategy.choices import Aggregation

VALUE, NUMERATOR, DENOMINATOR = "value", "numerator", "denominator"
# One number a day says too little for these: they are entered in the row's details.
IN_PARTS = frozenset({Aggregation.RATIO, Aggregation.FORMULA})
DETAILS_ONLY = frozenset({Aggregation.COUNT, Aggregation.WEIGHTED_AVG})
QUOTIENT_PLACES = 2


@dataclass
class Cell:
    """An input of a row: what it shows, what was saved before, and how it went."""

    column: str
    label: str
    shown: str
    state: str = ""
    message: str = ""
    saved: str = ""
    # What may be chosen, where nobody types: (number as it is typed, its words).
    options: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Row:
    """One line as a page shows it. `completion` and `pace` are fractions (1 = target)."""

    line: ScorecardLine
    context: str
    actual: Decimal | None
    completion: Decimal | None
    status: str
    problem: str
    pace: Decimal | None
    forecast: Decimal | None
    is_early: bool
    due: Decimal | None
    by_plan: bool
    history: list[Decimal | None]
    cells: list[Cell] = field(default_factory=list)
    hint: str = ""
    # Of a formula alone: what it is made of.
    formula: FormulaView | None = None
    # Of a line that changed inside its period.
    parts: list[Part] = field(default_factory=list)

    @property
    def takes_entries(self) -> bool:
        """Whether people enter numbers here; others follow from elsewhere."""
        return not self.line.takes_children and (self.formula is None or bool(self.cells))

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The milestones to choose from, where the KPI is scored by them."""
        return self.cells[0].options if self.cells else []

    @property
    def warnings(self) -> list[str]:
        """What early warnings say about it."""
        return [str(WarningKind(kind).label) for kind in getattr(self.line, "warned", ())]

    @property
    def has_entry(self) -> bool:
        """Whether anything that counts was entered."""
        return bool(self.line.score.entries) if hasattr(self.line, "score") else False

    @property
    def is_red(self) -> bool:
        """Whether a cause and an action are asked for."""
        return self.status in ("off", "at_risk")


@dataclass(frozen=True)
class Summary:
    """A card in a few numbers. Percents have 100 = whole; `expected` is the score of being exactly on plan today."""

    percent: Decimal | None
    status: str
    expected: Decimal | None
    lines_scored: int
    lines_total: int
    coverage: Decimal
    total_weight: Decimal
    waiting: int
    is_provisional: bool
    is_blocked: bool


def columns_of(line: ScorecardLine) -> tuple[str, ...]:
    """The cells of a line: none, one, or the two parts of a ratio."""
    if line.takes_children or line.kpi.aggregation in DETAILS_ONLY:
        return ()
    if line.kpi.aggregation == Aggregation.FORMULA:
        parts = ((NUMERATOR, line.kpi.numerator_agg), (DENOMINATOR, line.kpi.denominator_agg))
        return tuple(column for column, how in parts if how)
    return (NUMERATOR, DENOMINATOR) if line.kpi.aggregation == Aggregation.RATIO else (VALUE,)


def rows_of(card: Scorecard, *, reader: Member, on: datetime.date, can_record: bool) -> list[Row]:
    """The rows of a card; two queries, whatever their number (one when no line is a ratio), more with formulas."""
    lines = card_with_lines(card, reader, on)
    ratios = [line for line in lines if line.kpi.aggregation in IN_PARTS]
    formulas = views_of([line for line in lines if line.kpi.aggregation == Aggregation.FORMULA])
    entries: dict[int, list[Actual]] = {line.pk: [] for line in ratios}
    if ratios:
        for actual in Actual.objects.filter(line__in=ratios, state__in=LIVE_STATES).order_by("on", "pk"):
            entries[actual.line_id].append(actual)
    locked = not can_record or not card.period.is_open
    elapsed = elapsed_on(card.period, on, calendar_of(lines[0])) if lines else ONE
    shown = [line for line in lines if not line.is_hidden]
    ways = planned_ways(shown, card.period, on, calendar_of(lines[0])) if lines else {}
    rows = [
        _row(line, (elapsed, ways.get(line.pk)), entries.get(line.pk, []), locked, formulas.get(line.pk))
        for line in lines
    ]
    parts = parts_of(shown, on, calendar_of(lines[0])) if lines else {}
    for row in rows:
        row.parts = parts.get(row.line.pk, [])
    return rows


def _row(
    line: ScorecardLine,
    time: tuple[Decimal, PlannedWay | None],
    entries: Sequence[Actual],
    locked: bool,
    formula: FormulaView | None,
) -> Row:
    score = getattr(line, "score", None)
    actual = actual_of(line)
    outlook = outlook_of(line, *time, actual)
    row = Row(
        line=line,
        context=_context(line),
        actual=actual,
        completion=score.completion if score else None,
        status=score.status if score else "none",
        problem=_problem(line, score, formula),
        pace=outlook.expected,
        forecast=outlook.forecast,
        is_early=outlook.is_early,
        due=outlook.due,
        by_plan=outlook.by_plan,
        history=list(reversed(line.history)),
        formula=formula,
    )
    row.cells = [
        _cell(line, column, actual, entries, locked or bool(line.waived_reason)) for column in columns_of(line)
    ]
    row.hint = _hint(line, score)
    return row


def _context(line: ScorecardLine) -> str:
    objective = line.kpi.objective
    perspective = line.kpi.perspective or (objective.perspective if objective else None)
    return " · ".join(part for part in (perspective and perspective.label, objective and objective.name) if part)


def _problem(line: ScorecardLine, score, formula: FormulaView | None) -> str:
    if line.wiped_out_reason:
        return _("Counts 0: %(reason)s") % {"reason": line.wiped_out_reason}
    if line.waived_reason:
        return _("Waived: %(reason)s") % {"reason": line.waived_reason}
    if formula is not None and formula.problem:
        return formula.problem
    if score is not None and score.state == LineState.NOT_SCORABLE:
        return reason_text(score.reason)
    if score is not None and score.state == LineState.LATE:
        return _("late, no entry")
    return ""


def _hint(line: ScorecardLine, score) -> str:
    """How the shown number came together, where it is not simply what was typed last."""
    count = score.entries if score else 0
    if line.takes_children:
        return ngettext("adds up from %(count)d card", "adds up from %(count)d cards", count) % {"count": count}
    if line.kpi.aggregation == Aggregation.FORMULA:
        return _("calculated")
    if line.kpi.aggregation in DETAILS_ONLY or (
        count > 1 and line.kpi.aggregation in (Aggregation.AVG, Aggregation.MIN, Aggregation.MAX)
    ):
        entries = ngettext("%(count)d entry", "%(count)d entries", count) % {"count": count}
        return f"{line.kpi.get_aggregation_display()} · {entries}"
    return ""


def _cell(line: ScorecardLine, column: str, actual: Decimal | None, entries: Sequence[Actual], locked: bool) -> Cell:
    version = line.kpi
    if column == VALUE:
        label, number = _("actual"), actual
    elif column == NUMERATOR:
        label = version.numerator_label or _("numerator")
        number = shown_part(entries, NUMERATOR, version.numerator_agg)
    else:
        label = version.denominator_label or _("denominator")
        number = shown_part(entries, DENOMINATOR, version.denominator_agg)
    shown = "" if number is None else in_cell(number, version.decimals)
    options = step_choices(line, shown) if column == VALUE else []
    return Cell(column, label, shown, "locked" if locked else "", saved=shown, options=options)


def in_cell(number: Decimal, decimals: int) -> str:
    """A number as it stands in an input: exact up to six places, a quotient with those its KPI shows."""
    exact = quantize(number, 6) == number
    places = 6 if exact else max(decimals, QUOTIENT_PLACES)
    return format_number(quantize(number, places), get_language() or "en")


@dataclass(frozen=True)
class Outlook:
    """Completion of being exactly on plan today, and the actual this pace leads to; None where pace says nothing.

    `is_early`: so little of the period's working time has gone by that a forecast would be a guess. `due` is what the
    actual should be by today, by the months of a plan or by the working days gone by.
    """

    expected: Decimal | None = None
    forecast: Decimal | None = None
    is_early: bool = False
    due: Decimal | None = None
    by_plan: bool = False


def outlook_of(
    line: ScorecardLine,
    elapsed: Decimal,
    plan: PlannedWay | None,
    actual: Decimal | None,
    trace: Trace | None = None,
) -> Outlook:
    """How a line stands to the working time gone by, or to what its plan has due by then."""
    kind = pace_kind_of(line)
    if kind is None or line.target is None or not elapsed or elapsed >= 1:
        return Outlook()
    pace = pace_of(
        kind,
        actual=actual if actual is not None else ZERO,
        target=line.target,
        elapsed=elapsed,
        baseline=line.baseline,
        plan=plan,
        trace=trace,
    )
    if pace.expected is None:
        return Outlook()
    rule = rule_of_line(line)
    expected = score_line(rule, actual=pace.expected, target=line.target, baseline=line.baseline, trace=trace)
    is_early = pace.status is PaceStatus.TOO_EARLY
    known = actual is not None
    forecast = pace.forecast if known and not is_early else None
    return Outlook(expected.completion, forecast, is_early and known, pace.expected, by_plan=plan is not None)


def summary_of(card: Scorecard, rows: Sequence[Row]) -> Summary:
    """The card's stored score with what surrounds it; no query."""
    score = getattr(card, "score", None)
    total = sum((row.line.weight for row in rows if row.line.is_scored), ZERO)
    measured = score.measured_weight if score else ZERO
    return Summary(
        percent=score.percent if score else None,
        status=score.status if score else "none",
        expected=expected_percent(rows),
        lines_scored=score.lines_scored if score else 0,
        lines_total=sum(row.line.is_scored for row in rows),
        coverage=divide(measured * HUNDRED, total) if total else ZERO,
        total_weight=total,
        waiting=sum(row.takes_entries and not (row.has_entry or row.line.waived_reason) for row in rows),
        is_provisional=score.is_provisional if score else False,
        is_blocked=score.is_blocked if score else False,
    )


def first_cell(rows: Sequence[Row]) -> str:
    """Where logging begins: the first cell without an entry, else the first one; "line-column" or empty."""
    typed = [row for row in rows if row.cells]
    row = next((row for row in typed if not row.has_entry), typed[0] if typed else None)
    return f"{row.line.pk}-{row.cells[0].column}" if row else ""


def expected_percent(rows: Sequence[Row], trace: Trace | None = None) -> Decimal | None:
    """The score of the measured lines if each stood exactly on plan; at target where pace says nothing."""
    scored = [row for row in rows if row.completion is not None and row.line.is_scored]
    if not any(row.pace is not None for row in scored):
        return None
    lines = [
        CardLine(row.line.weight, KernelState.SCORED, ONE if row.pace is None else row.pace, row.line.kpi.name)
        for row in scored
    ]
    policy = {"weight_policy": WeightPolicy.NORMALISE, "missing": MissingPolicy.EXCLUDE}
    return score_card(lines, **policy, trace=trace).percent

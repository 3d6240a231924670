"""Longer than a month: the year to date, rolling windows, quarter and half-year of a line, up to its month.

Only months that are over count, and of these the ones that have a value, so that like is compared with like; how many
these are is said. The actual is what the entries of all these months give together, the target that of the same
months; the score is worked out anew from both, or the mean of the months' scores where the organization chose so.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kpiapp.choices import LongPeriods, PeriodKind
from kpiapp.fiscal_years import add_months, fiscal_year_start, place_in_year
from kpiapp.formulas import evaluate
from kpiapp.splitting import whole_of
from scorecards.line_rules import rule_of_line
from scorecards.models import ScorecardLine
from scorecards.recompute.formulas import FormulaLine, FoundOperand, compiled, lines_with_operands, values_of
from scorecards.scoring import (
    LineResult,
    NotScorable,
    Pair,
    ShortPeriod,
    Trace,
    aggregate,
    average_of_periods,
    charges_lateness,
    combine_periods,
    score_line,
    status_of,
    value_of,
)
from scorecards.segments import parts_of
from strategy.choices import Aggregation

WINDOWS = ("ytd", "rolling_3", "rolling_12", "quarter", "half_year")
YEAR = 12
PARTS_OF_YEAR = {"quarter": 3, "half_year": 6}
# Formulas of formulas of formulas: beyond this nothing is shown rather than asked for line by line.
MOST_LEVELS = 8


@dataclass(frozen=True)
class Month:
    """One month of a line: what it was, and what it gave."""

    line: ScorecardLine
    short: ShortPeriod | None
    value: Decimal | None
    completion: Decimal | None


@dataclass(frozen=True)
class Longer:
    """A longer period of a line. `months` are those that are over in it; `counted` those of them that have a value."""

    code: str
    months: list[Month]
    counted: list[Month]
    actual: Decimal | None
    target: Decimal | None
    baseline: Decimal | None
    completion: Decimal | None
    status: str
    mode: str
    pair: Pair | None

    @property
    def span(self) -> str:
        """Its first and last month that are over."""
        labels = list(dict.fromkeys(month.line.scorecard.period.label for month in self.months))
        return " – ".join([labels[0], labels[-1]] if len(labels) > 1 else labels)


def months_of(line: ScorecardLine) -> list[ScorecardLine]:
    """The lines of the same KPI and owner, of the twelve months before a month's line and it, oldest first."""
    card = line.scorecard
    first = add_months(card.period.starts_on, -YEAR)
    chain = ScorecardLine.objects.filter(
        kpi__definition=line.kpi.definition_id,
        scorecard__owner_kind=card.owner_kind,
        scorecard__member=card.member_id,
        scorecard__department=card.department_id,
        scorecard__period__kind=PeriodKind.MONTH,
        scorecard__period__starts_on__range=(first, card.period.starts_on),
    )
    return list(
        chain.select_related("kpi", "score", "scorecard__period").order_by("scorecard__period__starts_on", "pk")
    )


def longer_periods(line: ScorecardLine, *, on: datetime.date, mode: str, start_month: int) -> list[Longer]:
    """Every window of a line (with its card and period); none for lines of quarters and years, which stand alone."""
    period = line.scorecard.period
    if period.kind != PeriodKind.MONTH:
        return []
    # While the month runs, rolling windows end with the month before it.
    last = period.starts_on if period.ends_on <= on else add_months(period.starts_on, -1)
    lines = [other for other in months_of(line) if other.scorecard.period.starts_on <= last]
    calculated = _formulas([other for other in lines if other.kpi.aggregation == Aggregation.FORMULA])
    months = [_month(other, calculated) for other in lines]
    found = []
    for code in WINDOWS:
        first = first_month(code, last if code.startswith("rolling_") else period.starts_on, start_month)
        inside = [month for month in months if month.line.scorecard.period.starts_on >= first]
        found.append(_longer(code, line, inside, calculated, mode))
    return found


def first_month(code: str, month: datetime.date, start_month: int) -> datetime.date:
    """The month a window begins with, when it ends with this one."""
    if code.startswith("rolling_"):
        return add_months(month, 1 - int(code.removeprefix("rolling_")))
    year = fiscal_year_start(month, start_month)
    if code == "ytd":
        return year
    length = PARTS_OF_YEAR[code]
    return add_months(year, (place_in_year(month, start_month, length) - 1) * length)


def _month(line: ScorecardLine, calculated: Mapping[int, FormulaLine]) -> Month:
    score = getattr(line, "score", None)
    if score is None or score.quantity is None or line.waived_reason:
        return Month(line, None, None, score.completion if score else None)
    try:
        value = value_of(score.quantity, score.divisor, line.kpi.factor)
    except NotScorable:
        value = None
    if line.pk in calculated and value is None:
        return Month(line, None, None, None)
    return Month(line, ShortPeriod(score.quantity, score.divisor, score.entries), value, score.completion)


def _longer(
    code: str, line: ScorecardLine, months: list[Month], calculated: Mapping[int, FormulaLine], mode: str
) -> Longer:
    counted = [month for month in months if month.short is not None]
    kind = line.kpi.target_aggregation
    target = whole_of([month.line.target for month in counted if month.line.target is not None], kind)
    baseline = whole_of([month.line.baseline for month in counted if month.line.baseline is not None], kind)
    pair = _pair(line, counted, calculated)
    result = score_longer(line, pair, target, baseline) if counted else None
    completion = result.completion if result else None
    if charges_lateness(rule_of_line(line)):
        # What lateness took away belongs to the month in which something was due.
        mode = LongPeriods.AVERAGE
    if mode == LongPeriods.AVERAGE:
        completion = average_of_periods([month.completion for month in counted]).completion if counted else None
    actual = result.actual if result else None
    status = str(status_of(completion))
    return Longer(code, months, counted, actual, target, baseline, completion, status, mode, pair)


def score_longer(
    line: ScorecardLine, pair: Pair | None, target: Decimal | None, baseline: Decimal | None, trace: Trace | None = None
) -> LineResult:
    """A longer period by the rule of the line's own month."""
    return score_line(
        rule_of_line(line),
        actual=pair[0] if pair else None,
        denominator=pair[1] if pair else None,
        target=target,
        baseline=baseline,
        trace=trace,
    )


def _pair(line: ScorecardLine, counted: Sequence[Month], calculated: Mapping[int, FormulaLine]) -> Pair | None:
    version = line.kpi
    if version.aggregation == Aggregation.FORMULA:
        value = _calculated([calculated[month.line.pk] for month in counted if month.line.pk in calculated], calculated)
        return None if value is None else (value, None)
    return months_together(line, counted)


def months_together(line: ScorecardLine, counted: Sequence[Month], trace: Trace | None = None) -> Pair | None:
    """The pair of months of a line that is no formula."""
    version = line.kpi
    shorts = [month.short for month in counted if month.short is not None]
    return combine_periods(version.aggregation, shorts, **parts_of(version), trace=trace)


# --- formulas over several months: the operands of all months first, then the formula once ------------------------


def _formulas(lines: Sequence[ScorecardLine]) -> dict[int, FormulaLine]:
    """Formula lines with those they rest on, level by level; queries by level, not by line."""
    found: dict[int, FormulaLine] = {}
    wanted = [line.pk for line in lines]
    for _level in range(MOST_LEVELS):
        if not wanted:
            break
        level = lines_with_operands(wanted)
        found |= level
        operands = [operand for line in level.values() for operand in line.operands.values() if operand is not None]
        wanted = [
            operand.line_id
            for operand in operands
            if operand.aggregation == Aggregation.FORMULA and operand.line_id not in found
        ]
    return found


def _calculated(months: Sequence[FormulaLine], found: Mapping[int, FormulaLine]) -> Decimal | None:
    """The formula of the latest month over what its operands are in all of them together."""
    if not months:
        return None
    last = months[-1]
    together = FormulaLine(last.line_id, last.card_id, last.version_id, True, last.stored)
    for definition_id in last.operands:
        operands = [month.operands.get(definition_id) for month in months]
        together.operands[definition_id] = _operand([operand for operand in operands if operand is not None], found)
    rule = compiled([last.version_id])[last.version_id]
    for key, (_column, how) in rule.inputs.items():
        pair = aggregate(how, [entry for month in months for entry in month.given.get(key, [])])
        together.inputs[key] = None if pair is None else value_of(*pair)
    return evaluate(rule.formula, values_of(together)).value


def _operand(operands: Sequence[FoundOperand], found: Mapping[int, FormulaLine]) -> FoundOperand | None:
    if not operands:
        return None
    last = operands[-1]
    if last.aggregation == Aggregation.FORMULA:
        value = _calculated([found[operand.line_id] for operand in operands if operand.line_id in found], found)
        pair: Pair | None = None if value is None else (value, None)
    else:
        known = [operand.stored for operand in operands if operand.stored[0] is not None]
        shorts = [ShortPeriod(quantity, divisor, entries) for quantity, divisor, entries, _on in known]
        pair = combine_periods(
            last.aggregation, shorts, numerator_agg=last.numerator_agg, denominator_agg=last.denominator_agg
        )
    entries = sum(operand.stored[2] for operand in operands)
    stored = (*(pair or (None, None)), entries, last.stored[3])
    return FoundOperand(
        last.line_id, last.card_id, last.aggregation, last.factor, last.numerator_agg, last.denominator_agg, stored
    )

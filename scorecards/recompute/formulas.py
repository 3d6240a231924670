"""Formula KPIs: their actual is worked out from the actuals of other KPIs, in the order in which they need each other.

An operand is looked for on the same card first, then on the card of the owner's department, then on that of the
organization, all of the same period; the first line found is taken. A formula never looks at other people's cards, so
that what one person logs moves their own card alone.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection

from kpiapp.bulk import among, ids_among
from kpiapp.decimals import ONE, ZERO, divide
from kpiapp.formulas import Formula, Outcome, evaluate, parse
from kpiapp.tenancy import current_organization_id
from scorecards.choices import LIVE_STATES
from scorecards.models import Actual
from scorecards.scoring import Entry, NotScorable, PartAggregation, aggregate, value_of
from strategy.choices import Aggregation
from strategy.models import KpiVersion

KEPT = 5_000
# The fault of formulas that need each other: refused when saved, but older versions may meet on one card.
CYCLE = "cycle"

# Cards above a card, found by their owner; the department is where a person stood last in the period.
_PLACED = """
WITH wanted AS (
    SELECT l.id, l.scorecard_id, l.kpi_id, c.owner_kind, c.department_id, c.member_id, p.id AS period_id,
           p.starts_on, p.ends_on
    FROM scorecards_scorecardline l
    JOIN strategy_kpiversion v ON v.organization_id = l.organization_id AND v.id = l.kpi_id
        AND (v.aggregation = 'formula' OR l.id = ANY(%(extra_lines)s))
    JOIN scorecards_scorecard c ON c.organization_id = l.organization_id AND c.id = l.scorecard_id
    JOIN kpiapp_period p ON p.organization_id = c.organization_id AND p.id = c.period_id
    WHERE l.organization_id = %(organization)s AND NOT l.takes_children AND {which}
      -- Most companies have no formula: then nothing is looked for.
      AND (%(extra_lines)s::bigint[] <> '{{}}' OR EXISTS (
          SELECT FROM strategy_kpiversion WHERE organization_id = %(organization)s AND aggregation = 'formula'))
), placed AS (
    SELECT w.*, ARRAY[
        w.scorecard_id,
        (SELECT d.id FROM scorecards_scorecard d
         WHERE w.owner_kind = 'member' AND d.organization_id = %(organization)s AND d.period_id = w.period_id
           AND d.owner_kind = 'department' AND d.department_id = (
               SELECT e.department_id FROM kpiapp_employment e
               WHERE e.organization_id = %(organization)s AND e.member_id = w.member_id
                 AND e.valid_from < w.ends_on AND (e.valid_to IS NULL OR e.valid_to > w.starts_on)
               ORDER BY e.valid_from DESC LIMIT 1)),
        (SELECT o.id FROM scorecards_scorecard o
         WHERE w.owner_kind <> 'organization' AND o.organization_id = %(organization)s
           AND o.period_id = w.period_id AND o.owner_kind = 'organization')
    ] AS cards
    FROM wanted w
)
"""

_OPERANDS = """
SELECT w.id, w.scorecard_id, w.kpi_id, own.line_id IS NOT NULL, own.quantity, own.divisor, own.entries, own.last_on,
       o.operand_id, found.*
FROM placed w
LEFT JOIN scorecards_linescore own ON own.organization_id = %(organization)s AND own.line_id = w.id
LEFT JOIN LATERAL (
    SELECT f.operand_id FROM strategy_formulaoperand f
    WHERE f.organization_id = %(organization)s AND f.version_id = w.kpi_id
    UNION
    SELECT e.operand_id FROM unnest(%(extra_lines)s::bigint[], %(extra_operands)s::bigint[]) e(line_id, operand_id)
    WHERE e.line_id = w.id
) o ON true
LEFT JOIN LATERAL (
    SELECT l.id, l.scorecard_id, v.aggregation, v.factor, v.numerator_agg, v.denominator_agg,
           CASE WHEN l.waived_reason = '' THEN s.quantity END, s.divisor, coalesce(s.entries, 0), s.last_on
    FROM scorecards_scorecardline l
    JOIN strategy_kpiversion v ON v.organization_id = l.organization_id AND v.id = l.kpi_id
        AND v.definition_id = o.operand_id
    LEFT JOIN scorecards_linescore s ON s.organization_id = l.organization_id AND s.line_id = l.id
    WHERE l.organization_id = %(organization)s AND l.scorecard_id = ANY(w.cards)
    ORDER BY array_position(w.cards, l.scorecard_id), l.kpi_id DESC LIMIT 1
) found ON true
ORDER BY w.scorecard_id, w.id, o.operand_id
"""

_WRITE = """
INSERT INTO scorecards_linescore AS s
    (organization_id, line_id, scorecard_id, quantity, divisor, entries, last_on, state, reason, status)
SELECT %(organization)s, line_id, scorecard_id, quantity, divisor, entries, last_on, 'not_due', '', 'none'
FROM unnest(%(line)s::bigint[], %(card)s::bigint[], %(quantity)s::numeric[], %(divisor)s::numeric[], %(entries)s::int[],
            %(last_on)s::date[]) n(line_id, scorecard_id, quantity, divisor, entries, last_on)
ORDER BY line_id
ON CONFLICT (line_id) DO UPDATE SET quantity = excluded.quantity, divisor = excluded.divisor,
    entries = excluded.entries, last_on = excluded.last_on
"""

# Formula lines with an operand that some card above the owner's may hold, by kind of owner.
_ABOVE = """
    c.period_id = ANY(%(periods)s) AND c.owner_kind = %(kind)s AND p.state = 'open' AND EXISTS (
        SELECT FROM strategy_formulaoperand o
        JOIN strategy_kpiversion ov ON ov.organization_id = o.organization_id AND ov.definition_id = o.operand_id
        JOIN scorecards_scorecardline ol ON ol.organization_id = ov.organization_id AND ol.kpi_id = ov.id
        JOIN scorecards_scorecard oc ON oc.organization_id = ol.organization_id AND oc.id = ol.scorecard_id
            AND oc.period_id = c.period_id AND oc.owner_kind <> 'member' AND oc.id <> c.id
        WHERE o.organization_id = l.organization_id AND o.version_id = l.kpi_id)
"""

# (quantity, divisor, entries, last_on) as LineScore keeps them.
Stored = tuple[Decimal | None, Decimal | None, int, datetime.date | None]


@dataclass(slots=True)
class FoundOperand:
    """The line an operand was taken from, with its running actual."""

    line_id: int
    card_id: int
    aggregation: str
    factor: Decimal
    numerator_agg: str
    denominator_agg: str
    stored: Stored

    def value(self, part: str = "") -> Decimal | None:
        """Its actual, or one part of its ratio; None where there is none."""
        quantity, divisor, entries, _last_on = self.stored
        if quantity is None:
            return None
        if not part:
            try:
                return value_of(quantity, divisor, self.factor)
            except NotScorable:
                return None
        number = quantity if part == "numerator" else divisor
        # A pair with a mean in it carries the number of entries on both sides.
        has_means = PartAggregation.AVG in (self.numerator_agg, self.denominator_agg)
        if number is None or not has_means or not entries:
            return number
        return divide(number, Decimal(entries))


@dataclass(slots=True)
class FormulaLine:
    """A formula line with its operands by the KPI they are of; None where no card has that KPI."""

    line_id: int
    card_id: int
    version_id: int
    is_stored: bool
    stored: Stored
    operands: dict[int, FoundOperand | None] = field(default_factory=dict)
    inputs: dict[str, Decimal | None] = field(default_factory=dict)
    given: dict[str, list[Entry]] = field(default_factory=dict)
    outcome: Outcome | None = None

    @property
    def pair(self) -> tuple[Decimal, Decimal | None] | None:
        """The exact pair the kernel scores: a fault is a quotient with nothing to divide by, which scores nothing."""
        if self.outcome is not None and self.outcome.fault:
            return ONE, ZERO
        return None if self.outcome is None or self.outcome.value is None else (self.outcome.value, None)


@dataclass(frozen=True, slots=True)
class Compiled:
    """The formula of a version, and how its own inputs add up: key to (column of an entry, aggregation)."""

    formula: Formula
    inputs: Mapping[str, tuple[str, str]]


_kept: dict[tuple[int, int], Compiled] = {}


def compiled(version_ids: Iterable[int]) -> dict[int, Compiled]:
    """Formulas of versions, which never change, so that each is read once in a process."""
    organization_id, wanted = current_organization_id(), set(version_ids)
    missing = {pk for pk in wanted if (organization_id, pk) not in _kept}
    if missing:
        if len(_kept) > KEPT:
            _kept.clear()
        for version in KpiVersion.objects.filter(pk__in=missing):
            _kept[organization_id, version.pk] = compile_version(version)
    return {pk: _kept[organization_id, pk] for pk in wanted}


def compile_version(version: KpiVersion) -> Compiled:
    """The formula of one version."""
    formula = parse(version.formula)
    parts = {
        "input:1": ("numerator", version.numerator_agg),
        "input:2": ("denominator", version.denominator_agg),
    }
    return Compiled(formula, {key: how for key, how in parts.items() if key in formula.operands})


def formula_lines(
    which: str, parameters: dict[str, Any], extra: Sequence[tuple[int, int]] = ()
) -> dict[int, FormulaLine]:
    """Formula lines that a condition (on l, c, p) names, with the lines their operands are taken from.

    `extra` are operands (line, KPI) of formulas beside the one that a line has now: other versions of it.
    """
    lines: dict[int, FormulaLine] = {}
    more = {"extra_lines": [line for line, _kpi in extra], "extra_operands": [kpi for _line, kpi in extra]}
    with connection.cursor() as cursor:
        sql = _PLACED.format(which=which) + _OPERANDS
        cursor.execute(sql, {"organization": current_organization_id(), **more, **parameters})
        for line_id, card_id, version_id, is_stored, *rest in cursor.fetchall():
            stored, operand_id, found = (rest[0], rest[1], rest[2] or 0, rest[3]), rest[4], rest[5:]
            line = lines.setdefault(line_id, FormulaLine(line_id, card_id, version_id, is_stored, stored))
            if operand_id is not None:
                line.operands[operand_id] = _found(found) if found[0] is not None else None
    return lines


def _found(row: Sequence[Any]) -> FoundOperand:
    line_id, card_id, aggregation, factor, top, bottom, quantity, divisor, entries, last_on = row
    stored = (quantity, divisor, entries, last_on)
    return FoundOperand(line_id, card_id, aggregation, factor, top or "sum", bottom or "sum", stored)


def work_out(lines: Mapping[int, FormulaLine]) -> dict[int, Stored]:
    """What the actual of every line has to be, by line; those that need each other come in the right order."""
    if not lines:
        return {}
    kept = compiled(line.version_id for line in lines.values())
    _add_inputs(lines, kept)
    done: dict[int, Stored] = {}
    for line in lines.values():
        _settle(line, lines, kept, done, ())
    return done


def _add_inputs(lines: Mapping[int, FormulaLine], kept: Mapping[int, Compiled]) -> None:
    """The inputs of formulas from the entries of their own lines; one query for all that have any."""
    wanted = [line.line_id for line in lines.values() if kept[line.version_id].inputs]
    entries: dict[int, list[Actual]] = {pk: [] for pk in wanted}
    if wanted:
        for actual in Actual.objects.filter(line__in=wanted, state__in=LIVE_STATES).order_by("on", "pk"):
            entries[actual.line_id].append(actual)
    for pk in wanted:
        for key, (column, how) in kept[lines[pk].version_id].inputs.items():
            given = [Entry(getattr(e, column), on=e.on, id=e.pk) for e in entries[pk]]
            pair = aggregate(how, given)
            lines[pk].given[key] = given
            lines[pk].inputs[key] = None if pair is None else value_of(*pair)


def _settle(
    line: FormulaLine,
    lines: Mapping[int, FormulaLine],
    kept: Mapping[int, Compiled],
    done: dict[int, Stored],
    above: tuple[int, ...],
) -> None:
    if line.line_id in done:
        return
    if line.line_id in above:
        line.outcome = Outcome(fault=CYCLE)
        done[line.line_id] = stored_of(line)
        return
    for found in line.operands.values():
        if found is not None and found.line_id in lines:
            _settle(lines[found.line_id], lines, kept, done, (*above, line.line_id))
            found.stored = done[found.line_id]
    if line.line_id in done:  # it turned out to need itself
        return
    line.outcome = evaluate(kept[line.version_id].formula, values_of(line))
    done[line.line_id] = stored_of(line)


def values_of(line: FormulaLine) -> dict[str, Decimal | None]:
    """Values of a line's operands by the keys that stand in its formula."""
    values: dict[str, Decimal | None] = dict(line.inputs)
    for definition_id, found in line.operands.items():
        for part in ("", "numerator", "denominator"):
            key = f"kpi:{definition_id}" + (f".{part}" if part else "")
            values[key] = found.value(part) if found is not None else None
    return values


def stored_of(line: FormulaLine) -> Stored:
    """What LineScore keeps, with the number of operands that have a value and the latest day of any."""
    known = [found for found in line.operands.values() if found is not None and found.stored[0] is not None]
    entries = len(known) + sum(value is not None for value in line.inputs.values())
    last_on = max((found.stored[3] for found in known if found.stored[3]), default=None)
    return *(line.pair or (None, None)), entries, last_on


def are_there() -> bool:
    """Whether the organization has a formula at all: planning the query that looks for those of cards takes longer."""
    return KpiVersion.objects.filter(aggregation=Aggregation.FORMULA).exists()


def refresh_formulas(*, card_ids: Sequence[int]) -> int:
    """Work the formula lines of cards out anew, which the caller holds; number of lines whose actual changed."""
    return _write(formula_lines(among("l.scorecard_id", "cards"), ids_among("cards", card_ids)))


def _write(lines: Mapping[int, FormulaLine]) -> int:
    changed = [(lines[key], value) for key, value in work_out(lines).items() if _differs(lines[key], value)]
    if not changed:
        return 0
    quantity, divisor, entries, last_on = zip(*(value for _line, value in changed), strict=True)
    parameters = {
        "organization": current_organization_id(),
        "line": [line.line_id for line, _value in changed],
        "card": [line.card_id for line, _value in changed],
        "quantity": list(quantity),
        "divisor": list(divisor),
        "entries": list(entries),
        "last_on": list(last_on),
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, parameters)
    return len(changed)


def _differs(line: FormulaLine, value: Stored) -> bool:
    return not line.is_stored or line.stored != value


def cards_to_follow(*, period_ids: Sequence[int], kind: str) -> list[int]:
    """Cards of owners of a kind whose formulas give something else by now, because a card above them moved."""
    lines = formula_lines(_ABOVE, {"periods": list(period_ids), "kind": kind})
    done = work_out(lines)
    return sorted({line.card_id for key, line in lines.items() if _differs(line, done[key])})


def lines_with_operands(line_ids: Sequence[int]) -> dict[int, FormulaLine]:
    """Formula lines as they stand now, with outcome and operands: what a page shows. Nothing is written."""
    if not line_ids:
        return {}
    whole_cards = "l.scorecard_id IN (SELECT scorecard_id FROM scorecards_scorecardline WHERE organization_id ="
    lines = formula_lines(f"{whole_cards} %(organization)s AND id = ANY(%(lines)s))", {"lines": list(line_ids)})
    work_out(lines)
    return {key: lines[key] for key in line_ids if key in lines}

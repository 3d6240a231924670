"""What lines reached in any days of their period, also by versions that nobody saved: read and worked out, not stored.

The running actual that is kept covers a whole period and the versions that hold. A segment needs a part of it, and a
preview what another version would make of it. Both come from the entries, through the functions of the kernel that
say what the kept numbers must be: own entries, those of the lines below, and formulas over the actuals of others.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from kpiapp.formulas import Outcome, evaluate
from scorecards.choices import LIVE_STATES
from scorecards.models import Actual, ScorecardLine
from scorecards.recompute.formulas import (
    CYCLE,
    Compiled,
    FormulaLine,
    FoundOperand,
    Stored,
    compile_version,
    compiled,
    formula_lines,
    stored_of,
    values_of,
)
from scorecards.recompute.links import Days, Leaves, leaves_of
from scorecards.scoring import Entry, PartAggregation, Source, aggregate, combine_span, in_span, value_of
from scorecards.segments import entry_of, parts_of
from strategy.choices import Aggregation
from strategy.models import KpiVersion

NOTHING: Stored = (None, None, 0, None)
# What two versions must share to be added up together, and what makes them add up otherwise.
ADDED_UP_BY = ("aggregation", "unit", "factor", "numerator_agg", "denominator_agg")
# Formulas of formulas of formulas: more is taken as missing.
MOST_LEVELS = 20
WHOLE = Days(datetime.date.min, datetime.date.max)


class Reached:
    """Lines with all that their actuals come from, in a number of queries that depends on the depth of formulas alone.

    `wanted` are lines with the versions they will be asked by; `given` versions stand in for the stored ones.
    """

    def __init__(self, wanted: Mapping[int, Sequence[KpiVersion]], given: Mapping[int, KpiVersion] | None = None):
        self._given = given or {}
        self._lines: dict[int, ScorecardLine] = {}
        self._leaves: Leaves = {}
        self._formulas: dict[int, FormulaLine] = {}
        self._kept: dict[int, Compiled] = {}
        # Much rests on the few lines of the cards above.
        self._known: dict[tuple[int, int, Days], Stored] = {}
        self._load(wanted)
        self._entries: dict[int, list[Actual]] = {pk: [] for pk in self._lines}
        for actual in Actual.objects.filter(line__in=self._lines, state__in=LIVE_STATES).order_by("on", "pk"):
            self._entries[actual.line_id].append(actual)

    def source(self, line_id: int, version: KpiVersion) -> Source:
        """What a segment of a line asks."""
        return partial(self._pair, line_id, version)

    def _pair(self, line_id: int, version: KpiVersion, first: datetime.date, end: datetime.date):
        quantity, divisor, _entries, _last_on = self.stored(line_id, version, Days(first, end))
        return None if quantity is None else (quantity, divisor)

    def version_of(self, line_id: int) -> KpiVersion:
        """The version a line is counted by."""
        return self._given.get(line_id) or self._lines[line_id].kpi

    def _load(self, wanted: Mapping[int, Sequence[KpiVersion]]) -> None:
        todo: Mapping[int, Sequence[KpiVersion]] = wanted
        for _level in range(MOST_LEVELS):
            todo = {pk: versions for pk, versions in todo.items() if pk not in self._lines}
            if not todo:
                return
            new = ScorecardLine.objects.select_related("kpi").in_bulk(list(todo))
            self._lines |= new
            versions = {pk: [*todo[pk], self.version_of(pk)] for pk in new}
            parents = [pk for pk, line in new.items() if line.takes_children]
            leaves: Leaves = leaves_of(parents) if parents else {}
            self._leaves |= leaves
            operands = self._load_formulas({pk: given for pk, given in versions.items() if pk not in set(parents)})
            todo = dict.fromkeys({*(leaf for found in leaves.values() for leaf in found), *operands}, ())

    def _load_formulas(self, versions: Mapping[int, Sequence[KpiVersion]]) -> Iterable[int]:
        """Find the operands of formulas; the lines they are taken from."""
        extra = []
        self._compile([version for given in versions.values() for version in given])
        for pk, given in versions.items():
            for version in given:
                if version.aggregation == Aggregation.FORMULA:
                    keys = self._kept[_key(version)].formula.operands
                    # A formula of inputs alone has no operand: 0 is the KPI of no line.
                    extra += [(pk, kpi) for kpi in {_kpi_of(key) for key in keys}]
        if not extra:
            return []
        lines = sorted({pk for pk, _kpi in extra})
        found = formula_lines("l.id = ANY(%(lines)s)", {"lines": lines}, extra)
        self._formulas |= found
        return {operand.line_id for line in found.values() for operand in line.operands.values() if operand}

    def _compile(self, versions: Iterable[KpiVersion]) -> None:
        """Those that the process has not compiled yet, in one query; what is not saved has no id."""
        formulas = [version for version in versions if version.aggregation == Aggregation.FORMULA]
        saved = compiled(version.pk for version in formulas if version.pk)
        self._kept |= {_key(v): saved[v.pk] if v.pk else compile_version(v) for v in formulas}

    def stored(self, line_id: int, version: KpiVersion, span: Days = WHOLE, above: tuple[int, ...] = ()) -> Stored:
        """The running actual of a line by a version, as LineScore would keep it if its period were these days."""
        key = line_id, _key(version), span
        if key not in self._known:
            found = self._work_out(line_id, version, span, above)
            if line_id in above:
                return found
            self._known[key] = found
        return self._known[key]

    def _work_out(self, line_id: int, version: KpiVersion, span: Days, above: tuple[int, ...]) -> Stored:
        line = self._lines.get(line_id)
        if line is None:
            return NOTHING
        if line.takes_children:
            return self._from_below(line_id, version, span)
        if version.aggregation == Aggregation.FORMULA:
            return self._by_formula(line_id, version, span, above)
        parts = parts_of(version)
        entries = in_span(version.aggregation, self._own(line_id, version), *span, **parts)
        pair = aggregate(version.aggregation, entries, **parts)
        return NOTHING if pair is None else (*pair, len(entries), max(entry.on for entry in entries))

    def _own(self, line_id: int, version: KpiVersion) -> list[Entry]:
        found = (entry_of(actual, version.aggregation) for actual in self._entries[line_id])
        needs_second = version.aggregation in (Aggregation.RATIO, Aggregation.WEIGHTED_AVG)
        return [e for e in found if e.value is not None and (e.second is not None or not needs_second)]

    def _from_below(self, line_id: int, version: KpiVersion, span: Days) -> Stored:
        """Lines whose versions add up otherwise give nothing, rather than something wrong."""
        leaves = {pk: days for pk, days in self._leaves.get(line_id, {}).items() if pk in self._lines}
        if any(adds_up_otherwise(self.version_of(pk), version) for pk in leaves):
            return NOTHING
        owners = [_held(self._own(pk, version), days, version) for pk, days in leaves.items()]
        pair = combine_span(version.aggregation, owners, *span, **parts_of(version))
        if pair is None:
            return NOTHING
        days = [[entry.on for entry in own if span.first <= entry.on < span.end] for own in owners]
        return *pair, sum(bool(some) for some in days), max(max(some) for some in days if some)

    def _by_formula(self, line_id: int, version: KpiVersion, span: Days, above: tuple[int, ...]) -> Stored:
        kept, found = self._kept[_key(version)], self._formulas.get(line_id)
        if found is None:
            return NOTHING
        wanted = {_kpi_of(key) for key in kept.formula.operands}
        line = FormulaLine(line_id, found.card_id, found.version_id, is_stored=False, stored=NOTHING)
        if line_id in above:
            line.outcome = Outcome(fault=CYCLE)
            return stored_of(line)
        for kpi, operand in found.operands.items():
            if kpi in wanted:
                line.operands[kpi] = operand and self._operand(operand, span, (*above, line_id))
        for key, (column, how) in kept.inputs.items():
            given = [
                Entry(number, on=actual.on, id=actual.pk)
                for actual in self._entries[line_id]
                if (number := getattr(actual, column)) is not None
            ]
            pair = aggregate(how, in_span(how, given, *span))
            line.inputs[key] = None if pair is None else value_of(*pair)
        line.outcome = evaluate(kept.formula, values_of(line))
        return stored_of(line)

    def _operand(self, operand: FoundOperand, span: Days, above: tuple[int, ...]) -> FoundOperand:
        version, line = self.version_of(operand.line_id), self._lines[operand.line_id]
        stored = NOTHING if line.waived_reason else self.stored(operand.line_id, version, span, above)
        return replace(
            operand,
            stored=stored,
            aggregation=version.aggregation,
            factor=version.factor,
            **parts_of(version),
        )


def _held(entries: Sequence[Entry], days: Sequence[Days], version: KpiVersion) -> list[Entry]:
    """The entries of the days on which somebody belongs below; of a last value all, for whoever does at the end."""
    if PartAggregation.LAST in (version.aggregation, version.numerator_agg, version.denominator_agg):
        return list(entries) if any(some.end == datetime.date.max for some in days) else []
    return [entry for entry in entries if any(some.first <= entry.on < some.end for some in days)]


def _key(version: KpiVersion) -> int:
    """A version among others; one that is not saved has no id of its own."""
    return version.pk or -id(version)


def adds_up_otherwise(one: KpiVersion, other: KpiVersion) -> bool:
    """Whether the actuals of two versions must not be added up together."""
    return any(getattr(one, name) != getattr(other, name) for name in ADDED_UP_BY)


def _kpi_of(key: str) -> int:
    """The KPI an operand names ("kpi:12.numerator"); 0 for an input."""
    kind, _, rest = key.partition(":")
    return int(rest.partition(".")[0]) if kind == "kpi" else 0

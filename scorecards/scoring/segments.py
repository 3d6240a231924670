"""A line whose target, baseline, method or KPI version changed inside its period: each segment scored with its own.

A segment runs from the day a change takes effect to the day before the next; its size is its working days. Every
segment is scored by itself, gate, cap and floor included, and the completion of the line is the mean by days:

    completion = Σ(days × c) ÷ Σ days        raw the same of r; both exact, then rounded once to six places

A level (last, mean, min, max, weighted mean, a rate) is read from the entries of the segment and held against its
target in full. A segment without entries follows the missing policy of its KPI: left out with its days, 0, blocking,
or the value of the segment before (carry_forward).

A flow (sum, count, a rate per period such as leavers ÷ mean headcount) adds up over the whole period, so a segment
owns its share of the target by working days, days ÷ all days, and its entries are held against that: 60 in 10 of 15
days against 100 a month is 60 of 66.67. Pace uses the same phasing; Vietnamese sales products compare days worked with
the share of the target in the same way (docs.pushsale.vn, "tiến độ thời gian"). With an unchanged target and no cap
in the way the segments give what the whole gives. Methods whose limits are in the KPI's unit (baseline, band, scale,
…) have no target to share; there the actual is taken to the full period, actual × all days ÷ days, and an event
that deducts k deducts k × all days ÷ days.

An entry of a flow reports what was added since the entry before. So a segment without one runs on into the next that
has some and brings its share of the target along (a month reported once, on its last day, is held against the mean
of its targets), and after the last entry nothing was added: the segment counts what 0 gives. A segment without
working days weighs nothing; its entries count in the segment beside it.

What adds up from other owners, and what a formula gives, has no entries of its own: a segment asks its `source` what
was reached in its days, from the first to the last of what is scored together (see spans.py).

Method: "effective-dated segments, each scored with its own target, weighted by working days" is the default for a
target changed inside a period; the other choice, replacing the target for all of it, needs no segments.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TypedDict

from kpiapp.decimals import EXACT, ZERO, allocate, divide, quantize, round_completion
from scorecards.scoring.actuals import NotScorable, value_of
from scorecards.scoring.aggregation import Aggregation, Entry, Pair, PartAggregation, aggregate
from scorecards.scoring.lateness import Lateness
from scorecards.scoring.lines import LATE, NOT_SCORABLE, SCORED, Scored, compile_rule
from scorecards.scoring.rules import KpiRule, Method, MissingPolicy
from scorecards.scoring.trace import Rounding, RuleCode, Trace

# Their completion depends on actual ÷ target alone, so that a share of the target is all they need.
_BY_TARGET = frozenset({Method.RATIO, Method.MIRROR, Method.INVERSE, Method.DEVIATION, Method.BINARY})
_DEDUCT_DEFAULT = Decimal("0.25")
WEIGHT_UNIT = Decimal("0.01")
# What a line reached from a day to the day before another, as an exact pair; None when nothing.
Source = Callable[[date, date], Pair | None]


@dataclass(frozen=True, slots=True)
class Segment:
    """What holds for a line from `starts_on` to the day before `ends_on`: `days` working days of the period.

    With a `source` the actual is asked for there, and `entries` are empty; `grows` then says what the kind of a
    formula does not: whether it adds up over time. `late` says when what stands at its end was reached.
    """

    starts_on: date
    ends_on: date
    days: Decimal
    rule: KpiRule
    target: Decimal | None = None
    baseline: Decimal | None = None
    aggregation: str = Aggregation.SUM
    numerator_agg: str = PartAggregation.SUM
    denominator_agg: str = PartAggregation.SUM
    entries: Sequence[Entry] = ()
    source: Source | None = None
    late: Lateness | None = None
    grows: bool | None = None

    @property
    def is_flow(self) -> bool:
        """Whether its actual adds up over time, so that half the time is worth half the target."""
        if self.grows is not None:
            return self.grows
        if self.aggregation == Aggregation.RATIO:
            # A sum over a mean or a stock grows with time; a sum over a sum is a rate at any time.
            return self.numerator_agg == PartAggregation.SUM and self.denominator_agg != PartAggregation.SUM
        return self.aggregation in (Aggregation.SUM, Aggregation.COUNT)


@dataclass(slots=True)
class _Part:
    """Segments scored as one: the last one's rule, everybody's entries, days and shares."""

    segments: list[Segment]
    entries: list[Entry]

    @property
    def rules(self) -> Segment:
        return next((segment for segment in reversed(self.segments) if segment.days), self.segments[-1])

    @property
    def days(self) -> Decimal:
        return _total([segment.days for segment in self.segments])

    def pair(self, trace: Trace | None = None) -> Pair | None:
        given = self.rules
        if given.source is not None:
            return self._asked(given.source, given.rule, trace)
        return aggregate(
            given.aggregation,
            self.entries,
            numerator_agg=given.numerator_agg,
            denominator_agg=given.denominator_agg,
            trace=trace,
        )

    def _asked(self, source: Source, rule: KpiRule, trace: Trace | None) -> Pair | None:
        pair = source(self.segments[0].starts_on, self.segments[-1].ends_on)
        if trace is not None:
            try:
                value = None if pair is None else value_of(*pair, rule.factor)
            except NotScorable:
                value = None
            trace.note(RuleCode.SEGMENT_ASKED, value)
        return pair


@dataclass(slots=True)
class _Sums:
    """Running sums over the parts that count, and why others do not."""

    days: Decimal = ZERO
    raw: Decimal = ZERO
    completion: Decimal = ZERO
    scored: int = 0
    absent: str = ""
    blocked: str = ""

    def add(self, days: Decimal, raw: Decimal, completion: Decimal) -> None:
        self.days = EXACT.add(self.days, days)
        self.raw = EXACT.add(self.raw, EXACT.multiply(days, raw))
        self.completion = EXACT.add(self.completion, EXACT.multiply(days, completion))


def score_segments(
    segments: Sequence[Segment],
    *,
    absence: str = LATE,
    carried: Pair | None = None,
    trace: Trace | None = None,
) -> Scored:
    """State, raw and completion of a line of segments in the order of their days. Raises RuleError.

    `absence` says why a segment has no value, and `carried` is the pair of the period before (carry_forward). A line
    nobody scored is as absent as its last segment. Days that are all 0 are refused with ValueError.
    """
    whole = _total([segment.days for segment in segments])
    if not whole:
        raise ValueError("Segments need at least one day among them.")
    sums, before = _Sums(), carried
    seen = False
    for part in _parts(segments):
        pair = part.pair(trace)
        if pair is None and part.rules.is_flow and seen:
            pair = ZERO, None
            if trace is not None:
                trace.note(RuleCode.SEGMENT_NOTHING_ADDED, ZERO)
        seen = seen or pair is not None
        carries = part.rules.rule.missing_policy is MissingPolicy.CARRY_FORWARD
        if pair is None and before is not None and absence == LATE and carries:
            pair = before
            if trace is not None:
                trace.note(RuleCode.CARRIED_FORWARD, pair[0], actual=pair[0], denominator=pair[1])
        before = pair or before
        _score_part(part, pair, whole, absence, sums, trace)
    return _mean(sums, trace)


def _parts(segments: Sequence[Segment]) -> list[_Part]:
    """Segments joined where one cannot be scored alone: without days, or a flow that nobody reported yet."""
    parts: list[_Part] = []
    open_part = _Part([], [])
    for segment in segments:
        if open_part.segments and open_part.days and not segment.is_flow:
            parts.append(open_part)
            open_part = _Part([], [])
        open_part.segments.append(segment)
        open_part.entries.extend(segment.entries)
        if segment.days and not (segment.is_flow and open_part.pair() is None):
            parts.append(open_part)
            open_part = _Part([], [])
    if open_part.segments and parts and not open_part.days:
        parts[-1].segments += open_part.segments
        parts[-1].entries += open_part.entries
    elif open_part.segments:
        parts.append(open_part)
    return parts


def _score_part(part: _Part, pair: Pair | None, whole: Decimal, absence: str, sums: _Sums, trace: Trace | None) -> None:
    """Score what belongs together and add it to the sums, or keep why it has no completion."""
    given, policy = part.rules, part.rules.rule.missing_policy
    rule, target = given.rule, given.target
    if given.is_flow and pair is not None:
        rule, pair, target = _phased(part, pair, whole, trace)
    a, b = pair or (None, None)
    late = None if given.late is None or pair is None else given.late.days
    if trace is not None and given.late is not None and pair is not None:
        given.late.note(trace)
    state, raw, completion = compile_rule(rule)(a, b, target, given.baseline, absence, late, trace)
    if raw is not None and completion is not None:
        sums.scored += 1
    else:
        sums.absent = state
        if policy is MissingPolicy.BLOCK and (state == LATE or state.startswith(NOT_SCORABLE)):
            sums.blocked = sums.blocked or state
        elif policy is MissingPolicy.ZERO and state == LATE:
            raw = completion = ZERO
    if raw is not None and completion is not None:
        sums.add(part.days, raw, completion)
    if trace is not None:
        trace.note(
            RuleCode.SEGMENT,
            completion,
            starts_on=part.segments[0].starts_on.isoformat(),
            ends_on=part.segments[-1].ends_on.isoformat(),
            days=part.days,
            all_days=whole,
            state=state,
        )


class _When(TypedDict):
    starts_on: str
    ends_on: str
    days: Decimal
    all_days: Decimal
    target: Decimal | None


def _when(segment: Segment, whole: Decimal) -> _When:
    return {
        "starts_on": segment.starts_on.isoformat(),
        "ends_on": segment.ends_on.isoformat(),
        "days": segment.days,
        "all_days": whole,
        "target": segment.target,
    }


def _phased(part: _Part, pair: Pair, whole: Decimal, trace: Trace | None) -> tuple[KpiRule, Pair, Decimal | None]:
    """Rule, actual and target of a flow that had `part.days` of `whole`: see the head of this file."""
    rule, days = part.rules.rule, part.days
    if days == whole and len(part.segments) == 1:
        return rule, pair, part.rules.target
    if rule.method in _BY_TARGET or rule.params.get("x_is") == "over_target":
        return rule, pair, _share(part, whole, trace)
    if rule.method is Method.DEDUCT:
        each = Decimal(str(rule.params.get("deduct_per_unit") or _DEDUCT_DEFAULT))
        scaled = divide(EXACT.multiply(each, whole), days)
        if trace is not None:
            trace.note(RuleCode.SEGMENT_DEDUCT, scaled, deduct_per_unit=each, days=days, all_days=whole)
        return replace(rule, params={"deduct_per_unit": scaled}), pair, part.rules.target
    a, b = pair
    a_whole = EXACT.multiply(a, whole)
    full: Pair = (a_whole, EXACT.multiply(b, days)) if b else (divide(a_whole, days), b)
    if trace is not None:
        trace.note(RuleCode.SEGMENT_FULL_RATE, full[0], actual=a, denominator=b, days=days, all_days=whole)
    return rule, full, part.rules.target


def _share(part: _Part, whole: Decimal, trace: Trace | None) -> Decimal | None:
    """What of its targets the part owns by its days: Σ(target × days) ÷ all days; None when one has no target."""
    weighted = ZERO
    for segment in part.segments:
        if not segment.days:
            continue
        if segment.target is None:
            return None
        product = EXACT.multiply(segment.target, segment.days)
        weighted = EXACT.add(weighted, product)
        if trace is not None:
            trace.note(RuleCode.SEGMENT_SHARE, divide(product, whole), **_when(segment, whole))
    share = divide(weighted, whole)
    if trace is not None and len(part.segments) > 1:
        trace.note(RuleCode.SEGMENT_SHARES, share, days=part.days, all_days=whole)
    return share


def _mean(sums: _Sums, trace: Trace | None) -> Scored:
    """The completion by days; or the state of a line that none, or a blocking, segment leaves without one."""
    if sums.blocked or not sums.scored:
        state = sums.blocked or sums.absent
        if trace is not None:
            trace.note(RuleCode.NOT_MEASURED, None, state=state)
        return state, None, None
    raw, completion = (round_completion(divide(total, sums.days)) for total in (sums.raw, sums.completion))
    if trace is not None:
        trace.note(RuleCode.SEGMENTS, completion, Rounding.COMPLETION, weighted_sum=sums.completion, days=sums.days)
    return SCORED, raw, completion


def weights_by_days(lines: Sequence[Sequence[tuple[Decimal, Decimal]]]) -> list[Decimal]:
    """The weight of each line over a period, given as (working days, weight) of its segments: Σ(days × w) ÷ Σ days.

    Rounded to two places by largest remainder, ties by the order of the lines, so that lines whose weights make 100
    on every day make exactly 100 over the period.
    """
    shares = [_total([EXACT.multiply(days, weight) for days, weight in segments]) for segments in lines]
    whole = _total([days for days, _ in lines[0]]) if lines else ZERO
    if not whole:
        raise ValueError("Segments need at least one day among them.")
    total = _total(shares)
    if not total:
        return [ZERO for _ in lines]
    return allocate(quantize(divide(total, whole), 2), shares, unit=WEIGHT_UNIT)


def _total(numbers: Sequence[Decimal]) -> Decimal:
    total = ZERO
    for number in numbers:
        total = EXACT.add(total, number)
    return total

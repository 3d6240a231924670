"""The trace of a number: every operand, rule and rounding in order, as data that is put into words elsewhere.

The table in `RuleCode` is the whole vocabulary: each code with the names of its operands. Codes and names are kept
with locked pay, so they may be added to but never renamed. Completions are fractions (1 = whole); names that end in
`_percent` are percents (100 = whole).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from kpiapp.decimals import plain

Operand = Decimal | str | None


class Rounding(StrEnum):
    """The named roundings a step can end with: half-up, or a total split into whole units by largest remainder."""

    COMPLETION = "completion_6"
    PERCENT = "percent_2"
    VALUE = "value_6"
    REMAINDER = "largest_remainder"


class RuleCode(StrEnum):
    """Which rule a step applied, and the operands it names."""

    # Entries to one actual (see aggregation.py)
    ENTRY = "entry"  # on, id, value, second → value
    ENTRY_INCOMPLETE = "entry.incomplete"  # on, id, value, second → not counted
    AGGREGATE_SUM = "aggregate.sum"  # part, count → sum; part is "value", "numerator" or "denominator"
    AGGREGATE_AVG = "aggregate.avg"  # part, sum, count
    AGGREGATE_WEIGHTED_AVG = "aggregate.weighted_avg"  # part, weighted_sum, weight
    AGGREGATE_LAST = "aggregate.last"  # part, on, id
    AGGREGATE_MIN = "aggregate.min"  # part, count
    AGGREGATE_MAX = "aggregate.max"  # part, count
    AGGREGATE_COUNT = "aggregate.count"  # part, count
    AGGREGATE_RATIO = "aggregate.ratio"  # numerator_agg, denominator_agg, numerator, denominator
    AGGREGATE_NOTHING = "aggregate.nothing"  # nothing was entered: no value, never 0

    # The actual a line is scored with
    ACTUAL_QUOTIENT = "actual.quotient"  # numerator, denominator, factor → actual
    FORMULA = "actual.formula"  # formula and filled: as people read it, with names and with values → actual
    FORMULA_FAULT = "actual.formula.fault"  # formula, filled, fault, missing: names of what has no value
    CARRIED_FORWARD = "actual.carried_forward"  # actual, denominator (or None)

    # The twelve methods → raw completion, not yet rounded
    RATIO = "method.ratio"  # actual, target
    MIRROR = "method.mirror"  # actual, target
    INVERSE = "method.inverse"  # actual, target
    INVERSE_AT_ZERO = "method.inverse.at_zero"  # actual, target, cap
    INVERSE_ZERO_TARGET = "method.inverse.zero_target"  # actual, target
    BASELINE = "method.baseline"  # actual, baseline, target
    DEVIATION = "method.deviation"  # actual, target
    DEVIATION_TOLERATED = "method.deviation.tolerated"  # actual, target, tolerance
    # all four: actual, outer_low (or None), low, high, outer_high (or None)
    BAND_INSIDE = "method.band.inside"
    BAND_BELOW = "method.band.below"
    BAND_ABOVE = "method.band.above"
    BAND_OUTSIDE = "method.band.outside"
    BINARY = "method.binary"  # actual, target, condition
    DEDUCT = "method.deduct"  # actual, deduct_per_unit
    MILESTONE_REACHED = "method.milestone.reached"  # due_on, reached_on → days late
    MILESTONE = "method.milestone"  # actual, milestone, row_percent
    MILESTONE_LATE = "method.milestone.late"  # completion, late_units, late_unit, late_percent, late_floor_percent
    SCALE = "method.scale"  # actual, at_least
    PIECEWISE_BETWEEN = "method.piecewise.between"  # x, x0, y0, x1, y1
    PIECEWISE_ZERO = "method.piecewise.zero"  # x, first
    PIECEWISE_CLAMPED = "method.piecewise.clamped"  # x, anchor
    PIECEWISE_OVER_TARGET = "method.piecewise.over_target"  # actual, target → x
    MANUAL = "method.manual"  # actual
    ZERO_TARGET_MET = "method.zero_target_full_if_met"  # actual, target

    # From raw completion to the completion used, in this order
    ROUND_RAW = "raw.rounded"  # raw
    RAW_LIMITED = "raw.limited"  # raw, limit
    BELOW_GATE = "gate.failed"  # raw, gate
    CAPPED = "cap.applied"  # raw, cap
    FLOORED = "floor.applied"  # raw, floor
    UNCHANGED = "completion.kept"  # raw
    WIPED_OUT = "wipe_out"  # scope
    NOT_MEASURED = "line.not_measured"  # state
    STATUS = "status.at_least"  # completion, bound (None: all the rest) → word
    STATUS_ABOVE = "status.above"  # completion, bound → word

    # A line in segments; each of its steps names starts_on, ends_on (the day after), days and all_days
    SEGMENT = "segment"  # state → completion, or None
    SEGMENT_SHARE = "segment.share"  # target → share of a flow's target
    SEGMENT_SHARES = "segment.shares"  # days, all_days → the shares of segments scored together
    SEGMENT_FULL_RATE = "segment.full_rate"  # actual, denominator (or None), days, all_days → for the whole period
    SEGMENT_DEDUCT = "segment.deduct"  # deduct_per_unit, days, all_days → what an event deducts
    SEGMENT_NOTHING_ADDED = "segment.nothing_added"  # a flow after its last entry → 0
    SEGMENT_ASKED = "segment.asked"  # → what was reached in its days on other lines, added up or by formula
    SEGMENTS = "segments"  # weighted_sum, days → completion

    # A scorecard
    CARD_LINE = "card.line"  # line, weight, completion → weight × completion
    CARD_LINE_ZERO = "card.line.counted_zero"  # line, weight, state
    CARD_LINE_LEFT_OUT = "card.line.left_out"  # line, weight, state
    CARD_WEIGHTS = "card.weights"  # total_weight, policy → as result: ok or the reason
    CARD_SCORE = "card.score"  # weighted_sum, measured_weight → percent
    CARD_CAPPED = "card.cap"  # percent, cap_percent
    CARD_COVERAGE = "card.coverage"  # lines_scored, lines_total, measured_weight, total_weight → percent
    CARD_PROVISIONAL = "card.provisional"  # coverage_percent, needed_percent
    CARD_BLOCKED = "card.blocked"  # line, state
    CARD_NO_SCORE = "card.no_score"  # nothing is measured

    # Roll-up, tier, pace
    ROLL_UP_CHILD = "roll_up.child"  # name, weight, completion
    ROLL_UP_CHILD_MISSING = "roll_up.child_missing"  # name, weight
    ROLL_UP = "roll_up"  # method, children, weight
    ROLL_UP_BLEND = "roll_up.blend"  # own, members, own_share
    TIER_PERCENT = "tier.percent"  # percent → percent with two places
    TIER = "tier"  # percent, at_least → coefficient
    PACE_ELAPSED = "pace.elapsed"  # elapsed_days, all_days, counted ("working" or "calendar" days) → share gone by
    PACE_PLANNED_MONTH = "pace.planned.month"  # number, elapsed (how much of it has gone by) → its target
    # months, over, elapsed, due and whole (from the start, by the plan), baseline or None → the share that is due
    PACE_PLANNED = "pace.planned"
    PACE_EXPECTED = "pace.expected"  # target, elapsed (the share that is due), baseline or None
    PACE = "pace"  # kind, actual, expected (not rounded), baseline or None → actual ÷ expected, from the baseline
    PACE_MIRRORED = "pace.mirrored"  # kind, actual, expected (not rounded), baseline or None → 2 − actual ÷ expected
    PACE_FORECAST = "pace.forecast"  # kind, actual, elapsed, baseline or None
    PACE_TOO_EARLY = "pace.too_early"  # elapsed, needed → word
    PACE_STATUS = "pace.status"  # pace, bound (None: below every one, or no pace) → word
    PACE_NONE = "pace.none"  # actual, target: one of them is missing

    # A longer period from its months
    PERIOD = "period"  # number, quantity, divisor (or None), entries → quantity
    PERIOD_MEAN = "period.mean"  # part, number, quantity, entries → quantity ÷ entries
    PERIODS_SUM = "periods.sum"  # part ("value", "divisor", "numerator" or "denominator"), count
    PERIODS_LAST = "periods.last"  # part, count
    PERIODS_MIN = "periods.min"  # part, count
    PERIODS_MAX = "periods.max"  # part, count
    PERIODS_TIMES = "periods.times_entries"  # part, value, entries → value × entries

    # Weights suggested for A, B and C; each names its number on the card
    WEIGHT_LIMITED = "weight.limited"  # number, share, limit → limit
    WEIGHT_SHARE = "weight.share"  # number, factor, rest, factors → rest × factor ÷ factors
    WEIGHT = "weight"  # number, share → whole units by largest remainder


@dataclass(frozen=True, slots=True)
class Step:
    """One rule applied: what went in by name, what came out, and the rounding if there was one."""

    # A RuleCode; pay notes its own rules in the same shape.
    rule: StrEnum
    operands: Mapping[str, Operand]
    result: Operand
    rounding: StrEnum | None = None


@dataclass(slots=True)
class Trace:
    """Collects steps. Scoring functions take `trace: Trace | None` and give the same number either way."""

    steps: list[Step] = field(default_factory=list)

    def note(self, rule: StrEnum, result: Operand, rounding: StrEnum | None = None, /, **operands: Operand) -> None:
        """Append one step; operands keep the order they are given in."""
        self.steps.append(Step(rule, operands, result, rounding))

    def to_bytes(self) -> bytes:
        """Canonical JSON: equal inputs give equal bytes, whatever the trailing zeros they came with."""
        return dump_steps(self.steps)


def dump_steps(steps: list[Step]) -> bytes:
    """Steps as canonical UTF-8 JSON; decimals are plain text in {"d": "1.5"}, so that they come back as decimals."""
    rows = [
        {
            "rule": step.rule.value,
            "operands": {name: _pack(value) for name, value in step.operands.items()},
            "result": _pack(step.result),
            "rounding": step.rounding.value if step.rounding else None,
        }
        for step in steps
    ]
    return json.dumps(rows, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def load_steps(data: bytes | str) -> list[Step]:
    """The steps that `dump_steps` wrote. Raises ValueError for anything else."""
    return [
        Step(
            RuleCode(row["rule"]),
            {name: _unpack(value) for name, value in row["operands"].items()},
            _unpack(row["result"]),
            Rounding(row["rounding"]) if row["rounding"] else None,
        )
        for row in json.loads(data)
    ]


def _pack(value: Operand) -> dict[str, str] | str | None:
    return {"d": plain(value)} if isinstance(value, Decimal) else value


def _unpack(value: dict[str, str] | str | None) -> Operand:
    return Decimal(value["d"]) if isinstance(value, dict) else value

"""Pure Decimal maths of scores: completion, weighting, roll-up, status, pace and tiers, with traces. No Django."""

from scorecards.scoring.actuals import NotScorable, value_of
from scorecards.scoring.aggregation import Aggregation, Entry, Pair, PartAggregation, aggregate
from scorecards.scoring.cards import (
    CardLine,
    CardResult,
    CardState,
    CardSums,
    WeightPolicy,
    WipeOutScope,
    card_result,
    score_card,
    suggest_weights,
)
from scorecards.scoring.cascade import combine, path_up, second_path, why_not_additive
from scorecards.scoring.lateness import Lateness, charges_lateness, due_on, lateness_of
from scorecards.scoring.lines import (
    NOT_SCORABLE,
    CompiledLine,
    LineResult,
    LineState,
    absence_of,
    compile_rule,
    problems_of,
    score_line,
)
from scorecards.scoring.longer import ShortPeriod, combine_periods
from scorecards.scoring.methods import manual_needs_evidence
from scorecards.scoring.pace import PaceKind, PaceResult, PaceStatus, PlannedWay, elapsed_share, least_on_pace, pace_of
from scorecards.scoring.roll_up import Child, RollUp, RollUpResult, average_of_periods, roll_up
from scorecards.scoring.rules import Direction, KpiRule, Method, MissingPolicy, RuleError, default_cap, rule_from_data
from scorecards.scoring.segments import Segment, Source, score_segments, weights_by_days
from scorecards.scoring.spans import combine_span, divides, in_span
from scorecards.scoring.status import DEFAULT_STATUS_BANDS, Status, StatusBand, StatusBands, status_of
from scorecards.scoring.tables import goal_red_flag, milestone_steps, point_scale
from scorecards.scoring.tiers import DEFAULT_TIERS, Tier, check_tiers, tier_of
from scorecards.scoring.trace import Rounding, RuleCode, Step, Trace, dump_steps, load_steps

__all__ = [
    "DEFAULT_STATUS_BANDS",
    "DEFAULT_TIERS",
    "NOT_SCORABLE",
    "Aggregation",
    "CardLine",
    "CardResult",
    "CardState",
    "CardSums",
    "Child",
    "CompiledLine",
    "Direction",
    "Entry",
    "KpiRule",
    "Lateness",
    "LineResult",
    "LineState",
    "Method",
    "MissingPolicy",
    "NotScorable",
    "PaceKind",
    "PaceResult",
    "PaceStatus",
    "Pair",
    "PartAggregation",
    "PlannedWay",
    "RollUp",
    "RollUpResult",
    "Rounding",
    "RuleCode",
    "RuleError",
    "Segment",
    "ShortPeriod",
    "Source",
    "Status",
    "StatusBand",
    "StatusBands",
    "Step",
    "Tier",
    "Trace",
    "WeightPolicy",
    "WipeOutScope",
    "absence_of",
    "aggregate",
    "average_of_periods",
    "card_result",
    "charges_lateness",
    "check_tiers",
    "combine",
    "combine_periods",
    "combine_span",
    "compile_rule",
    "default_cap",
    "divides",
    "due_on",
    "dump_steps",
    "elapsed_share",
    "goal_red_flag",
    "in_span",
    "lateness_of",
    "least_on_pace",
    "load_steps",
    "manual_needs_evidence",
    "milestone_steps",
    "pace_of",
    "path_up",
    "point_scale",
    "problems_of",
    "roll_up",
    "rule_from_data",
    "score_card",
    "score_line",
    "score_segments",
    "second_path",
    "status_of",
    "suggest_weights",
    "tier_of",
    "value_of",
    "weights_by_days",
    "why_not_additive",
]

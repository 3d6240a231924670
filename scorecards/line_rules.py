"""From stored rows to what the scoring kernel takes: the rule of a line, why it has no value, how its pace is read."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from kpiapp.calendars import WorkingCalendar
from kpiapp.tenancy import current_organization
from scorecards.choices import Watched
from scorecards.models import Actual, ScorecardLine
from scorecards.scoring import (
    Entry,
    KpiRule,
    LineState,
    Method,
    MissingPolicy,
    NotScorable,
    PaceKind,
    Pair,
    Trace,
    absence_of,
    aggregate,
    elapsed_share,
    value_of,
)
from scorecards.scoring.rules import Direction
from strategy.choices import Aggregation
from strategy.models import KpiVersion

ADDS_UP = frozenset({Aggregation.SUM, Aggregation.COUNT})
# Methods whose completion grows steadily with the actual: only there "half the month, half the way" says something.
PACED = frozenset({Method.RATIO, Method.MIRROR, Method.BASELINE, Method.INVERSE})
_SHARES_OF_THE_WAY = PACED - {Method.INVERSE}
# Methods that cannot say anything without a target.
NEEDS_TARGET = frozenset(
    {Method.RATIO, Method.MIRROR, Method.INVERSE, Method.BASELINE, Method.DEVIATION, Method.BINARY}
)


def rule_of(version: KpiVersion, method: str = "", params: dict | None = None) -> KpiRule:
    """The scoring rule of a KPI version, with the method and parameters agreed for one line when there are any."""
    own = bool(method)
    return KpiRule(
        method=Method(method or version.method),
        params=(params or {}) if own or params is not None else version.params,
        direction=Direction(version.direction),
        factor=version.factor,
        cap=version.cap,
        floor=version.floor,
        min_gate=version.min_gate,
        missing_policy=MissingPolicy(version.missing_policy),
        zero_target_full_if_met=zero_targets_count(),
    )


def zero_targets_count() -> bool:
    """Whether the company counts a target of zero that is met as full, where it could not be scored otherwise."""
    return current_organization().zero_target_full_if_met


def rule_of_line(line: ScorecardLine) -> KpiRule:
    """The scoring rule of a line (load its KPI version with it)."""
    return rule_of(line.kpi, line.method, line.params)


def actual_of(line: ScorecardLine) -> Decimal | None:
    """The actual so far as one number; None when there is none, or when its denominator is zero."""
    score = getattr(line, "score", None)
    if score is None or score.quantity is None:
        return None
    return value_of_pair((score.quantity, score.divisor), line.kpi.factor)


def value_of_pair(pair: Pair | None, factor: Decimal) -> Decimal | None:
    """The number a pair stands for; None for none, and where the denominator is zero."""
    try:
        return None if pair is None else value_of(*pair, factor)
    except NotScorable:
        return None


def shown_part(entries: Sequence[Actual], part: str, kind: str) -> Decimal | None:
    """One part of a ratio so far ("numerator" or "denominator"), aggregated over the entries that give it."""
    given = [Entry(getattr(e, part), on=e.on, id=e.pk) for e in entries if getattr(e, part) is not None]
    pair = aggregate(kind, given)
    return None if pair is None else value_of(*pair)


def absence_on(line: ScorecardLine, period, on: datetime.date) -> LineState:
    """Why a line without a value has none on a day: waived, not due while its period runs, late afterwards."""
    return absence_of(waived=bool(line.waived_reason), due_on=period.last_day, on=on)


def pace_kind_of(line: ScorecardLine) -> PaceKind | None:
    """How the pace of a line is read; None where time gone by says nothing about the value."""
    rule = rule_of_line(line)
    if rule.method not in PACED:
        return None
    if line.kpi.aggregation in ADDS_UP:
        return PaceKind.LOWER_FLOW if rule.direction is Direction.DECREASE else PaceKind.FLOW
    if line.kpi.aggregation == Aggregation.LAST and line.baseline is not None:
        return PaceKind.LEVEL
    return None


def watched_in(rule: KpiRule, aggregation: str) -> Watched:
    """What a warning looks at in the stored score of a scored line under a rule: its raw completion alone where that is
    the actual's share of the way (not of a target that a smaller actual divides, nor mirrored where more is better).
    """
    if rule.method not in _SHARES_OF_THE_WAY:
        return Watched.STATUS
    if aggregation in ADDS_UP and rule.direction is Direction.DECREASE:
        return Watched.BUDGET
    if aggregation in ADDS_UP:
        return Watched.STATUS if rule.method is Method.MIRROR else Watched.RISE
    is_level = aggregation == Aggregation.LAST and rule.method is Method.BASELINE
    return Watched.RISE if is_level else Watched.STATUS


def elapsed_on(period, on: datetime.date, calendar: WorkingCalendar, trace: Trace | None = None) -> Decimal:
    """Share of a period's working days gone by at the end of a day, 0 to 1."""
    counted = "working" if calendar.working_days(period.starts_on, period.ends_on) else "calendar"
    return elapsed_share(*calendar.gone_by(period.starts_on, period.ends_on, on), trace, counted=counted)

"""Pace and forecast inside a period. Pace is a hint while there is time to act; it never changes a score."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from kpiapp.decimals import EXACT, ONE, VALUE_PLACES, ZERO, divide, quantize, round_completion
from scorecards.scoring.trace import Operand, Rounding, RuleCode, Trace


class PaceKind(StrEnum):
    """A flow adds up over the period; a level moves from its baseline; a lower flow is a budget to stay within."""

    FLOW = "flow"
    LEVEL = "level"
    LOWER_FLOW = "lower_flow"


class PaceStatus(StrEnum):
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    BEHIND = "behind"
    TOO_EARLY = "too_early"
    NONE = "none"


ON_TRACK_FROM = ONE
AT_RISK_FROM = Decimal("0.90")
TOO_EARLY_BELOW = Decimal("0.10")


@dataclass(frozen=True, slots=True)
class PaceResult:
    """Where the actual should stand, how it stands to that, and where it leads; numbers are None at the start.

    `pace` has six places (1 = as planned); `expected` and `forecast` six, in the unit of the KPI.
    """

    status: PaceStatus
    expected: Decimal | None = None
    pace: Decimal | None = None
    forecast: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PlannedWay:
    """A plan inside a period longer than a month: its months' targets in order, how many are over, how much of the
    running one has gone by (0 to 1, by working days)."""

    months: tuple[Decimal, ...]
    over: int
    elapsed: Decimal

    def due_and_whole(self, kind: str, start: Decimal = ZERO) -> tuple[Decimal, Decimal]:
        """How far the plan leads from `start` by now, and to the end.

        Of what adds up: the months that are over, and the running one's part. A level is, inside the running month, on
        the line from the month before it (`start` in the first).
        """
        is_running = self.over < len(self.months)
        if PaceKind(kind) is PaceKind.LEVEL:
            before = self.months[self.over - 1] if self.over else start
            way = EXACT.subtract(self.months[self.over], before) if is_running else ZERO
            reached = EXACT.add(before, EXACT.multiply(way, self.elapsed))
            return EXACT.subtract(reached, start), EXACT.subtract(self.months[-1], start)
        running = self.months[self.over] if is_running else ZERO
        due = EXACT.add(sum(self.months[: self.over], ZERO), EXACT.multiply(running, self.elapsed))
        return due, sum(self.months, ZERO)

    def due_share(self, kind: str, start: Decimal = ZERO) -> Decimal | None:
        """How much of the way from `start` to the end the plan has due by now; None when there is no way to go."""
        due, whole = self.due_and_whole(kind, start)
        return divide(due, whole) if whole else None


def elapsed_share(
    elapsed_days: Decimal | int, all_days: Decimal | int, trace: Trace | None = None, *, counted: str = "working"
) -> Decimal:
    """How much of a period has gone by, 0 to 1, by its days; one without any has gone by. `counted`: which days."""
    share = ONE if all_days <= 0 else divide(Decimal(min(max(elapsed_days, 0), all_days)), Decimal(all_days))
    if trace is not None:
        days = {"elapsed_days": Decimal(elapsed_days), "all_days": Decimal(all_days)}
        trace.note(RuleCode.PACE_ELAPSED, share, **days, counted=counted)
    return share


def pace_of(
    kind: str,
    *,
    actual: Decimal | None,
    target: Decimal | None,
    elapsed: Decimal,
    baseline: Decimal | None = None,
    plan: PlannedWay | None = None,
    trace: Trace | None = None,
) -> PaceResult:
    """Pace at `elapsed` (0 to 1): what is due is the plan's share of the target, without a plan the elapsed share.

    The forecast goes on as the plan does. A level without a baseline starts at 0. Without actual or target, or with
    nothing expected yet, there is no pace. Raises ValueError for an unknown kind.
    """
    kind = PaceKind(kind)
    if actual is None or target is None:
        _note(trace, RuleCode.PACE_NONE, None, actual=actual, target=target)
        return PaceResult(PaceStatus.NONE)
    if elapsed <= 0:
        return PaceResult(_too_early(elapsed, trace))
    start = (baseline or ZERO) if kind is PaceKind.LEVEL else ZERO
    shown = baseline if kind is PaceKind.LEVEL else None
    share = _share_of(kind, elapsed, plan, start, trace)
    due = EXACT.add(start, EXACT.multiply(EXACT.subtract(target, start), share))
    expected = quantize(due, VALUE_PLACES)
    _note(trace, RuleCode.PACE_EXPECTED, expected, Rounding.VALUE, target=target, elapsed=share, baseline=shown)
    if share <= 0:
        return PaceResult(_status(None, trace), expected)
    pace = _pace(kind, actual, due, start, shown, trace)
    forecast = quantize(EXACT.add(start, divide(EXACT.subtract(actual, start), share)), VALUE_PLACES)
    operands = {"kind": kind.value, "actual": actual, "elapsed": share, "baseline": shown}
    _note(trace, RuleCode.PACE_FORECAST, forecast, Rounding.VALUE, **operands)
    status = _too_early(elapsed, trace) if elapsed < TOO_EARLY_BELOW else _status(pace, trace)
    return PaceResult(status, expected, pace, forecast)


def _share_of(
    kind: PaceKind, elapsed: Decimal, plan: PlannedWay | None, start: Decimal, trace: Trace | None
) -> Decimal:
    """How much of the way is due: by the plan where there is one, else as much as of the working days has gone by."""
    share = plan.due_share(kind, start) if plan is not None else None
    if plan is None or share is None:
        return elapsed
    _note_plan(kind, plan, start, share, trace)
    return share


def least_on_pace(kind: str, share: Decimal) -> Decimal | None:
    """The raw completion below which a steady line is behind at this share; None while nothing is due.

    With a target above the start, pace is raw ÷ share; that of a budget is 2 − (2 − raw) ÷ share.
    """
    if share <= 0:
        return None
    if PaceKind(kind) is PaceKind.LOWER_FLOW:
        return EXACT.subtract(2 * ONE, EXACT.multiply(EXACT.subtract(2 * ONE, AT_RISK_FROM), share))
    return EXACT.multiply(AT_RISK_FROM, share)


def _pace(
    kind: PaceKind, actual: Decimal, due: Decimal, start: Decimal, shown: Decimal | None, trace: Trace | None
) -> Decimal | None:
    """Actual against what is due, not yet rounded, six places: 1 + (A−E)/|E| for more, 1 − (A−E)/|E| for a budget."""
    away, reached = EXACT.subtract(due, start), EXACT.subtract(actual, start)
    rule = RuleCode.PACE
    pace = None
    if away and (kind is PaceKind.LEVEL or (away > 0) is (kind is PaceKind.FLOW)):
        pace = round_completion(divide(reached, away))
    elif away:
        rule = RuleCode.PACE_MIRRORED
        pace = round_completion(divide(EXACT.subtract(EXACT.add(away, away), reached), away))
    _note(trace, rule, pace, Rounding.COMPLETION, kind=kind.value, actual=actual, expected=due, baseline=shown)
    return pace


def _status(pace: Decimal | None, trace: Trace | None) -> PaceStatus:
    """The word for a pace: the first of the bounds that it reaches."""
    if pace is None:
        status, bound = PaceStatus.NONE, None
    elif pace >= ON_TRACK_FROM:
        status, bound = PaceStatus.ON_TRACK, ON_TRACK_FROM
    elif pace >= AT_RISK_FROM:
        status, bound = PaceStatus.AT_RISK, AT_RISK_FROM
    else:
        status, bound = PaceStatus.BEHIND, None
    _note(trace, RuleCode.PACE_STATUS, status.value, pace=pace, bound=bound)
    return status


def _too_early(elapsed: Decimal, trace: Trace | None) -> PaceStatus:
    _note(trace, RuleCode.PACE_TOO_EARLY, PaceStatus.TOO_EARLY.value, elapsed=elapsed, needed=TOO_EARLY_BELOW)
    return PaceStatus.TOO_EARLY


def _note_plan(kind: PaceKind, plan: PlannedWay, start: Decimal, share: Decimal, trace: Trace | None) -> None:
    """The months' targets one by one, then the share of the way that they have due."""
    for number, month in enumerate(plan.months, 1):
        gone = ONE if number <= plan.over else plan.elapsed if number == plan.over + 1 else ZERO
        _note(trace, RuleCode.PACE_PLANNED_MONTH, month, number=Decimal(number), elapsed=gone)
    due, whole = plan.due_and_whole(kind, start)
    counted = {"months": Decimal(len(plan.months)), "over": Decimal(plan.over), "elapsed": plan.elapsed}
    shown = start if kind is PaceKind.LEVEL else None
    _note(trace, RuleCode.PACE_PLANNED, share, **counted, due=due, whole=whole, baseline=shown)


def _note(
    trace: Trace | None, rule: RuleCode, result: Operand, rounding: Rounding | None = None, /, **operands: Operand
) -> None:
    if trace is not None:
        trace.note(rule, result, rounding, **operands)

"""Pace and forecast inside a period. Pace is a hint while there is time to act; it never changes a score."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from kpiapp.decimals import EXACT, ONE, VALUE_PLACES, ZERO, divide, quantize, round_completion
from scorecards.scoring.trace import Rounding, RuleCode, Trace


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

    def due_share(self, kind: str, start: Decimal = ZERO) -> Decimal | None:
        """How much of the way from `start` to the end the plan has behind it by now; None when there is no way to go.

        Of what adds up: the months that are over, and the running one's part. A level is, inside the running month, on
        the line from the month before it (`start` in the first).
        """
        is_running = self.over < len(self.months)
        if PaceKind(kind) is PaceKind.LEVEL:
            before = self.months[self.over - 1] if self.over else start
            way = EXACT.subtract(self.months[self.over], before) if is_running else ZERO
            reached = EXACT.add(before, EXACT.multiply(way, self.elapsed))
            due, whole = EXACT.subtract(reached, start), EXACT.subtract(self.months[-1], start)
        else:
            running = self.months[self.over] if is_running else ZERO
            due = EXACT.add(sum(self.months[: self.over], ZERO), EXACT.multiply(running, self.elapsed))
            whole = sum(self.months, ZERO)
        return divide(due, whole) if whole else None


def elapsed_share(elapsed_days: Decimal | int, all_days: Decimal | int) -> Decimal:
    """How much of a period has gone by, 0 to 1, by its working days; a period without any has gone by."""
    if all_days <= 0:
        return ONE
    return divide(Decimal(min(max(elapsed_days, 0), all_days)), Decimal(all_days))


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
        return PaceResult(PaceStatus.NONE)
    if elapsed <= 0:
        _note_too_early(elapsed, trace)
        return PaceResult(PaceStatus.TOO_EARLY)
    start = (baseline or ZERO) if kind is PaceKind.LEVEL else ZERO
    share = _share_of(kind, elapsed, plan, start, trace)
    due = EXACT.add(start, EXACT.multiply(EXACT.subtract(target, start), share))
    expected = quantize(due, VALUE_PLACES)
    if share <= 0:
        return PaceResult(PaceStatus.NONE, expected)
    forecast = quantize(EXACT.add(start, divide(EXACT.subtract(actual, start), share)), VALUE_PLACES)
    pace = _pace(kind, actual, due, start)
    if trace is not None:
        shown = baseline if kind is PaceKind.LEVEL else None
        trace.note(
            RuleCode.PACE_EXPECTED,
            expected,
            Rounding.VALUE,
            target=target,
            elapsed=share,
            baseline=shown,
        )
        trace.note(
            RuleCode.PACE, pace, Rounding.COMPLETION, kind=kind.value, actual=actual, expected=expected, baseline=shown
        )
        trace.note(
            RuleCode.PACE_FORECAST,
            forecast,
            Rounding.VALUE,
            kind=kind.value,
            actual=actual,
            elapsed=share,
            baseline=shown,
        )
    if elapsed < TOO_EARLY_BELOW:
        _note_too_early(elapsed, trace)
        return PaceResult(PaceStatus.TOO_EARLY, expected, pace, forecast)
    return PaceResult(_status(pace), expected, pace, forecast)


def _share_of(
    kind: PaceKind, elapsed: Decimal, plan: PlannedWay | None, start: Decimal, trace: Trace | None
) -> Decimal:
    """How much of the way is due: by the plan where there is one, else as much as of the working days has gone by."""
    share = plan.due_share(kind, start) if plan is not None else None
    if plan is None or share is None:
        return elapsed
    if trace is not None:
        trace.note(RuleCode.PACE_PLANNED, share, months=len(plan.months), over=plan.over, elapsed=plan.elapsed)
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


def _pace(kind: PaceKind, actual: Decimal, due: Decimal, start: Decimal) -> Decimal | None:
    """Actual against what is due, six places: 1 + (A−E)/|E| for more, 1 − (A−E)/|E| for a budget."""
    away = EXACT.subtract(due, start)
    if not away:
        return None
    reached = EXACT.subtract(actual, start)
    if kind is PaceKind.LEVEL or (away > 0) is (kind is PaceKind.FLOW):
        return round_completion(divide(reached, away))
    return round_completion(divide(EXACT.subtract(EXACT.add(away, away), reached), away))


def _status(pace: Decimal | None) -> PaceStatus:
    if pace is None:
        return PaceStatus.NONE
    if pace >= ON_TRACK_FROM:
        return PaceStatus.ON_TRACK
    return PaceStatus.AT_RISK if pace >= AT_RISK_FROM else PaceStatus.BEHIND


def _note_too_early(elapsed: Decimal, trace: Trace | None) -> None:
    if trace is not None:
        trace.note(RuleCode.PACE_TOO_EARLY, None, elapsed=elapsed, needed=TOO_EARLY_BELOW)

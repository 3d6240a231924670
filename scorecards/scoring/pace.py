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
    phased_target: Decimal | None = None,
    trace: Trace | None = None,
) -> PaceResult:
    """Pace at `elapsed` (0 to 1). `phased_target` is the part of a flow's target due so far, else target × elapsed.

    A level without a baseline starts at 0. Without actual or target, or with nothing expected yet, there is no pace.
    Raises ValueError for an unknown kind.
    """
    kind = PaceKind(kind)
    if actual is None or target is None:
        return PaceResult(PaceStatus.NONE)
    if elapsed <= 0:
        _note_too_early(elapsed, trace)
        return PaceResult(PaceStatus.TOO_EARLY)
    start = (baseline or ZERO) if kind is PaceKind.LEVEL else ZERO
    due = phased_target if phased_target is not None and kind is not PaceKind.LEVEL else None
    if due is None:
        due = EXACT.add(start, EXACT.multiply(EXACT.subtract(target, start), elapsed))
    forecast = EXACT.add(start, divide(EXACT.subtract(actual, start), elapsed))
    pace = _pace(kind, actual, due, start)
    expected, forecast = quantize(due, VALUE_PLACES), quantize(forecast, VALUE_PLACES)
    if trace is not None:
        shown = baseline if kind is PaceKind.LEVEL else None
        trace.note(
            RuleCode.PACE_EXPECTED,
            expected,
            Rounding.VALUE,
            target=target,
            elapsed=elapsed,
            baseline=shown,
            phased_target=phased_target,
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
            elapsed=elapsed,
            baseline=shown,
        )
    if elapsed < TOO_EARLY_BELOW:
        _note_too_early(elapsed, trace)
        return PaceResult(PaceStatus.TOO_EARLY, expected, pace, forecast)
    return PaceResult(_status(pace), expected, pace, forecast)


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

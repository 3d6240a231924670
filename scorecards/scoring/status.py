"""Status words: which band a completion falls into. Thresholds are data, this is where the default ones stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from scorecards.scoring.trace import RuleCode, Trace


class Status(StrEnum):
    """Four words and a missing one; the colours belong to the stylesheet."""

    ABOVE = "above"
    ON = "on"
    AT_RISK = "at_risk"
    OFF = "off"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class StatusBand:
    """Holds from `bound` (a completion) upwards, or strictly above it; a bound of None holds for the rest."""

    status: Status
    bound: Decimal | None
    above_only: bool = False


# The map and the cards show four words. Meeting the target exactly is "on"; only what is beyond it is "above". Ten
# points short is still "on", thirty points short is "at risk". A company, a cycle or a KPI may bring its own bands,
# for example the three-colour reading 100 / 90 / below.
DEFAULT_STATUS_BANDS: tuple[StatusBand, ...] = (
    StatusBand(Status.ABOVE, Decimal(1), above_only=True),
    StatusBand(Status.ON, Decimal("0.9")),
    StatusBand(Status.AT_RISK, Decimal("0.7")),
    StatusBand(Status.OFF, None),
)


def status_of(
    completion: Decimal | None, bands: Sequence[StatusBand] = DEFAULT_STATUS_BANDS, trace: Trace | None = None
) -> Status:
    """The status of a completion (1 = whole): the first band that holds, top down; NONE without a completion."""
    if completion is None:
        return Status.NONE
    for band in bands:
        bound = band.bound
        if bound is None or (completion > bound if band.above_only else completion >= bound):
            if trace is not None:
                code = RuleCode.STATUS_ABOVE if band.above_only else RuleCode.STATUS
                trace.note(code, band.status.value, completion=completion, bound=bound)
            return band.status
    return Status.NONE

"""Status words: which band a completion falls into. Thresholds are data, this is where the default ones stand."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from kpiapp.decimals import EXACT
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


class StatusBands:
    """Bands from the best one down. Raises ValueError when they do not fall.

    `floors` are the least completions of those that have one, rising; `holding` is the band that holds below the first
    floor, and then from each of them on.
    """

    __slots__ = ("bands", "floors", "holding")

    def __init__(self, bands: Sequence[StatusBand]):
        self.bands = tuple(bands)
        has_rest = bands and bands[-1].bound is None
        self.holding = [*([] if has_rest else [StatusBand(Status.NONE, None)]), *reversed(bands)]
        self.floors = [_floor(band) for band in self.holding[1:]]
        if self.floors != sorted(set(self.floors)):
            raise ValueError("Status bands must fall from the best one down.")


def _floor(band: StatusBand) -> Decimal:
    """What is strictly above a bound begins at the next number that can be written."""
    if band.bound is None:
        raise ValueError("Only the last status band may be without a bound.")
    return EXACT.next_plus(band.bound) if band.above_only else band.bound


# The map and the cards show four words. Meeting the target exactly is "on"; only what is beyond it is "above". Ten
# points short is still "on", thirty points short is "at risk". A company, a cycle or a KPI may bring its own bands,
# for example the three-colour reading 100 / 90 / below.
DEFAULT_STATUS_BANDS = StatusBands(
    (
        StatusBand(Status.ABOVE, Decimal(1), above_only=True),
        StatusBand(Status.ON, Decimal("0.9")),
        StatusBand(Status.AT_RISK, Decimal("0.7")),
        StatusBand(Status.OFF, None),
    )
)


def status_of(
    completion: Decimal | None, bands: StatusBands = DEFAULT_STATUS_BANDS, trace: Trace | None = None
) -> Status:
    """The status of a completion (1 = whole): the best band that holds; NONE without a completion."""
    if completion is None:
        return Status.NONE
    band = bands.holding[bisect_right(bands.floors, completion)]
    if trace is not None and band.status is not Status.NONE:
        code = RuleCode.STATUS_ABOVE if band.above_only else RuleCode.STATUS
        trace.note(code, band.status.value, completion=completion, bound=band.bound)
    return band.status

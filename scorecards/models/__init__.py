"""Models of scorecards, one file per noun."""

from scorecards.models.actual import Actual, Evidence
from scorecards.models.cascade import KpiLink, OwnedKpi
from scorecards.models.score import CardScore, EarlyWarning, LineScore, RollupScore, StaleCard
from scorecards.models.scorecard import ChangeRequest, LineSegment, Scorecard, ScorecardLine

__all__ = [
    "Actual",
    "CardScore",
    "ChangeRequest",
    "EarlyWarning",
    "Evidence",
    "KpiLink",
    "LineScore",
    "LineSegment",
    "OwnedKpi",
    "RollupScore",
    "Scorecard",
    "ScorecardLine",
    "StaleCard",
]

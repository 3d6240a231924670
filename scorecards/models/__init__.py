"""Models of scorecards, one file per noun."""

from scorecards.models.actual import Actual, Evidence
from scorecards.models.cascade import KpiLink, OwnedKpi
from scorecards.models.confidence import ConfidenceNote
from scorecards.models.draft import AssignmentDraft, DraftRow
from scorecards.models.proposal import Proposal, ProposalStep
from scorecards.models.quality import CardAudit, PeriodAudit, QualityFinding
from scorecards.models.reminder import ReminderLadder, clock_days, ladder
from scorecards.models.reopening import KeptScore
from scorecards.models.rules import CardRules, card_rules
from scorecards.models.score import CardScore, LineScore, RollupScore, StaleCard
from scorecards.models.scorecard import CardTouch, ChangeRequest, LineSegment, Scorecard, ScorecardLine
from scorecards.models.warning import EarlyWarning

__all__ = [
    "Actual",
    "AssignmentDraft",
    "CardAudit",
    "CardRules",
    "CardScore",
    "CardTouch",
    "ChangeRequest",
    "ConfidenceNote",
    "DraftRow",
    "EarlyWarning",
    "Evidence",
    "KeptScore",
    "KpiLink",
    "LineScore",
    "LineSegment",
    "OwnedKpi",
    "PeriodAudit",
    "Proposal",
    "ProposalStep",
    "QualityFinding",
    "ReminderLadder",
    "RollupScore",
    "Scorecard",
    "ScorecardLine",
    "StaleCard",
    "card_rules",
    "clock_days",
    "ladder",
]

"""Vocabulary of scorecards, and which state may follow which."""

from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class OwnerKind(TextChoices):
    """Whose card it is."""

    ORGANIZATION = "organization", _("Organization")
    DEPARTMENT = "department", _("Department")
    MEMBER = "member", _("Person")


class SpreadBy(TextChoices):
    """How a total that is typed into the assignment grid lies over its periods."""

    PLAN = "plan", _("As planned")
    EQUAL = "equal", _("Equal")
    WORKING_DAYS = "working_days", _("By working days")
    LAST_YEAR = "last_year", _("As last year")


class CardState(TextChoices):
    """An agreed card is frozen: weights and targets change only by a change request."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waiting for agreement")
    AGREED = "agreed", _("Agreed")


CARD_TRANSITIONS = {
    CardState.DRAFT: {CardState.SUBMITTED, CardState.AGREED},
    CardState.SUBMITTED: {CardState.DRAFT, CardState.AGREED},
    CardState.AGREED: set(),
}


class ActualState(TextChoices):
    """Life of an entry. What was typed never changes; only its state does."""

    RECORDED = "recorded", _("Recorded")
    APPROVED = "approved", _("Approved")
    RETURNED = "returned", _("Returned")
    CORRECTED = "corrected", _("Corrected by a later entry")
    WITHDRAWN = "withdrawn", _("Withdrawn")


# Entries that count.
LIVE_STATES = (ActualState.RECORDED, ActualState.APPROVED)

ACTUAL_TRANSITIONS = {
    ActualState.RECORDED: {
        ActualState.APPROVED,
        ActualState.RETURNED,
        ActualState.CORRECTED,
        ActualState.WITHDRAWN,
    },
    ActualState.APPROVED: {ActualState.CORRECTED},
    ActualState.RETURNED: {ActualState.CORRECTED, ActualState.WITHDRAWN},
    ActualState.CORRECTED: {ActualState.RECORDED},
    ActualState.WITHDRAWN: set(),
}


class ActualSource(TextChoices):
    """How an entry came in."""

    TYPED = "typed", _("Typed")
    PASTED = "pasted", _("Pasted")
    IMPORTED = "imported", _("Imported")
    API = "api", _("Pushed by a system")


class LineState(TextChoices):
    """Whether a line could be scored, and if not, why. Absence is a state, never a zero."""

    SCORED = "scored", _("Scored")
    NOT_DUE = "not_due", _("Not due yet")
    LATE = "late", _("Late")
    WAIVED = "waived", _("Waived")
    NOT_SCORABLE = "not_scorable", _("Cannot be scored")


class Status(TextChoices):
    """Where a completion stands. Stored with the score: history keeps the thresholds of its day."""

    ABOVE = "above", _("above target")
    ON = "on", _("on target")
    AT_RISK = "at_risk", _("at risk")
    OFF = "off", _("off target")
    NONE = "none", _("no data")


class Watched(StrEnum):
    """What a warning looks at in the stored score of a line: nothing where it is not scored or has no value yet; else
    whether it is late or off target and, where its raw completion grows steadily, whether that is behind.
    """

    NOT = ""
    STATUS = "status"
    RISE = "rise"
    BUDGET = "budget"


class WeightRule(TextChoices):
    """What becomes of a card whose weights do not make 100 (the kernel's WeightPolicy)."""

    STRICT = "strict", _("Refuse it: weights must make exactly 100")
    NORMALISE = "normalise", _("Accept it: each weight counts by its share")
    WARN = "warn", _("Accept it with a warning: each weight counts by its share")


class LimitRule(TextChoices):
    """What becomes of a card outside the limits of weights and numbers of KPIs."""

    WARN = "warn", _("Say so, and accept it")
    REFUSE = "refuse", _("Refuse it")


class ChangeMode(TextChoices):
    """What a change of an agreed line does to the days before it takes effect."""

    SEGMENTS = "segments", _("From that day on")
    REPLACE = "replace", _("For the whole period")


class ChangeState(TextChoices):
    """Life of a request to change what was agreed."""

    REQUESTED = "requested", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class RollupKind(TextChoices):
    """What a rolled-up score is of."""

    OBJECTIVE = "objective", _("Objective")
    PERSPECTIVE = "perspective", _("Perspective")
    DEPARTMENT = "department", _("Department")
    ORGANIZATION = "organization", _("Organization")


class WarningKind(TextChoices):
    """What an early warning is about."""

    LATE = "late", _("No entry although it is due")
    OFF_TARGET = "off_target", _("Off target")
    FORECAST_MISS = "forecast_miss", _("Forecast to miss the target")
    WEIGHTS = "weights", _("Weights are not 100")
    UNAPPROVED = "unapproved", _("Entries wait for approval for 3 days")
    NO_OWNER = "no_owner", _("No owner")
    NO_CONSENSUS = "no_consensus", _("Not agreed")
    PROCESS_HEAVY = "process_heavy", _("Too many process KPIs")
    NO_MEASURE = "no_measure", _("Objective without a measure")
    ORPHAN = "orphan", _("KPI without an objective")
    DRAFT_KPI = "draft_kpi", _("KPI that stays a draft")
    KPI_OVERDUE = "kpi_overdue", _("KPI to be judged anew")


class FindingSeverity(TextChoices):
    """How much a finding of the quality audit matters (strategy.quality)."""

    HIGH = "high", _("Important")
    MEDIUM = "medium", _("Worth mending")
    LOW = "low", _("Advice")


class RemindWho(TextChoices):
    """Who is reminded of a missing value, from near to far."""

    OWNER = "owner", _("Whose card it is")
    MANAGER = "manager", _("Their manager")
    HEAD = "head", _("The head of the department")


class WarningState(TextChoices):
    """How far somebody is with a warning that is not closed."""

    OPEN = "open", _("Open")
    ANSWERED = "answered", _("Answered")
    SNOOZED = "snoozed", _("Put off")


class WarningEnd(TextChoices):
    """Why a warning was closed. Nobody closes one by hand: it ends when its cause does."""

    MENDED = "mended", _("No longer so")
    LOCKED = "locked", _("The period was locked")


# How many days whoever owns a warning has to do something about it, unless the company sets its own.
CLOCK_DAYS = {
    WarningKind.LATE: 2,
    WarningKind.OFF_TARGET: 7,
    WarningKind.FORECAST_MISS: 5,
    WarningKind.WEIGHTS: 2,
    WarningKind.UNAPPROVED: 2,
    WarningKind.NO_OWNER: 7,
    WarningKind.NO_CONSENSUS: 3,
    WarningKind.PROCESS_HEAVY: 14,
    WarningKind.NO_MEASURE: 14,
    WarningKind.ORPHAN: 14,
    WarningKind.DRAFT_KPI: 14,
    WarningKind.KPI_OVERDUE: 14,
}


class LinkKind(TextChoices):
    """How one owner's KPI bears on another's: its numbers add up to it, or it helps without numbers."""

    CONTRIBUTION = "contribution", _("Contributes")
    SUPPORT = "support", _("Supports")


class ProposalState(TextChoices):
    """Whose turn it is with a proposed target, or how it ended."""

    FOR_OWNER = "for_owner", _("Waits for the owner")
    FOR_GIVER = "for_giver", _("Waits for the manager")
    AGREED = "agreed", _("Agreed")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


OPEN_PROPOSALS = (ProposalState.FOR_OWNER, ProposalState.FOR_GIVER)

# Pushed from above it begins with the owner's turn, proposed from below with the manager's; a counter-offer passes it.
PROPOSAL_TRANSITIONS = {
    ProposalState.FOR_OWNER: {
        ProposalState.FOR_GIVER,
        ProposalState.AGREED,
        ProposalState.DECLINED,
        ProposalState.WITHDRAWN,
    },
    ProposalState.FOR_GIVER: {
        ProposalState.FOR_OWNER,
        ProposalState.AGREED,
        ProposalState.DECLINED,
        ProposalState.WITHDRAWN,
    },
    ProposalState.AGREED: set(),
    ProposalState.DECLINED: set(),
    ProposalState.WITHDRAWN: set(),
}


class StepKind(TextChoices):
    """A move in a proposal."""

    OFFER = "offer", _("Offered")
    COUNTER = "counter", _("Proposed another number")
    ACCEPT = "accept", _("Accepted")
    DECLINE = "decline", _("Declined")
    WITHDRAW = "withdraw", _("Withdrawn")


class ShareBy(TextChoices):
    """How a target is shared out among those below."""

    EQUAL = "equal", _("Equal")
    HEADCOUNT = "headcount", _("By headcount")
    LAST_YEAR = "last_year", _("As last year")
    HAND = "hand", _("By hand")


class ShareReach(TextChoices):
    """For how long a target is shared out at once."""

    PERIOD = "period", _("this period only")
    QUARTER = "quarter", _("to the end of the quarter")
    YEAR = "year", _("to the end of the year")


class Confidence(TextChoices):
    """What a number from 0 to 10 says about reaching a key result. The bounds are our own choice."""

    ON_TRACK = "on", _("on track")
    AT_RISK = "at_risk", _("at risk")
    OFF_TRACK = "off", _("off track")

    @classmethod
    def of(cls, score: int) -> "Confidence":
        """7 to 10 on track, 4 to 6 at risk, below off track."""
        if score >= ON_TRACK_FROM:
            return cls.ON_TRACK
        return cls.AT_RISK if score >= AT_RISK_FROM else cls.OFF_TRACK


ON_TRACK_FROM, AT_RISK_FROM = 7, 4

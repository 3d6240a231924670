"""Vocabulary of strategy and of what a KPI is."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class PerspectiveKind(TextChoices):
    """The four perspectives, top of the map first, and any of one's own."""

    FINANCIAL = "financial", _("Financial")
    CUSTOMER = "customer", _("Customer")
    PROCESS = "process", _("Internal process")
    LEARNING = "learning", _("Learning & growth")
    OWN = "own", _("Own")


class MapState(TextChoices):
    """One map of an organization is published at a time. Archived ones are of the time before maps had versions."""

    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    ARCHIVED = "archived", _("Archived")


MAP_TRANSITIONS = {
    MapState.DRAFT: {MapState.PUBLISHED},
    MapState.PUBLISHED: set(),
    MapState.ARCHIVED: set(),
}


class LinkStrength(TextChoices):
    """How strongly one objective is believed to drive another."""

    WEAK = "weak", _("Weak")
    MEDIUM = "medium", _("Medium")
    STRONG = "strong", _("Strong")


class Direction(TextChoices):
    """Which way is better."""

    INCREASE = "increase", _("Higher is better")
    DECREASE = "decrease", _("Lower is better")
    RANGE = "range", _("Inside a range")
    PASS = "pass", _("Pass or fail")


class ScoringMethod(TextChoices):
    """How an actual and a target become a completion (scorecards.scoring holds the formulas)."""

    RATIO = "ratio", _("Actual ÷ target")
    MIRROR = "mirror", _("Lower is better, mirrored at the target")
    INVERSE = "inverse", _("Target ÷ actual")
    BASELINE = "baseline", _("Way from baseline to target")
    DEVIATION = "deviation", _("Hit the target")
    BAND = "band", _("Inside a band")
    BINARY = "binary", _("Pass or fail")
    DEDUCT = "deduct", _("Deduct per event")
    MILESTONE = "milestone", _("Milestones")
    SCALE = "scale", _("Step scale")
    PIECEWISE_LINEAR = "piecewise_linear", _("Curve through points")
    MANUAL = "manual", _("Judged by a reviewer")


class MissingPolicy(TextChoices):
    """What a value that is due but not there counts as."""

    EXCLUDE_REWEIGHT = "exclude_reweight", _("Leave out, weigh the rest")
    ZERO = "zero", _("Counts as 0 %")
    CARRY_FORWARD = "carry_forward", _("Last value stays")
    BLOCK = "block", _("The card cannot be closed")


class Aggregation(TextChoices):
    """How entries of a period become its actual."""

    SUM = "sum", _("Entries add up")
    AVG = "avg", _("Mean of entries")
    WEIGHTED_AVG = "weighted_avg", _("Weighted mean of entries")
    LAST = "last", _("Last entry")
    MIN = "min", _("Lowest entry")
    MAX = "max", _("Highest entry")
    COUNT = "count", _("Number of entries")
    RATIO = "ratio", _("Ratio of totals")
    FORMULA = "formula", _("Calculated from other KPIs")


class PartAggregation(TextChoices):
    """How the numerator or denominator of a ratio is aggregated."""

    SUM = "sum", _("Entries add up")
    AVG = "avg", _("Mean of entries")
    LAST = "last", _("Last entry")


class TargetAggregation(TextChoices):
    """How targets of short periods become the target of a longer one."""

    SUM = "sum", _("Targets add up")
    LAST = "last", _("Last target stands")
    AVG = "avg", _("Mean of targets")


class Group(TextChoices):
    """Effort and effect in one letter."""

    A = "A", _("High effort, high effect")
    B = "B", _("Either effort or effect is high")
    C = "C", _("Low effort, low effect")


class Level(TextChoices):
    """How much effort a KPI takes, or how much it moves."""

    HIGH = "high", _("High")
    LOW = "low", _("Low")


# Effort and effect of a KPI to its group: both high, one of them, neither.
GROUP_OF = {
    (Level.HIGH, Level.HIGH): Group.A,
    (Level.HIGH, Level.LOW): Group.B,
    (Level.LOW, Level.HIGH): Group.B,
    (Level.LOW, Level.LOW): Group.C,
}


class Indicator(TextChoices):
    """Whether a KPI shows what will come or what has come."""

    LEADING = "leading", _("Leading: shows early what will come")
    LAGGING = "lagging", _("Lagging: shows what was reached")


class KpiState(TextChoices):
    """A draft is on nobody's card; one that waits was sent to those who may let it be used as it is."""

    DRAFT = "draft", _("Draft")
    WAITING = "waiting", _("Waiting to be activated")
    ACTIVE = "active", _("Active")


KPI_TRANSITIONS = {
    KpiState.DRAFT: {KpiState.WAITING, KpiState.ACTIVE},
    KpiState.WAITING: {KpiState.DRAFT, KpiState.ACTIVE},
    KpiState.ACTIVE: set(),
}


class NoteKind(TextChoices):
    """What somebody adds to the thread of a KPI."""

    QUESTION = "question", _("Question")
    IDEA = "idea", _("Idea")
    ANSWER = "answer", _("Answer")


# Methods that fit a direction; the first is taken unless somebody chooses.
METHODS_OF = {
    Direction.INCREASE: (
        ScoringMethod.RATIO,
        ScoringMethod.BASELINE,
        ScoringMethod.MILESTONE,
        ScoringMethod.SCALE,
        ScoringMethod.PIECEWISE_LINEAR,
        ScoringMethod.BINARY,
        ScoringMethod.MANUAL,
    ),
    Direction.DECREASE: (
        ScoringMethod.MIRROR,
        ScoringMethod.INVERSE,
        ScoringMethod.BASELINE,
        ScoringMethod.DEDUCT,
        ScoringMethod.SCALE,
        ScoringMethod.PIECEWISE_LINEAR,
        ScoringMethod.BINARY,
        ScoringMethod.MANUAL,
    ),
    Direction.RANGE: (
        ScoringMethod.BAND,
        ScoringMethod.DEVIATION,
        ScoringMethod.PIECEWISE_LINEAR,
        ScoringMethod.MANUAL,
    ),
    Direction.PASS: (ScoringMethod.BINARY, ScoringMethod.MANUAL),
}

# How targets of months become the target of a year, unless somebody chooses.
TARGETS_OF = {
    Aggregation.SUM: TargetAggregation.SUM,
    Aggregation.COUNT: TargetAggregation.SUM,
}


class TargetShape(TextChoices):
    """How a year's target lies over its months."""

    EQUAL = "equal", _("equal")
    WORKING_DAYS = "working_days", _("working days")
    LAST_YEAR = "last_year", _("last year's shape")
    DAYS = "days", _("calendar days")
    CONSTANT = "constant", _("the same all year")
    LINEAR = "linear", _("step by step")
    OWN = "own", _("by hand")


# Shapes that fit how the targets of months make the year's; the first is taken unless somebody chooses. A total is
# split, a level is held or climbed to.
SHAPES_OF = {
    TargetAggregation.SUM: (
        TargetShape.EQUAL,
        TargetShape.WORKING_DAYS,
        TargetShape.LAST_YEAR,
        TargetShape.DAYS,
        TargetShape.OWN,
    ),
    TargetAggregation.LAST: (TargetShape.CONSTANT, TargetShape.LINEAR, TargetShape.OWN),
    TargetAggregation.AVG: (TargetShape.CONSTANT, TargetShape.LINEAR, TargetShape.OWN),
}


class InitiativeState(TextChoices):
    """Where an initiative stands."""

    PLANNED = "planned", _("Planned")
    RUNNING = "running", _("Under way")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")


INITIATIVE_TRANSITIONS = {
    InitiativeState.PLANNED: {InitiativeState.RUNNING, InitiativeState.DONE, InitiativeState.STOPPED},
    InitiativeState.RUNNING: {InitiativeState.DONE, InitiativeState.STOPPED},
    InitiativeState.DONE: {InitiativeState.RUNNING},
    InitiativeState.STOPPED: {InitiativeState.RUNNING},
}


class SwotKind(TextChoices):
    """What stands in which quarter: inside or outside, helpful or harmful."""

    STRENGTH = "strength", _("Strengths")
    WEAKNESS = "weakness", _("Weaknesses")
    OPPORTUNITY = "opportunity", _("Opportunities")
    THREAT = "threat", _("Threats")


class RiskLevel(TextChoices):
    """How grave a risk is: likelihood times impact, each from 1 to 5."""

    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")


# Likelihood × impact from which a risk is medium and high: the usual 5 × 5 matrix.
MEDIUM_RISK_FROM, HIGH_RISK_FROM = 6, 12

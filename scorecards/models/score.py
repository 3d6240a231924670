"""Derived scores: rows that the night may rebuild at any time, in tables with room for updates in place."""

from django.db import models

from kpiapp.constraints import Storage
from kpiapp.models import Department, Period
from kpiapp.models.fields import completion_field, percent_field, quantity_field, weight_field
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel, OrganizationOneToOneField
from scorecards.choices import LineState, RollupKind, Status, Watched
from scorecards.models.scorecard import Scorecard, ScorecardLine
from strategy.models import Objective, Perspective


def changed_by_field() -> models.BigIntegerField:
    """Id of the night's Job that last reported a change. No reference: a full night would check a million of them."""
    return models.BigIntegerField(null=True)


class LineScore(OrganizationModel):
    """The running actual of a line, as an exact quotient, and the completion it gives.

    The actual is factor × quantity ÷ divisor, or quantity alone when there is no divisor (scorecards.scoring).
    """

    line = OrganizationOneToOneField(ScorecardLine, primary_key=True, related_name="score")
    scorecard = OrganizationForeignKey(Scorecard, on_delete=models.CASCADE)
    quantity = quantity_field(null=True)
    divisor = quantity_field(null=True)
    entries = models.PositiveIntegerField(default=0)
    last_on = models.DateField(null=True)
    state = models.CharField(max_length=12, choices=LineState.choices, default=LineState.NOT_DUE)
    reason = models.CharField(max_length=40, blank=True, help_text="Why it cannot be scored.")
    raw = completion_field(null=True)
    completion = completion_field(null=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.NONE)
    watched = models.CharField(max_length=8, blank=True, db_default=Watched.NOT.value)
    night_completion = completion_field(null=True, help_text="As the last night that looked at the card found it.")
    previous_completion = completion_field(null=True, help_text="What the night before the last change had found.")
    changed_by_id = changed_by_field()

    class Meta:
        constraints = [Storage(name="line_score_storage", fillfactor=45)]


class CardScore(OrganizationModel):
    """The score of a card: percent, and how much of the card it rests on."""

    scorecard = OrganizationOneToOneField(Scorecard, primary_key=True, related_name="score")
    percent = percent_field(null=True)
    measured_weight = weight_field(default=0)
    lines_scored = models.PositiveSmallIntegerField(default=0)
    lines_total = models.PositiveSmallIntegerField(default=0)
    is_provisional = models.BooleanField(default=False)
    is_blocked = models.BooleanField(default=False)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.NONE)
    night_percent = percent_field(null=True, help_text="As the last night that looked at the card found it.")
    previous_percent = percent_field(null=True, help_text="What the night before the last change had found.")
    changed_by_id = changed_by_field()

    class Meta:
        constraints = [Storage(name="card_score_storage", fillfactor=45)]


class StaleCard(OrganizationModel):
    """A card that something touched in bulk since it was last scored: what the next night has to look at."""

    scorecard = OrganizationOneToOneField(Scorecard, primary_key=True, related_name="stale")


class RollupScore(OrganizationModel):
    """The score of an objective, a perspective, a department or the organization in a period."""

    period = OrganizationForeignKey(Period, on_delete=models.CASCADE, indexed=False)
    kind = models.CharField(max_length=12, choices=RollupKind.choices)
    objective = OrganizationForeignKey(Objective, null=True, on_delete=models.CASCADE, indexed=False)
    perspective = OrganizationForeignKey(Perspective, null=True, on_delete=models.CASCADE, indexed=False)
    department = OrganizationForeignKey(Department, null=True, on_delete=models.CASCADE, indexed=False)
    percent = percent_field(null=True)
    parts = models.PositiveIntegerField(default=0, help_text="How many lines or cards it is made of.")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.NONE)
    previous_percent = percent_field(null=True)
    changed_by_id = changed_by_field()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "period", "kind", "objective", "perspective", "department"],
                nulls_distinct=False,
                name="rollup_once",
            )
        ]

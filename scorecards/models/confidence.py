"""How sure the owner of a key result is to reach it, week by week."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from kpiapp.constraints import append_only
from kpiapp.models import Member
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel
from scorecards.choices import Confidence
from scorecards.models.scorecard import ScorecardLine

MOST = 10


class ConfidenceNote(OrganizationModel):
    """A check-in: 0 (it will not be reached) to 10 (it will), with a note. The latest one stands."""

    line = OrganizationForeignKey(ScorecardLine, on_delete=models.CASCADE, related_name="confidence_notes")
    on = models.DateField()
    score = models.PositiveSmallIntegerField(validators=[MaxValueValidator(MOST)])
    note = models.TextField(blank=True)
    by = OrganizationForeignKey(Member, indexed=False)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["line_id", "-on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(score__lte=MOST), name="confidence_at_most_ten"),
            append_only("confidence_append_only"),
        ]

    @property
    def level(self) -> Confidence:
        """On track, at risk or off track."""
        return Confidence.of(self.score)

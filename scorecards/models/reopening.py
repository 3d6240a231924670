"""What cards stood at before their period was reopened."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from kpiapp.constraints import append_only
from kpiapp.models import PeriodReopening
from kpiapp.models.fields import percent_field, weight_field
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel
from scorecards.choices import Status


class KeptScore(OrganizationModel):
    """A card and its lines as they were before a period was reopened; never changed."""

    reopening = OrganizationForeignKey(PeriodReopening, related_name="kept_scores")
    # No reference: a card that is taken away later stays in what was kept.
    card_id = models.BigIntegerField()
    percent = percent_field(null=True)
    measured_weight = weight_field(default=0)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.NONE)
    lines = models.JSONField(
        encoder=DjangoJSONEncoder, help_text="Line id → weight, target, actual as two, completion."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "reopening", "card_id"], name="kept_score_once"),
            append_only("kept_score_append_only"),
        ]

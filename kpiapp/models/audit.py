"""The audit trail."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from kpiapp.constraints import append_only
from kpiapp.tenancy import OrganizationModel


class AuditEvent(OrganizationModel):
    """One decision: who, when, what, before, after, why. No references, so nothing it names can pull it along."""

    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200, blank=True)
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=60)
    target_id = models.BigIntegerField(null=True)
    target_label = models.CharField(max_length=300, blank=True)
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    reason = models.TextField(blank=True)
    is_pay = models.BooleanField(default=False, help_text="Readable only by those who may read pay.")

    class Meta:
        ordering = ["-id"]
        constraints = [append_only("audit_event_append_only")]
        indexes = [
            models.Index(fields=["organization", "-id"]),
            models.Index(fields=["organization", "target_type", "target_id"]),
        ]

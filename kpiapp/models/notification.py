"""What people are told: something waits for them, or something of theirs was decided."""

from django.db import models
from django.db.models import Q

from kpiapp.models.people import Member
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel


class Notification(OrganizationModel):
    """One thing one person is told. Its words are made when it is read, in the reader's language, of what they may see.

    `facts` holds ids and typed reasons, never an amount. While it is unread there is one per person, kind and target.
    """

    member = OrganizationForeignKey(Member, on_delete=models.CASCADE, indexed=False)
    kind = models.CharField(max_length=40, help_text="A key of kpiapp.registry.NOTIFICATIONS.")
    target_type = models.CharField(max_length=60)
    target_id = models.BigIntegerField()
    actor = OrganizationForeignKey(Member, null=True, on_delete=models.SET_NULL, indexed=False)
    facts = models.JSONField(default=dict, blank=True)
    is_urgent = models.BooleanField(default=False, help_text="Mailed at once, and not with the next digest.")
    step_on = models.DateField(null=True, help_text="Of a reminder: the day its step was due.")
    told_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-told_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "member", "kind", "target_type", "target_id"],
                condition=Q(read_at=None),
                name="notification_one_unread",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "member", "-told_at"], name="notification_inbox"),
            models.Index(fields=["organization", "kind", "target_id"], name="notification_target"),
        ]

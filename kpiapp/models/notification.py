"""What people are told: something waits for them, something of theirs was decided; and how they hear of it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from kpiapp.choices import DigestRhythm, MailState, Weekday
from kpiapp.models.people import Member
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel, OrganizationOneToOneField

MORNING = 7


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


class NotificationPreference(OrganizationModel):
    """How somebody wants to hear of things; without a row: one mail a day, in the morning."""

    member = OrganizationOneToOneField(Member, primary_key=True, related_name="notification_preference")
    rhythm = models.CharField(max_length=10, choices=DigestRhythm.choices, default=DigestRhythm.DAILY)
    hour = models.PositiveSmallIntegerField(default=MORNING)
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices, default=Weekday.MONDAY)
    not_mailed = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    silenced = ArrayField(models.CharField(max_length=40), default=list, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(hour__lte=23, weekday__lte=6), name="notification_preference_time")
        ]


class Mail(OrganizationModel):
    """A mail to one person: the digest of a day, or one urgent thing. The row comes first, so that none goes twice.

    Whether a mail that was cut short has arrived nobody knows: it stays “sending” and is not sent again.
    """

    member = OrganizationForeignKey(Member, on_delete=models.CASCADE, indexed=False)
    on = models.DateField()
    notification = OrganizationForeignKey(Notification, null=True, on_delete=models.CASCADE, indexed=False)
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.SENDING)
    things = models.PositiveIntegerField(default=0, help_text="How many things it told of.")
    error = models.TextField(blank=True)
    job_id = models.BigIntegerField(null=True)
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "member", "on"], condition=Q(notification=None), name="mail_one_digest_a_day"
            ),
            models.UniqueConstraint(
                fields=["organization", "notification"],
                condition=Q(notification__isnull=False),
                name="mail_urgent_once",
            ),
            models.CheckConstraint(
                condition=Q(state=MailState.SENDING) ^ Q(ended_at__isnull=False), name="mail_ended_at"
            ),
        ]

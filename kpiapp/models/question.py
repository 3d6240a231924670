"""What people ask about a number that they were shown, and the answer."""

from django.db import models
from django.db.models import Q

from kpiapp.models.people import Member
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel


class NumberQuestion(OrganizationModel):
    """One question about one number, as plain text, and its answer. Who may read either is said by the kind of number.

    `shown` and `page` are what the asker looked at; both are empty where it was pay, so that no amount is kept here.
    """

    about = models.CharField(max_length=20, help_text="A key of kpiapp.registry.NUMBERS.")
    target_id = models.BigIntegerField()
    shown = models.CharField(max_length=200, blank=True)
    page = models.CharField(max_length=300, blank=True, help_text="Address inside the organization.")
    text = models.TextField()
    asker = OrganizationForeignKey(Member, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    answer = models.TextField(blank=True)
    answered_by = OrganizationForeignKey(Member, null=True, related_name="+", indexed=False)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "about", "target_id"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(answer="", answered_by=None, answered_at=None)
                | Q(answered_by__isnull=False, answered_at__isnull=False) & ~Q(answer=""),
                name="number_question_answered_whole",
            ),
            models.CheckConstraint(condition=~Q(answered_by=models.F("asker")), name="number_question_not_own_answer"),
        ]

    def __str__(self):
        # Nothing of the number or of the words: the audit trail is read by more than may read these.
        return f"#{self.pk}"

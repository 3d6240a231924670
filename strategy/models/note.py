"""What people ask, answer and suggest about a KPI."""

from django.db import models
from django.db.models import Q

from kpiapp.models import Member
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel
from strategy.choices import NoteKind
from strategy.models.kpi import KpiDefinition


class KpiNote(OrganizationModel):
    """One contribution to the thread of a KPI, as plain text. An answer names its question and marks it answered."""

    definition = OrganizationForeignKey(KpiDefinition, on_delete=models.CASCADE, related_name="notes", indexed=False)
    kind = models.CharField(max_length=10, choices=NoteKind.choices)
    text = models.TextField()
    answers = OrganizationForeignKey("self", null=True, blank=True, related_name="given_answers", indexed=False)
    answered_at = models.DateTimeField(null=True, blank=True)
    author = OrganizationForeignKey(Member, indexed=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["organization", "definition", "id"]),
            models.Index(
                fields=["organization", "definition"],
                condition=Q(kind=NoteKind.QUESTION, answered_at=None),
                name="kpi_note_unanswered",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=NoteKind.ANSWER) ^ Q(answers=None), name="kpi_note_answers_a_question"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None) | Q(kind=NoteKind.QUESTION), name="kpi_note_only_questions_answered"
            ),
        ]

    def __str__(self):
        return self.text[:80]

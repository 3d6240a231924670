"""Logged progress: append-only entries, their corrections, their evidence."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from kpiapp.constraints import Trigger
from kpiapp.models import Member
from kpiapp.models.fields import value_field
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel
from scorecards.choices import ActualSource, ActualState
from scorecards.models.scorecard import ScorecardLine


class Actual(OrganizationModel):
    """One entry: a value, or the two parts of a ratio, on a day. A correction is a new entry that names the old one."""

    line = OrganizationForeignKey(ScorecardLine, related_name="actuals", indexed=False)
    on = models.DateField()
    value = value_field(null=True, blank=True)
    numerator = value_field(null=True, blank=True)
    denominator = value_field(null=True, blank=True, help_text="Of a ratio; the weight of a weighted mean.")
    note = models.TextField(blank=True)
    source = models.CharField(max_length=10, choices=ActualSource.choices, default=ActualSource.TYPED)
    external_key = models.CharField(max_length=100, blank=True)
    entered_by = OrganizationForeignKey(Member, null=True, indexed=False)
    entered_at = models.DateTimeField(default=timezone.now)
    corrects = OrganizationForeignKey("self", null=True, blank=True, indexed=False)
    state = models.CharField(max_length=10, choices=ActualState.choices, default=ActualState.RECORDED)
    decided_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.TextField(blank=True)

    class Meta:
        ordering = ["on", "id"]
        indexes = [
            models.Index(fields=["organization", "line", "on", "id"]),
            # What waits for approval, longest first.
            models.Index(
                fields=["organization", "entered_at", "line"],
                condition=Q(state=ActualState.RECORDED),
                name="actual_waiting",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "line", "external_key"],
                condition=~Q(external_key="") & ~Q(state__in=[ActualState.CORRECTED, ActualState.WITHDRAWN]),
                name="actual_external_key_once",
            ),
            models.CheckConstraint(
                # One part of a ratio may be known before the other; such an entry does not count yet.
                condition=Q(value__isnull=False, numerator=None)
                | Q(value=None) & (Q(numerator__isnull=False) | Q(denominator__isnull=False)),
                name="actual_value_or_parts",
            ),
            models.CheckConstraint(
                condition=~Q(state=ActualState.APPROVED)
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("entered_by"))
                | Q(state=ActualState.APPROVED, entered_by=None, decided_by__isnull=False),
                name="actual_approved_by_another",
            ),
            Trigger(
                name="actual_append_only",
                events="UPDATE OR DELETE",
                condition=(
                    "TG_OP = 'DELETE' OR (NEW.organization_id, NEW.line_id, NEW.on, NEW.value, NEW.numerator, "
                    "NEW.denominator, NEW.note, NEW.entered_by_id, NEW.entered_at, NEW.corrects_id) IS DISTINCT FROM "
                    "(OLD.organization_id, OLD.line_id, OLD.on, OLD.value, OLD.numerator, OLD.denominator, OLD.note, "
                    "OLD.entered_by_id, OLD.entered_at, OLD.corrects_id)"
                ),
                message="What was entered is never changed or deleted: add a correction.",
            ),
        ]


def evidence_path(evidence, filename) -> str:
    """Files lie in a folder of their organization, under a name that says nothing."""
    return f"{evidence.organization_id}/evidence/{evidence.sha256[:2]}/{evidence.sha256}"


class Evidence(OrganizationModel):
    """A file that supports an entry."""

    actual = OrganizationForeignKey(Actual, related_name="evidence")
    file = models.FileField(upload_to=evidence_path)
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = OrganizationForeignKey(Member, indexed=False)
    uploaded_at = models.DateTimeField(auto_now_add=True)

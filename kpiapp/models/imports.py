"""Uploaded files and what each of their rows did."""

from django.db import models

from kpiapp.choices import ImportState, RowOutcome
from kpiapp.models.job import Job
from kpiapp.models.people import Member
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel, current_organization_id


def import_path(batch, filename) -> str:
    """Files lie in a folder of their organization, which a batch that is not stored yet does not know itself."""
    return f"{imports_folder(current_organization_id())}/{filename}"


def imports_folder(organization_id: int) -> str:
    """Where the files of an organization lie."""
    return f"{organization_id}/imports"


class ImportMapping(OrganizationModel):
    """Which column of a file feeds which field, remembered per kind of import and header."""

    kind = models.CharField(max_length=60)
    header_hash = models.CharField(max_length=64)
    columns = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "kind", "header_hash"], name="import_mapping_once")
        ]


class ImportBatch(OrganizationModel):
    """One file: uploaded, checked by a dry run, applied, perhaps undone."""

    kind = models.CharField(max_length=60)
    # Empty once the file was old enough to be deleted.
    file = models.FileField(upload_to=import_path)
    filename = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    columns = models.JSONField(default=dict, help_text="Field name to column title.")
    options = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED)
    counts = models.JSONField(default=dict, help_text="Rows by outcome.")
    error = models.TextField(blank=True)
    created_by = OrganizationForeignKey(Member, null=True, indexed=False)
    created_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    job = OrganizationForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, indexed=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self):
        return self.filename


class ImportRow(OrganizationModel):
    """What one row did: its outcome, its errors in words, and how to undo it."""

    batch = OrganizationForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="rows", indexed=False)
    number = models.PositiveIntegerField(help_text="As the spreadsheet counts, header included.")
    values = models.JSONField(default=dict)
    outcome = models.CharField(max_length=10, choices=RowOutcome.choices)
    errors = models.JSONField(default=list)
    undo = models.JSONField(default=dict, help_text="What to put back, written when the row is applied.")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "batch", "number"], name="import_row_number_once")
        ]

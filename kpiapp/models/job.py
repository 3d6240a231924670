"""Background work: the row is the truth, the broker is only the doorbell."""

from django.db import models
from django.db.models import Q

from kpiapp.choices import LIVE_JOB_STATES, JobState
from kpiapp.models.people import Member
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel


class Job(OrganizationModel):
    """A piece of work, unique by key; claimed with a lease, fenced by its attempt number, swept when overdue."""

    key = models.CharField(max_length=200)
    task = models.CharField(max_length=100)
    arguments = models.JSONField(default=dict)
    parent = OrganizationForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="children")
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    then = models.CharField(max_length=100, blank=True, help_text="Task that ends the work once all parts are done.")
    attempt = models.PositiveIntegerField(default=0, help_text="Only the latest one may write and end the job.")
    stops = models.PositiveSmallIntegerField(default=0, help_text="How often it stopped without an end.")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="Running: held until; queued: not before.")
    done_count = models.PositiveIntegerField(default=0)
    total_count = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    requested_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "key"], name="job_key_once"),
            models.CheckConstraint(
                condition=~Q(state__in=[JobState.DONE, JobState.FAILED]) | Q(finished_at__isnull=False),
                name="job_finished_at",
            ),
            models.CheckConstraint(
                condition=~Q(state=JobState.RUNNING) | Q(lease_until__isnull=False), name="job_running_leased"
            ),
        ]
        indexes = [models.Index(fields=["organization", "state", "lease_until"])]

    def __str__(self):
        return self.key

    @property
    def is_live(self) -> bool:
        """Whether it still has work to do."""
        return self.state in LIVE_JOB_STATES

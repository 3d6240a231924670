"""Pay runs: who is paid what for a period, frozen with inputs and trace, and the files that left the house."""

from decimal import Decimal

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from kpiapp.constraints import Trigger, append_only
from kpiapp.models import Job, Member, Period
from kpiapp.models.fields import coefficient_field, money_field, percent_field
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel
from payroll.choices import ExportFormat, PayFlag, RunKind, RunState
from payroll.constraints import TotalsOfLines, allowed_states
from payroll.models.policy import TierTable


class PayRun(OrganizationModel):
    """The pay of one period: made by one person, approved by another, locked, then exported."""

    period = OrganizationForeignKey(Period)
    kind = models.CharField(max_length=10, choices=RunKind.choices, default=RunKind.REGULAR)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.DRAFT)
    tier_table = OrganizationForeignKey(TierTable, null=True, indexed=False)
    made_by = OrganizationForeignKey(Member, indexed=False)
    made_at = models.DateTimeField(auto_now_add=True)
    calculated_at = models.DateTimeField(null=True, blank=True)
    calculated_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    approved_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    approved_at = models.DateTimeField(null=True, blank=True)
    locked_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    locked_at = models.DateTimeField(null=True, blank=True)
    people_count = models.PositiveIntegerField(default=0)
    p1_total = money_field(default=0)
    p2_total = money_field(default=0)
    p3_total = money_field(default=0)
    gross_total = money_field(default=0)
    inputs = models.JSONField(default=dict, encoder=DjangoJSONEncoder, help_text="What holds for all lines.")
    previous_sha256 = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of all inputs, chained to the run locked before.")
    calculations = models.PositiveIntegerField(default=0)
    # Raised by the database with every statement that touches the lines; see payroll.constraints.
    lines_version = models.BigIntegerField(default=0, editable=False)
    job = OrganizationForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, indexed=False)

    class Meta:
        ordering = ["-period__starts_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "period", "kind"], name="pay_run_once"),
            models.UniqueConstraint(
                fields=["organization", "previous_sha256"],
                condition=Q(state=RunState.LOCKED),
                name="pay_run_chain_never_forks",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None)
                | ~Q(approved_by=F("made_by")) & ~Q(approved_by=F("calculated_by")) & ~Q(approved_by=F("submitted_by")),
                name="pay_run_second_person",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[RunState.APPROVED, RunState.LOCKED],
                    approved_at__isnull=False,
                    approved_by__isnull=False,
                    calculated_by__isnull=False,
                    submitted_by__isnull=False,
                )
                | Q(approved_at=None, approved_by=None) & ~Q(state__in=[RunState.APPROVED, RunState.LOCKED]),
                name="pay_run_approved_by",
            ),
            models.CheckConstraint(condition=Q(state=RunState.LOCKED) ^ Q(locked_at=None), name="pay_run_locked_at"),
            allowed_states("pay_run_states"),
            Trigger(
                name="pay_run_locked",
                events="UPDATE OR DELETE",
                condition="OLD.state = 'locked'",
                message="A locked pay run is never changed.",
            ),
            Trigger(
                name="pay_run_approved",
                events="UPDATE",
                condition=(
                    "OLD.state = 'approved' AND NEW.state IN ('approved', 'locked') AND (NEW.period_id, "
                    "NEW.made_by_id, NEW.calculated_by_id, NEW.submitted_by_id, NEW.approved_by_id, NEW.approved_at, "
                    "NEW.inputs, NEW.people_count, NEW.gross_total) IS DISTINCT FROM (OLD.period_id, OLD.made_by_id, "
                    "OLD.calculated_by_id, OLD.submitted_by_id, OLD.approved_by_id, OLD.approved_at, OLD.inputs, "
                    "OLD.people_count, OLD.gross_total)"
                ),
                message="An approved pay run is changed only after it was returned.",
            ),
            TotalsOfLines(name="pay_run_totals"),
        ]

    def __str__(self):
        return self.period.label

    @property
    def is_locked(self) -> bool:
        """Whether it is final: exported, shown on payslips, never changed."""
        return self.state == RunState.LOCKED

    @property
    def worked_on(self) -> set[int | None]:
        """Ids of those who made, calculated or sent it: none of them may approve it."""
        return {self.made_by_id, self.calculated_by_id, self.submitted_by_id}

    @property
    def fixed_total(self) -> Decimal:
        """P1 and P2: what does not depend on scores."""
        return self.p1_total + self.p2_total


class PayLine(OrganizationModel):
    """What one person is paid in a run, with names and amounts as they were, the inputs, and the trace."""

    run = OrganizationForeignKey(PayRun, on_delete=models.CASCADE, related_name="lines")
    member = OrganizationForeignKey(Member, related_name="+")
    employee_code = models.CharField(max_length=40)
    employee_name = models.CharField(max_length=200)
    sort_key = models.TextField(default="")
    department_name = models.CharField(max_length=200, blank=True)
    position_name = models.CharField(max_length=200, blank=True)
    p1_amount = money_field()
    p2_coefficient = coefficient_field()
    p2_amount = money_field()
    p3_target_amount = money_field()
    score_percent = percent_field(null=True)
    tier_code = models.CharField(max_length=20, blank=True)
    tier_coefficient = coefficient_field(null=True)
    p3_amount = money_field()
    gross_amount = money_field()
    flag = models.CharField(max_length=20, choices=PayFlag.choices, blank=True)
    inputs = models.JSONField(encoder=DjangoJSONEncoder)
    trace = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["sort_key", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "run", "member"], name="pay_line_once"),
            models.CheckConstraint(
                condition=Q(gross_amount=F("p1_amount") + F("p2_amount") + F("p3_amount")), name="pay_line_adds_up"
            ),
            Trigger(
                name="pay_line_locked",
                events="INSERT OR UPDATE OR DELETE",
                condition=(
                    "EXISTS (SELECT 1 FROM payroll_payrun r WHERE r.state IN ('approved', 'locked') "
                    "AND r.id IN (OLD.run_id, NEW.run_id))"
                ),
                message="Lines of an approved or locked pay run are never changed.",
            ),
        ]


def export_path(export, filename) -> str:
    """Files lie in a folder of their organization, under a name that says nothing."""
    return f"{export.organization_id}/exports/{export.sha256}"


class PayExport(OrganizationModel):
    """A file made from a run: version, hash, rows and total. Making one again is a new row."""

    run = OrganizationForeignKey(PayRun, related_name="exports")
    version = models.PositiveIntegerField()
    format = models.CharField(max_length=10, choices=ExportFormat.choices)
    file = models.FileField(upload_to=export_path)
    filename = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    total_amount = money_field()
    exported_by = OrganizationForeignKey(Member, null=True, indexed=False)
    exported_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "run", "version"], name="pay_export_version_once"),
            append_only("pay_export_append_only"),
        ]

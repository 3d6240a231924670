"""A draft of an assignment: the grid of people, KPIs and periods that is filled before anything is on a card."""

from django.db import models

from kpiapp.models import Department, Job, Member
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel
from scorecards.choices import OwnerKind
from scorecards.models.owner import one_owner
from strategy.choices import ScoringMethod
from strategy.models import KpiVersion

WEIGHT, BASELINE = "weight", "baseline"


class AssignmentDraft(OrganizationModel):
    """Belongs to who made it; kept until it is put on cards or thrown away."""

    made_by = OrganizationForeignKey(Member)
    # Codes of the columns, "2026-11", in their order.
    periods = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    job = OrganizationForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, indexed=False)
    put_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict, help_text="Once put: numbers of lines and cards, and what was left alone.")

    class Meta:
        ordering = ["-changed_at", "-id"]


class DraftRow(OrganizationModel):
    """One KPI for one owner: a cell for the weight, the baseline, and the target of every period."""

    draft = OrganizationForeignKey(AssignmentDraft, on_delete=models.CASCADE, related_name="rows", indexed=False)
    position = models.PositiveIntegerField()
    owner_kind = models.CharField(max_length=12, choices=OwnerKind.choices)
    member = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    department = OrganizationForeignKey(Department, null=True, blank=True, indexed=False)
    kpi = OrganizationForeignKey(KpiVersion, indexed=False)
    # Plain numbers by column: {"weight": "40", "2026-11": "1200.5"}; an empty cell is left out.
    cells = models.JSONField(default=dict)
    # What was typed into cells and is no number, as it was typed.
    wrong = models.JSONField(default=dict)
    # Codes of the periods it is for; empty: all of the draft's.
    only = models.JSONField(default=list)
    # Empty: as the KPI says. Set: how the lines of this row alone are scored.
    method = models.CharField(max_length=20, choices=ScoringMethod.choices, blank=True)
    params = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["draft_id", "position"]
        indexes = [models.Index(fields=["organization", "draft", "position"])]
        constraints = [
            one_owner("draft_row_one_owner"),
        ]

    @property
    def owner_key(self) -> tuple:
        """Whose row it is, as the columns of a card name an owner."""
        return self.owner_kind, self.member_id, self.department_id

    @property
    def owner(self):
        """The person, the department or the organization."""
        return self.member or self.department or self.organization

    def periods_of(self, codes: list[str]) -> list[str]:
        """The columns of the draft that this row fills."""
        return [code for code in codes if code in self.only] if self.only else codes

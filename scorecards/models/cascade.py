"""The cascade: a KPI as one owner has it across periods, and which of these feed or support which."""

from django.db import models
from django.db.models import F, Q

from kpiapp.models import Department, Member
from kpiapp.models.people import DatedQuerySet, no_overlap
from kpiapp.tenancy import OrganizationForeignKey, OrganizationManager, OrganizationModel
from scorecards.choices import LinkKind, OwnerKind
from scorecards.models.owner import one_owner
from strategy.models import KpiDefinition


class OwnedKpi(OrganizationModel):
    """A KPI on an owner, whatever the period or the version: an end of a link, and what a proposal is about."""

    definition = OrganizationForeignKey(KpiDefinition, on_delete=models.CASCADE)
    owner_kind = models.CharField(max_length=12, choices=OwnerKind.choices)
    department = OrganizationForeignKey(Department, null=True, blank=True, on_delete=models.CASCADE)
    member = OrganizationForeignKey(Member, null=True, blank=True, on_delete=models.CASCADE)

    class Meta:
        constraints = [
            one_owner("owned_kpi_one_owner"),
            models.UniqueConstraint(
                fields=["organization", "definition", "owner_kind", "department", "member"],
                nulls_distinct=False,
                name="owned_kpi_once",
            ),
        ]

    def __str__(self):
        return f"{self.definition.name}, {self.owner_name}"

    @property
    def told(self) -> str:
        """The same, as far as everybody may read it."""
        return f"{self.definition.told_name}, {self.owner_name}"

    @property
    def owner(self):
        """The person, the department or the organization (load it with the row)."""
        return self.member or self.department or self.organization

    @property
    def owner_name(self) -> str:
        """Name of the owner."""
        return self.owner.name


class KpiLink(OrganizationModel):
    """One owner's KPI feeds (contribution) or helps (support) another's, in the periods whose last day it holds on.

    A contribution rolls up unless the parent keeps entries of its own; then its numbers are only compared.
    """

    parent = OrganizationForeignKey(OwnedKpi, on_delete=models.CASCADE, related_name="children_links")
    child = OrganizationForeignKey(OwnedKpi, on_delete=models.CASCADE, related_name="parent_links")
    kind = models.CharField(max_length=12, choices=LinkKind.choices)
    rolls_up = models.BooleanField(default=False)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    created_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OrganizationManager.from_queryset(DatedQuerySet)()

    class Meta:
        constraints = [
            no_overlap("kpi_link_no_overlap", "parent", "child"),
            models.CheckConstraint(condition=~Q(parent=F("child")), name="kpi_link_not_itself"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="kpi_link_range_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(rolls_up=False) | Q(kind=LinkKind.CONTRIBUTION), name="kpi_link_support_has_no_numbers"
            ),
        ]

    def __str__(self):
        return f"{self.child} → {self.parent}"

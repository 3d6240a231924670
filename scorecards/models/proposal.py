"""Targets that two sides agree on: offered from above or proposed from below, until one accepts the other's number."""

from django.db import models
from django.db.models import F, Q

from kpiapp.constraints import append_only
from kpiapp.models import Member, Period
from kpiapp.models.fields import value_field, weight_field
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel
from scorecards.choices import OPEN_PROPOSALS, ProposalState, StepKind
from scorecards.models.cascade import OwnedKpi
from strategy.models import KpiVersion


class Proposal(OrganizationModel):
    """A KPI with a target for an owner in a period, as it stands between two sides; agreed it is a line of the card."""

    owned = OrganizationForeignKey(OwnedKpi, related_name="proposals")
    period = OrganizationForeignKey(Period)
    kpi = OrganizationForeignKey(KpiVersion, indexed=False)
    parent = OrganizationForeignKey(OwnedKpi, null=True, blank=True, related_name="offers")
    target = value_field(null=True, blank=True)
    weight = weight_field()
    state = models.CharField(max_length=10, choices=ProposalState.choices)
    made_by = OrganizationForeignKey(Member, indexed=False)
    made_at = models.DateTimeField(auto_now_add=True)
    # Whose numbers stand now; somebody else accepts them.
    offered_by = OrganizationForeignKey(Member, indexed=False)
    decided_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "owned", "period"],
                condition=Q(state__in=OPEN_PROPOSALS),
                name="proposal_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_PROPOSALS, decided_at=None)
                | ~Q(state__in=OPEN_PROPOSALS) & Q(decided_at__isnull=False, decided_by__isnull=False),
                name="proposal_decided_at",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProposalState.AGREED) | ~Q(decided_by=F("offered_by")),
                name="proposal_accepted_by_another",
            ),
            models.CheckConstraint(condition=Q(weight__gte=0, weight__lte=100), name="proposal_weight_range"),
        ]

    def __str__(self):
        return f"{self.kpi.name}, {self.owned.owner_name}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to answer."""
        return self.state in OPEN_PROPOSALS


class ProposalStep(OrganizationModel):
    """One move in a proposal: who offered or answered what, and why. Never changed."""

    proposal = OrganizationForeignKey(Proposal, related_name="steps")
    kind = models.CharField(max_length=10, choices=StepKind.choices)
    target = value_field(null=True, blank=True)
    weight = weight_field()
    reason = models.TextField(blank=True)
    by = OrganizationForeignKey(Member, indexed=False)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [append_only("proposal_step_append_only")]

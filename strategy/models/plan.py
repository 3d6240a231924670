"""A KPI's target over a fiscal year, month by month: for everybody who is given the KPI, or for one person."""

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from kpiapp.constraints import append_only
from kpiapp.models import Member
from kpiapp.models.fields import value_field
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel
from strategy.choices import TargetShape
from strategy.models.kpi import KpiDefinition


class KpiPlan(OrganizationModel):
    """One version of a plan. Never changed: planning again is a new version, and the highest number holds."""

    definition = OrganizationForeignKey(KpiDefinition, related_name="plans")
    # Whose plan it is; empty for the one that everybody starts from.
    member = OrganizationForeignKey(Member, null=True, blank=True)
    starts_on = models.DateField(help_text="The first day of the fiscal year.")
    number = models.PositiveIntegerField()
    # Empty when the plan was taken back.
    total = value_field(verbose_name=_("Target of the year"), null=True)
    shape = models.CharField(max_length=12, choices=TargetShape.choices)
    events = models.JSONField(default=list, encoder=DjangoJSONEncoder, help_text='[{"month", "percent", "name"}]')
    held_quarters = ArrayField(
        models.PositiveSmallIntegerField(), default=list, help_text="Quarters (0 to 3) whose totals hold."
    )
    created_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["definition_id", "starts_on", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "definition", "member", "starts_on", "number"],
                nulls_distinct=False,
                name="kpi_plan_number_once",
            ),
            append_only("kpi_plan_append_only"),
        ]

    def __str__(self):
        return self.definition.name


class KpiPlanMonth(OrganizationModel):
    """The target of one month of a plan, and whether somebody pinned it."""

    plan = OrganizationForeignKey(KpiPlan, on_delete=models.CASCADE, related_name="months")
    starts_on = models.DateField()
    target = value_field(verbose_name=_("Target"))
    is_pinned = models.BooleanField(default=False)

    class Meta:
        ordering = ["plan_id", "starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "plan", "starts_on"], name="kpi_plan_month_once"),
            append_only("kpi_plan_month_append_only"),
        ]

    def __str__(self):
        return f"{self.starts_on:%Y-%m}"

"""What is measured: a KPI of the organization and its immutable versions."""

from decimal import Decimal

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from kpiapp.choices import PeriodKind
from kpiapp.constraints import append_only
from kpiapp.models import Department, Member
from kpiapp.models.fields import completion_field, value_field
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel
from kpiapp.text import KeyField, search_key, sort_key
from strategy.choices import (
    Aggregation,
    Direction,
    Group,
    Indicator,
    KpiState,
    Level,
    MissingPolicy,
    PartAggregation,
    ScoringMethod,
    TargetAggregation,
)
from strategy.models.map import Objective, Perspective


class KpiDefinition(OrganizationModel):
    """A KPI through time: a code, where it came from, and its current version."""

    code = models.CharField(_("Code"), max_length=40)
    origin = models.CharField(max_length=40, blank=True, help_text="Code of the library KPI it was copied from.")
    # What the library said when it was copied, by field, in the language of the copy; empty when it has no origin.
    origin_fields = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    department = OrganizationForeignKey(Department, null=True, blank=True)
    state = models.CharField(max_length=10, choices=KpiState.choices, default=KpiState.ACTIVE)
    is_confidential = models.BooleanField(_("Confidential"), default=False)
    reviewed_on = models.DateField(null=True, blank=True)
    reviewed_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    current = OrganizationForeignKey("strategy.KpiVersion", null=True, blank=True, indexed=False)
    is_active = models.BooleanField(default=True)
    # Copied from the current version, so that lists are searched and sorted without a join.
    name = models.CharField(max_length=200)
    search_key = KeyField(key=search_key)
    sort_key = KeyField(key=sort_key)
    created_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["sort_key"]
        constraints = [models.UniqueConstraint(fields=["organization", "code"], name="kpi_code_once")]
        indexes = [models.Index(fields=["organization", "sort_key"])]

    def __str__(self):
        return self.name

    @property
    def told_name(self) -> str:
        """The name, as far as everybody may read it: the code of a confidential KPI."""
        return self.code if self.is_confidential else self.name


class KpiVersion(OrganizationModel):
    """A KPI as it was defined at one time. Never changed: an edit is a new version, old scores keep theirs."""

    definition = OrganizationForeignKey(KpiDefinition, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(_("What is measured"), max_length=200)
    description = models.TextField(_("How it is measured"), blank=True)
    outcome = models.TextField(_("Desired outcome"), blank=True)
    why = models.TextField(_("Why it matters"), blank=True)
    influence = models.TextField(_("How to influence it"), blank=True)
    source = models.CharField(_("Where the numbers come from"), max_length=200, blank=True)
    owner = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    reporter = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    approver = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    objective = OrganizationForeignKey(Objective, null=True, blank=True)
    perspective = OrganizationForeignKey(Perspective, null=True, blank=True, indexed=False)
    unit = models.CharField(_("Unit"), max_length=40, blank=True)
    decimals = models.PositiveSmallIntegerField(_("Decimal places"), default=2)
    direction = models.CharField(max_length=10, choices=Direction.choices, default=Direction.INCREASE)
    method = models.CharField(max_length=20, choices=ScoringMethod.choices, default=ScoringMethod.RATIO)
    params = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    cap = completion_field(default=Decimal("1.2"))
    floor = completion_field(default=Decimal(0))
    min_gate = completion_field(null=True, blank=True)
    missing_policy = models.CharField(
        max_length=20, choices=MissingPolicy.choices, default=MissingPolicy.EXCLUDE_REWEIGHT
    )
    aggregation = models.CharField(max_length=20, choices=Aggregation.choices, default=Aggregation.SUM)
    numerator_label = models.CharField(max_length=200, blank=True)
    numerator_agg = models.CharField(max_length=10, choices=PartAggregation.choices, blank=True)
    denominator_label = models.CharField(max_length=200, blank=True)
    denominator_agg = models.CharField(max_length=10, choices=PartAggregation.choices, blank=True)
    factor = value_field(default=Decimal(1))
    formula = models.TextField(_("Formula"), blank=True, help_text="Canonical: other KPIs as {kpi:id}.")
    formula_language = models.PositiveSmallIntegerField(default=0, help_text="Version of the language it is in.")
    target_aggregation = models.CharField(
        max_length=10, choices=TargetAggregation.choices, default=TargetAggregation.SUM
    )
    frequency = models.CharField(max_length=10, choices=PeriodKind.choices, default=PeriodKind.MONTH)
    indicator = models.CharField(_("Leading or lagging"), max_length=10, choices=Indicator.choices, blank=True)
    effort = models.CharField(_("Effort"), max_length=5, choices=Level.choices, blank=True)
    effect = models.CharField(_("Effect"), max_length=5, choices=Level.choices, blank=True)
    # Of effort and effect once both are known.
    group = models.CharField(max_length=1, choices=Group.choices, default=Group.B)
    is_scored = models.BooleanField(_("Counts in the score"), default=True)
    baseline = value_field(null=True, blank=True)
    target = value_field(null=True, blank=True, help_text="Suggested when the KPI is assigned.")
    due_on = models.DateField(_("To be reached by"), null=True, blank=True)
    review_every = models.CharField(_("Reviewed"), max_length=10, choices=PeriodKind.choices, blank=True)
    reevaluate_on = models.DateField(_("To be judged anew on"), null=True, blank=True)
    created_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["definition_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "definition", "number"], name="kpi_version_number_once"),
            models.CheckConstraint(condition=models.Q(cap__gt=models.F("floor")), name="kpi_version_cap_over_floor"),
            models.CheckConstraint(
                # A formula may have up to two inputs of its own, kept as the parts of its entries.
                condition=models.Q(aggregation=Aggregation.FORMULA)
                | models.Q(aggregation=Aggregation.RATIO) ^ models.Q(numerator_agg="", denominator_agg=""),
                name="kpi_version_ratio_parts",
            ),
            models.CheckConstraint(
                condition=models.Q(aggregation=Aggregation.FORMULA) ^ models.Q(formula="", formula_language=0),
                name="kpi_version_formula",
            ),
            append_only("kpi_version_append_only"),
        ]

    def __str__(self):
        return self.name

    @property
    def told_name(self) -> str:
        """The name, as far as everybody may read it: the code of a confidential KPI (load the definition with it)."""
        return self.definition.code if self.definition.is_confidential else self.name


class FormulaOperand(OrganizationModel):
    """A KPI that the formula of a version is made of: whoever changes its values looks here for what follows."""

    version = OrganizationForeignKey(KpiVersion, related_name="operands")
    operand = OrganizationForeignKey(KpiDefinition, related_name="used_in")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "version", "operand"], name="formula_operand_once"),
            append_only("formula_operand_append_only"),
        ]

"""What the quality audit of the last night found, so that a company can look at all of it at once."""

from django.db import models
from django.db.models import Q

from kpiapp.models import Department, Period
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel, OrganizationOneToOneField
from scorecards.choices import FindingSeverity
from scorecards.models.scorecard import Scorecard
from strategy.models import KpiDefinition, StrategyMap

_TARGETS = ("scorecard", "department", "map", "kpi")


def _only(target: str) -> Q:
    return Q(**{f"{name}__isnull": name != target for name in _TARGETS})


class CardAudit(OrganizationModel):
    """What the audit last judged a card by, in a number: as long as it is the same, so are the card's findings."""

    scorecard = OrganizationOneToOneField(Scorecard, primary_key=True)
    fingerprint = models.BigIntegerField()


class PeriodAudit(OrganizationModel):
    """What all cards of a period were last judged by, as a digest: where it is the same, only touched ones differ."""

    period = OrganizationOneToOneField(Period, primary_key=True)
    digest = models.CharField(max_length=64)


class QualityFinding(OrganizationModel):
    """A broken rule of strategy.quality: of a card, the published map, a KPI or a department; kept by the night."""

    period = OrganizationForeignKey(Period, on_delete=models.CASCADE)
    code = models.CharField(max_length=20)
    severity = models.CharField(max_length=10, choices=FindingSeverity.choices)
    scorecard = OrganizationForeignKey(Scorecard, null=True, on_delete=models.CASCADE)
    department = OrganizationForeignKey(Department, null=True, on_delete=models.CASCADE, indexed=False)
    map = OrganizationForeignKey(StrategyMap, null=True, on_delete=models.CASCADE, indexed=False)
    kpi = OrganizationForeignKey(KpiDefinition, null=True, on_delete=models.CASCADE, indexed=False)
    numbers = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["severity", "code", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "period", "code", "scorecard", "department", "map", "kpi"],
                nulls_distinct=False,
                name="quality_finding_once",
            ),
            models.CheckConstraint(
                condition=_only("scorecard") | _only("department") | _only("map") | _only("kpi"),
                name="quality_finding_one_target",
            ),
        ]

"""What a strategy stands on: strengths to threats, and the risks of its objectives."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kpiapp.constraints import append_only
from kpiapp.models import Member
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel
from strategy.choices import HIGH_RISK_FROM, MEDIUM_RISK_FROM, RiskLevel, SwotKind
from strategy.models.map import Objective

ONE_TO_FIVE = [MinValueValidator(1), MaxValueValidator(5)]


class SwotItem(OrganizationModel):
    """A strength, weakness, opportunity or threat; it may have become an objective."""

    kind = models.CharField(max_length=12, choices=SwotKind.choices)
    text = models.CharField(_("In one sentence"), max_length=300)
    objective = OrganizationForeignKey(Objective, null=True, blank=True, on_delete=models.SET_NULL)
    created_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self):
        return self.text


class Risk(OrganizationModel):
    """What may keep an objective from being reached, how likely and how bad, and what is done about it."""

    objective = OrganizationForeignKey(Objective, on_delete=models.CASCADE, related_name="risks")
    name = models.CharField(_("What may happen"), max_length=300)
    likelihood = models.PositiveSmallIntegerField(_("Likelihood"), validators=ONE_TO_FIVE)
    impact = models.PositiveSmallIntegerField(_("Impact"), validators=ONE_TO_FIVE)
    response = models.TextField(_("What we do about it"), blank=True)
    owner = OrganizationForeignKey(Member, null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(likelihood__range=(1, 5), impact__range=(1, 5)), name="risk_from_one_to_five"
            )
        ]

    def __str__(self):
        return self.name

    @property
    def weight(self) -> int:
        """Likelihood × impact, 1 to 25."""
        return self.likelihood * self.impact

    @property
    def level(self) -> RiskLevel:
        """Where the risk lies in the usual matrix."""
        return level_of(self.likelihood, self.impact)


class RiskJudgement(OrganizationModel):
    """How likely and how bad a risk was found on a day. Never changed: together they tell how it went."""

    risk = OrganizationForeignKey(Risk, related_name="judgements")
    judged_on = models.DateField()
    likelihood = models.PositiveSmallIntegerField()
    impact = models.PositiveSmallIntegerField()
    judged_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)

    class Meta:
        ordering = ["judged_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(likelihood__range=(1, 5), impact__range=(1, 5)), name="risk_judgement_from_one_to_five"
            ),
            append_only("risk_judgement_append_only"),
        ]

    def __str__(self):
        return f"{self.likelihood} × {self.impact}"

    @property
    def weight(self) -> int:
        """Likelihood × impact, 1 to 25."""
        return self.likelihood * self.impact


def level_of(likelihood: int, impact: int) -> RiskLevel:
    """How grave a risk is, each from 1 to 5."""
    weight = likelihood * impact
    if weight >= HIGH_RISK_FROM:
        return RiskLevel.HIGH
    return RiskLevel.MEDIUM if weight >= MEDIUM_RISK_FROM else RiskLevel.LOW

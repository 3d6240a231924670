"""What a company asks of its cards: weights that make 100, limits of each weight and of the number of KPIs."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kpiapp.models.fields import weight_field
from kpiapp.tenancy import OrganizationModel
from scorecards.choices import LimitRule, WeightRule


class CardRules(OrganizationModel):
    """One row per organization; without one the defaults hold."""

    weights = models.CharField(
        _("Weights that do not make 100"), max_length=10, choices=WeightRule.choices, default=WeightRule.STRICT
    )
    limits = models.CharField(
        _("A card outside the limits"), max_length=10, choices=LimitRule.choices, default=LimitRule.WARN
    )
    weight_least = weight_field(verbose_name=_("Least weight of a KPI"), default=Decimal(5))
    weight_most = weight_field(verbose_name=_("Greatest weight of a KPI"), default=Decimal(40))
    kpis_least = models.PositiveSmallIntegerField(_("Fewest KPIs on a card"), default=5)
    kpis_most = models.PositiveSmallIntegerField(_("Most KPIs on a card"), default=12)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization"], name="card_rules_once"),
            models.CheckConstraint(
                condition=Q(weight_least__gte=0, weight_least__lte=F("weight_most"), weight_most__lte=100),
                name="card_rules_weights",
            ),
            models.CheckConstraint(
                condition=Q(kpis_least__gte=1, kpis_least__lte=F("kpis_most")), name="card_rules_kpis"
            ),
        ]

    def __str__(self):
        return str(_("Card rules"))


def card_rules() -> CardRules:
    """The rules of the organization whose scope is open; the defaults when it has set none. One query."""
    return CardRules.objects.first() or CardRules()

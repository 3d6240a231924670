"""Ready-made cards of the organization's own: sets of KPIs with weights, kept for a position or for anyone."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kpiapp.models import Member, Position
from kpiapp.models.fields import weight_field
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel
from kpiapp.text import KeyField, sort_key
from strategy.models.kpi import KpiDefinition


class CardTemplate(OrganizationModel):
    """A ready-made card; its KPIs are given in the version that is current when it is used."""

    name = models.CharField(_("Name"), max_length=200)
    position = OrganizationForeignKey(Position, null=True, blank=True, indexed=False)
    is_active = models.BooleanField(default=True)
    sort_key = KeyField(key=sort_key)
    created_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["sort_key"]
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="card_template_name_once")]

    def __str__(self):
        return self.name


class CardTemplateItem(OrganizationModel):
    """One KPI of a ready-made card and its share of 100."""

    template = OrganizationForeignKey(CardTemplate, on_delete=models.CASCADE, related_name="items", indexed=False)
    definition = OrganizationForeignKey(KpiDefinition, on_delete=models.CASCADE, indexed=False)
    weight = weight_field()
    place = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["place", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "template", "definition"], name="card_template_item_once"),
            models.CheckConstraint(condition=Q(weight__gte=0, weight__lte=100), name="card_template_item_weight"),
        ]

    def __str__(self):
        return f"{self.definition_id}: {self.weight}"

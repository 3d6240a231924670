"""The strategy map: perspectives, objectives and what drives what."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kpiapp.models import Member
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel
from kpiapp.text import KeyField, search_key
from strategy.choices import LinkStrength, MapState, PerspectiveKind


class Perspective(OrganizationModel):
    """A lane of the map. An empty name stands for the usual one, in the reader's language."""

    kind = models.CharField(max_length=20, choices=PerspectiveKind.choices)
    name = models.CharField(_("Name"), max_length=100, blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "position"],
                name="perspective_position_once",
                deferrable=models.Deferrable.DEFERRED,
            )
        ]

    def __str__(self):
        return self.label

    @property
    def label(self) -> str:
        """Own name, else the usual one in the reader's language."""
        return self.name or str(PerspectiveKind(self.kind).label)


class StrategyMap(OrganizationModel):
    """A strategy written down. At most one is published."""

    name = models.CharField(_("Name"), max_length=200)
    vision = models.TextField(_("Vision"), blank=True)
    mission = models.TextField(_("Mission"), blank=True)
    state = models.CharField(max_length=10, choices=MapState.choices, default=MapState.DRAFT)
    is_arranged = models.BooleanField(default=False, help_text="Somebody chose the order; else the drawing does.")
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization"], condition=Q(state=MapState.PUBLISHED), name="strategy_map_one_published"
            ),
            models.CheckConstraint(
                condition=~Q(state=MapState.PUBLISHED) | Q(published_at__isnull=False), name="strategy_map_published_at"
            ),
        ]

    def __str__(self):
        return self.name


class Objective(OrganizationModel):
    """What the organization wants to reach, in one lane of a map."""

    map = OrganizationForeignKey(StrategyMap, on_delete=models.CASCADE, related_name="objectives")
    perspective = OrganizationForeignKey(Perspective)
    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Objective"), max_length=200)
    description = models.TextField(_("Description"), blank=True)
    theme = models.CharField(_("Theme"), max_length=100, blank=True)
    owner = OrganizationForeignKey(Member, null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="Left to right in its lane.")
    search_key = KeyField(key=search_key)

    class Meta:
        ordering = ["perspective__position", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["organization", "map", "code"], name="objective_code_once")]

    def __str__(self):
        return self.name


class CauseLink(OrganizationModel):
    """One objective drives another, this strongly, after this many months."""

    map = OrganizationForeignKey(StrategyMap, on_delete=models.CASCADE, related_name="links")
    source = OrganizationForeignKey(Objective, on_delete=models.CASCADE, related_name="effects")
    target = OrganizationForeignKey(Objective, on_delete=models.CASCADE, related_name="causes")
    strength = models.CharField(max_length=10, choices=LinkStrength.choices, default=LinkStrength.MEDIUM)
    lag_months = models.PositiveSmallIntegerField(_("Months until the effect shows"), default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "source", "target"], name="cause_link_once"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="cause_link_not_itself"),
        ]

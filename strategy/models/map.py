"""The strategy map: perspectives, objectives and what drives what."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kpiapp.constraints import append_only
from kpiapp.models import Member
from kpiapp.tenancy import OrganizationForeignKey, OrganizationManager, OrganizationModel, OrganizationQuerySet
from kpiapp.text import KeyField, search_key
from strategy.choices import LinkStrength, MapState, PerspectiveKind


class Perspective(OrganizationModel):
    """A lane of the map. An empty name stands for the usual one, in the reader's language.

    Lanes belong to the organization, since KPIs name them too. One that was taken off the map stays for what is past.
    """

    kind = models.CharField(max_length=20, choices=PerspectiveKind.choices)
    name = models.CharField(_("Name"), max_length=100, blank=True)
    position = models.PositiveSmallIntegerField()
    is_active = models.BooleanField(default=True)

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
    """A strategy written down. At most one is published, and it keeps its rows for life.

    It is changed through a draft: a copy of it that publishing writes back. Archived ones are of the time before that.
    """

    # What a draft takes from the published map and gives back.
    WRITTEN = ("name", "vision", "mission", "core_values", "is_arranged")

    name = models.CharField(_("Name"), max_length=200)
    vision = models.TextField(_("Vision"), blank=True)
    mission = models.TextField(_("Mission"), blank=True)
    core_values = models.TextField(_("Values"), blank=True)
    state = models.CharField(max_length=10, choices=MapState.choices, default=MapState.DRAFT)
    draft_of = OrganizationForeignKey(
        "strategy.StrategyMap", null=True, blank=True, indexed=False, help_text="The published map this draft changes."
    )
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
            models.UniqueConstraint(fields=["organization", "draft_of"], name="strategy_map_one_draft"),
            models.CheckConstraint(
                condition=Q(draft_of__isnull=True) | Q(state=MapState.DRAFT), name="strategy_map_draft_of_is_draft"
            ),
        ]

    def __str__(self):
        return self.name


class MapVersion(OrganizationModel):
    """The published map as it was made public one time. Never changed."""

    map = OrganizationForeignKey(StrategyMap, related_name="versions")
    number = models.PositiveIntegerField()
    published_at = models.DateTimeField()
    published_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    note = models.CharField(_("What is new"), max_length=500, blank=True)
    content = models.JSONField(help_text="Lanes, objectives and links; strategy.snapshots writes and reads it.")

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "map", "number"], name="map_version_number_once"),
            append_only("map_version_append_only"),
        ]

    def __str__(self):
        return f"{self.map} {self.number}"


class ObjectiveQuerySet(OrganizationQuerySet):
    """Objectives that count now."""

    def standing(self):
        """Without those that were taken off their map."""
        return self.filter(retired_at=None)

    def published(self):
        """Those on the map that everybody sees."""
        return self.standing().filter(map__state=MapState.PUBLISHED)


class Objective(OrganizationModel):
    """What the organization wants to reach, in one lane of a map. Taken off the map it is retired, never deleted."""

    # What a draft's copy takes from the published objective and gives back.
    WRITTEN = ("name", "description", "theme", "owner_id", "perspective_id", "position")

    map = OrganizationForeignKey(StrategyMap, on_delete=models.CASCADE, related_name="objectives")
    perspective = OrganizationForeignKey(Perspective)
    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Objective"), max_length=200)
    description = models.TextField(_("Description"), blank=True)
    theme = models.CharField(_("Theme"), max_length=100, blank=True)
    owner = OrganizationForeignKey(Member, null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="Left to right in its lane.")
    stands_for = OrganizationForeignKey(
        "strategy.Objective", null=True, blank=True, indexed=False, help_text="The published one this copy changes."
    )
    retired_at = models.DateTimeField(null=True, blank=True)
    search_key = KeyField(key=search_key)

    objects = OrganizationManager.from_queryset(ObjectiveQuerySet)()

    class Meta:
        ordering = ["perspective__position", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "map", "code"], name="objective_code_once"),
            models.UniqueConstraint(fields=["organization", "stands_for"], name="objective_stands_for_once"),
        ]

    def __str__(self):
        return self.name


class CauseLinkQuerySet(OrganizationQuerySet):
    """Links that count now."""

    def standing(self):
        """Without those of objectives that were taken off the map, which come back with them."""
        return self.filter(source__retired_at=None, target__retired_at=None)


class CauseLink(OrganizationModel):
    """One objective drives another, this strongly, after this many months."""

    map = OrganizationForeignKey(StrategyMap, on_delete=models.CASCADE, related_name="links")
    source = OrganizationForeignKey(Objective, on_delete=models.CASCADE, related_name="effects")
    target = OrganizationForeignKey(Objective, on_delete=models.CASCADE, related_name="causes")
    strength = models.CharField(max_length=10, choices=LinkStrength.choices, default=LinkStrength.MEDIUM)
    lag_months = models.PositiveSmallIntegerField(_("Months until the effect shows"), default=0)

    objects = OrganizationManager.from_queryset(CauseLinkQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "source", "target"], name="cause_link_once"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="cause_link_not_itself"),
        ]

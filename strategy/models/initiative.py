"""Initiatives: what is done so that objectives are reached, with dates, money and milestones."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kpiapp.constraints import append_only
from kpiapp.models import Member
from kpiapp.models.fields import money_field
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel
from kpiapp.text import KeyField, search_key
from strategy.choices import InitiativeState
from strategy.models.kpi import KpiDefinition
from strategy.models.map import Objective


class Initiative(OrganizationModel):
    """A piece of work with an owner, a stretch of time and a budget, that serves objectives and KPIs."""

    name = models.CharField(_("Initiative"), max_length=200)
    description = models.TextField(_("Description"), blank=True)
    owner = OrganizationForeignKey(Member, null=True, blank=True)
    starts_on = models.DateField(_("Starts on"))
    due_on = models.DateField(_("Due on"))
    budget_amount = money_field(verbose_name=_("Budget"), null=True, blank=True)
    # What was carried over from before bookings, and all bookings since.
    spent_amount = money_field(verbose_name=_("Spent"), default=0)
    state = models.CharField(max_length=10, choices=InitiativeState.choices, default=InitiativeState.PLANNED)
    done_on = models.DateField(null=True, blank=True)
    # Typed while there are no milestones; with them their share counts.
    progress_percent = models.PositiveSmallIntegerField(_("Progress, %"), default=0)
    search_key = KeyField(key=search_key)
    created_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(due_on__gte=F("starts_on")), name="initiative_dates"),
            models.CheckConstraint(condition=Q(progress_percent__lte=100), name="initiative_progress"),
            models.CheckConstraint(
                condition=Q(state=InitiativeState.DONE) ^ Q(done_on=None), name="initiative_done_on"
            ),
            models.CheckConstraint(
                condition=(Q(budget_amount=None) | Q(budget_amount__gte=0)) & Q(spent_amount__gte=0),
                name="initiative_money",
            ),
        ]

    def __str__(self):
        return self.name


class Milestone(OrganizationModel):
    """A step of an initiative that is reached or not."""

    initiative = OrganizationForeignKey(Initiative, on_delete=models.CASCADE, related_name="milestones")
    name = models.CharField(_("Milestone"), max_length=200)
    due_on = models.DateField(_("Due on"))
    done_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["due_on", "id"]

    def __str__(self):
        return self.name


class InitiativeBooking(OrganizationModel):
    """Money that an initiative cost on a day; a negative amount takes some back. Never changed."""

    initiative = OrganizationForeignKey(Initiative, related_name="bookings")
    booked_on = models.DateField(_("Day"))
    amount = money_field(verbose_name=_("Amount"))
    note = models.CharField(_("What for"), max_length=200)
    booked_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-booked_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="initiative_booking_amount"),
            append_only("initiative_booking_append_only"),
        ]

    def __str__(self):
        return self.note


class InitiativeWait(OrganizationModel):
    """An initiative begins when another one is done."""

    initiative = OrganizationForeignKey(Initiative, on_delete=models.CASCADE, related_name="waits")
    waits_for = OrganizationForeignKey(Initiative, on_delete=models.CASCADE, related_name="followers")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "initiative", "waits_for"], name="initiative_wait_once"),
            models.CheckConstraint(condition=~Q(initiative=F("waits_for")), name="initiative_wait_not_itself"),
        ]


class InitiativeObjective(OrganizationModel):
    """An initiative serves an objective."""

    initiative = OrganizationForeignKey(Initiative, on_delete=models.CASCADE, related_name="objective_links")
    objective = OrganizationForeignKey(Objective, on_delete=models.CASCADE, related_name="initiative_links")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "initiative", "objective"], name="initiative_objective_once"
            )
        ]


class InitiativeKpi(OrganizationModel):
    """An initiative is meant to move a KPI."""

    initiative = OrganizationForeignKey(Initiative, on_delete=models.CASCADE, related_name="kpi_links")
    kpi = OrganizationForeignKey(KpiDefinition, on_delete=models.CASCADE, related_name="initiative_links")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "initiative", "kpi"], name="initiative_kpi_once")
        ]

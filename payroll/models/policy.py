"""Effective-dated rules of pay: bonus tiers, amounts of positions, coefficients of persons."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kpiapp.constraints import Trigger
from kpiapp.models import DatedQuerySet, Job, Member, Position, no_overlap
from kpiapp.models.fields import coefficient_field, money_field, percent_field
from kpiapp.tenancy import OrganizationForeignKey, OrganizationManager, OrganizationModel, OrganizationOneToOneField
from scorecards.models import Scorecard


class TierTable(OrganizationModel):
    """Which score earns which coefficient, from a day on. Counts once another person has approved it."""

    name = models.CharField(_("Name"), max_length=200)
    valid_from = models.DateField(_("In force from"))
    valid_to = models.DateField(null=True, blank=True)
    made_by = OrganizationForeignKey(Member, null=True, indexed=False)
    made_at = models.DateTimeField(auto_now_add=True)
    approved_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    approved_at = models.DateTimeField(null=True, blank=True)

    objects = OrganizationManager.from_queryset(DatedQuerySet)()

    class Meta:
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("made_by")) | Q(made_by=None),
                name="tier_table_second_person",
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="tier_table_range"
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | Q(approved_at__isnull=False), name="tier_table_approved_at"
            ),
            no_overlap("tier_table_no_overlap", condition=Q(approved_at__isnull=False)),
            Trigger(
                name="tier_table_frozen",
                events="UPDATE OR DELETE",
                condition=(
                    "OLD.approved_at IS NOT NULL AND (TG_OP = 'DELETE' OR (NEW.name, NEW.valid_from, NEW.made_by_id, "
                    "NEW.approved_by_id, NEW.approved_at) IS DISTINCT FROM (OLD.name, OLD.valid_from, OLD.made_by_id, "
                    "OLD.approved_by_id, OLD.approved_at))"
                ),
                message="An approved tier table is never changed: make a new one.",
            ),
        ]

    def __str__(self):
        return self.name


class Tier(OrganizationModel):
    """A step of a tier table: from this percent on, this coefficient."""

    table = OrganizationForeignKey(TierTable, on_delete=models.CASCADE, related_name="tiers", indexed=False)
    code = models.CharField(_("Tier"), max_length=20)
    at_least = percent_field(verbose_name=_("From, %"))
    coefficient = coefficient_field(verbose_name=_("Coefficient"))

    class Meta:
        ordering = ["-at_least"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "table", "at_least"], name="tier_threshold_once"),
            models.UniqueConstraint(fields=["organization", "table", "code"], name="tier_code_once"),
            models.CheckConstraint(condition=Q(coefficient__gte=0), name="tier_coefficient_not_negative"),
            models.CheckConstraint(condition=Q(at_least__gte=0), name="tier_threshold_not_negative"),
            Trigger(
                name="tier_frozen",
                events="INSERT OR UPDATE OR DELETE",
                condition=(
                    "EXISTS (SELECT 1 FROM payroll_tiertable t WHERE t.approved_at IS NOT NULL "
                    "AND t.id IN (OLD.table_id, NEW.table_id))"
                ),
                message="The rows of an approved tier table are never changed: make a new one.",
            ),
        ]


class CardTier(OrganizationModel):
    """The tier a person's card would earn if the period ended now; derived, rebuilt by the night."""

    scorecard = OrganizationOneToOneField(Scorecard, primary_key=True, related_name="tier")
    code = models.CharField(max_length=20, blank=True)
    coefficient = coefficient_field(null=True)
    previous_code = models.CharField(max_length=20, blank=True)
    changed_by = OrganizationForeignKey(Job, null=True, on_delete=models.SET_NULL, indexed=False)


class RateQuerySet(DatedQuerySet):
    """Rates count once another person has approved them."""

    def in_force(self, day):
        """The approved rates of a day."""
        return self.on(day).exclude(approved_at=None)

    def waiting(self):
        """Rates that were proposed and not approved yet."""
        return self.filter(approved_at=None)


def _second_person(name: str) -> models.CheckConstraint:
    """Whoever proposed a rate never approves it."""
    return models.CheckConstraint(
        condition=Q(approved_by=None) | ~Q(approved_by=F("made_by")) | Q(made_by=None), name=name
    )


class PositionPay(OrganizationModel):
    """P1 of a position, and what its KPI pay is at target, from a day on; counts once another person approved it."""

    position = OrganizationForeignKey(Position, on_delete=models.CASCADE, related_name="pay_rows")
    p1_amount = money_field(verbose_name=_("P1, monthly"))
    p3_target_amount = money_field(verbose_name=_("KPI pay at target"))
    valid_from = models.DateField(_("In force from"))
    valid_to = models.DateField(null=True, blank=True)
    made_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    made_at = models.DateTimeField(default=timezone.now)
    approved_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    approved_at = models.DateTimeField(null=True, blank=True)

    objects = OrganizationManager.from_queryset(RateQuerySet)()

    class Meta:
        constraints = [
            no_overlap("position_pay_no_overlap", "position", condition=Q(approved_at__isnull=False)),
            _second_person("position_pay_second_person"),
            models.UniqueConstraint(
                fields=["organization", "position", "valid_from"],
                condition=Q(approved_at=None),
                name="position_pay_waits_once",
            ),
            models.CheckConstraint(
                condition=Q(p1_amount__gte=0, p3_target_amount__gte=0), name="position_pay_positive"
            ),
        ]


class MemberPay(OrganizationModel):
    """P2 of a person as a coefficient, and own amounts where they differ from the position's; counts once approved."""

    member = OrganizationForeignKey(Member, on_delete=models.CASCADE, related_name="pay_rows")
    p2_coefficient = coefficient_field(verbose_name=_("P2 coefficient"), default=Decimal(1))
    p1_amount = money_field(verbose_name=_("P1, monthly"), null=True, blank=True)
    p3_target_amount = money_field(verbose_name=_("KPI pay at target"), null=True, blank=True)
    valid_from = models.DateField(_("In force from"))
    valid_to = models.DateField(null=True, blank=True)
    made_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    made_at = models.DateTimeField(default=timezone.now)
    approved_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    approved_at = models.DateTimeField(null=True, blank=True)

    objects = OrganizationManager.from_queryset(RateQuerySet)()

    class Meta:
        constraints = [
            no_overlap("member_pay_no_overlap", "member", condition=Q(approved_at__isnull=False)),
            _second_person("member_pay_second_person"),
            models.UniqueConstraint(
                fields=["organization", "member", "valid_from"],
                condition=Q(approved_at=None),
                name="member_pay_waits_once",
            ),
            models.CheckConstraint(
                condition=Q(p2_coefficient__gte=0)
                & (Q(p1_amount=None) | Q(p1_amount__gte=0))
                & (Q(p3_target_amount=None) | Q(p3_target_amount__gte=0)),
                name="member_pay_positive",
            ),
        ]

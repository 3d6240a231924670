"""Scorecards: who is measured in a period, by which KPIs, with which weights and targets."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kpiapp.constraints import AfterStatement
from kpiapp.models import Department, Member, Period
from kpiapp.models.fields import value_field, weight_field
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel
from scorecards.choices import CardState, ChangeMode, ChangeState, OwnerKind
from scorecards.models.owner import one_owner
from strategy.choices import ScoringMethod
from strategy.models import KpiVersion

_TOUCH = "INSERT INTO scorecards_cardtouch (organization_id, card_id) SELECT DISTINCT organization_id, {} FROM {}"
# A line whose facts are the same before and after stands there twice.
_LINES_CHANGED = """(
    SELECT organization_id, scorecard_id FROM (TABLE gone UNION ALL TABLE come) line
    GROUP BY organization_id, scorecard_id, id, kpi_id, weight, method, is_scored, target IS NULL HAVING count(*) = 1
) line"""


class CardTouch(OrganizationModel):
    """A card is new, or what its lines are judged by was touched: written by triggers, taken away by the night.

    Only ever added to, one for each statement: taking one away never takes away that of an edit not yet committed. No
    reference to the card, which may be deleted in the transaction that touched it.
    """

    card_id = models.BigIntegerField()


class Scorecard(OrganizationModel):
    """The card of the organization, a department or a person for one period."""

    period = OrganizationForeignKey(Period)
    owner_kind = models.CharField(max_length=12, choices=OwnerKind.choices)
    department = OrganizationForeignKey(Department, null=True, blank=True)
    member = OrganizationForeignKey(Member, null=True, blank=True)
    state = models.CharField(max_length=10, choices=CardState.choices, default=CardState.DRAFT)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    agreed_at = models.DateTimeField(null=True, blank=True)
    agreed_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            one_owner("scorecard_one_owner"),
            models.UniqueConstraint(
                fields=["organization", "period", "owner_kind", "department", "member"],
                nulls_distinct=False,
                name="scorecard_once",
            ),
            models.CheckConstraint(condition=Q(state=CardState.AGREED) ^ Q(agreed_at=None), name="scorecard_agreed_at"),
            AfterStatement(name="scorecard_new_touch", event="INSERT", sql=_TOUCH.format("id", "come")),
        ]

    def __str__(self):
        return self.owner_name

    @property
    def owner_name(self) -> str:
        """Name of the person, department or organization (load it with the card)."""
        return (self.member or self.department or self.organization).name

    @property
    def is_agreed(self) -> bool:
        """Whether weights and targets are frozen."""
        return self.state == CardState.AGREED


class ScorecardLine(OrganizationModel):
    """One KPI on a card: its version, weight, target and baseline for the card's period."""

    scorecard = OrganizationForeignKey(Scorecard, on_delete=models.CASCADE, related_name="lines")
    kpi = OrganizationForeignKey(KpiVersion, related_name="lines")
    position = models.PositiveSmallIntegerField(default=0)
    weight = weight_field(verbose_name=_("Weight"))
    target = value_field(verbose_name=_("Target"), null=True, blank=True)
    baseline = value_field(verbose_name=_("Baseline"), null=True, blank=True)
    # Empty: as the KPI version says. Set: agreed for this line alone.
    method = models.CharField(max_length=20, choices=ScoringMethod.choices, blank=True)
    params = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    is_scored = models.BooleanField(default=True)
    waived_reason = models.TextField(blank=True)
    waived_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    wiped_out_reason = models.TextField(blank=True, help_text="A severe violation: the line counts 0.")
    wiped_out_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    in_segments = models.BooleanField(default=False, help_text="Scored in the segments of LineSegment.")
    # The cascade as it holds in the card's period (scorecards.recompute.cascade sets them; a lock freezes them).
    owned = OrganizationForeignKey("scorecards.OwnedKpi", null=True, on_delete=models.SET_NULL, indexed=False)
    takes_children = models.BooleanField(default=False, help_text="Its actual adds up from below.")
    feeds_above = models.BooleanField(default=False, help_text="Its actual adds up into another.")

    class Meta:
        ordering = ["scorecard_id", "position", "id"]
        indexes = [
            models.Index(fields=["organization", "owned"], condition=Q(owned__isnull=False), name="line_in_cascade")
        ]
        constraints = [
            models.UniqueConstraint(fields=["organization", "scorecard", "kpi"], name="line_kpi_once"),
            models.CheckConstraint(condition=Q(weight__gte=0, weight__lte=100), name="line_weight_range"),
            AfterStatement(name="line_new_touch", event="INSERT", sql=_TOUCH.format("scorecard_id", "come")),
            AfterStatement(name="line_touch", event="UPDATE", sql=_TOUCH.format("scorecard_id", _LINES_CHANGED)),
            AfterStatement(name="line_gone_touch", event="DELETE", sql=_TOUCH.format("scorecard_id", "gone")),
        ]

    def __str__(self):
        return self.kpi.name


class LineSegment(OrganizationModel):
    """What holds for a line from a day to the next segment or the end of its period; the last one holds today.

    Only lines that changed inside their period have any. The line itself carries the values of the last segment, and
    as its weight the mean by working days.
    """

    line = OrganizationForeignKey(ScorecardLine, on_delete=models.CASCADE, related_name="segments", indexed=False)
    starts_on = models.DateField()
    kpi = OrganizationForeignKey(KpiVersion, indexed=False)
    weight = weight_field()
    target = value_field(null=True, blank=True)
    baseline = value_field(null=True, blank=True)
    method = models.CharField(max_length=20, choices=ScoringMethod.choices, blank=True)
    params = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["line_id", "starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "line", "starts_on"], name="line_segment_once"),
            models.CheckConstraint(condition=Q(weight__gte=0, weight__lte=100), name="line_segment_weight_range"),
        ]


class ChangeRequest(OrganizationModel):
    """A wish to change an agreed line: old and new values, reason, effective date, decided by a second person."""

    line = OrganizationForeignKey(ScorecardLine, on_delete=models.CASCADE, related_name="change_requests")
    changes = models.JSONField(encoder=DjangoJSONEncoder, help_text='{"target": {"old": "10", "new": "12"}}')
    reason = models.TextField()
    effective_on = models.DateField()
    mode = models.CharField(max_length=10, choices=ChangeMode.choices, default=ChangeMode.SEGMENTS)
    state = models.CharField(max_length=10, choices=ChangeState.choices, default=ChangeState.REQUESTED)
    requested_by = OrganizationForeignKey(Member, indexed=False)
    requested_at = models.DateTimeField(auto_now_add=True)
    decided_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")) | Q(state=ChangeState.WITHDRAWN),
                name="change_request_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state=ChangeState.REQUESTED, decided_at=None)
                | ~Q(state=ChangeState.REQUESTED) & Q(decided_at__isnull=False),
                name="change_request_decided_at",
            ),
            models.UniqueConstraint(
                fields=["organization", "line"],
                condition=Q(state=ChangeState.REQUESTED),
                name="change_request_one_open",
            ),
        ]

"""Early warnings: something that needs a person, who has until a day to do something about it."""

import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kpiapp.models import Member, Period
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel
from scorecards.choices import WarningEnd, WarningKind, WarningState
from scorecards.models.scorecard import Scorecard, ScorecardLine
from strategy.models import KpiDefinition, Objective

_TARGETS = ("scorecard", "objective", "kpi")


def _only(target: str) -> Q:
    """One target and none of the others."""
    return Q(**{f"{name}__isnull": name != target for name in _TARGETS})


class EarlyWarning(OrganizationModel):
    """Something that needs a person: who, since when, until when; open until its cause is gone.

    It is about a card, perhaps one of its lines, or about an objective or a KPI of the company. An answer, or a reason
    why it can wait, puts it to rest until its day; a night that finds it still true after that opens it again.
    """

    kind = models.CharField(max_length=20, choices=WarningKind.choices)
    period = OrganizationForeignKey(Period, null=True, on_delete=models.CASCADE, indexed=False)
    scorecard = OrganizationForeignKey(Scorecard, null=True, on_delete=models.CASCADE)
    line = OrganizationForeignKey(ScorecardLine, null=True, on_delete=models.CASCADE, indexed=False)
    objective = OrganizationForeignKey(Objective, null=True, on_delete=models.CASCADE, indexed=False)
    kpi = OrganizationForeignKey(KpiDefinition, null=True, on_delete=models.CASCADE, indexed=False)
    owner = OrganizationForeignKey(Member, null=True, on_delete=models.SET_NULL)
    state = models.CharField(max_length=10, choices=WarningState.choices, default=WarningState.OPEN)
    opened_on = models.DateField()
    due_on = models.DateField(null=True)
    answer = models.TextField(blank=True, help_text="What is done about it, or why it can wait.")
    answered_by = OrganizationForeignKey(Member, null=True, on_delete=models.SET_NULL, indexed=False)
    answered_at = models.DateTimeField(null=True)
    reopened_on = models.DateField(null=True, help_text="The last night on which its answer had not helped.")
    closed_on = models.DateField(_("Closed on"), null=True)
    closed_reason = models.CharField(max_length=10, choices=WarningEnd.choices, blank=True)

    class Meta:
        ordering = ["-opened_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "scorecard", "line", "objective", "kpi"],
                condition=Q(closed_on=None),
                nulls_distinct=False,
                name="early_warning_one_open",
            ),
            models.CheckConstraint(
                condition=_only("scorecard") | _only("objective") | _only("kpi"), name="early_warning_one_target"
            ),
            models.CheckConstraint(
                condition=Q(scorecard=None, period=None, line=None) | Q(scorecard__isnull=False, period__isnull=False),
                name="early_warning_of_a_period",
            ),
            models.CheckConstraint(
                condition=Q(state=WarningState.OPEN)
                | ~Q(answer="") & Q(answered_at__isnull=False, due_on__isnull=False),
                name="early_warning_answered",
            ),
        ]

    def is_overdue(self, on: datetime.date) -> bool:
        """Whether somebody should have done something by now."""
        return self.closed_on is None and self.due_on is not None and self.due_on < on

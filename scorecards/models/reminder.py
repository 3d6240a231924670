"""When an organization reminds of values that are not there: before and after the last day of a period, and whom."""

from django.db import models

from kpiapp.tenancy import OrganizationModel
from scorecards.choices import RemindWho

# Days before (−) and after the last day of a period: its owner, then their manager, then the head of the department.
DEFAULT_LADDER: dict[str, list[int]] = {RemindWho.OWNER: [-3, 0, 1], RemindWho.MANAGER: [3], RemindWho.HEAD: [7]}


class ReminderLadder(OrganizationModel):
    """The ladder of an organization; without a row the usual one holds. Who has no step is not reminded."""

    steps = models.JSONField(default=dict, help_text='{"owner": [-3, 0, 1], "manager": [3], "head": [7]}')

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization"], name="reminder_ladder_once")]


def ladder() -> dict[str, list[int]]:
    """The steps that hold in the current organization, by who is reminded."""
    row = ReminderLadder.objects.first()
    return row.steps if row else DEFAULT_LADDER

"""When an organization reminds of values that are not there: before and after the last day of a period, and whom."""

from django.db import models

from kpiapp.tenancy import OrganizationModel
from scorecards.choices import CLOCK_DAYS, RemindWho

# Days before (−) and after the last day of a period: its owner, then their manager, then the head of the department.
DEFAULT_LADDER: dict[str, list[int]] = {RemindWho.OWNER: [-3, 0, 1], RemindWho.MANAGER: [3], RemindWho.HEAD: [7]}


class ReminderLadder(OrganizationModel):
    """The ladder and the clocks of an organization; without a row the usual ones hold.

    Who has no step is not reminded; a kind of warning without a clock of its own has the usual one.
    """

    steps = models.JSONField(default=dict, help_text='{"owner": [-3, 0, 1], "manager": [3], "head": [7]}')
    clocks = models.JSONField(default=dict, help_text='Days until a warning is due, by kind: {"late": 2}')

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization"], name="reminder_ladder_once")]


def clock_days() -> dict[str, int]:
    """How many days whoever owns a warning has in the current organization, by kind."""
    row = ReminderLadder.objects.first()
    return {kind.value: (row.clocks if row else {}).get(kind.value, days) for kind, days in CLOCK_DAYS.items()}


def ladder() -> dict[str, list[int]]:
    """The steps that hold in the current organization, by who is reminded."""
    row = ReminderLadder.objects.first()
    return row.steps if row and row.steps else DEFAULT_LADDER

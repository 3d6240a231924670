"""Vocabulary of pay, and which state may follow which."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RunState(TextChoices):
    """Life of a pay run. Any edit voids approvals; nothing changes after the lock."""

    DRAFT = "draft", _("Draft")
    CALCULATED = "calculated", _("Calculated")
    SUBMITTED = "submitted", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    LOCKED = "locked", _("Locked")


RUN_TRANSITIONS = {
    RunState.DRAFT: {RunState.CALCULATED},
    RunState.CALCULATED: {RunState.CALCULATED, RunState.SUBMITTED},
    RunState.SUBMITTED: {RunState.CALCULATED, RunState.APPROVED},
    RunState.APPROVED: {RunState.CALCULATED, RunState.LOCKED},
    RunState.LOCKED: set(),
}


class RunKind(TextChoices):
    """What a run pays; one of a kind per period."""

    REGULAR = "regular", _("Monthly pay")


class ExportFormat(TextChoices):
    """Formats of the payroll file."""

    XLSX = "xlsx", "XLSX"
    CSV = "csv", "CSV"
    CSV_RAW = "csv_raw", _("CSV, strict raw")

    @property
    def extension(self) -> str:
        """How the name of such a file ends."""
        return "xlsx" if self == ExportFormat.XLSX else "csv"


class PayFlag(TextChoices):
    """Why a line needs a look before the run is approved; a line carries the first that holds, in this order."""

    NO_RATE = "no_rate", _("No pay set for the position")
    NO_SCORE = "no_score", _("No KPI score")
    PROVISIONAL = "provisional", _("Provisional: too little of the weight is measured")
    PART_MONTH = "part_month", _("Joined or left in the month")
    MOVED = "moved", _("Changed department or position in the month")


class NoScore(TextChoices):
    """Why a person has no score to be paid by. Absence is a state, never a zero."""

    NO_CARD = "no_card", _("there is no scorecard for the month")
    NOT_AGREED = "not_agreed", _("the scorecard is not agreed")
    BLOCKED = "blocked", _("a required KPI has no entry")
    NOT_MEASURED = "not_measured", _("no KPI has an entry that counts")

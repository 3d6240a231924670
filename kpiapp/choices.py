"""Vocabulary of the core app."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class LongPeriods(TextChoices):
    """How the score of several months together is found."""

    RECOMPUTE = "recompute", _("From the actual and the target of all months together")
    AVERAGE = "average", _("Mean of the months' scores")


class CsvDelimiter(TextChoices):
    """What stands between the values of a CSV file: spreadsheets of a country with decimal commas expect semicolons."""

    COMMA = "comma", _("Comma")
    SEMICOLON = "semicolon", _("Semicolon")
    TAB = "tab", _("Tab")

    @property
    def sign(self) -> str:
        """The character itself."""
        return {"comma": ",", "semicolon": ";", "tab": "\t"}[self.value]


class Language(TextChoices):
    """Languages of the interface."""

    VIETNAMESE = "vi", "Tiếng Việt"
    ENGLISH = "en", "English"


class Role(TextChoices):
    """What a person may be in an organization. Employee and manager follow from the org tree, the rest is granted."""

    OWNER = "owner", _("Owner")
    HR = "hr", _("HR")
    STRATEGY = "strategy", _("Strategy office")
    MANAGER = "manager", _("Manager")
    EMPLOYEE = "employee", _("Employee")
    PAYROLL_MAKER = "payroll_maker", _("Payroll officer")
    PAYROLL_APPROVER = "payroll_approver", _("Payroll approver")
    AUDITOR = "auditor", _("Auditor")
    PAY_READER = "pay_reader", _("Reader of pay")
    API = "api", _("API client")


# Grants that open pay: they have an end, and a second person has to confirm them before they count.
PAY_ROLES = frozenset({Role.PAYROLL_MAKER, Role.PAYROLL_APPROVER, Role.PAY_READER})
GRANTED_ROLES = frozenset({Role.OWNER, Role.HR, Role.STRATEGY, Role.AUDITOR}) | PAY_ROLES


class Scope(TextChoices):
    """How far a permission reaches, narrow to wide."""

    SELF = "self", _("Oneself")
    TEAM = "team", _("Own team, down the tree")
    ALL = "all", _("Whole organization")


class PeriodKind(TextChoices):
    """Lengths of a period."""

    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    HALF_YEAR = "half_year", _("Half-year")
    YEAR = "year", _("Year")


class PeriodState(TextChoices):
    """A locked period takes no entry; its scores are compared, never written."""

    OPEN = "open", _("Open")
    LOCKED = "locked", _("Locked")


class ReopeningState(TextChoices):
    """Life of a wish to reopen a period: another person than who asked decides; who asked may take it back."""

    WAITING = "waiting", _("Waiting for a second person")
    REOPENED = "reopened", _("Reopened")
    DECLINED = "declined", _("Declined")


class JobState(TextChoices):
    """Life of a piece of background work."""

    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    WAITING = "waiting", _("Running in parts")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


LIVE_JOB_STATES = (JobState.QUEUED, JobState.RUNNING, JobState.WAITING)


class ImportState(TextChoices):
    """Life of an uploaded file."""

    UPLOADED = "uploaded", _("Uploaded")
    CHECKED = "checked", _("Checked")
    APPLIED = "applied", _("Applied")
    UNDONE = "undone", _("Undone")
    FAILED = "failed", _("Failed")


class DigestRhythm(TextChoices):
    """How often what waits is mailed."""

    OFF = "off", _("No mail")
    DAILY = "daily", _("Once a day")
    WEEKLY = "weekly", _("Once a week")


class Weekday(IntegerChoices):
    """Days of a week, as datetime counts them."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class MailState(TextChoices):
    """What became of a mail. One that was cut short stays “sending”: a person decides, nobody sends it twice."""

    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not sent")


class RowOutcome(TextChoices):
    """What a row of an imported file did, or would do."""

    CREATE = "create", _("New")
    UPDATE = "update", _("Changed")
    SAME = "same", _("Unchanged")
    ERROR = "error", _("Error")

"""The working calendar of an organization: its week, and the days that differ from it."""

import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Subquery
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp import calendars, public_holidays
from kpiapp.models.fields import day_share_field
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel


def usual_week() -> list:
    """Monday to Friday, as a new calendar has it."""
    return list(calendars.USUAL_WEEK)


class CompanyCalendar(OrganizationModel):
    """How much of each weekday is worked, Monday first, and whose public holidays are kept."""

    week = ArrayField(day_share_field(), size=calendars.DAYS_OF_A_WEEK, default=usual_week)
    country = models.CharField(max_length=2, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization"], name="calendar_one_per_organization"),
            models.CheckConstraint(
                condition=Q(week__len=calendars.DAYS_OF_A_WEEK, week__contained_by=list(calendars.SHARES)),
                name="calendar_week_shares",
            ),
        ]

    def __str__(self):
        return _("Working calendar")


class CalendarWeek(OrganizationModel):
    """Another week, worked since a day; before the first of them the calendar's own holds."""

    calendar = OrganizationForeignKey(CompanyCalendar, on_delete=models.CASCADE, related_name="weeks", indexed=False)
    starts_on = models.DateField()
    week = ArrayField(day_share_field(), size=calendars.DAYS_OF_A_WEEK)

    class Meta:
        ordering = ["starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "starts_on"], name="calendar_week_once"),
            models.CheckConstraint(
                condition=Q(week__len=calendars.DAYS_OF_A_WEEK, week__contained_by=list(calendars.SHARES)),
                name="calendar_later_week_shares",
            ),
        ]

    def __str__(self):
        return f"{self.starts_on:%Y-%m-%d}"


class CalendarDay(OrganizationModel):
    """A day that is worked otherwise than its weekday: a public holiday, a day off of the company's, a make-up day."""

    calendar = OrganizationForeignKey(CompanyCalendar, on_delete=models.CASCADE, related_name="days", indexed=False)
    on = models.DateField()
    share = day_share_field()
    name = models.CharField(max_length=200, blank=True)
    # The public holiday it is, or stands in for; empty for the company's own days.
    holiday = models.CharField(max_length=20, blank=True)
    is_in_lieu = models.BooleanField(default=False)
    is_expected = models.BooleanField(default=False, help_text="Its year's schedule is not published yet.")

    class Meta:
        ordering = ["on"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "on"], name="calendar_day_once"),
            models.CheckConstraint(condition=Q(share__in=list(calendars.SHARES)), name="calendar_day_share"),
        ]

    def __str__(self):
        return self.label

    @property
    def label(self) -> str:
        """What the day is called: as somebody named it, else the public holiday in the reader's language."""
        holiday = public_holidays.holiday_name(self.holiday, get_language() or "en")
        if not self.name and holiday and self.is_in_lieu:
            return _("In place of %(holiday)s") % {"holiday": holiday}
        return self.name or holiday


# How rows of other queries carry the calendar with them, where a query of its own would be one too many.
COLUMNS = ("calendar_week", "calendar_dates", "calendar_shares", "calendar_since", "calendar_weeks")


def calendar_columns(first, end) -> dict:
    """Annotations with the calendar of [first, end); `calendar_of(row)` reads them."""
    days = CalendarDay.objects.filter(on__gte=first, on__lt=end).order_by("on")
    weeks = CalendarWeek.objects.filter(starts_on__lt=end).order_by("starts_on")
    found = (
        Subquery(CompanyCalendar.objects.values("week")[:1]),
        *(ArraySubquery(days.values(name)) for name in ("on", "share")),
        *(ArraySubquery(weeks.values(name)) for name in ("starts_on", "week")),
    )
    return dict(zip(COLUMNS, found, strict=True))


def calendar_of(row) -> calendars.WorkingCalendar:
    """The calendar that a row was annotated with."""
    week, dates, shares, since, weeks = (getattr(row, column) for column in COLUMNS)
    days = dict(zip(dates, shares, strict=True))
    changes = tuple((day, tuple(later)) for day, later in zip(since, weeks, strict=True))
    return calendars.WorkingCalendar(tuple(week or calendars.USUAL_WEEK), days, changes)


def working_calendar() -> calendars.WorkingCalendar:
    """The working calendar of the current organization, in one query; Monday to Friday where none is kept."""
    always = (datetime.date.min, datetime.date.max)
    row = CompanyCalendar.objects.annotate(**calendar_columns(*always)).first()
    return calendar_of(row) if row else calendars.WorkingCalendar()

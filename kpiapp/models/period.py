"""Months, quarters and years, and whether they still take entries."""

import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from kpiapp.choices import PeriodKind, PeriodState, ReopeningState
from kpiapp.fiscal_years import fiscal_year_start, place_in_year
from kpiapp.models.people import DateRange, Member
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel

MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.HALF_YEAR: 6, PeriodKind.YEAR: 12}


class Period(OrganizationModel):
    """A stretch of days [starts_on, ends_on) that is planned, logged, scored and paid as one."""

    kind = models.CharField(max_length=10, choices=PeriodKind.choices)
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="The first day after the period.")
    fiscal_start_month = models.PositiveSmallIntegerField(default=1, help_text="In which its fiscal year starts.")
    state = models.CharField(max_length=10, choices=PeriodState.choices, default=PeriodState.OPEN)
    locked_at = models.DateTimeField(null=True, blank=True)
    locked_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)

    class Meta:
        ordering = ["starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "kind", "starts_on"], name="period_once"),
            ExclusionConstraint(
                name="period_no_overlap",
                expressions=[
                    ("organization", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    (DateRange(F("starts_on"), F("ends_on")), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(fiscal_start_month__range=(1, 12)), name="period_fiscal_month"),
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="period_not_empty"),
            models.CheckConstraint(
                condition=Q(state=PeriodState.OPEN, locked_at=None)
                | Q(state=PeriodState.LOCKED, locked_at__isnull=False),
                name="period_locked_at",
            ),
        ]

    def __str__(self):
        return self.label

    @property
    def last_day(self) -> datetime.date:
        """The last day inside the period."""
        return self.ends_on - datetime.timedelta(days=1)

    @property
    def is_open(self) -> bool:
        """Whether entries and changes are still taken."""
        return self.state == PeriodState.OPEN

    @property
    def is_calendar_year(self) -> bool:
        """Whether its fiscal year is the year on the wall."""
        return self.fiscal_start_month == 1

    @property
    def fiscal_year(self) -> int:
        """The year in which its fiscal year began."""
        return fiscal_year_start(self.starts_on, self.fiscal_start_month).year

    @property
    def code(self) -> str:
        """Short name in addresses and on the command line: 2026-11, 2026-Q4, 2026-H2, 2026; FY2026-Q1 where the fiscal
        year does not start in January."""
        if self.kind == PeriodKind.MONTH:
            return f"{self.starts_on.year}-{self.starts_on.month:02}"
        year = f"{self.fiscal_year}" if self.is_calendar_year else f"FY{self.fiscal_year}"
        return {
            PeriodKind.QUARTER: f"{year}-Q{self._number}",
            PeriodKind.HALF_YEAR: f"{year}-H{self._number}",
            PeriodKind.YEAR: year,
        }[PeriodKind(self.kind)]

    @property
    def label(self) -> str:
        """Name in the reader's language: "November 2026", "Quarter 4, 2026", "Quarter 1, FY 2026"."""
        if self.kind == PeriodKind.MONTH:
            return date_format(self.starts_on, "YEAR_MONTH_FORMAT")
        if self.kind == PeriodKind.YEAR:
            return year_label(self.fiscal_year, self.fiscal_start_month)
        numbers = {"number": self._number, "year": self.fiscal_year}
        if self.kind == PeriodKind.QUARTER:
            text = _("Quarter %(number)d, %(year)d") if self.is_calendar_year else _("Quarter %(number)d, FY %(year)d")
        else:
            text = (
                _("Half-year %(number)d, %(year)d") if self.is_calendar_year else _("Half-year %(number)d, FY %(year)d")
            )
        return text % numbers

    @property
    def _number(self) -> int:
        return place_in_year(self.starts_on, self.fiscal_start_month, MONTHS[PeriodKind(self.kind)])


class PeriodReopening(OrganizationModel):
    """A wish to reopen a locked period: why, who asked, who decided, and who had locked it when."""

    period = OrganizationForeignKey(Period, related_name="reopenings")
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=ReopeningState.choices, default=ReopeningState.WAITING)
    asked_by = OrganizationForeignKey(Member, indexed=False)
    asked_at = models.DateTimeField(auto_now_add=True)
    decided_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    locked_at = models.DateTimeField()
    locked_by = OrganizationForeignKey(Member, null=True, blank=True, indexed=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "period"],
                condition=Q(state=ReopeningState.WAITING),
                name="period_reopening_waits_once",
            ),
            models.CheckConstraint(
                condition=~Q(state=ReopeningState.REOPENED)
                | Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by")),
                name="period_reopening_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state=ReopeningState.WAITING) ^ Q(decided_at__isnull=False), name="period_reopening_decided"
            ),
        ]


def year_label(year: int, start_month: int) -> str:
    """What the fiscal year that begins in a calendar year is called: "Year 2026", or "FY 2026" after January."""
    return (_("Year %(year)d") if start_month == 1 else _("FY %(year)d")) % {"year": year}

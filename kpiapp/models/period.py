"""Months, quarters and years, and whether they still take entries."""

import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from kpiapp.choices import PeriodKind, PeriodState
from kpiapp.models.people import DateRange, Member
from kpiapp.tenancy import OrganizationForeignKey, OrganizationModel


class Period(OrganizationModel):
    """A stretch of days [starts_on, ends_on) that is planned, logged, scored and paid as one."""

    kind = models.CharField(max_length=10, choices=PeriodKind.choices)
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="The first day after the period.")
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
    def code(self) -> str:
        """Short name in addresses and on the command line: 2026-11, 2026-Q4, 2026-H2, 2026 (of the first day)."""
        year, month = self.starts_on.year, self.starts_on.month
        return {
            PeriodKind.MONTH: f"{year}-{month:02}",
            PeriodKind.QUARTER: f"{year}-Q{(month + 2) // 3}",
            PeriodKind.HALF_YEAR: f"{year}-H{(month + 5) // 6}",
            PeriodKind.YEAR: f"{year}",
        }[PeriodKind(self.kind)]

    @property
    def label(self) -> str:
        """Name in the reader's language, such as "November 2026" or "Quarter 4, 2026"."""
        year, month = self.starts_on.year, self.starts_on.month
        if self.kind == PeriodKind.MONTH:
            return date_format(self.starts_on, "YEAR_MONTH_FORMAT")
        if self.kind == PeriodKind.QUARTER:
            return _("Quarter %(number)d, %(year)d") % {"number": (month + 2) // 3, "year": year}
        if self.kind == PeriodKind.HALF_YEAR:
            return _("Half-year %(number)d, %(year)d") % {"number": (month + 5) // 6, "year": year}
        return _("Year %(year)d") % {"year": year}

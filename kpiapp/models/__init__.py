"""Models of the core app, one file per noun."""

from kpiapp.models.audit import AuditEvent
from kpiapp.models.calendar import (
    CalendarDay,
    CalendarWeek,
    CompanyCalendar,
    calendar_columns,
    calendar_of,
    working_calendar,
)
from kpiapp.models.imports import ImportBatch, ImportMapping, ImportRow
from kpiapp.models.job import Job
from kpiapp.models.notification import Mail, Notification, NotificationPreference
from kpiapp.models.organization import RESERVED_SLUGS, Organization
from kpiapp.models.people import (
    ApiToken,
    DatedQuerySet,
    Department,
    Employment,
    Invitation,
    Member,
    Position,
    RoleGrant,
    User,
    no_overlap,
)
from kpiapp.models.period import Period, PeriodReopening
from kpiapp.models.question import NumberQuestion

__all__ = [
    "RESERVED_SLUGS",
    "ApiToken",
    "AuditEvent",
    "CalendarDay",
    "CalendarWeek",
    "CompanyCalendar",
    "DatedQuerySet",
    "Department",
    "Employment",
    "ImportBatch",
    "ImportMapping",
    "ImportRow",
    "Invitation",
    "Job",
    "Mail",
    "Member",
    "Notification",
    "NotificationPreference",
    "NumberQuestion",
    "Organization",
    "Period",
    "PeriodReopening",
    "Position",
    "RoleGrant",
    "User",
    "calendar_columns",
    "calendar_of",
    "no_overlap",
    "working_calendar",
]

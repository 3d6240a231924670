"""Who may do what, on one page: permissions, the role table with scopes, can(), @requires."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.views.decorators.http import require_http_methods

from kpiapp.choices import Role, Scope


class Permission(StrEnum):
    """Everything that can be allowed. Pay is a field group of its own that the reporting line never opens."""

    ORGANIZATION_EDIT = "organization.edit"
    ROLE_READ = "role.read"
    ROLE_GRANT = "role.grant"
    ROLE_CONFIRM = "role.confirm"
    PEOPLE_READ = "people.read"
    PEOPLE_EDIT = "people.edit"
    PERIOD_LOCK = "period.lock"
    PERIOD_REOPEN = "period.reopen"
    CALENDAR_EDIT = "calendar.edit"
    AUDIT_READ = "audit.read"
    IMPORT_PEOPLE = "import.people"
    IMPORT_ACTUALS = "import.actuals"
    JOB_READ = "job.read"
    JOB_RUN = "job.run"
    TOKEN_EDIT = "token.edit"
    STRATEGY_READ = "strategy.read"
    STRATEGY_EDIT = "strategy.edit"
    INITIATIVE_PLAN = "initiative.plan"
    INITIATIVE_REPORT = "initiative.report"
    KPI_READ = "kpi.read"
    KPI_EDIT = "kpi.edit"
    KPI_PLAN = "kpi.plan"
    KPI_CONFIDENTIAL = "kpi.confidential"
    TEMPLATE_EDIT = "template.edit"
    CARD_READ = "card.read"
    CARD_EDIT = "card.edit"
    CARD_AGREE = "card.agree"
    CHANGE_REQUEST = "change.request"
    CHANGE_APPROVE = "change.approve"
    ACTUAL_RECORD = "actual.record"
    ACTUAL_APPROVE = "actual.approve"
    PAY_RULES_READ = "pay.rules.read"
    PAY_RULES_EDIT = "pay.rules.edit"
    PAY_RULES_APPROVE = "pay.rules.approve"
    PAY_READ = "pay.read"
    PAY_RUN_READ = "pay.run.read"
    PAY_RUN_RETURN = "pay.run.return"
    PAY_RUN_EDIT = "pay.run.edit"
    PAY_RUN_APPROVE = "pay.run.approve"
    PAY_EXPORT = "pay.export"


P, S = Permission, Scope

_EVERYONE = {P.STRATEGY_READ: S.ALL, P.KPI_READ: S.ALL, P.PEOPLE_READ: S.ALL}
_READ_KPI = {**_EVERYONE, P.CARD_READ: S.ALL}

ROLES: dict[Role, dict[Permission, Scope]] = {
    Role.EMPLOYEE: {
        **_EVERYONE,
        P.INITIATIVE_REPORT: S.SELF,
        P.CARD_READ: S.SELF,
        P.CARD_EDIT: S.SELF,
        P.ACTUAL_RECORD: S.SELF,
        P.CHANGE_REQUEST: S.SELF,
        P.PAY_READ: S.SELF,
    },
    Role.MANAGER: {
        **_EVERYONE,
        P.INITIATIVE_PLAN: S.TEAM,
        P.INITIATIVE_REPORT: S.TEAM,
        P.CARD_READ: S.TEAM,
        P.CARD_EDIT: S.TEAM,
        P.CARD_AGREE: S.TEAM,
        P.KPI_EDIT: S.TEAM,
        P.KPI_PLAN: S.TEAM,
        P.TEMPLATE_EDIT: S.TEAM,
        P.ACTUAL_RECORD: S.TEAM,
        P.ACTUAL_APPROVE: S.TEAM,
        P.CHANGE_REQUEST: S.TEAM,
        P.CHANGE_APPROVE: S.TEAM,
        P.IMPORT_ACTUALS: S.TEAM,
    },
    Role.STRATEGY: {
        **_READ_KPI,
        P.STRATEGY_EDIT: S.ALL,
        P.INITIATIVE_PLAN: S.ALL,
        P.INITIATIVE_REPORT: S.ALL,
        P.KPI_EDIT: S.ALL,
        P.KPI_PLAN: S.ALL,
        P.KPI_CONFIDENTIAL: S.ALL,
        P.TEMPLATE_EDIT: S.ALL,
        P.CARD_EDIT: S.ALL,
        P.CARD_AGREE: S.ALL,
        P.CHANGE_APPROVE: S.ALL,
        P.CHANGE_REQUEST: S.ALL,
        P.ACTUAL_RECORD: S.ALL,
        P.ACTUAL_APPROVE: S.ALL,
        P.IMPORT_ACTUALS: S.ALL,
        P.JOB_READ: S.ALL,
        # A right of its own beside locking: one asks, another one confirms.
        P.PERIOD_REOPEN: S.ALL,
    },
    Role.HR: {
        **_READ_KPI,
        P.TEMPLATE_EDIT: S.ALL,
        P.PEOPLE_EDIT: S.ALL,
        P.ROLE_READ: S.ALL,
        P.PERIOD_LOCK: S.ALL,
        P.PERIOD_REOPEN: S.ALL,
        P.CALENDAR_EDIT: S.ALL,
        P.IMPORT_PEOPLE: S.ALL,
        P.IMPORT_ACTUALS: S.ALL,
        P.CHANGE_REQUEST: S.ALL,
        P.JOB_READ: S.ALL,
        P.JOB_RUN: S.ALL,
        P.AUDIT_READ: S.ALL,
    },
    Role.OWNER: {
        **_READ_KPI,
        P.ORGANIZATION_EDIT: S.ALL,
        P.CALENDAR_EDIT: S.ALL,
        P.ROLE_READ: S.ALL,
        P.ROLE_GRANT: S.ALL,
        P.ROLE_CONFIRM: S.ALL,
        P.AUDIT_READ: S.ALL,
        P.JOB_READ: S.ALL,
        P.JOB_RUN: S.ALL,
        P.TOKEN_EDIT: S.ALL,
    },
    Role.PAYROLL_MAKER: {
        **_EVERYONE,
        P.PAY_RULES_READ: S.ALL,
        P.PAY_RULES_EDIT: S.ALL,
        P.PAY_READ: S.ALL,
        P.PAY_RUN_READ: S.ALL,
        P.PAY_RUN_RETURN: S.ALL,
        P.PAY_RUN_EDIT: S.ALL,
        P.PAY_EXPORT: S.ALL,
    },
    Role.PAYROLL_APPROVER: {
        **_EVERYONE,
        P.PAY_RULES_READ: S.ALL,
        P.PAY_RULES_APPROVE: S.ALL,
        P.PAY_READ: S.ALL,
        P.PAY_RUN_READ: S.ALL,
        P.PAY_RUN_RETURN: S.ALL,
        P.PAY_RUN_APPROVE: S.ALL,
        P.PAY_EXPORT: S.ALL,
        P.AUDIT_READ: S.ALL,
        # The second person for grants that open pay, who has to see what they confirm.
        P.ROLE_READ: S.ALL,
        P.ROLE_CONFIRM: S.ALL,
    },
    Role.AUDITOR: {
        **_READ_KPI,
        # Who checks what people are paid by reads all of it; nothing can be changed.
        P.KPI_CONFIDENTIAL: S.ALL,
        P.ROLE_READ: S.ALL,
        P.AUDIT_READ: S.ALL,
        P.JOB_READ: S.ALL,
        P.PAY_RULES_READ: S.ALL,
        # Runs, their steps, totals and files; what a person is paid only with the grant below.
        P.PAY_RUN_READ: S.ALL,
    },
    # What HR, a manager or an auditor is given for a time when they have to read what people are paid.
    Role.PAY_READER: {**_EVERYONE, P.PAY_RULES_READ: S.ALL, P.PAY_RUN_READ: S.ALL, P.PAY_READ: S.ALL},
    Role.API: {**_READ_KPI, P.ACTUAL_RECORD: S.ALL, P.KPI_PLAN: S.ALL},
}

_WIDTH = {Scope.SELF: 1, Scope.TEAM: 2, Scope.ALL: 3}


def scope_of(member, permission: Permission) -> Scope | None:
    """The widest scope in which an acting member holds a permission, or None. Denied unless a role says so."""
    scopes = [ROLES[Role(role)].get(permission) for role in member.roles]
    return max(filter(None, scopes), key=_WIDTH.__getitem__, default=None)


def can(member, permission: Permission) -> bool:
    """Whether an acting member holds a permission in any scope; which rows it covers is for queries to say."""
    return scope_of(member, permission) is not None


# Pages are read and forms are sent, whatever a view narrows further; other methods are for the API.
_as_page = require_http_methods(["GET", "HEAD", "POST"])


def requires(permission: Permission) -> Callable:
    """Open a view only to members who hold the permission; others get 403 and a sentence."""

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not can(request.member, permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.permission = permission
        return _as_page(guarded)

    return decorate


def open_to_members(view):
    """Mark a view that every member may open: a route without a mark fails the house's tests."""
    view.permission = None
    return _as_page(view)

"""Words of the audit trail for what the core app records."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpiapp.choices import Language, PeriodState, Role

NOUNS = {
    "audit": _("Audit trail"),
    "department": _("Department"),
    "import": _("Import"),
    "invitation": _("Invitation"),
    "job": _("Background work"),
    "organization": _("Company"),
    "period": _("Period"),
    "person": _("Person"),
    "position": _("Position"),
    "role": _("Role"),
    "token": _("API key"),
}

WORDS = {
    "accept": pgettext_lazy("done", "accepted"),
    "add": pgettext_lazy("done", "added"),
    "close": pgettext_lazy("done", "closed"),
    "confirm": pgettext_lazy("done", "confirmed"),
    "create": pgettext_lazy("done", "created"),
    "deactivate": pgettext_lazy("done", "deactivated"),
    "edit": pgettext_lazy("done", "changed"),
    "export": pgettext_lazy("done", "exported"),
    "grant": pgettext_lazy("done", "given"),
    "lock": pgettext_lazy("done", "locked"),
    "move": pgettext_lazy("done", "moved"),
    "reactivate": pgettext_lazy("done", "brought back"),
    "reopen": pgettext_lazy("done", "reopened"),
    "revoke": pgettext_lazy("done", "taken away"),
    "send": pgettext_lazy("done", "sent"),
    "code": _("Code"),
    "currency": _("Currency"),
    "email": _("E-mail"),
    "filters": _("Filters"),
    "fiscal_year_start_month": _("The fiscal year starts in"),
    "head": _("Head"),
    "language": _("Language"),
    "last_day": _("Last working day"),
    "locked_at": _("Locked at"),
    "locked_by": _("Locked by"),
    "manager": _("Manager"),
    "name": _("Name"),
    "parent": _("Part of"),
    "rows": _("Rows"),
    "starts_on": _("First day"),
    "state": _("State"),
    "time_zone": _("Time zone"),
    "valid_from": _("From"),
    "valid_to": _("Until, not included"),
    **dict([*Role.choices, *PeriodState.choices, *Language.choices]),
}

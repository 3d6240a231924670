"""Words of the audit trail for what payroll records."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from payroll.choices import ExportFormat, RunState

NOUNS = {
    "pay": _("Pay"),
    "pay_export": _("Payroll file"),
    "pay_rate": _("Pay rate"),
    "pay_run": _("Pay run"),
    "tier_table": _("Tier table"),
}

WORDS = {
    "approve": pgettext_lazy("done", "approved"),
    "calculate": pgettext_lazy("done", "calculated"),
    "change": pgettext_lazy("done", "changed"),
    "download": pgettext_lazy("done", "downloaded"),
    "make": pgettext_lazy("done", "made"),
    "propose": pgettext_lazy("done", "proposed"),
    "withdraw": pgettext_lazy("done", "withdrawn"),
    "read": pgettext_lazy("done", "read"),
    "return": pgettext_lazy("done", "returned"),
    "submit": pgettext_lazy("done", "sent for approval"),
    "approved_by": _("Approved by"),
    "filename": _("File"),
    "gross_total": _("Gross"),
    "p1_amount": _("P1, monthly"),
    "p2_coefficient": _("P2 coefficient"),
    "p3_target_amount": _("KPI pay at target"),
    "people": _("People"),
    "period": _("Period"),
    "sha256": _("SHA-256"),
    "steps": _("Steps"),
    "total_amount": _("Total"),
    **dict([*RunState.choices, *ExportFormat.choices]),
}

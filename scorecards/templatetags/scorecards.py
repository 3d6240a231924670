"""How requests to change a line are shown."""

from decimal import Decimal

from django import template
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp.decimals import format_number
from scorecards.models import ChangeRequest
from scorecards.services.changes import NUMBERS
from strategy.choices import ScoringMethod

register = template.Library()


@register.filter
def changed_parts(change: ChangeRequest) -> list[dict]:
    """Each changed field with its label, old and new value, as the reader's language writes them."""
    labels = {
        "target": _("Target"),
        "baseline": _("Baseline"),
        "weight": _("Weight"),
        "method": _("Scoring method"),
        "params": _("Parameters"),
        "wiped_out_reason": _("Counts 0 for a severe violation"),
        "kpi": _("Version of the KPI"),
    }
    return [
        {"label": labels[name], "old": _shown(name, old), "new": _shown(name, new)}
        for name, values in change.changes.items()
        for old, new in [values.get("numbers") or (values["old"], values["new"])]
    ]


def _shown(name: str, value) -> str:
    if value in (None, ""):
        return "–"
    if name in NUMBERS:
        return format_number(Decimal(value), get_language() or "en")
    if name == "method":
        return str(ScoringMethod(value).label)
    return str(value)

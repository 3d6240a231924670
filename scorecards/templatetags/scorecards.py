"""How requests to change a line are shown."""

from decimal import Decimal

from django import template
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp.decimals import format_number
from scorecards.models import ChangeRequest
from scorecards.services.changes import NUMBERS, SCORED_BY
from strategy.choices import ScoringMethod
from strategy.kpis.wording import scoring_words

register = template.Library()


@register.filter
def changed_parts(change: ChangeRequest) -> list[dict]:
    """Each changed field with its label, old and new value, as the reader's language writes them."""
    labels = {
        "target": _("Target"),
        "baseline": _("Baseline"),
        "weight": _("Weight"),
        "wiped_out_reason": _("Counts 0 for a severe violation"),
        "kpi": _("Version of the KPI"),
    }
    unit = change.line.kpi.unit
    parts = [
        {"label": labels[name], "old": _shown(name, old, unit), "new": _shown(name, new, unit)}
        for name, values in change.changes.items()
        if name not in SCORED_BY
        for old, new in [values.get("numbers") or (values["old"], values["new"])]
    ]
    if "method" in change.changes:
        old, new = ({name: change.changes[name][when] for name in SCORED_BY} for when in ("old", "new"))
        parts.append({"label": _("Scoring method"), "old": _scoring(**old), "new": _scoring(**new)})
    return parts


def _shown(name: str, value, unit: str) -> str:
    """A value with what it is counted in: weights in percent, what is measured in the unit of its KPI."""
    if value in (None, ""):
        return "–"
    if name not in NUMBERS:
        return str(value)
    number = format_number(Decimal(value), get_language() or "en")
    return f"{number}%" if name == "weight" or unit == "%" else f"{number} {unit}".strip()


@register.filter
def scored_words(line) -> str:
    """How a line scores, with the parameters that hold for it: what a milestone is worth, what being late costs."""
    method, params = (line.method, line.params) if line.method else (line.kpi.method, line.kpi.params)
    return scoring_words(method, params or {})


def _scoring(method: str, params: dict | None) -> str:
    """How a line scores, in words; as its KPI says where nothing is set for it alone."""
    if not method:
        return _("as the KPI says")
    return f"{ScoringMethod(method).label}. {scoring_words(method, params or {})}"

"""A KPI version in words: how it scores, how entries become a value, and what changed between two versions."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp.decimals import EXACT, HUNDRED, format_number, format_percent
from strategy.choices import Aggregation, Direction, ScoringMethod
from strategy.kpis.formula_texts import shown_formula, style_of_reader
from strategy.models import KpiVersion
from strategy.queries import TOLD_FIELDS

FRACTIONS = frozenset({"cap", "floor", "min_gate"})


@dataclass(frozen=True)
class Change:
    """What a field was and what it became, as the reader reads it; "" for nothing."""

    label: str
    before: str
    after: str


def method_words(version: KpiVersion) -> str:
    """How the method of a version turns an actual into a completion, in one or two sentences."""
    return scoring_words(version.method, version.params)


def scoring_words(method: str, params: dict[str, Any]) -> str:
    """The same of any method with its parameters."""
    return _WORDS[ScoringMethod(method)](params)


def aggregation_words(version: KpiVersion) -> str:
    """How entries become a value: "100 × Staff cost (entries add up) ÷ Net revenue (entries add up)"."""
    if version.aggregation == Aggregation.FORMULA:
        return shown_formula(version, style_of_reader())
    if version.aggregation != Aggregation.RATIO:
        return str(version.get_aggregation_display())
    factor = "" if version.factor == 1 else f"{_number(version.factor)} × "
    top = f"{version.numerator_label} ({version.get_numerator_agg_display().lower()})"
    bottom = f"{version.denominator_label} ({version.get_denominator_agg_display().lower()})"
    return f"{factor}{top} ÷ {bottom}"


def target_words(version: KpiVersion) -> str:
    """The suggested target with its unit, or the band that stands for it; "" when the company has to set one."""
    if version.method == ScoringMethod.BAND:
        text = f"{_number(version.params['low'])}–{_number(version.params['high'])}"
    elif version.target is None:
        return ""
    else:
        text = _number(version.target)
    return f"{text}%" if version.unit == "%" else f"{text} {version.unit}".strip()


def direction_words(version: KpiVersion) -> str:
    """Which way is better, as a sentence: "More is better: at least 4,000 triệu"."""
    target = target_words(version)
    if not target:
        return str(version.get_direction_display())
    sentences = {
        Direction.INCREASE: _("More is better: at least %(target)s is wanted."),
        Direction.DECREASE: _("Less is better: at most %(target)s is wanted."),
        Direction.RANGE: _("Neither more nor less: %(target)s is wanted."),
        Direction.PASS: _("Passed or not, against %(target)s."),
    }
    return sentences[Direction(version.direction)] % {"target": target}


def version_changes(older: KpiVersion, newer: KpiVersion) -> list[Change]:
    """What a newer version says differently, in the order in which people decide on it."""
    changes = []
    for name in TOLD_FIELDS:
        before, after = getattr(older, name), getattr(newer, name)
        if before != after:
            changes.append(Change(label_of(name), shown_of(older, name), shown_of(newer, name)))
    return changes


def label_of(name: str) -> str:
    """What people call a field of a version."""
    return _LABELS[name]() if name in _LABELS else str(KpiVersion._meta.get_field(name).verbose_name)


def shown_of(version: KpiVersion, name: str) -> str:
    """A field of a version as the reader reads it; "" for nothing."""
    value = getattr(version, name)
    if value is None or value == "":
        return ""
    if name == "params":
        return method_words(version)
    if name == "formula":
        return aggregation_words(version)
    if name in FRACTIONS:
        return format_percent(EXACT.multiply(value, HUNDRED), _language(), places=None)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime.date):
        return date_format(value, "DATE_FORMAT")
    display = getattr(version, f"get_{name}_display", None)
    return str(display() if display else value)


def _language() -> str:
    return get_language() or "en"


def _number(value: Any) -> str:
    return format_number(Decimal(str(value)), _language())


def _percent(fraction: Any) -> str:
    return format_percent(EXACT.multiply(Decimal(str(fraction)), HUNDRED), _language(), places=None)


def _band(params: dict[str, Any]) -> str:
    values = {name: _number(params[name]) for name in params}
    words = [_("Full from %(low)s to %(high)s.") % values]
    if "outer_low" in values:
        words.append(_("Below, it falls to nothing at %(outer_low)s.") % values)
    if "outer_high" in values:
        words.append(_("Above, it falls to nothing at %(outer_high)s.") % values)
    if len(words) == 1:
        words.append(_("Nothing outside."))
    return " ".join(words)


def _binary(params: dict[str, Any]) -> str:
    return {
        ">=": _("Full when the actual is at least the target, else nothing."),
        "<=": _("Full when the actual is at most the target, else nothing."),
        "=": _("Full when the actual is exactly the target, else nothing."),
    }[params.get("pass_when", ">=")]


def _deduct(params: dict[str, Any]) -> str:
    return _("Begins full; every event takes %(percent)s away.") % {"percent": _percent(params["deduct_per_unit"])}


def _deviation(params: dict[str, Any]) -> str:
    words = _("Full at the target; the further away on either side, the less.")
    tolerance = Decimal(str(params.get("tolerance", 0)))
    if tolerance:
        words += " " + _("Within %(percent)s of the target it is still full.") % {"percent": _percent(tolerance)}
    return words


def _milestone(params: dict[str, Any]) -> str:
    words = "; ".join(f"{row['label']} {_percent(row['completion'])}" for row in params["table"]) + "."
    if params.get("late_percent"):
        cost = {"points": _number(params["late_percent"])}
        words += " " + (
            _("Due on day %(day)s of the period.") % {"day": _number(params["due_day"])}
            if params.get("due_day")
            else _("Due on the last day of the period.")
        )
        late = _("Every week late costs %(points)s points.") if params.get("late_unit") == "week" else ""
        words += " " + (late or _("Every day late costs %(points)s points.")) % cost
        if params.get("late_floor_percent"):
            floor = {"percent": _percent(EXACT.divide(Decimal(str(params["late_floor_percent"])), HUNDRED))}
            words += " " + _("But never below %(percent)s.") % floor
    return words


def _scale(params: dict[str, Any]) -> str:
    rows = [
        _("from %(value)s: %(percent)s") % {"value": _number(row["at_least"]), "percent": _percent(row["completion"])}
        for row in params["bands"]
    ]
    return "; ".join(rows) + "."


def _piecewise(params: dict[str, Any]) -> str:
    points = [
        _("at %(value)s: %(percent)s") % {"value": _number(row["x"]), "percent": _percent(row["completion"])}
        for row in params["anchors"]
    ]
    return "; ".join(points) + ". " + _("Straight lines between.")


_WORDS = {
    ScoringMethod.RATIO: lambda params: _("The actual divided by the target: full at the target."),
    ScoringMethod.MIRROR: lambda params: _("Full at the target, nothing at twice the target; less is better."),
    ScoringMethod.INVERSE: lambda params: _("The target divided by the actual; less is better."),
    ScoringMethod.BASELINE: lambda params: _("Nothing at the baseline, full at the target."),
    ScoringMethod.DEVIATION: _deviation,
    ScoringMethod.BAND: _band,
    ScoringMethod.BINARY: _binary,
    ScoringMethod.DEDUCT: _deduct,
    ScoringMethod.MILESTONE: _milestone,
    ScoringMethod.SCALE: _scale,
    ScoringMethod.PIECEWISE_LINEAR: _piecewise,
    ScoringMethod.MANUAL: lambda params: _("A reviewer gives a percent, with a comment."),
}
# Fields without a name of their own in the model.
_LABELS = {
    "objective": lambda: _("Objective it serves"),
    "perspective": lambda: _("Perspective"),
    "owner": lambda: _("Who is responsible"),
    "reporter": lambda: _("Who enters the numbers"),
    "approver": lambda: _("Who approves the numbers"),
    "direction": lambda: _("Direction"),
    "target": lambda: _("Target"),
    "baseline": lambda: _("Baseline"),
    "method": lambda: _("Scoring method"),
    "params": lambda: _("How it scores"),
    "cap": lambda: _("Cap"),
    "floor": lambda: _("Floor"),
    "min_gate": lambda: _("Gate"),
    "missing_policy": lambda: _("When a value is missing"),
    "aggregation": lambda: _("Over the year"),
    "numerator_label": lambda: _("What is divided"),
    "numerator_agg": lambda: _("What is divided, over time"),
    "denominator_label": lambda: _("Divided by"),
    "denominator_agg": lambda: _("Divided by, over time"),
    "factor": lambda: _("Times"),
    "target_aggregation": lambda: _("Target of a longer period"),
    "frequency": lambda: _("How often"),
    "group": lambda: _("Group"),
}

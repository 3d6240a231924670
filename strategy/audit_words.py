"""Words of the audit trail for what strategy records."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpiapp.choices import PeriodKind
from strategy.choices import (
    Aggregation,
    Direction,
    LinkStrength,
    MapState,
    MissingPolicy,
    PartAggregation,
    ScoringMethod,
)

NOUNS = {"kpi": _("KPI"), "link": _("Cause link"), "map": _("Strategy map"), "objective": _("Objective")}

WORDS = {
    "arrange": pgettext_lazy("done", "arranged"),
    "change": pgettext_lazy("done", "changed"),
    "describe": pgettext_lazy("done", "described"),
    "load_example": pgettext_lazy("done", "loaded from an example"),
    "publish": pgettext_lazy("done", "published"),
    "remove": pgettext_lazy("done", "removed"),
    "restore": pgettext_lazy("done", "brought back"),
    "retire": pgettext_lazy("done", "taken out of use"),
    "revise": pgettext_lazy("done", "revised"),
    "aggregation": _("Over the year"),
    "archived": _("Archived"),
    "baseline": _("Baseline"),
    "cap": _("Cap"),
    "decimals": _("Decimal places"),
    "department": _("Department"),
    "denominator_agg": _("Divided by, over time"),
    "denominator_label": _("Divided by"),
    "description": _("Description"),
    "direction": _("Direction"),
    "example": _("Example"),
    "factor": _("Times"),
    "floor": _("Floor"),
    "frequency": _("How often"),
    "group": _("Group"),
    "is_active": _("In use"),
    "lag_months": _("Months until the effect shows"),
    "links": _("Links"),
    "method": _("Scoring method"),
    "min_gate": _("Gate"),
    "missing_policy": _("When a value is missing"),
    "mission": _("Mission"),
    "numerator_agg": _("What is divided, over time"),
    "numerator_label": _("What is divided"),
    "objective": _("Objective"),
    "objectives": _("Objectives"),
    "origin": _("From the library"),
    "owner": _("Who is responsible"),
    "params": _("How it scores"),
    "perspective": _("Perspective"),
    "source": _("Source"),
    "strength": _("Strength"),
    "target": _("Target"),
    "target_aggregation": _("Target of a longer period"),
    "theme": _("Theme"),
    "unit": _("Unit"),
    "vision": _("Vision"),
    "why": _("Why it matters"),
    **dict(
        [
            *MapState.choices,
            *LinkStrength.choices,
            *Direction.choices,
            *ScoringMethod.choices,
            *MissingPolicy.choices,
            *Aggregation.choices,
            *PartAggregation.choices,
            *PeriodKind.choices,
        ]
    ),
}

"""Models of strategy, one file per noun."""

from strategy.models.kpi import FormulaOperand, KpiDefinition, KpiVersion
from strategy.models.map import CauseLink, MapVersion, Objective, Perspective, StrategyMap
from strategy.models.note import KpiNote
from strategy.models.plan import KpiPlan, KpiPlanMonth
from strategy.models.template import CardTemplate, CardTemplateItem

__all__ = [
    "CardTemplate",
    "CardTemplateItem",
    "CauseLink",
    "FormulaOperand",
    "KpiDefinition",
    "KpiNote",
    "KpiPlan",
    "KpiPlanMonth",
    "KpiVersion",
    "MapVersion",
    "Objective",
    "Perspective",
    "StrategyMap",
]

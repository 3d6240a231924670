"""Models of strategy, one file per noun."""

from strategy.models.context import Risk, SwotItem
from strategy.models.initiative import Initiative, InitiativeKpi, InitiativeObjective, Milestone
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
    "Initiative",
    "InitiativeKpi",
    "InitiativeObjective",
    "KpiDefinition",
    "KpiNote",
    "KpiPlan",
    "KpiPlanMonth",
    "KpiVersion",
    "MapVersion",
    "Milestone",
    "Objective",
    "Perspective",
    "Risk",
    "StrategyMap",
    "SwotItem",
]

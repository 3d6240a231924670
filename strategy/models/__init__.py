"""Models of strategy, one file per noun."""

from strategy.models.context import Risk, RiskJudgement, SwotItem
from strategy.models.initiative import (
    Initiative,
    InitiativeBooking,
    InitiativeKpi,
    InitiativeObjective,
    InitiativeWait,
    Milestone,
)
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
    "InitiativeBooking",
    "InitiativeKpi",
    "InitiativeObjective",
    "InitiativeWait",
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
    "RiskJudgement",
    "StrategyMap",
    "SwotItem",
]

"""Models of strategy, one file per noun."""

from strategy.models.kpi import KpiDefinition, KpiVersion
from strategy.models.map import CauseLink, Objective, Perspective, StrategyMap

__all__ = ["CauseLink", "KpiDefinition", "KpiVersion", "Objective", "Perspective", "StrategyMap"]

"""Import handlers of strategy: what is measured, and how a year of it is planned."""

from strategy.imports.kpis import KpiImport
from strategy.imports.plans import PlanImport

HANDLERS = (KpiImport(), PlanImport())

__all__ = ["HANDLERS", "KpiImport", "PlanImport"]

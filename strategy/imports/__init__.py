"""Import handlers of strategy: what is measured."""

from strategy.imports.kpis import KpiImport

HANDLERS = (KpiImport(),)

__all__ = ["HANDLERS", "KpiImport"]

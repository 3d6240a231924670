"""Import handlers of scorecards: KPIs with weight and target on cards, and what was reached."""

from scorecards.imports.actuals import ActualImport
from scorecards.imports.assignments import AssignmentImport

HANDLERS = (AssignmentImport(), ActualImport())

__all__ = ["HANDLERS", "ActualImport", "AssignmentImport"]

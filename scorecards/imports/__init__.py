"""Import handlers of scorecards: KPIs with weight and target on cards, targets of a year, and what was reached."""

from scorecards.imports.actuals import ActualImport
from scorecards.imports.assignments import AssignmentImport
from scorecards.imports.targets import TargetImport

HANDLERS = (AssignmentImport(), TargetImport(), ActualImport())

__all__ = ["HANDLERS", "ActualImport", "AssignmentImport", "TargetImport"]

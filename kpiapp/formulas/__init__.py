"""The formula language: text to a typed tree to a Decimal, within limits, with units checked. No Django, no eval."""

from kpiapp.formulas.errors import FormulaError
from kpiapp.formulas.evaluate import TOO_LARGE, ZERO_DIVISOR, Outcome, evaluate
from kpiapp.formulas.functions import FUNCTIONS, Function
from kpiapp.formulas.parse import LANGUAGE_VERSION, MAX_TEXT, Formula, canonical, localized, parse, rewrite, shown
from kpiapp.formulas.units import Dimension, OperandUnit, dimension_of, unit_of

__all__ = [
    "FUNCTIONS",
    "LANGUAGE_VERSION",
    "MAX_TEXT",
    "TOO_LARGE",
    "ZERO_DIVISOR",
    "Dimension",
    "Formula",
    "FormulaError",
    "Function",
    "OperandUnit",
    "Outcome",
    "canonical",
    "dimension_of",
    "evaluate",
    "localized",
    "parse",
    "rewrite",
    "shown",
    "unit_of",
]

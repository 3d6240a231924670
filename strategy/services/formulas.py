"""What a formula asks for when a KPI is saved: its canonical text, its inputs, the KPIs it rests on, and N9."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from kpiapp.formulas import LANGUAGE_VERSION, FormulaError, dimension_of
from strategy.choices import Aggregation, PartAggregation
from strategy.kpis import formula_texts
from strategy.models import FormulaOperand, KpiDefinition, KpiVersion

INPUTS = {"input:1": "numerator", "input:2": "denominator"}


def labels_of(fields: Mapping[str, Any]) -> tuple[str, str]:
    """What the own inputs of a formula are called."""
    return fields["numerator_label"], fields["denominator_label"]


def complete_formula(fields: dict[str, Any]) -> None:
    """Bring the fields of a formula KPI into the form they are kept in; one that cannot be read stays as it is."""
    if fields["aggregation"] != Aggregation.FORMULA:
        fields.update(formula="", formula_language=0)
        return
    fields["formula_language"] = LANGUAGE_VERSION
    try:
        reading = formula_texts.read(fields["formula"], inputs=labels_of(fields), unit=fields["unit"])
    except FormulaError:
        return
    fields["formula"] = reading.formula
    for key, part in INPUTS.items():
        if "{" + key + "}" in reading.formula:
            fields[f"{part}_agg"] = fields[f"{part}_agg"] or PartAggregation.SUM
        else:
            fields.update({f"{part}_label": "", f"{part}_agg": ""})


def problems_of_formula(fields: Mapping[str, Any], definition: KpiDefinition | None) -> list[tuple[str, str]]:
    """(field, sentence) for what keeps a formula from being saved. Formulas are saved one after the other, so that two
    at once cannot close a circle.
    """
    if fields["aggregation"] != Aggregation.FORMULA:
        return []
    KpiDefinition.objects.select_for_update().order_by("-pk").first()
    problem = formula_problem(fields, definition)
    return [("formula", problem)] if problem else []


def formula_problem(fields: Mapping[str, Any], definition: KpiDefinition | None) -> str:
    """Why the formula of these fields cannot be used, as a sentence; empty when it can, and where there is none."""
    if fields["aggregation"] != Aggregation.FORMULA:
        return ""
    try:
        formula_texts.read(fields["formula"], inputs=labels_of(fields), definition=definition, unit=fields["unit"])
    except FormulaError as error:
        return formula_texts.sentence(error)
    return ""


def problems_of_mean(given: Mapping[str, Any], definition: KpiDefinition | None) -> list[tuple[str, str]]:
    """A rate whose parts are known is never averaged: say so, and offer the ratio of sums."""
    if given.get("aggregation") != Aggregation.AVG or not dimension_of(given.get("unit") or "").is_percent:
        return []
    before = definition.current if definition is not None else None
    top, bottom = given.get("numerator_label") or "", given.get("denominator_label") or ""
    if not (top and bottom) and before is not None and before.aggregation == Aggregation.RATIO:
        top, bottom = before.numerator_label, before.denominator_label
    if not (top and bottom):
        return []
    offer = _(
        "A rate cannot be averaged without its denominator. Choose “%(choice)s”: it divides the sum of “%(top)s” by"
        " the sum of “%(bottom)s”."
    )
    return [("aggregation", offer % {"choice": Aggregation.RATIO.label, "top": top, "bottom": bottom})]


def add_operands(version: KpiVersion) -> None:
    """Note what a saved version rests on."""
    if version.aggregation != Aggregation.FORMULA:
        return
    reading = formula_texts.read(version.formula, inputs=(version.numerator_label, version.denominator_label))
    FormulaOperand.objects.bulk_create(
        FormulaOperand(version=version, operand_id=pk) for pk in sorted(reading.operands)
    )

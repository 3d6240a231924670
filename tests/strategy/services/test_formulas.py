"""Saving formulas: what is kept, what is refused, and the sentence that says what to do."""

import pytest

from kpiapp.formulas import LANGUAGE_VERSION
from strategy.models import FormulaOperand, KpiDefinition
from strategy.services import kpis
from tests.scorecards.kit import D, make_kpi


def save(scope, name, formula, **fields):
    values = {"name": name, "aggregation": "formula", "formula": formula, **fields}
    return kpis.create_kpi(fields=values, by=scope.acting(scope.strategy), code=name.upper())


def revise(scope, definition, formula):
    fields = {"name": definition.name, "aggregation": "formula", "formula": formula}
    return kpis.revise_kpi(definition=definition, fields=fields, by=scope.acting(scope.strategy), department=None)


def refusal(action, *arguments, **options) -> list[tuple[str, str]]:
    with pytest.raises(kpis.KpiRefused) as refused:
        action(*arguments, **options)
    return refused.value.problems


def test_a_formula_is_kept_by_reference_with_the_version_of_the_language(scope):
    won, leads = make_kpi("WON", "Won").definition, make_kpi("LEADS", "Khách tiềm năng").definition
    kept = save(scope, "C", "percent([won], [khach tiem nang])", unit="%").current
    assert kept.formula == f"percent({{kpi:{won.pk}}}, {{kpi:{leads.pk}}})"
    assert kept.formula_language == LANGUAGE_VERSION
    assert set(FormulaOperand.objects.values_list("operand", flat=True)) == {won.pk, leads.pk}


def test_an_unknown_name_is_refused(scope):
    assert refusal(save, scope, "C", "[NOPE] * 2") == [("formula", "There is no KPI “NOPE”. Choose one from the list.")]


def test_a_circle_is_refused_with_the_path_named(scope):
    make_kpi("X")
    a = save(scope, "A", "[X] * 2")
    b = save(scope, "B", "[A] + 1")
    save(scope, "C", "[B] + 1")
    assert refusal(revise, scope, a, "[C] * 2") == [
        ("formula", "That goes round in a circle: A → C → B → A. Leave one of them out.")
    ]
    assert refusal(revise, scope, b, "[B] * 2") == [
        ("formula", "A KPI cannot be calculated from itself. Choose another one.")
    ]
    assert KpiDefinition.objects.get(code="A").current.number == 1


def test_units_are_checked_against_each_other_and_against_the_kpi(scope):
    make_kpi("REV", "Revenue", unit="VND m")
    make_kpi("MARGIN", "Margin", unit="%", aggregation="ratio")
    assert "units differ" in refusal(save, scope, "X", "[REV] + [MARGIN]")[0][1]
    assert "Use percent(a, b)" in refusal(save, scope, "X", "[REV] / [REV]", unit="%")[0][1]
    assert "Set the unit to %" in refusal(save, scope, "X", "percent([REV], [REV])", unit="VND m")[0][1]
    assert save(scope, "Profit", "[REV] * [MARGIN]%", unit="VND m").current.unit == "VND m"


def test_a_mean_of_rates_is_refused_and_the_ratio_of_sums_offered(scope):
    for code in ("M1", "M2"):
        make_kpi(code, unit="%", aggregation="ratio")
    field, sentence = refusal(save, scope, "Mean", "avg([M1], [M2])", unit="%")[0]
    assert field == "formula"
    assert sentence.endswith("percent([M1].numerator + [M2].numerator, [M1].denominator + [M2].denominator).")


def test_a_ratio_whose_parts_are_known_does_not_become_a_mean_of_percents(scope):
    ratio = make_kpi(
        "R", unit="%", aggregation="ratio", numerator_label="Won", denominator_label="Leads", factor=D(100)
    )
    fields = {"name": "R", "unit": "%", "aggregation": "avg"}
    problems = refusal(
        kpis.revise_kpi, definition=ratio.definition, fields=fields, by=scope.acting(scope.strategy), department=None
    )
    assert problems == [
        (
            "aggregation",
            "A rate cannot be averaged without its denominator. Choose “Ratio of totals”: it divides the sum of “Won”"
            " by the sum of “Leads”.",
        )
    ]
    assert kpis.create_kpi(fields={**fields, "name": "Typed percent"}, by=scope.acting(scope.strategy))

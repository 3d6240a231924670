"""Units of formulas: what may be added, what a product is measured in, and that rates are not averaged."""

import pytest

from kpiapp.formulas import FormulaError, OperandUnit, dimension_of, parse, unit_of

UNITS = {
    "kpi:1": OperandUnit(dimension_of("VND m"), "Revenue"),
    "kpi:2": OperandUnit(dimension_of("VND m"), "Cost"),
    "kpi:3": OperandUnit(dimension_of("VND bn"), "Debt"),
    "kpi:4": OperandUnit(dimension_of("contracts"), "Contracts"),
    "kpi:5": OperandUnit(dimension_of("leads"), "Leads"),
    "kpi:6": OperandUnit(dimension_of("%"), "Margin A", has_parts=True),
    "kpi:7": OperandUnit(dimension_of("%"), "Margin B", has_parts=True),
    "kpi:8": OperandUnit(dimension_of("%"), "Satisfaction"),
    "kpi:9": OperandUnit(dimension_of("hours"), "Hours"),
}


def unit(text: str):
    return unit_of(parse(text), UNITS)


def test_money_and_a_rate_are_never_added():
    with pytest.raises(FormulaError, match="cannot be added"):
        unit("{kpi:1} + {kpi:6}")
    with pytest.raises(FormulaError, match="cannot be added"):
        unit("max({kpi:1}, {kpi:9})")
    with pytest.raises(FormulaError, match="different units"):
        unit("{kpi:1} + {kpi:3}")
    with pytest.raises(FormulaError, match="cannot be added"):
        unit("if({kpi:1} > {kpi:4}, 1, 2)")


def test_a_rate_of_money_is_money_and_money_over_money_is_a_rate():
    assert unit("{kpi:1} * {kpi:6}%").label == "VND m"
    assert unit("{kpi:1} - {kpi:2}").label == "VND m"
    assert unit("{kpi:2} / {kpi:1}").is_rate
    assert unit("{kpi:4} / {kpi:5}").is_rate
    assert unit("percent({kpi:4}, {kpi:5})").is_percent
    assert unit("{kpi:1} / {kpi:4}").label == "VND m / contracts"
    assert unit("{kpi:1} / {kpi:4} * {kpi:5}").powers == dimension_of("VND m").powers
    assert unit("{kpi:1} * 2 + 100").label == "VND m"
    assert unit("{kpi:4} + {kpi:5}").label == ""


def test_a_percent_that_is_multiplied_needs_its_sign():
    with pytest.raises(FormulaError, match=r"write \{kpi:6\}%"):
        unit("{kpi:1} * {kpi:6}")
    with pytest.raises(FormulaError, match="same kind"):
        unit("percent({kpi:1}, {kpi:4})")


@pytest.mark.parametrize("text", ["avg({kpi:6}, {kpi:7})", "({kpi:6} + {kpi:7}) / 2"])
def test_a_rate_is_not_averaged_and_the_ratio_of_sums_is_offered(text):
    with pytest.raises(FormulaError) as error:
        unit(text)
    offer = "percent({kpi:6}.numerator + {kpi:7}.numerator, {kpi:6}.denominator + {kpi:7}.denominator)"
    assert error.value.params["offer"] == offer


def test_a_rate_without_known_parts_is_not_averaged_either():
    with pytest.raises(FormulaError, match="Measure “Satisfaction”"):
        unit("avg({kpi:6}, {kpi:8})")

"""Every KPI of the library can be scored by the kernel, and what the forms offer is what the kernel takes."""

from decimal import Decimal

import pytest

from scorecards.kpi_checks import problems_of_definition
from scorecards.scoring import Direction, Method, compile_rule, rule_from_data
from scorecards.scoring.rules import DIRECTIONS_OF
from strategy.catalogue import library_kpis
from strategy.choices import METHODS_OF
from strategy.services.kpis import complete_fields


@pytest.mark.parametrize("kpi", library_kpis().values(), ids=lambda kpi: kpi.code)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_kpi_of_the_library_is_a_rule_without_problems(kpi, language):
    fields = complete_fields(kpi.version_fields(language))
    assert problems_of_definition(fields) == []


@pytest.mark.parametrize("kpi", library_kpis().values(), ids=lambda kpi: kpi.code)
def test_meeting_the_suggested_target_scores_full(kpi):
    if kpi.target is None and kpi.method != "band":
        return
    rule = rule_from_data({"method": kpi.method, "params": kpi.version_fields("en")["params"]}, direction=kpi.direction)
    actual = kpi.target if kpi.target is not None else rule.params["low"]
    state, raw, _ = compile_rule(rule)(Decimal(actual), None, kpi.target, kpi.baseline)
    assert (state, raw) == ("scored", 1)


def test_methods_offered_for_a_direction_are_those_the_kernel_takes():
    for direction, methods in METHODS_OF.items():
        for method in methods:
            fits = DIRECTIONS_OF.get(Method(method))
            assert fits is None or Direction(direction) in fits
    offered = {method for methods in METHODS_OF.values() for method in methods}
    assert {str(method) for method in offered} == {str(method) for method in Method}

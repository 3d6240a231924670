"""The curve a manager sees is the one the kernel scores by, for all twelve methods."""

from decimal import Decimal as D

import pytest
from django.utils import translation

from scorecards.kpi_checks import problems_of_definition
from scorecards.offers.curves import curve_of_definition
from scorecards.scoring import Method, rule_from_data, score_line
from strategy.kpis.curve_drawing import draw

PARAMS = {
    "band": {"low": "95", "high": "100", "outer_low": "80", "outer_high": "115"},
    "deduct": {"deduct_per_unit": "0.25"},
    "deviation": {"tolerance": "0.05"},
    "binary": {"pass_when": ">="},
    "scale": {"bands": [{"at_least": "4.5", "completion": "1.2"}, {"at_least": "0", "completion": "0"}]},
    "piecewise_linear": {
        "anchors": [{"x": "300", "completion": "0"}, {"x": "900", "completion": "1"}],
        "x_is": "actual",
        "below_first": "zero",
        "above_last": "clamp",
    },
    "milestone": {"table": [{"label": "a", "completion": "0.25"}, {"label": "b", "completion": "1"}]},
}
DIRECTIONS = {"mirror": "decrease", "inverse": "decrease", "deduct": "decrease", "band": "range", "deviation": "range"}


def fields(method, **more):
    return {
        "method": method,
        "params": PARAMS.get(method, {}),
        "direction": DIRECTIONS.get(method, "increase"),
        "cap": D("1.2"),
        "floor": D(0),
        "min_gate": None,
        "missing_policy": "exclude_reweight",
        "factor": D(1),
        "aggregation": "sum",
        "baseline": D(40) if method == "baseline" else None,
        "target": D(60),
        **more,
    }


@pytest.mark.parametrize("method", list(Method))
def test_every_method_has_a_curve_of_the_kernels_own_numbers(method):
    version = fields(method.value)
    assert problems_of_definition(version) == []
    curve = curve_of_definition(version)
    assert len(curve.points) >= 5
    rule = rule_from_data(version, direction=version["direction"])
    for point in curve.points:
        line = score_line(rule, actual=point.x, target=version["target"], baseline=version["baseline"])
        assert line.completion == point.completion
    drawing = draw(curve, "h")
    assert drawing.paths or drawing.dots
    assert len(drawing.table) >= 2


def test_a_value_is_tried_in_words():
    with translation.override("en"):
        tried = draw(curve_of_definition(fields("mirror", target=D(4)), D("5.2")), "h")
        assert tried.tried_words == "5.2 h of a target of 4 h gives 70%."
        capped = draw(curve_of_definition(fields("ratio", target=D(4)), D(8)), "h")
        assert capped.tried_words == "8 h of a target of 4 h gives 120%; 200% without the cap."
        gated = draw(curve_of_definition(fields("ratio", target=D(4), min_gate=D("0.7")), D(2)), "h")
        assert gated.tried_words == "2 h of a target of 4 h gives 0%; 50% lies below the gate of 70%."


def test_limits_are_drawn_and_a_missing_target_is_an_example():
    drawing = draw(curve_of_definition(fields("ratio", target=None, min_gate=D("0.5"))), "%")
    assert drawing.is_example
    assert {mark.kind for mark in drawing.across} == {"", "cap", "gate"}


def test_what_cannot_be_drawn_says_why():
    assert draw(curve_of_definition(fields("band", params={"low": "5", "high": "1"})), "").problem
    assert draw(curve_of_definition(fields("scale", params={})), "").problem
    assert draw(curve_of_definition(fields("inverse", target=D(0))), "").problem == ""

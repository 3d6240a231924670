"""Whatever is typed: a value, a missing one, or a formula error with a place inside the text."""

import random
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.formula_inputs import inputs, try_one
from kpiapp.formulas import evaluate, parse

VALUES = {"kpi:1": Decimal(7), "kpi:2": Decimal("0.5"), "kpi:3": Decimal(0), "kpi:4": None}


def test_three_thousand_inputs_end_in_a_value_or_a_formula_error():
    for style in ("", "en", "vi"):
        parse("1", style)  # the parser of a style is made once
    for text, style in inputs(random.Random(20261120), 3_000):
        problem = try_one(text, style)
        assert problem is None, (text, problem)


@given(st.text(max_size=60), st.sampled_from(["", "en", "vi"]))
def test_any_text_ends_well(text, style):
    assert try_one(text, style) is None


numbers = st.decimals(min_value=-1000, max_value=1000, places=3)


@given(numbers, numbers, numbers)
def test_the_tree_computes_what_python_computes(a, b, c):
    values = {"kpi:1": a, "kpi:2": b, "kpi:3": c}
    assert evaluate(parse("{kpi:1} + {kpi:2} * {kpi:3} - -{kpi:1}"), values).value == a + b * c + a
    assert evaluate(parse("if({kpi:1} > {kpi:2}, {kpi:1}, {kpi:2})"), values).value == max(a, b)
    if c:
        quotient = evaluate(parse("({kpi:1} + {kpi:2}) / {kpi:3}"), values).value
        assert abs(quotient - (a + b) / c) <= Decimal("0.0000005") + Decimal("1e-20")

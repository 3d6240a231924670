"""What formulas mean, what is refused and where: the language as the people who write formulas meet it."""

from decimal import Decimal

import pytest

from kpiapp.formulas import FormulaError, canonical, evaluate, localized, parse, shown

VALUES = {"kpi:1": Decimal(120), "kpi:2": Decimal(30), "kpi:3": Decimal(0), "kpi:4": None}


def value(text: str, style: str = ""):
    return evaluate(parse(text, style), VALUES).value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("100 / 5 / 2", 10),
        ("-{kpi:2} + 40", 10),
        ("15% * {kpi:1}", 18),
        ("sum({kpi:1}, {kpi:2}, 50)", 200),
        ("avg({kpi:1}, {kpi:2})", 75),
        ("weighted_avg(10, 1, 20, 3)", "17.5"),
        ("min({kpi:1}, {kpi:2}) + max(1, 2)", 32),
        ("percent({kpi:2}, {kpi:1})", 25),
        ("ratio({kpi:1}, {kpi:3}, 7)", 7),
        ("ratio(1, 3)", "0.333333"),
        ("if({kpi:1} > 100 and not {kpi:2} > 30, 1, 2)", 1),
        ("if({kpi:1} = 120 or {kpi:4} > 3, 1, 2)", 1),
        ("if({kpi:1} / 3 * 3 = {kpi:1}, 1, 2)", 1),
        ("IF(1 <> 2, 3, 4)", 3),
        ("coalesce({kpi:4}, {kpi:2})", 30),
        ("if(missing({kpi:4}), 5, 6)", 5),
        ("abs(-2.5)", "2.5"),
        ("clamp({kpi:1}, 0, 100)", 100),
        ("round(2.5)", 3),
        ("round(-2.5)", -3),
        ("round_even(2.5)", 2),
        ("round_up(2.01, 1)", "2.1"),
        ("round_down(-2.09, 1)", -2),
    ],
)
def test_a_formula_gives(text, expected):
    assert value(text) == Decimal(str(expected))


def test_a_missing_operand_makes_the_result_missing_and_is_named_never_zero():
    outcome = evaluate(parse("{kpi:1} + {kpi:4} * {kpi:9}"), VALUES)
    assert outcome.value is None
    assert outcome.missing == ("kpi:4", "kpi:9")


def test_a_zero_divisor_is_a_fault_with_its_place_and_not_a_value():
    outcome = evaluate(parse("{kpi:1} / {kpi:3}"), VALUES)
    assert (outcome.value, outcome.fault, outcome.start, outcome.end) == (None, "zero_divisor", 10, 17)


def test_the_branch_that_is_not_taken_asks_for_nothing():
    assert value("if({kpi:3} = 0, 0, {kpi:1} / {kpi:3})") == 0
    assert value("if({kpi:3} <> 0 and {kpi:1} / {kpi:3} > 1, 1, 2)") == 2


def test_a_number_too_large_to_be_kept_is_a_fault():
    assert evaluate(parse("999999999999999 * 999999999999999"), {}).fault == "too_large"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", (0, 0), "Write the formula"),
        ("2 ** 3", (2, 4), "no powers"),
        ("2 ^ 3", (2, 3), "no powers"),
        ("[A] [B]", (4, 7), "cannot stand here"),
        ("[A] + ", (4, 5), "ends too early"),
        ("sum([A], )", (9, 10), "missing before"),
        ("power(2, 3)", (0, 5), "no function “power”"),
        ("Revenue / 2", (8, 9), "missing before"),
        ("clamp(1)", (0, 7), "clamp(a, lowest, highest)"),
        ("[A] > 3", (0, 7), "a number is needed"),
        ("if([A], 1, 2)", (3, 6), "a comparison is needed"),
        ("[A] + ([B] > 1)", (7, 14), "a number is needed"),
        ("round([A], 7)", (11, 12), "from 0 to 6"),
        ("1234567890123456 + 1", (0, 16), "too long"),
        ("0.1234567", (0, 9), "too long"),
        ("007", (0, 3), "two ways"),
        ("percent([Won", (8, 12), "write “]” behind it"),
        ("[A] @ 2", (4, 5), "no meaning"),
        ("doanh thu", (6, 9), "cannot stand here"),
    ],
)
def test_an_error_names_the_place_and_says_what_to_do(text, place, words):
    with pytest.raises(FormulaError) as error:
        parse(text)
    assert (error.value.start, error.value.end) == place
    assert words in str(error.value)


def test_limits_hold():
    for text in ("-" * 30 + "1", "+".join(["1"] * 201), "1" + " " * 2_000, "abs(" * 25 + "1" + ")" * 25):
        with pytest.raises(FormulaError):
            parse(text)
    assert value("+".join(["1"] * 199)) == 199
    assert value("(" * 500 + "1" + ")" * 500) == 1


def test_numbers_are_read_as_the_language_writes_them_and_doubt_is_refused():
    assert value("1,5 * 2", "vi") == 3
    assert value("round(1,25; 1)", "vi") == Decimal("1.3")
    assert value("max(1, 500)", "en") == 500
    for text, style in (("1.000 + 1", "vi"), ("max(1,500)", "en"), ("1,234.5", "en"), ("1.000,5", "vi")):
        with pytest.raises(FormulaError, match="two ways"):
            parse(text, style)


def test_what_is_stored_is_canonical_and_comes_back_in_the_readers_way():
    formula = parse("round( [A] × 1,5 ;  2 ) ÷ [B].denominator", "vi")
    names = {"[A]": "kpi:1", "[B].denominator": "kpi:2.denominator"}
    stored = canonical(formula, names.__getitem__)
    assert stored == "round( {kpi:1} * 1.5 , 2 ) / {kpi:2.denominator}"
    assert localized(stored, "vi") == "round( {kpi:1} * 1,5 ; 2 ) / {kpi:2.denominator}"
    assert shown(parse("{kpi:1}/{kpi:2}"), {"kpi:1": "Phải thu / tháng", "kpi:2": "30"}.get, "vi") == (
        "Phải thu / tháng ÷ 30"
    )
    assert parse(stored).operands == ("kpi:1", "kpi:2.denominator")

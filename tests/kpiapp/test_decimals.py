"""The decimal rules: what rounds how, what splits how, and what a typed number means."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpiapp.decimals import (
    AllocationError,
    NumberError,
    allocate,
    divide,
    format_money,
    format_number,
    format_percent,
    parse_number,
    plain,
    quantize,
    round_completion,
    round_money,
    round_percent,
)

D = Decimal


def numbers(places=6, digits=12):
    limit = D(10) ** digits
    return st.decimals(-limit, limit, places=places, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("79.994", "79.99"), ("79.995", "80.00"), ("-0.004", "0.00"), ("-0.005", "-0.01"), ("2.5", "2.50")],
)
def test_percent_rounds_half_up_to_two_places(value, expected):
    assert str(round_percent(D(value))) == expected


def test_completion_has_six_places_and_no_negative_zero():
    assert str(round_completion(D("0.0000005"))) == "0.000001"
    assert str(round_completion(D("-0.0000004"))) == "0.000000"


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [("0.5", "VND", "1"), ("1.005", "USD", "1.01"), ("2.4999", "VND", "2"), ("-1.5", "vnd", "-2"), ("1.5", "JPY", "2")],
)
def test_money_rounds_to_the_places_of_its_currency(amount, currency, expected):
    assert str(round_money(D(amount), currency)) == expected


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e60"])
def test_what_cannot_be_rounded_exactly_is_refused(value):
    with pytest.raises(OverflowError):
        quantize(D(value), 2)


def test_a_quotient_is_never_rounded_twice():
    # A hair below the tie, beyond the digits a quotient keeps: rounding half-up twice would give 0.50.
    nearly = divide(D("494" + "9" * 57), D("1E+60"))
    assert str(round_percent(nearly)) == "0.49"


def test_dividing_by_zero_is_named():
    with pytest.raises(ZeroDivisionError):
        divide(D(1), D(0))


@pytest.mark.parametrize(
    ("value", "text"), [("8.00", "8"), ("1E+3", "1000"), ("-0.0", "0"), ("0.50", "0.5"), ("1E-7", "0.0000001")]
)
def test_plain_is_one_text_per_number(value, text):
    assert plain(D(value)) == text


class TestAllocate:
    def test_hundred_over_a_a_b_b_c(self):
        assert allocate(D(100), [D(3), D(3), D(2), D(2), D(1)]) == [28, 27, 18, 18, 9]

    def test_ties_go_to_the_earlier_part(self):
        assert allocate(D(1), [D(1), D(1)]) == [1, 0]
        assert allocate(D("0.01"), [D(1), D(1)], unit=D("0.01")) == [D("0.01"), 0]

    def test_a_negative_total_is_the_opposite_split(self):
        assert allocate(D(-100), [D(3), D(3), D(2), D(2), D(1)]) == [-28, -27, -18, -18, -9]

    def test_zero_is_zero_everywhere_and_never_negative(self):
        assert [str(part) for part in allocate(D(0), [D(1), D(2)], unit=D("0.01"))] == ["0.00", "0.00"]

    @pytest.mark.parametrize(
        ("total", "weights", "unit", "words"),
        [
            (D(1), [], D(1), "nothing to split"),
            (D(1), [D(0), D(0)], D(1), "All weights are zero"),
            (D(1), [D(-1), D(2)], D(1), "negative"),
            (D("1.5"), [D(1)], D(1), "whole number of units"),
            (D(1), [D(1)], D(0), "more than zero"),
        ],
    )
    def test_what_cannot_be_split_is_refused_in_words(self, total, weights, unit, words):
        with pytest.raises(AllocationError, match=words):
            allocate(total, weights, unit=unit)

    @given(
        units=st.integers(-(10**14), 10**14),
        places=st.integers(0, 4),
        weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any),
    )
    def test_sum_is_kept_and_every_part_is_within_one_unit_of_fair(self, units, places, weights):
        unit = D(1).scaleb(-places)
        total = units * unit
        parts = allocate(total, [D(weight) for weight in weights], unit=unit)
        assert sum(parts) == total
        for part, weight in zip(parts, weights, strict=True):
            fair = Fraction(total) * weight / sum(weights)
            assert abs(Fraction(part) - fair) < unit
            assert weight or not part


def _value_or_sentence(text, language):
    try:
        return parse_number(text, language)
    except NumberError as error:
        return str(error)


class TestParsing:
    @pytest.mark.parametrize(
        ("typed", "language", "value"),
        [
            ("1.234", "vi", "1234"),
            ("1.234", "en", "1.234"),
            ("1,234", "vi", "1.234"),
            ("1,234", "en", "1234"),
            ("1.234.567,89", "vi", "1234567.89"),
            ("1,234,567.89", "en", "1234567.89"),
            ("1 234", "vi", "1234"),
            ("1\u00a0234,5", "vi", "1234.5"),
            ("1\u202f234.5", "en", "1234.5"),
            ("1234567", "vi", "1234567"),
            ("0,5", "vi", "0.5"),
            (".5", "en", "0.5"),
            ("0.50", "en", "0.50"),
            ("007", "en", "7"),
            ("85%", "vi", "85"),
            ("85,5 %", "vi", "85.5"),
            ("1.000.000 đ", "vi", "1000000"),
            ("1.000.000đ", "vi", "1000000"),
            ("₫1,000,000", "en", "1000000"),
            ("1.000.000 VNĐ", "vi", "1000000"),
            ("1,000 VND", "en", "1000"),
            ("(1.234)", "vi", "-1234"),
            ("(5 ₫)", "en", "-5"),
            ("-5", "vi", "-5"),
            ("\u22125,5", "vi", "-5.5"),
            ("- 5", "en", "-5"),
            ("+5", "en", "5"),
            ("-0", "en", "0"),
            ("  12 \n", "en", "12"),
            ("1.234", "vi-vn", "1234"),
            ("1,234", "en-gb", "1234"),
        ],
    )
    def test_the_language_decides_what_was_typed(self, typed, language, value):
        parsed = parse_number(typed, language)
        assert parsed == D(value)
        assert not (parsed.is_signed() and not parsed)

    @pytest.mark.parametrize(
        ("typed", "language", "words"),
        [
            ("", "vi", "Type a number"),
            ("   ", "en", "Type a number"),
            ("abc", "vi", "is not a number"),
            ("NaN", "en", "is not a number"),
            ("Infinity", "en", "is not a number"),
            ("-", "en", "is not a number"),
            ("%", "en", "is not a number"),
            ("1e5", "en", "exponent"),
            ("1E-5", "vi", "exponent"),
            ("1.23", "vi", "two ways.*“.” separates thousands"),
            ("1,23", "en", "two ways.*“,” separates thousands"),
            ("0.123", "vi", "two ways"),
            ("1.2345", "vi", "two ways"),
            ("12.34.567", "vi", "two ways"),
            ("1,234.567,8", "vi", "two ways"),
            ("1.234 567", "vi", "two ways"),
            ("1 23", "vi", "two ways"),
            ("5,", "vi", "two ways"),
            ("--5", "en", "more than one sign"),
            ("(-5)", "en", "more than one sign"),
            ("5-", "en", "not a number"),
            ("5²", "en", "not a number"),
            ("٣", "en", "not a number"),
            ("１２", "vi", "not a number"),
            ("1" * 16, "en", "too long"),
            ("0.1234567", "en", "too many decimals"),
            ("=1+1", "en", "not a number"),
        ],
    )
    def test_in_doubt_it_says_what_to_write(self, typed, language, words):
        with pytest.raises(NumberError, match=words):
            parse_number(typed, language)

    def test_limits_are_for_the_caller_to_set(self):
        assert parse_number("0.12", "en", max_decimals=2) == D("0.12")
        with pytest.raises(NumberError, match="at most 0"):
            parse_number("0.12", "en", max_decimals=0)
        assert parse_number("5.00", "en", max_decimals=0) == 5

    def test_the_message_can_be_translated(self):
        with pytest.raises(NumberError) as caught:
            parse_number("1.23", "vi")
        assert caught.value.message % caught.value.params == str(caught.value)
        assert caught.value.params["typed"] == "1.23"

    def test_a_very_long_text_is_shortened_in_the_message(self):
        with pytest.raises(NumberError) as caught:
            parse_number("x" * 10_000, "en")
        assert len(str(caught.value)) < 200

    @given(st.text(max_size=30), st.sampled_from(["vi", "en"]))
    def test_any_text_is_a_number_or_a_sentence(self, text, language):
        answer = _value_or_sentence(text, language)
        assert answer.is_finite() if isinstance(answer, Decimal) else len(answer) > 20

    @given(numbers(), st.sampled_from(["vi", "en"]))
    def test_what_is_shown_can_be_typed_back(self, value, language):
        assert parse_number(format_number(value, language), language) == value
        assert parse_number(format_percent(value, language, places=6), language) == value

    @given(numbers(places=0), st.sampled_from(["VND", "USD"]), st.sampled_from(["vi", "en"]))
    def test_money_that_is_shown_can_be_typed_back(self, amount, currency, language):
        assert parse_number(format_money(amount, currency, language), language) == amount


@pytest.mark.parametrize(
    ("value", "language", "places", "text"),
    [
        ("1234567.891", "vi", None, "1.234.567,891"),
        ("1234567.891", "en", 2, "1,234,567.89"),
        ("8.00", "vi", None, "8"),
        ("8", "vi", 2, "8,00"),
        ("-1234.5", "en", None, "-1,234.5"),
        ("-0.001", "vi", 2, "0,00"),
        ("999.995", "en", 2, "1,000.00"),
    ],
)
def test_numbers_are_written_as_the_language_writes_them(value, language, places, text):
    assert format_number(D(value), language, places=places) == text


def test_percent_and_money_carry_their_signs():
    assert format_percent(D("96.666"), "vi") == "96,67%"
    assert format_money(D("1234567.4"), "VND", "vi") == "1.234.567\u00a0₫"
    assert format_money(D("1234.5"), "USD", "en") == "1,234.50\u00a0USD"

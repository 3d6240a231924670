"""Decimal rules: named rounding, fair allocation, and numbers as people type and read them. No Django."""

from collections.abc import Sequence
from decimal import ROUND_05UP, ROUND_HALF_UP, Context, Decimal, InvalidOperation
from fractions import Fraction

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)

# Wide enough for any product of two stored numbers, so only divisions are ever inexact.
EXACT = Context(prec=50, rounding=ROUND_HALF_UP)
# A quotient that is rounded again afterwards must not be rounded half-up twice: ROUND_05UP keeps
# "a little more" visible in the last digit, so the second, named rounding is the only one that counts.
QUOTIENT = Context(prec=50, rounding=ROUND_05UP)

PERCENT_PLACES = 2
COMPLETION_PLACES = 6
VALUE_PLACES = 6
CURRENCY_PLACES = {"VND": 0, "JPY": 0, "KRW": 0, "LAK": 0, "KHR": 0, "IDR": 0}
DEFAULT_CURRENCY_PLACES = 2
# Made once: a night rounds millions of numbers.
_UNITS = {places: ONE.scaleb(-places) for places in range(13)}


def quantize(value: Decimal, places: int) -> Decimal:
    """Round half-up (away from zero on a tie) to 0 to 12 `places`; a negative zero becomes zero.

    Raises OverflowError for a number too long to be kept exactly, or one that is not finite.
    """
    try:
        rounded = EXACT.quantize(value, _UNITS[places])
    except InvalidOperation as error:
        raise OverflowError(f"{value} cannot be rounded to {places} places") from error
    if not rounded.is_finite():
        raise OverflowError(f"{value} is not a number that can be rounded")
    return rounded if rounded else rounded.copy_abs()


def round_percent(value: Decimal) -> Decimal:
    """A percent (100 = whole) with two places, half-up: 79.994 → 79.99, 79.995 → 80.00."""
    return quantize(value, PERCENT_PLACES)


def round_completion(value: Decimal) -> Decimal:
    """A completion (1 = whole) with the six places it is stored with, half-up."""
    return quantize(value, COMPLETION_PLACES)


def round_money(amount: Decimal, currency: str) -> Decimal:
    """An amount in the places its currency has (VND: none), half-up."""
    return quantize(amount, currency_places(currency))


def currency_places(currency: str) -> int:
    """How many decimals amounts of an ISO 4217 currency carry; two unless the currency is known to have none."""
    return CURRENCY_PLACES.get(currency.upper(), DEFAULT_CURRENCY_PLACES)


def divide(numerator: Decimal, denominator: Decimal) -> Decimal:
    """A quotient made to be rounded or compared once more (see `QUOTIENT`). Raises ZeroDivisionError."""
    if not denominator:
        raise ZeroDivisionError("division by zero")
    return QUOTIENT.divide(numerator, denominator)


def plain(value: Decimal) -> str:
    """The one canonical text of a number: no exponent, no trailing zeros, no negative zero (8.00 → "8")."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class AllocationError(ValueError):
    """A total cannot be split as asked; the message says what to change."""


def allocate(total: Decimal, weights: Sequence[Decimal], *, unit: Decimal = ONE) -> list[Decimal]:
    """Split `total` by `weights` into whole `unit`s so that the parts add up to it exactly.

    Largest remainder; ties go to the earlier part: 100 over 3, 3, 2, 2, 1 gives 28, 27, 18, 18, 9. A negative
    total is split as its opposite. Raises AllocationError when nothing can be split fairly or exactly.
    """
    if not weights:
        raise AllocationError("There is nothing to split over: add at least one part.")
    if any(weight < 0 for weight in weights):
        raise AllocationError("A weight is negative: weights must be zero or more.")
    shares = [Fraction(weight) for weight in weights]
    whole = sum(shares)
    if not whole:
        raise AllocationError("All weights are zero: give at least one part a weight.")
    if unit <= 0:
        raise AllocationError("The unit to split by must be more than zero.")
    units = Fraction(total) / Fraction(unit)
    if units.denominator != 1:
        raise AllocationError(f"{plain(total)} is not a whole number of units of {plain(unit)}.")
    exact = [abs(units) * share / whole for share in shares]
    parts = [int(part) for part in exact]
    left_over = int(abs(units)) - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[:left_over]:
        parts[index] += 1
    signed = unit if units >= 0 else -unit
    # Decimal(0) first: 0 × −unit would be a negative zero.
    return [EXACT.multiply(Decimal(part), signed) if part else EXACT.multiply(ZERO, unit) for part in parts]


# --- numbers as people type and read them -------------------------------------------------------


def gettext_noop(message: str) -> str:
    """Mark a message for the translation catalogue; whoever shows it translates it."""
    return message


class NumberError(ValueError):
    """What was typed is no number we can be sure of.

    `message` is the English text with named gaps, `params` fill them: a form shows `_(error.message) % error.params`.
    """

    def __init__(self, message: str, **params: str) -> None:
        super().__init__(message % params)
        self.message = message
        self.params = params


GROUP_SIGN = {"vi": ".", "en": ","}
DECIMAL_SIGN = {"vi": ",", "en": "."}
MAX_WHOLE_DIGITS = 15
MAX_DECIMALS = 6
# Spreadsheets and web pages separate thousands with any of these.
SPACES = " \t\u00a0\u2009\u202f"
CURRENCY_WORDS = ("VNĐ", "VND", "USD", "EUR", "Đ", "₫", "$", "€")
SUFFIX_CURRENCIES = {"VND": "₫"}

TYPE_A_NUMBER = gettext_noop("Type a number, for example %(example)s.")
NOT_A_NUMBER = gettext_noop("“%(typed)s” is not a number. Type digits only, for example %(example)s.")
NO_EXPONENT = gettext_noop("“%(typed)s” uses an exponent. Write the number out, for example %(example)s.")
WRONG_GROUPS = gettext_noop(
    "“%(typed)s” can be read in two ways. Here “%(group)s” separates thousands and “%(decimal)s” decimals:"
    " write %(example)s."
)
TWO_SIGNS = gettext_noop("“%(typed)s” has more than one sign. Use one minus or one pair of brackets.")
TOO_LONG = gettext_noop("“%(typed)s” is too long: at most %(digits)s digits before the decimals.")
TOO_PRECISE = gettext_noop("“%(typed)s” has too many decimals: at most %(places)s.")


def parse_number(
    text: str, language: str, *, max_decimals: int = MAX_DECIMALS, max_digits: int = MAX_WHOLE_DIGITS
) -> Decimal:
    """The number a person typed in the way of their language: "1.234,5" in vi and "1,234.5" in en are 1234.5.

    The language alone decides: "1.234" is 1234 in vi and 1.234 in en. A percent sign or currency is dropped (85 % is
    85), brackets mean negative. Raises NumberError, in words that say what to write, when in any doubt.
    """
    language = _known(language)
    typed = text.strip(SPACES + "\r\n")
    example = "1.234,5" if language == "vi" else "1,234.5"
    if not typed:
        raise NumberError(TYPE_A_NUMBER, example=example)
    shown = typed if len(typed) <= 40 else typed[:39] + "…"
    body, negative = _without_sign(typed, shown)
    if not body or not body[0].isascii() or not body[-1].isascii() or set(body) - set("0123456789.,eE+-" + SPACES):
        raise NumberError(NOT_A_NUMBER, typed=shown, example=example)
    if set(body) & set("eE"):
        raise NumberError(NO_EXPONENT if any(c.isdigit() for c in body) else NOT_A_NUMBER, typed=shown, example=example)
    whole, fraction = _split(body, language, shown, example)
    if len(whole) > max_digits:
        raise NumberError(TOO_LONG, typed=shown, digits=str(max_digits))
    if len(fraction.rstrip("0")) > max_decimals:
        raise NumberError(TOO_PRECISE, typed=shown, places=str(max_decimals))
    value = Decimal(f"{whole}.{fraction}" if fraction else whole)
    return value.copy_negate() if negative and value else value


def _known(language: str) -> str:
    """The number style of a language code such as "vi" or "en-gb"; English for any other language."""
    return "vi" if language.lower().split("-")[0] == "vi" else "en"


def _without_sign(typed: str, shown: str) -> tuple[str, bool]:
    """What is left of a typed number without sign, brackets, percent and currency, and whether it is negative."""
    body = typed.replace("\u2212", "-")
    signs = 0
    negative = False
    # Sign, brackets and unit come in any order: -5 %, ₫-5, (5 ₫). Peel until nothing changes.
    while True:
        before = body
        body = body.strip(SPACES)
        if body.startswith("(") and body.endswith(")"):
            body, signs, negative = body[1:-1], signs + 1, True
        elif body[:1] in ("-", "+"):
            negative, signs, body = negative or body[0] == "-", signs + 1, body[1:]
        else:
            body = _without_unit(body)
        if body == before:
            break
    if signs > 1:
        raise NumberError(TWO_SIGNS, typed=shown)
    return body, negative


def _without_unit(body: str) -> str:
    if body.endswith("%"):
        return body[:-1]
    upper = body.upper()
    for word in CURRENCY_WORDS:
        if upper.endswith(word):
            return body[: -len(word)]
        if upper.startswith(word):
            return body[len(word) :]
    return body


def _split(body: str, language: str, shown: str, example: str) -> tuple[str, str]:
    """Whole digits and decimals of an unsigned number; refuses groups that are not groups of three."""
    group, point = GROUP_SIGN[language], DECIMAL_SIGN[language]
    doubt = NumberError(WRONG_GROUPS, typed=shown, group=group, decimal=point, example=example)
    for space in SPACES:
        body = body.replace(space, " ")
    whole, _, fraction = body.partition(point)
    if set(fraction) - set("0123456789") or (point in body and not fraction):
        raise doubt
    signs = {sign for sign in (group, " ") if sign in whole}
    if len(signs) > 1:
        raise doubt
    digits = whole
    if signs:
        groups = whole.split(signs.pop())
        first, rest = groups[0], groups[1:]
        if not 1 <= len(first) <= 3 or first.startswith("0") or any(len(part) != 3 for part in rest):
            raise doubt
        digits = "".join(groups)
    if not digits.isdigit():
        # ",5" and "-": a decimal without a whole part is common in English typing, a lone sign is not a number.
        if digits or not fraction:
            raise NumberError(NOT_A_NUMBER, typed=shown, example=example)
        digits = "0"
    return digits.lstrip("0") or "0", fraction


def format_number(value: Decimal, language: str, *, places: int | None = None) -> str:
    """A number as the language writes it; `places` fixes the decimals (half-up), None shows those there are."""
    language = _known(language)
    text = plain(value) if places is None else format(quantize(value, places), "f")
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, _, fraction = digits.partition(".")
    grouped = f"{int(whole):,}".replace(",", GROUP_SIGN[language])
    return f"{sign}{grouped}{DECIMAL_SIGN[language]}{fraction}" if fraction else f"{sign}{grouped}"


def format_percent(value: Decimal, language: str, *, places: int | None = PERCENT_PLACES) -> str:
    """A percent (100 = whole) with its sign: 96.67 is "96,67%" in vi and "96.67%" in en."""
    return f"{format_number(value, language, places=places)}%"


def format_money(amount: Decimal, currency: str, language: str) -> str:
    """An amount in its currency's places: 1234567 VND is "1.234.567 ₫" in vi and "1,234,567 ₫" in en."""
    number = format_number(amount, language, places=currency_places(currency))
    return f"{number}\u00a0{SUFFIX_CURRENCIES.get(currency.upper(), currency.upper())}"

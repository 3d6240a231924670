"""Inputs nobody would type, for the tests and the benchmark: grown from the grammar, mutated, and random bytes."""

import random
from collections.abc import Iterator
from decimal import Decimal

from kpiapp.formulas.errors import FormulaError
from kpiapp.formulas.evaluate import evaluate
from kpiapp.formulas.functions import FUNCTIONS
from kpiapp.formulas.parse import Formula, canonical, localized, parse, shown
from kpiapp.formulas.units import OperandUnit, dimension_of, unit_of

OPERANDS = (
    "{kpi:1}",
    "{kpi:2}",
    "{kpi:3}",
    "{kpi:4}",
    "{kpi:12.numerator}",
    "{input:1}",
    "[A]",
    "[Doanh thu].denominator",
)
PIECES = (
    *OPERANDS,
    *FUNCTIONS,
    *"+-*/%()<>=,;^[]{}.",
    "**",
    "<=",
    "<>",
    " and ",
    " or ",
    "not ",
    "1",
    "0",
    "9.5",
    "1.000",
)
UNITS = ("", "%", "VND m", "VND bn", "contracts", "hours", "điểm")
HUGE = Decimal(10) ** 17
VALUES = (Decimal(0), Decimal(1), Decimal("-0.000001"), HUGE, -HUGE, Decimal("33.333333"), None)


def inputs(source: random.Random, count: int) -> Iterator[tuple[str, str]]:
    """Texts with the style they are read in; a third each grown, mutated and random."""
    for number in range(count):
        style = source.choice(("", "en", "vi"))
        if number % 3 == 0:
            yield grown(source, source.randint(1, 7)), style
        elif number % 3 == 1:
            yield mutated(source, grown(source, source.randint(1, 5))), style
        else:
            yield noise(source), style


def grown(source: random.Random, depth: int) -> str:
    """A text of the grammar, mostly one that can be read."""
    if depth <= 0 or source.random() < 0.15:
        number = f"{source.randint(0, 10 ** source.randint(1, 15))}" + source.choice(("", "", ".5", ".000001", "%"))
        return source.choice((number, source.choice(OPERANDS)))
    kind = source.randint(0, 6)
    if kind == 0:
        return f"({grown(source, depth - 1)})"
    if kind == 1:
        return source.choice("+-") + grown(source, depth - 1)
    if kind == 2:
        signs = source.choice(("+-", "*/"))
        parts = [grown(source, depth - 1) for _ in range(source.randint(2, 5))]
        return parts[0] + "".join(f" {source.choice(signs)} {part}" for part in parts[1:])
    if kind == 3:
        return f"if({truth(source, depth - 1)}, {grown(source, depth - 1)}, {grown(source, depth - 1)})"
    function = source.choice(list(FUNCTIONS.values()))
    arguments = [grown(source, depth - 1) for _ in range(source.randint(function.least, function.most or 4))]
    return f"{function.name}({', '.join(arguments)})"


def truth(source: random.Random, depth: int) -> str:
    """A comparison, or several joined."""
    one = f"{grown(source, depth - 1)} {source.choice(('<', '>', '=', '<=', '>=', '<>'))} {grown(source, depth - 1)}"
    kind = source.randint(0, 3)
    return (one, f"not {one}", f"{one} and missing({grown(source, 0)})", f"{one} or {one}")[kind]


def mutated(source: random.Random, text: str) -> str:
    """The text with pieces put in, taken out, doubled or swapped."""
    for _ in range(source.randint(1, 4)):
        at = source.randint(0, len(text))
        kind = source.randint(0, 3)
        if kind == 0:
            text = text[:at] + source.choice(PIECES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + source.randint(1, 5) :]
        elif kind == 2:
            text = text[:at] + text[at:] * source.randint(1, 3)
        else:
            text = text[at:] + text[:at]
    return text[:4_000]


def noise(source: random.Random) -> str:
    """Random bytes, random characters, or one piece over and over."""
    kind = source.randint(0, 3)
    if kind == 0:
        return source.randbytes(source.randint(0, 200)).decode("utf-8", "replace")
    if kind == 1:
        return "".join(chr(source.randint(0, 0x2FFF)) for _ in range(source.randint(0, 100)))
    if kind == 2:
        return "".join(source.choice(PIECES) for _ in range(source.randint(0, 60)))
    return source.choice(PIECES) * source.randint(1, 700)


def use(text: str, style: str) -> Formula | None:
    """What the product does with a text: read it, check its units, evaluate it. None for one that is refused."""
    try:
        formula = parse(text, style)
        source = random.Random(len(text))
        units = {key: OperandUnit(dimension_of(source.choice(UNITS)), key, True) for key in formula.operands}
        values = {key: source.choice(VALUES) for key in formula.operands}
        outcome = evaluate(formula, values)
        assert outcome.value is None or outcome.value.is_finite()
        unit_of(formula, units)
    except FormulaError as error:
        if not 0 <= error.start <= error.end <= len(text):
            raise ValueError("a place outside of the text") from error
        return None
    return formula


def try_one(text: str, style: str) -> str | None:
    """What went wrong with a text, None when it ended as it should; one that is kept comes back as the same formula."""
    try:
        formula = use(text, style)
        if formula is None:
            return None
        again = canonical(formula, lambda key: key if ":" in key else "kpi:7")
        localized(again, style)
        shown(formula, lambda key: key, style)
        if parse(again).root.size != formula.root.size:
            return "another formula when it is read again"
    except Exception as error:  # noqa: BLE001  (anything else is the finding)
        return f"{type(error).__name__}: {error}"
    return None

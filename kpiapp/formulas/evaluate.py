"""The value of a formula in exact decimals: missing operands stay missing, and what cannot be computed says why.

Sums and products are exact to 50 digits and quotients carry as many; comparisons look at twelve decimals, so that a
third times three is one. The value is rounded once, at the end, half up to six decimals.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal

from kpiapp.decimals import EXACT, HUNDRED, ONE, VALUE_PLACES, ZERO, divide, quantize
from kpiapp.formulas.nodes import Call, Chain, Compare, Hundredths, Logic, Negative, Node, Number, Operand
from kpiapp.formulas.parse import Formula

# What a value is kept with: beyond this it has no room in its column.
LIMIT = Decimal(10) ** 18
COMPARED_PLACES = 12
ZERO_DIVISOR = "zero_divisor"
TOO_LARGE = "too_large"

Values = Mapping[str, Decimal | None]
Roundings = {"round": ROUND_HALF_UP, "round_up": ROUND_UP, "round_down": ROUND_DOWN, "round_even": ROUND_HALF_EVEN}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A value; or what is missing for it (keys of operands); or the fault, with its place in the text."""

    value: Decimal | None = None
    missing: tuple[str, ...] = ()
    fault: str = ""
    start: int = 0
    end: int = 0


class _Missing(Exception):
    """A value rests on operands that have none."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        super().__init__(keys)
        self.keys = keys


class _Fault(Exception):
    def __init__(self, reason: str, node: Node) -> None:
        super().__init__(reason)
        self.reason = reason
        self.node = node


def evaluate(formula: Formula, values: Values) -> Outcome:
    """The value for values of its operands by key (None or absent: no value). Raises nothing."""
    try:
        found = _value(formula.root, values)
        return Outcome(value=quantize(found, VALUE_PLACES))
    except _Missing as missing:
        return Outcome(missing=tuple(dict.fromkeys(missing.keys)))
    except _Fault as fault:
        return Outcome(fault=fault.reason, start=fault.node.start, end=fault.node.end)


def _value(node: Node, values: Values) -> Decimal:
    value = _VALUES[type(node)](node, values)
    if not -LIMIT < value < LIMIT:
        raise _Fault(TOO_LARGE, node)
    return value


def _all(parts: tuple[Node, ...], values: Values) -> list[Decimal]:
    """Values of all parts; where some are missing, all that is missing is named at once."""
    found: list[Decimal] = []
    missing: list[str] = []
    for part in parts:
        try:
            found.append(_value(part, values))
        except _Missing as error:
            missing += error.keys
    if missing:
        raise _Missing(tuple(missing))
    return found


def _operand(node: Operand, values: Values) -> Decimal:
    value = values.get(node.key)
    if value is None:
        raise _Missing((node.key,))
    return value


def _chain(node: Chain, values: Values) -> Decimal:
    first, *rest = _all(node.parts, values)
    for operator, part, value in zip(node.operators, node.parts[1:], rest, strict=True):
        first = _quotient(first, value, part) if operator == "/" else _OPERATORS[operator](first, value)
        # A product of many has no end, so that each step is held to the limit.
        if not -LIMIT < first < LIMIT:
            raise _Fault(TOO_LARGE, node)
    return first


_OPERATORS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": EXACT.add,
    "-": EXACT.subtract,
    "*": EXACT.multiply,
}


def _quotient(top: Decimal, bottom: Decimal, node: Node) -> Decimal:
    if not bottom:
        raise _Fault(ZERO_DIVISOR, node)
    return divide(top, bottom)


def _truth(node: Node, values: Values) -> bool:
    if isinstance(node, Compare):
        left, right = (quantize(value, COMPARED_PLACES) for value in _all(node.parts, values))
        return _COMPARISONS[node.operator](left, right)
    if isinstance(node, Logic):
        return _logic(node, values)
    # missing(…) is the only function that is a truth.
    try:
        _value(node.parts[0], values)
    except _Missing:
        return True
    return False


_COMPARISONS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
}


def _logic(node: Logic, values: Values) -> bool:
    """From left to right until it is decided; what is missing decides nothing."""
    if node.operator == "not":
        return not _truth(node.parts[0], values)
    decisive = node.operator == "or"
    missing: list[str] = []
    for part in node.parts:
        try:
            if _truth(part, values) is decisive:
                return decisive
        except _Missing as error:
            missing += error.keys
    if missing:
        raise _Missing(tuple(missing))
    return not decisive


def _call(node: Call, values: Values) -> Decimal:
    if node.name == "if":
        return _value(node.parts[1 if _truth(node.parts[0], values) else 2], values)
    if node.name == "coalesce":
        return _first(node, values)
    if node.name in ("ratio", "percent"):
        return _ratio(node, values)
    if node.name == "weighted_avg":
        return _weighted(node, values)
    numbers = _all(node.parts, values)
    if node.name in Roundings:
        return _rounded(numbers[0], int(numbers[1]) if len(numbers) > 1 else 0, Roundings[node.name])
    if node.name == "clamp":
        return max(numbers[1], min(numbers[2], numbers[0]))
    return _SIMPLE[node.name](numbers)


def _sum(numbers: list[Decimal]) -> Decimal:
    total = ZERO
    for number in numbers:
        total = EXACT.add(total, number)
    return total


_SIMPLE: dict[str, Callable[[list[Decimal]], Decimal]] = {
    "sum": _sum,
    "avg": lambda numbers: divide(_sum(numbers), Decimal(len(numbers))),
    "min": min,
    "max": max,
    "abs": lambda numbers: numbers[0].copy_abs(),
}


def _first(node: Call, values: Values) -> Decimal:
    missing: list[str] = []
    for part in node.parts:
        try:
            return _value(part, values)
        except _Missing as error:
            missing += error.keys
    raise _Missing(tuple(missing))


def _ratio(node: Call, values: Values) -> Decimal:
    top, bottom = _all(node.parts[:2], values)
    if not bottom and len(node.parts) == 3:
        return _value(node.parts[2], values)
    return _quotient(EXACT.multiply(top, HUNDRED if node.name == "percent" else ONE), bottom, node.parts[1])


def _weighted(node: Call, values: Values) -> Decimal:
    numbers = _all(node.parts, values)
    products = [EXACT.multiply(value, weight) for value, weight in zip(numbers[::2], numbers[1::2], strict=True)]
    return _quotient(_sum(products), _sum(numbers[1::2]), node)


def _rounded(value: Decimal, places: int, how: str) -> Decimal:
    return value.quantize(ONE.scaleb(-places), rounding=how, context=EXACT)


_VALUES: dict[type[Node], Callable[..., Decimal]] = {
    Number: lambda node, values: node.value,
    Operand: _operand,
    Chain: _chain,
    Negative: lambda node, values: EXACT.minus(_value(node.parts[0], values)),
    Hundredths: lambda node, values: divide(_value(node.parts[0], values), HUNDRED),
    Call: _call,
}

"""What a formula's value is measured in: money and a rate are never added, a rate of money is money.

A unit is the text people gave a KPI. What is counted (contracts, people) counts alike; money and time know their scale,
so that thousands and millions are not mixed; a percent is kept with 100 = whole and becomes a rate by a percent sign.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kpiapp.formulas import errors
from kpiapp.formulas.errors import FormulaError
from kpiapp.formulas.nodes import Call, Chain, Compare, Hundredths, Logic, Negative, Node, Number, Operand
from kpiapp.formulas.parse import Formula

MONEY, TIME, COUNT, PERCENT = "money", "time", "count", "percent"
_MONEY = re.compile(r"\b(vnd|vnđ|usd|eur|jpy|đồng|dong|triệu|tỷ|tr|đ|dollars?|euros?)\b|[₫$€]", re.IGNORECASE)
_TIME = {
    "hour": "hour hours h giờ",
    "day": "day days d ngày",
    "minute": "minute minutes min phút",
    "second": "second seconds s giây",
    "month": "month months tháng",
}
_TIME_OF = {word: unit for unit, words in _TIME.items() for word in words.split()}

# Exponents by (kind, scale): money per contract is {(money, "vnd m"): 1, (count, ""): -1}.
Powers = tuple[tuple[tuple[str, str], int], ...]


@dataclass(frozen=True, slots=True)
class Dimension:
    """What a value is measured in. `is_free`: a plain number, which goes with everything."""

    powers: Powers = ()
    is_free: bool = False
    label: str = ""

    @property
    def is_percent(self) -> bool:
        return any(kind == PERCENT for (kind, _scale), _power in self.powers)

    @property
    def is_rate(self) -> bool:
        """A share of a whole, as a fraction or as a percent."""
        return not self.is_free and (not self.powers or self.is_percent)

    def kinds(self) -> tuple[tuple[str, int], ...]:
        """Without scales, to tell “other scale” from “other thing”."""
        return tuple(sorted((kind, power) for (kind, _scale), power in self.powers))


@dataclass(frozen=True, slots=True)
class OperandUnit:
    """What an operand is measured in, how it is called, and whether its numerator and denominator are known."""

    dimension: Dimension
    name: str
    has_parts: bool = False


FREE = Dimension(is_free=True)
RATE = Dimension()
PERCENTAGE = Dimension((((PERCENT, ""), 1),), label="%")


def dimension_of(unit: str) -> Dimension:
    """The dimension of a unit as people write it: "%", "VND m", "hours", "contracts"; no unit counts."""
    text = " ".join(unit.lower().split())
    if text in ("%", "percent", "phần trăm"):
        return PERCENTAGE
    if _MONEY.search(text):
        return _one(MONEY, text, unit)
    if text in _TIME_OF:
        return _one(TIME, _TIME_OF[text], unit)
    return _one(COUNT, "", unit)


def _one(kind: str, scale: str, label: str) -> Dimension:
    return Dimension((((kind, scale), 1),), label=label.strip())


def unit_of(formula: Formula, units: Mapping[str, OperandUnit]) -> Dimension:
    """The dimension of the value. Raises FormulaError where units do not fit, or a rate would be averaged."""
    return _Units(formula, units).of(formula.root)


class _Units:
    def __init__(self, formula: Formula, units: Mapping[str, OperandUnit]) -> None:
        self.text = formula.text
        self.units = units

    def of(self, node: Node) -> Dimension:
        """The dimension of a node; a truth has none."""
        if isinstance(node, Operand):
            return self.units[node.key].dimension
        if isinstance(node, Number):
            return FREE
        if isinstance(node, Hundredths):
            inner = self.of(node.parts[0])
            return RATE if inner.is_percent or inner.is_free else inner
        if isinstance(node, Negative):
            return self.of(node.parts[0])
        if isinstance(node, Compare):
            return self._same(node.parts)
        if isinstance(node, Logic):
            for part in node.parts:
                self.of(part)
            return FREE
        if isinstance(node, Chain):
            return self._chain(node)
        assert isinstance(node, Call)
        return self._call(node)

    def _shown(self, node: Node) -> str:
        """How a part is called in a sentence: by the KPI's name where it is one."""
        if isinstance(node, Operand):
            return f"“{self.units[node.key].name}”"
        return f"“{self.text[node.start : node.end]}”"

    def _same(self, parts: tuple[Node, ...]) -> Dimension:
        """The dimension all parts share; plain numbers go along."""
        found, first = FREE, parts[0]
        for part in parts:
            dimension = self.of(part)
            if dimension.is_free:
                continue
            if found.is_free:
                found, first = dimension, part
            elif dimension.powers != found.powers:
                scales = dimension.kinds() == found.kinds()
                message = errors.DIFFERENT_SCALES if scales else errors.DIFFERENT_UNITS
                names = {"first": self._measured(first, found), "second": self._measured(part, dimension)}
                raise FormulaError(message, part.start, part.end, **names)
            elif dimension.label != found.label:
                found = Dimension(found.powers)
        return found

    def _measured(self, node: Node, dimension: Dimension) -> str:
        return f"{self._shown(node)} ({dimension.label})" if dimension.label else self._shown(node)

    def _chain(self, node: Chain) -> Dimension:
        if not node.operators:
            return self.of(node.parts[0])
        if node.operators[0] in "+-":
            return self._same(node.parts)
        self._refuse_hidden_mean(node)
        return self._product(node.parts, node.operators)

    def _product(self, parts: tuple[Node, ...], operators: tuple[str, ...]) -> Dimension:
        found = self.of(parts[0])
        for operator, part in zip(operators, parts[1:], strict=True):
            dimension = self.of(part)
            both = not found.is_free and not dimension.is_free
            if both and found.is_percent and dimension.is_percent and operator == "/":
                found = RATE
                continue
            for one, percent in ((parts[0], found.is_percent), (part, dimension.is_percent)):
                if both and percent:
                    better = f"{self.text[one.start : one.end]}%"
                    raise FormulaError(errors.PERCENT_FACTOR, one.start, one.end, found=self._shown(one), better=better)
            found = _times(found, dimension, -1 if operator == "/" else 1)
        return found

    def _call(self, node: Call) -> Dimension:
        if node.name == "if":
            self.of(node.parts[0])
            return self._same(node.parts[1:])
        if node.name in ("ratio", "percent"):
            return self._ratio(node)
        if node.name == "avg":
            self._refuse_mean(node, node.parts)
        if node.name == "weighted_avg":
            self._same(node.parts[1::2])
            return self._same(node.parts[::2])
        if node.name in ("abs", "missing") or node.name.startswith("round"):
            return self.of(node.parts[0])
        return self._same(node.parts)

    def _ratio(self, node: Call) -> Dimension:
        if node.name == "ratio":
            return self._product(node.parts[:2], ("/",))
        top, bottom = self.of(node.parts[0]), self.of(node.parts[1])
        if not top.is_free and not bottom.is_free and top.powers != bottom.powers:
            names = {"first": self._measured(node.parts[0], top), "second": self._measured(node.parts[1], bottom)}
            raise FormulaError(errors.PERCENT_OF, node.start, node.end, **names)
        return PERCENTAGE

    def _refuse_hidden_mean(self, node: Chain) -> None:
        """(a + b) ÷ 2 of rates is a mean as well."""
        first = node.parts[0]
        divides = node.operators[0] == "/" and isinstance(node.parts[1], Number)
        if divides and isinstance(first, Chain) and first.operators and set(first.operators) == {"+"}:
            self._refuse_mean(node, first.parts)

    def _refuse_mean(self, node: Node, parts: tuple[Node, ...]) -> None:
        rates = [part for part in parts if isinstance(part, Operand) and self.of(part).is_rate]
        if len(rates) < 2:
            return
        known = all(self.units[rate.key].has_parts for rate in rates)
        if not known:
            names = ", ".join(self._shown(rate) for rate in rates if not self.units[rate.key].has_parts)
            raise FormulaError(errors.RATE_MEAN_NO_PARTS, node.start, node.end, names=names)
        texts = [self.text[rate.start : rate.end] for rate in rates]
        tops, bottoms = (" + ".join(f"{text}.{part}" for text in texts) for part in ("numerator", "denominator"))
        name = "percent" if self.of(rates[0]).is_percent else "ratio"
        raise FormulaError(errors.RATE_MEAN, node.start, node.end, offer=f"{name}({tops}, {bottoms})")


def _times(one: Dimension, other: Dimension, sign: int) -> Dimension:
    """The product of two dimensions, or with sign −1 the quotient."""
    if one.is_free and other.is_free:
        return FREE
    powers = dict(one.powers)
    for symbol, power in other.powers:
        powers[symbol] = powers.get(symbol, 0) + sign * power
    left = tuple(sorted((symbol, power) for symbol, power in powers.items() if power))
    if other.is_free or not other.powers:
        label = one.label
    elif (one.is_free or not one.powers) and sign > 0:
        label = other.label
    else:
        label = _label(one.label, other.label, sign) if left else ""
    return Dimension(left, label=label)


def _label(one: str, other: str, sign: int) -> str:
    return (f"{one} × {other}" if sign > 0 else f"{one or '1'} / {other}") if other else one

"""From text to a typed tree, within limits. Nothing but a FormulaError comes out of any text.

Numbers are canonical (“1234.5”) in stored text; `style` "en" and "vi" read them as people there write them: in vi a
comma between digits is the decimal sign and “;” (or a comma with a space) separates arguments. What could be read in
two ways, such as 1.000 in vi, is refused.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from kpiapp.decimals import MAX_DECIMALS, MAX_WHOLE_DIGITS, plain
from kpiapp.formulas import errors
from kpiapp.formulas.errors import FormulaError
from kpiapp.formulas.functions import FUNCTIONS, MAX_PLACES, ROUNDINGS, TRUTHS
from kpiapp.formulas.nodes import (
    MAX_DEPTH,
    MAX_NODES,
    Call,
    Chain,
    Compare,
    Hundredths,
    Logic,
    Negative,
    Node,
    Number,
    Operand,
    walk,
)

# Stored with every formula: what a text meant when it was saved is what it means for good.
LANGUAGE_VERSION = 1
MAX_TEXT = 1_200
SHOWN = 40

# Swallows separators that could be read in two ways, so that they can be refused by name.
_NUMBERS = {"": r"/\d+(\.\d+)?/", "en": r"/\d+(\.\d+)*(,\d{3}(?!\d))*(\.\d+)?/", "vi": r"/\d+([.,]\d+)*/"}
_ASCII = str.maketrans({"−": "-", "×": "*", "÷": "/", "≤": "<=", "≥": ">=", "≠": "<>"})
_GRAMMAR = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
# The places of operands and numbers in a text that has been parsed.
_OPERANDS = re.compile(r"\[[^\[\]{}\r\n]+\](?:\.(?:numerator|denominator)\b)?|\{(?:kpi|input):[0-9.a-z]+\}")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was read: its text, its tree, and the keys of its operands in the order they stand in."""

    text: str
    root: Node
    operands: tuple[str, ...]


def parse(text: str, style: str = "") -> Formula:
    """The formula of a text. Raises FormulaError, and nothing else whatever the text."""
    if len(text) > MAX_TEXT:
        raise FormulaError(errors.TOO_LONG, MAX_TEXT, len(text), most=str(MAX_TEXT))
    if not text.strip():
        raise FormulaError(errors.EMPTY)
    try:
        root: Any = _parser(style if style in _NUMBERS else "en").parse(text)
    except FormulaError:
        raise
    except UnexpectedInput as error:
        _refuse(error, text)
    _need(root, truth=False)
    keys = [node.key for node in walk(root) if isinstance(node, Operand)]
    return Formula(text, root, tuple(dict.fromkeys(keys)))


def rewrite(formula: Formula, name_of: Callable[[str], str]) -> str:
    """The text with every operand written as `name_of` says, all else as it stands."""
    return _OPERANDS.sub(lambda found: name_of(_key(found[0])), formula.text)


def canonical(formula: Formula, key_of: Callable[[str], str]) -> str:
    """The text as it is stored: operands by key, numbers with a point, arguments after a comma, one space at most."""
    pieces, at = [], 0
    for node in walk(formula.root):
        if isinstance(node, Number | Operand):
            written = plain(node.value) if isinstance(node, Number) else f"{{{key_of(node.key)}}}"
            pieces += [_plain_signs(formula.text[at : node.start]), written]
            at = node.end
    return " ".join("".join([*pieces, _plain_signs(formula.text[at:])]).split())


def _plain_signs(text: str) -> str:
    return text.translate(_ASCII).replace("!=", "<>").replace(";", ",")


def shown(formula: Formula, name_of: Callable[[str], str], style: str) -> str:
    """The text as it is read: operands as `name_of` says, signs as they are printed, numbers of a language."""
    pieces, at = [], 0
    for found in _OPERANDS.finditer(formula.text):
        pieces += [_printed(formula.text[at : found.start()], style), name_of(_key(found[0]))]
        at = found.end()
    return " ".join("".join([*pieces, _printed(formula.text[at:], style)]).split())


def _printed(text: str, style: str) -> str:
    for sign, printed in (("*", "×"), ("/", "÷"), ("<=", "≤"), (">=", "≥"), ("<>", "≠")):
        text = text.replace(sign, f" {printed} ")
    return localized(text, style)


def localized(text: str, style: str) -> str:
    """A stored text as people of a language write it: in vi with decimal commas and arguments behind “;”."""
    if style != "vi":
        return text
    pieces = re.split(r"(\{[^}]*\}|\[[^\]]*\])", text)
    return "".join(
        piece if index % 2 else re.sub(r"(?<=\d)\.(?=\d)", "\0", piece).replace(",", ";").replace("\0", ",")
        for index, piece in enumerate(pieces)
    )


def _key(text: str) -> str:
    """The key in {curly} brackets; [square] ones are kept, with the part behind them."""
    return text[1:-1] if text.startswith("{") else text


@cache
def _parser(style: str) -> Lark:
    grammar = _GRAMMAR.replace("%NUMBER%", _NUMBERS[style])
    return Lark(grammar, parser="lalr", lexer="contextual", transformer=_Builder(style), maybe_placeholders=False)


def _refuse(error: UnexpectedInput, text: str) -> NoReturn:
    start = max(0, error.pos_in_stream or 0)
    if isinstance(error, UnexpectedCharacters):
        _refuse_character(text, start)
    assert isinstance(error, UnexpectedToken)
    token = error.token
    if token.type == "$END":
        raise FormulaError(errors.ENDS_EARLY, len(text.rstrip()) - 1, len(text.rstrip())) from error
    start = token.start_pos or 0
    if text[start - 1 : start + 1] == "**":
        raise FormulaError(errors.NO_POWER, start - 1, start + 1) from error
    starts_value = {"NUMBER", "REFERENCE", "KEY", "NAME", "LPAR", "NOT"}
    message = errors.UNEXPECTED if token.type in starts_value else errors.NEEDS_VALUE
    raise FormulaError(message, start, start + len(token), found=token[:SHOWN]) from error


def _refuse_character(text: str, start: int) -> NoReturn:
    if text[start] == "^":
        raise FormulaError(errors.NO_POWER, start, start + 1)
    if text[start] == "[" and "]" not in text[start + 1 :].partition("[")[0]:
        raise FormulaError(errors.NOT_CLOSED, start, len(text.rstrip()))
    word = re.match(r"[^\s()\[\]{},;]+", text[start:])
    found = word[0][:SHOWN] if word else text[start]
    raise FormulaError(errors.STRANGE_CHARACTER, start, start + len(found), found=found)


def _need(node: Node, *, truth: bool) -> None:
    if node.is_truth != truth:
        raise FormulaError(errors.NEEDS_TRUTH if truth else errors.NEEDS_NUMBER, node.start, node.end)


def _measured(start: int, end: int, parts: tuple[Node, ...]) -> tuple[int, int, tuple[Node, ...], int, int]:
    """What every node begins with; refuses what is too deep or too large while it is being built."""
    depth = 1 + max((part.depth for part in parts), default=0)
    size = 1 + sum(part.size for part in parts)
    if depth > MAX_DEPTH:
        raise FormulaError(errors.TOO_DEEP, start, end, most=str(MAX_DEPTH))
    if size > MAX_NODES:
        raise FormulaError(errors.TOO_MANY_PARTS, start, end, most=str(MAX_NODES))
    return start, end, parts, depth, size


def _place(children: list[Any]) -> tuple[int, int]:
    first, last = children[0], children[-1]
    start = first.start_pos if isinstance(first, Token) else first.start
    return start or 0, (last.end_pos if isinstance(last, Token) else last.end) or 0


class _Builder(Transformer):
    """Builds nodes while the parser reads, from the leaves up: no text makes it recurse."""

    def __init__(self, style: str) -> None:
        super().__init__()
        self.style = style

    def number(self, children: list[Token]) -> Node:
        start, end = _place(children)
        return Number(*_measured(start, end, ()), False, self._value(str(children[0]), start, end))

    def _value(self, text: str, start: int, end: int) -> Decimal:
        whole, _, fraction = (text.replace(",", ".") if self.style == "vi" else text).partition(".")
        groups = (self.style == "vi" and re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d+)?", text)) or (
            self.style == "en" and "," in text
        )
        if groups or "." in fraction or (len(whole) > 1 and whole.startswith("0")):
            example = text.replace("." if self.style == "vi" else ",", "")[:SHOWN].lstrip("0") or "0"
            raise FormulaError(errors.TWO_READINGS, start, end, found=text[:SHOWN], example=example)
        if len(whole) > MAX_WHOLE_DIGITS or len(fraction.rstrip("0")) > MAX_DECIMALS:
            limits = {"digits": str(MAX_WHOLE_DIGITS), "places": str(MAX_DECIMALS)}
            raise FormulaError(errors.NUMBER_TOO_LONG, start, end, found=text[:SHOWN], **limits)
        return Decimal(f"{whole}.{fraction}" if fraction else whole)

    def operand(self, children: list[Token]) -> Node:
        start, end = _place(children)
        return Operand(*_measured(start, end, ()), False, _key(str(children[0])))

    def group(self, children: list[Any]) -> Node:
        return children[0]

    def chain(self, children: list[Any]) -> Node:
        if len(children) == 1:
            return children[0]
        parts = tuple(children[::2])
        for part in parts:
            _need(part, truth=False)
        operators = tuple(str(sign).translate(_ASCII) for sign in children[1::2])
        return Chain(*_measured(*_place(children), parts), False, operators)

    def signed(self, children: list[Any]) -> Node:
        sign, part = children
        _need(part, truth=False)
        kind = Negative if str(sign).translate(_ASCII) == "-" else Chain
        measured = _measured(*_place(children), (part,))
        return Negative(*measured, False) if kind is Negative else Chain(*measured, False, ())

    def hundredths(self, children: list[Any]) -> Node:
        _need(children[0], truth=False)
        return Hundredths(*_measured(*_place(children), (children[0],)), False)

    def compare(self, children: list[Any]) -> Node:
        if len(children) == 1:
            return children[0]
        left, sign, right = children
        _need(left, truth=False)
        _need(right, truth=False)
        operator = str(sign).translate(_ASCII).replace("!=", "<>")
        return Compare(*_measured(*_place(children), (left, right)), True, operator)

    def logic(self, children: list[Any]) -> Node:
        if len(children) == 1:
            return children[0]
        parts = tuple(children[::2])
        for part in parts:
            _need(part, truth=True)
        return Logic(*_measured(*_place(children), parts), True, str(children[1]).lower())

    def negated(self, children: list[Any]) -> Node:
        _need(children[1], truth=True)
        return Logic(*_measured(*_place(children), (children[1],)), True, "not")

    def call(self, children: list[Any]) -> Node:
        token, parts = children[0], tuple(children[1:])
        start, name = token.start_pos or 0, str(token).lower()
        function = FUNCTIONS.get(name)
        if function is None:
            found = {"found": str(token)[:SHOWN], "names": ", ".join(FUNCTIONS)}
            raise FormulaError(errors.UNKNOWN_FUNCTION, start, start + len(token), **found)
        end = parts[-1].end if parts else start + len(token)
        odd = name == "weighted_avg" and len(parts) % 2
        if len(parts) < function.least or (function.most is not None and len(parts) > function.most) or odd:
            raise FormulaError(errors.WRONG_COUNT, start, end, name=name, usage=function.usage)
        for index, part in enumerate(parts):
            _need(part, truth=index in TRUTHS.get(name, ()))
        if name in ROUNDINGS and len(parts) == 2:
            _need_places(parts[1])
        return Call(*_measured(start, end, parts), name == "missing", name)


def _need_places(node: Node) -> None:
    whole = isinstance(node, Number) and node.value == node.value.to_integral_value()
    if not whole or not isinstance(node, Number) or node.value > MAX_PLACES:
        raise FormulaError(errors.PLACES, node.start, node.end, most=str(MAX_PLACES))

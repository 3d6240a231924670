"""The typed tree of a formula. Every node knows its place, whether it is a truth, its depth and its size."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

MAX_NODES = 200
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a formula, from `start` to `end` of its text."""

    start: int
    end: int
    parts: tuple["Node", ...]
    depth: int
    size: int
    is_truth: bool


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number that was written."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Operand(Node):
    """Another KPI or an input of this one, by its key: "kpi:12", "kpi:12.numerator", "input:1", or a typed "[name]"."""

    key: str


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """a + b − c, or a × b ÷ c: `operators` stand between the parts."""

    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """The opposite of its part."""


@dataclass(frozen=True, slots=True)
class Hundredths(Node):
    """Its part ÷ 100: what a percent sign behind a value means."""


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """A truth about two numbers."""

    operator: str


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """“and”, “or” of all parts, or “not” of one."""

    operator: str


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function of its parts."""

    name: str


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the text."""
    yield node
    for part in node.parts:
        yield from walk(part)

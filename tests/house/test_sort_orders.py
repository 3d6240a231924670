"""Names are listed as a Vietnamese dictionary lists them: by the stored key, never by the bytes of the name."""

import ast

import pytest

from tests.house.test_sizes import ROOT, listed

APPS = {"kpiapp", "strategy", "scorecards", "payroll"}


def sorted_by_name(source: str) -> list[int]:
    """Lines of a source that order by a name: order_by(…), order_by=…, and `ordering` of a model."""
    found = []
    for node in ast.walk(ast.parse(source)):
        orders = orders_of(node)
        texts = [part for order in orders for part in ast.walk(order) if isinstance(part, ast.Constant)]
        found += [text.lineno for text in texts if isinstance(text.value, str) and is_name(text.value)]
    return found


def orders_of(node: ast.AST) -> list[ast.AST]:
    """What a node orders by; nothing for nodes that order nothing."""
    match node:
        case ast.Call(func=ast.Attribute(attr="order_by"), args=orders):
            return orders
        case ast.keyword(arg="order_by", value=order) | ast.Assign(targets=[ast.Name(id="ordering")], value=order):
            return [order]
    return []


def is_name(text: str) -> bool:
    """Whether a lookup ends at a name: "name", "-name", "member__name"."""
    return text.lstrip("-").split("__")[-1] == "name"


def test_nothing_is_sorted_by_the_bytes_of_a_name():
    wrong = {
        str(path.relative_to(ROOT)): lines
        for path in listed("*.py")
        if path.relative_to(ROOT).parts[0] in APPS and (lines := sorted_by_name(path.read_text()))
    }
    assert wrong == {}, 'order by the stored key ("sort_key"), which knows Đ and the tones'


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('rows.order_by("name")', 1),
        ('rows.order_by("-cards", "kpi__definition__name")', 1),
        ('rows.order_by(F("member__name").desc())', 1),
        ('Window(RowNumber(), order_by=["name"])', 1),
        ('class Meta:\n    ordering = ["name", "id"]', 1),
        ('rows.order_by("sort_key", "renamed").values("name")', 0),
    ],
)
def test_the_rule_sees_what_it_is_for(source, count):
    assert len(sorted_by_name(source)) == count

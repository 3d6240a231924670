"""Departments from a file."""

import pytest

from kpiapp.models import Department, Member
from kpiapp.services import imports
from kpiapp.services.refusals import Refused
from tests.imports import applied, checked, counts, errors, run_of

TREE = "Mã phòng ban,Tên,Trực thuộc,Trưởng phòng\nB,Bán lẻ,A,NV001\nA,Kênh bán hàng,SAL,\nSAL,Phòng Kinh doanh,CO,\n"


def test_a_tree_is_built_in_any_order_and_a_second_run_changes_nothing(scope):
    batch = applied(scope, "departments", TREE)
    assert counts(batch) == (2, 0, 1, 0)
    retail = Department.objects.select_related("parent__parent", "head").get(code="B")
    assert (retail.parent.code, retail.parent.parent.code, retail.head.code) == ("A", "SAL", "NV001")
    assert retail.search_key == "ban le"
    assert counts(applied(scope, "departments", TREE)) == (0, 0, 3, 0)


def test_unknown_parents_heads_circles_and_repeated_codes_are_named_row_by_row(scope):
    text = "code,name,parent,head\nX,X,NOPE,\nY,Y,,NOBODY\nP,P,Q,\nQ,Q,P,\nZ,Z,CO,\nZ,Z again,CO,\nW,W,X,\n,No code,,\n"
    batch = checked(scope, "departments", text)
    found = errors(batch)
    assert counts(batch) == (1, 0, 0, 7)
    assert "“NOPE”" in found[2][0]
    assert "“NOBODY”" in found[3][0]
    assert "P → Q → P" in found[4][0]
    assert "6" in found[7][0]
    assert "“X”" in found[8][0]
    assert "“code”" in found[9][0]


def test_undo_takes_new_departments_away_and_gives_names_back(scope):
    batch = applied(scope, "departments", "code,name,parent\nSAL,Bán hàng,A\nA,Khối,CO\n")
    assert Department.objects.get(code="SAL").name == "Bán hàng"
    imports.undo(batch=batch, run=run_of(scope))
    sales = Department.objects.select_related("parent").get(code="SAL")
    assert (sales.name, sales.parent.code, sales.search_key) == ("Phòng Kinh doanh", "CO", "phong kinh doanh")
    assert not Department.objects.filter(code="A").exists()


def test_undo_is_refused_once_a_later_change_stands_on_it(scope):
    batch = applied(scope, "departments", "code,name,parent\nA,Khối,CO\n")
    Department.objects.create(code="A1", name="Tổ 1", parent=Department.objects.get(code="A"))
    with pytest.raises(Refused, match="Khối"):
        imports.undo(batch=batch, run=run_of(scope))
    Department.objects.filter(code="A1").delete()
    Department.objects.filter(code="A").update(head=Member.objects.get(code="NV001"))
    with pytest.raises(Refused, match="2"):
        imports.undo(batch=batch, run=run_of(scope))

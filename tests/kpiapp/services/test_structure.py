"""Departments form a tree, and codes are used once."""

import pytest

from kpiapp import queries
from kpiapp.models import Department, Employment
from kpiapp.services import structure
from kpiapp.services.refusals import Refused


def test_a_department_cannot_stand_under_itself(scope):
    company = Department.objects.get(code="CO")
    with pytest.raises(structure.DepartmentCycle, match="Phòng Kinh doanh"):
        structure.save_department(
            department=company, code="CO", name=company.name, parent=scope.department, head=None, by=scope.hr
        )


def test_a_code_is_used_once(scope):
    with pytest.raises(Refused, match="Phòng Kinh doanh"):
        structure.save_department(code="SAL", name="Sales", parent=None, head=None, by=scope.hr)
    with pytest.raises(Refused, match="Nhân viên kinh doanh"):
        structure.save_position(code="REP", name="Rep", by=scope.hr)


def test_a_department_closes_once_it_is_empty(scope, today):
    with pytest.raises(Refused, match="2"):
        structure.close_department(department=scope.department, on=today, by=scope.hr)
    Employment.objects.filter(department=scope.department).update(department=scope.other_department)
    structure.close_department(department=scope.department, on=today, by=scope.hr)
    tree = queries.department_tree(today)
    assert [node.department.code for node in tree[0].children] == ["SVC"]
    assert tree[0].people_below == 10

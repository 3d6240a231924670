"""Formulas in a file of KPIs: of what is there and of rows above, refused with their place, back out unchanged."""

import pytest
from django.utils.translation import override

from kpiapp.services import imports
from strategy.models import KpiDefinition
from strategy.services.kpis import create_kpi
from tests.imports import applied, checked, counts, errors, run_of

HEAD = "Mã KPI,Tên KPI,Đơn vị,Cách tổng hợp,Công thức"


@pytest.fixture
def company(scope):
    by = scope.acting(scope.strategy)
    create_kpi(fields={"name": "Doanh thu", "unit": "triệu đồng"}, by=by, code="REV")
    create_kpi(fields={"name": "Chi phí", "unit": "triệu đồng"}, by=by, code="COST")
    return scope


def kpi(code: str) -> KpiDefinition:
    return KpiDefinition.objects.select_related("current").get(code=code)


def file(*rows: str) -> str:
    return "\n".join([HEAD, *rows]) + "\n"


def test_a_formula_over_kpis_that_are_there(company):
    text = file('PROFIT,Lợi nhuận,triệu đồng,,"[REV] - [COST] * 1,5"')
    assert counts(applied(company, "kpis", text, by=company.strategy)) == (1, 0, 0, 0)
    version = kpi("PROFIT").current
    assert version.aggregation == "formula"
    assert version.formula == f"{{kpi:{kpi('REV').pk}}} - {{kpi:{kpi('COST').pk}}} * 1.5"
    assert set(version.operands.values_list("operand__code", flat=True)) == {"REV", "COST"}
    assert counts(applied(company, "kpis", text, by=company.strategy)) == (0, 0, 1, 0)
    with override("vi"):
        rows = list(imports.handler_of("kpis").current(run_of(company, company.strategy)))
    assert {row["code"]: row["formula"] for row in rows} == {"PROFIT": "[REV] - [COST] * 1,5", "REV": "", "COST": ""}


def test_a_formula_names_rows_above_it_that_are_not_there_yet(company):
    text = file(
        "LEADS,Khách tiềm năng,khách,sum,",
        "WON,Khách mới,khách,sum,",
        "RATE,Tỷ lệ chốt,%,,percent([WON]; [LEADS])",
        "LOST,Tỷ lệ mất,%,,100 - [RATE]",
    )
    batch = applied(company, "kpis", text, by=company.strategy)
    assert errors(batch) == {}
    assert counts(batch) == (4, 0, 0, 0)
    assert kpi("RATE").current.formula == f"percent({{kpi:{kpi('WON').pk}}}, {{kpi:{kpi('LEADS').pk}}})"
    imports.undo(batch=batch, run=run_of(company, company.strategy))
    assert not KpiDefinition.objects.filter(code__in=("LEADS", "WON", "RATE"), is_active=True).exists()


@pytest.mark.parametrize(
    ("row", "place", "words"),
    [
        ("X,Lạ,triệu đồng,,[REV] + [NOPE]", "9 (“[NOPE]”)", "NOPE"),
        ("X,Lạ,triệu đồng,,[REV] +", "(“", ""),
        ("X,Lạ,triệu đồng,,[REV] * 1.000", "9 (“1.000”)", "1.000"),
        ("X,Lạ,triệu đồng,,[REV] ** 2", "7 (“**”)", ""),
        ("X,Lạ,triệu đồng,sum,[REV] * 2", "", "Tính từ các KPI khác"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(company, row, place, words):
    found = errors(checked(company, "kpis", file(row), by=company.strategy))
    (sentence,) = found[2]
    assert words in sentence
    assert place in sentence


def test_circles_through_the_file_are_refused(company):
    text = file(
        "A,Một,triệu đồng,,[REV] * 2",
        "REV,Doanh thu,triệu đồng,,[A] * 2",
        "COST,Chi phí,triệu đồng,,[COST] * 2",
    )
    found = errors(checked(company, "kpis", text, by=company.strategy))
    assert set(found) == {3, 4}
    assert "Doanh thu → Một → Doanh thu" in found[3][0]


def test_units_that_come_with_the_file_count(company):
    text = file("REV,Doanh thu,%,,", "SUM,Tổng,triệu đồng,,[REV] + [COST]")
    assert set(errors(checked(company, "kpis", text, by=company.strategy))) == {3}


def test_a_manager_names_no_kpi_that_is_hidden(company):
    KpiDefinition.objects.filter(code="COST").update(is_confidential=True)
    text = file("X,Lạ,triệu đồng,,[REV] - [COST]")
    assert "COST" in errors(checked(company, "kpis", text, by=company.manager))[2][0]


def test_a_formula_written_in_the_other_language_is_read(company):
    text = file('X,Lạ,triệu đồng,,"round([REV], 2) * 1.5"')
    assert errors(checked(company, "kpis", text, by=company.strategy)) == {}

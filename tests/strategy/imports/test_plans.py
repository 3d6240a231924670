"""Plans from a file and out again: what is left out follows, what cannot hold is said, and all of it is taken back."""

import datetime
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
from django.core.files.base import ContentFile

from kpiapp.services import imports
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import organization_scope
from strategy import plans
from strategy.models import KpiPlan
from strategy.services.kpis import create_kpi
from strategy.services.plans import PlanDraft, keep_plan
from tests.imports import applied, checked, counts, errors, run_of

YEAR = datetime.date(2026, 1, 1)
TITLES = "Mã KPI,Mã NV,Năm,Cả năm,Cách chia," + ",".join(f"Tháng {number}" for number in range(1, 13))


def file(*rows: str) -> str:
    return "\n".join([TITLES, *rows]) + "\n"


def row(kpi="REV", person="", year="2026", total="", shape="", months=()) -> str:
    cells = [str(month) for month in months] + [""] * (12 - len(months))
    return ",".join([kpi, person, year, str(total), shape, *cells])


@pytest.fixture
def company(scope):
    scope.acting(scope.strategy)
    scope.revenue = create_kpi(
        fields={"name": "Doanh thu", "aggregation": "sum", "decimals": 0}, by=scope.strategy, code="REV"
    )
    scope.stock = create_kpi(fields={"name": "Tồn kho", "aggregation": "last"}, by=scope.strategy, code="STOCK")
    return scope


def months(kpi, member=None) -> list:
    plan = plans.plan_of(kpi.pk, YEAR, member)
    return [month.target for month in plan.months.all()] if plan else []


def test_months_that_are_empty_share_what_is_left(company):
    text = file(
        row(total=6000, months=[600, "", 600]),
        row(total=120, person="NV003"),
        row(kpi="STOCK", total=90),
        row(year="2027", months=[10] * 12),
    )
    batch = applied(company, "plans", text, by=company.strategy)
    assert counts(batch) == (4, 0, 0, 0), errors(batch)
    assert (months(company.revenue)[:3], sum(months(company.revenue))) == ([600, 480, 600], 6000)
    assert [m.is_pinned for m in plans.plan_of(company.revenue.pk, YEAR).months.all()][:3] == [True, False, True]
    assert months(company.revenue, company.lan) == [10] * 12
    assert months(company.stock) == [90] * 12
    assert plans.plan_of(company.revenue.pk, datetime.date(2027, 1, 1)).total == 120


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (row(total=1500, months=[600, 500, 600, *[0] * 9]), ("1.700", "1.500")),
        (row(total=1500, months=[600, 500, 600]), ("1.700", "1.500")),
        (row(kpi="STOCK", total=90, months=[80] * 12), ("80", "90")),
        (row(months=[600]), ("twelve", "mười hai")),
        (row(kpi="NONE", total=10), ("NONE",)),
        (row(person="NV999", total=10), ("NV999",)),
        (row(year="2031", total=10), ("2031", "2028")),
        (row(kpi="STOCK", total=10, shape="working_days"), ("",)),
        (row(total=10, shape="last_year"), ("",)),
        (row(total="10.5x"), ("10.5x",)),
    ],
)
def test_what_cannot_hold_is_said_and_the_good_rows_stay(company, line, words):
    batch = checked(company, "plans", file(line, row(year="2027", total=120)), by=company.strategy)
    said = errors(batch)[2][0]
    assert any(word in said for word in words), said
    imports.apply(batch=batch, run=run_of(company, company.strategy))
    assert KpiPlan.objects.count() == 1


def test_it_is_taken_back_as_a_whole_unless_changed_since(company):
    keep_plan(
        definition=company.revenue,
        starts_on=YEAR,
        draft=PlanDraft(Decimal(1200), [Decimal(100)] * 12, "equal"),
        by=company.strategy,
    )
    batch = applied(company, "plans", file(row(total=2400), row(kpi="STOCK", total=9)), by=company.strategy)
    assert counts(batch) == (1, 1, 0, 0)
    imports.undo(batch=batch, run=run_of(company, company.strategy))
    assert (months(company.revenue), months(company.stock)) == ([100] * 12, [])
    again = applied(company, "plans", file(row(total=2400)), by=company.strategy)
    applied(company, "plans", file(row(total=3600)), by=company.strategy)
    with pytest.raises(Refused):
        imports.undo(batch=again, run=run_of(company, company.strategy))


def test_a_manager_plans_own_kpis_for_the_own_team(company):
    own = create_kpi(
        fields={"name": "Gọi", "aggregation": "sum"}, by=company.strategy, department=company.department, code="CALL"
    )
    text = file(row(total=1), row(kpi="CALL", total=12, person="NV003"), row(kpi="CALL", total=12, person="NV004"))
    assert list(errors(checked(company, "plans", text, by=company.manager))) == [2, 4]
    assert own.code == "CALL"


def test_what_is_there_comes_back_unchanged_or_with_what_was_changed(an_phat):
    with organization_scope(an_phat.organization):
        kpi = create_kpi(
            fields={"name": "Doanh thu", "aggregation": "sum"}, by=an_phat.acting(an_phat.strategy), code="REV"
        )
        draft = PlanDraft(
            Decimal(1500),
            [Decimal(600), Decimal(300), Decimal(600), *[Decimal(0)] * 9],
            "equal",
            frozenset({0}),
            {0: Decimal(1500)},
        )
        keep_plan(definition=kpi, starts_on=YEAR, draft=draft, by=an_phat.strategy)
    answer = an_phat.client(an_phat.strategy).get(an_phat.url("imports/current/plans/"))
    book = openpyxl.load_workbook(BytesIO(b"".join(answer.streaming_content)))
    outcomes = []
    for change in (None, 1):
        if change:
            titles = [cell.value for cell in book.active[1]]
            for name, value in ((titles[5], 500), (titles[6], 400)):
                book.active.cell(2, titles.index(name) + 1).value = value
        saved = BytesIO()
        book.save(saved)
        with organization_scope(an_phat.organization):
            run = run_of(an_phat, an_phat.strategy)
            upload = ContentFile(saved.getvalue())
            batch = imports.upload(handler=imports.handler_of("plans"), file=upload, filename="a.xlsx", by=run.by)
            batch = imports.choose_columns(batch=batch, columns=batch.columns, numbers="vi")
            outcomes.append(counts(imports.apply(batch=imports.check(batch=batch, run=run), run=run)))
    assert outcomes == [(0, 0, 1, 0), (0, 1, 0, 0)]
    with organization_scope(an_phat.organization):
        assert (months(kpi)[:3], plans.plan_of(kpi.pk, YEAR).held_quarters) == ([500, 400, 600], [0])

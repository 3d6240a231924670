"""KPI definitions from a file: new ones, new versions, what cannot be scored, and back again."""

from io import BytesIO

import openpyxl
import pytest
from django.core.files.base import ContentFile

from kpiapp.services import imports
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import organization_scope
from strategy.models import KpiDefinition
from strategy.services.kpis import create_kpi
from tests.imports import applied, checked, counts, errors, run_of

FILE = (
    "Mã KPI,Tên KPI,Đơn vị,Chiều,Cách tổng hợp,Chỉ tiêu,Mức trần,Người phụ trách\n"
    'REV,Doanh thu thuần,triệu đồng,Càng cao càng tốt,sum,"1.000,5",150,NV002\n'
    "ERR,Số lỗi,lỗi,decrease,sum,3,,\n"
)


@pytest.fixture
def company(scope):
    create_kpi(fields={"name": "Doanh thu", "why": "Vì sống còn"}, by=scope.acting(scope.strategy), code="REV")
    return scope


def kpi(code: str) -> KpiDefinition:
    return KpiDefinition.objects.select_related("current__owner").get(code=code)


def test_a_known_code_gets_a_new_version_and_a_new_one_is_created(company):
    text = FILE.replace("Càng cao càng tốt", "increase")
    assert counts(applied(company, "kpis", text, by=company.strategy)) == (1, 1, 0, 0)
    revenue = kpi("REV").current
    assert (revenue.number, revenue.name, revenue.unit, str(revenue.target)) == (
        2,
        "Doanh thu thuần",
        "triệu đồng",
        "1000.500000",
    )
    assert (str(revenue.cap), revenue.owner.code, revenue.why) == ("1.500000", "NV002", "Vì sống còn")
    assert kpi("ERR").current.direction == "decrease"
    assert counts(applied(company, "kpis", text, by=company.strategy)) == (0, 0, 2, 0)


def test_taken_back_the_former_version_holds_again_and_new_ones_go_out_of_use(company):
    batch = applied(company, "kpis", FILE.replace("Càng cao càng tốt", "increase"), by=company.strategy)
    imports.undo(batch=batch, run=run_of(company, company.strategy))
    assert (kpi("REV").current.number, kpi("REV").name, kpi("REV").current.target) == (3, "Doanh thu", None)
    assert kpi("ERR").is_active is False


def test_what_was_edited_since_is_not_taken_back(company):
    text = FILE.replace("Càng cao càng tốt", "increase")
    batch = applied(company, "kpis", text, by=company.strategy)
    applied(company, "kpis", text.replace("Doanh thu thuần", "Doanh thu gộp"), by=company.strategy)
    with pytest.raises(Refused):
        imports.undo(batch=batch, run=run_of(company, company.strategy))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("NEW,,,,,,,", "Đo lường điều gì"),
        ("NEW,Mới,,sideways,,,,", "sideways"),
        ("NEW,Mới,,,,,,NV999", "NV999"),
        ("NEW,Mới,,,,,2000,", "1.000"),
    ],
)
def test_what_cannot_be_taken_is_said_in_words(company, row, words):
    batch = checked(company, "kpis", f"{FILE.splitlines()[0]}\n{row}\n", by=company.strategy)
    assert words in errors(batch)[2][0]


def test_a_manager_changes_no_kpi_of_others(company):
    batch = checked(company, "kpis", FILE.replace("Càng cao càng tốt", "increase"), by=company.manager)
    assert list(errors(batch)) == [2]
    imports.apply(batch=batch, run=run_of(company, company.manager))
    assert kpi("ERR").department == company.department


def test_what_is_there_comes_back_unchanged_in_either_language(an_phat):
    with organization_scope(an_phat.organization):
        by = an_phat.acting(an_phat.strategy)
        create_kpi(fields={"name": "Doanh thu"}, by=by, code="REV")
        create_kpi(
            fields={
                "name": "Tỷ lệ trả hàng",
                "aggregation": "ratio",
                "numerator_label": "Trả",
                "denominator_label": "Đơn",
                "direction": "decrease",
                "factor": 100,
                "target": 5,
            },
            by=by,
            code="RET",
        )
    client = an_phat.client(an_phat.strategy)
    file = b"".join(client.get(an_phat.url("imports/current/kpis/")).streaming_content)
    assert openpyxl.load_workbook(BytesIO(file)).active.max_row == 3
    an_phat.strategy.user.language = "en"
    an_phat.strategy.user.save()
    with organization_scope(an_phat.organization):
        run = run_of(an_phat, an_phat.strategy)
        batch = imports.upload(handler=imports.handler_of("kpis"), file=ContentFile(file), filename="a.xlsx", by=run.by)
        batch = imports.choose_columns(batch=batch, columns=batch.columns, numbers="vi")
        batch = imports.check(batch=batch, run=run)
        assert errors(batch) == {}
        assert counts(batch) == (0, 0, 2, 0)

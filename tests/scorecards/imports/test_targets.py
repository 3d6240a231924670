"""Targets of a year from a file, and out again: what is there, changed in a spreadsheet, changes exactly that."""

import datetime
from io import BytesIO

import openpyxl
import pytest
from django.core.files.base import ContentFile

from kpiapp.choices import PeriodKind
from kpiapp.models import Period
from kpiapp.services import imports
from kpiapp.tenancy import organization_scope
from scorecards.models import Scorecard, ScorecardLine
from tests.imports import applied, checked, counts, errors, run_of
from tests.scorecards.kit import D, make_card, make_kpi

WIDE = "Mã NV,KPI,Năm,Trọng số,Tháng 11,T12\nNV003,R,2026,60,1000,1200\nNV004,R,2026,100,500,\n"


@pytest.fixture
def company(scope):
    Period.objects.create(
        kind=PeriodKind.MONTH, starts_on=datetime.date(2026, 12, 1), ends_on=datetime.date(2027, 1, 1)
    )
    scope.kpi = make_kpi("R", "Doanh thu")
    return scope


def targets(cast) -> dict:
    lines = ScorecardLine.objects.select_related("scorecard__period", "scorecard__member")
    return {(line.scorecard.member.code, line.scorecard.period.code): (line.weight, line.target) for line in lines}


def test_a_row_fills_the_months_it_names(company):
    batch = applied(company, "targets", WIDE, by=company.strategy)
    assert counts(batch) == (2, 0, 0, 0)
    assert targets(company) == {
        ("NV003", "2026-11"): (60, 1000),
        ("NV003", "2026-12"): (60, 1200),
        ("NV004", "2026-11"): (100, 500),
    }
    assert counts(applied(company, "targets", WIDE, by=company.strategy)) == (0, 0, 2, 0)


def test_it_is_taken_back_as_a_whole(company):
    make_card(company, company.lan, (company.kpi, 50, 7))
    batch = applied(company, "targets", WIDE, by=company.strategy)
    imports.undo(batch=batch, run=run_of(company, company.strategy))
    assert targets(company) == {("NV003", "2026-11"): (50, 7)}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("NV003,R,2026,,1000,", "Lê Thị Lan"),
        ("NV003,R,2026,60,,", ""),
        ("NV003,R,2031,60,1000,", "2031"),
        ("NV003,R,2026,160,1000,", "100"),
        ("NV999,R,2026,60,1000,", "NV999"),
        ("NV003,R,2026,60,abc,", "abc"),
    ],
)
def test_what_cannot_be_taken_is_said_in_words(company, row, words):
    header = WIDE.splitlines()[0]
    batch = checked(company, "targets", f"{header}\n{row}\n", by=company.strategy)
    assert words.lower() in errors(batch)[2][0].lower()


def test_sentences_come_in_the_readers_language(company):
    company.strategy.user.language = "en"
    company.strategy.user.save()
    batch = checked(company, "targets", WIDE.replace("NV003", "NV999"), by=company.strategy)
    assert errors(batch)[2][0].startswith("There is no person or department “NV999”")


def test_a_manager_reaches_the_team_only(company):
    batch = checked(company, "targets", WIDE, by=company.manager)
    assert list(errors(batch)) == [3]


def test_an_agreed_card_stays(company):
    make_card(company, company.lan, (company.kpi, 100, 7), agreed_by=company.manager)
    batch = checked(company, "targets", WIDE, by=company.strategy)
    assert 2 in errors(batch)


def edited(client, cast, kind, change):
    """What is there, as a workbook, changed as a person would, uploaded again: the applied batch."""
    answer = client.get(cast.url(f"imports/current/{kind}/"))
    assert answer.status_code == 200
    book = openpyxl.load_workbook(BytesIO(b"".join(answer.streaming_content)))
    change(book.active)
    file = BytesIO()
    book.save(file)
    with organization_scope(cast.organization):
        run = run_of(cast, cast.strategy)
        handler = imports.handler_of(kind)
        batch = imports.upload(handler=handler, file=ContentFile(file.getvalue()), filename="a.xlsx", by=run.by)
        batch = imports.choose_columns(batch=batch, columns=batch.columns, numbers="vi")
        batch = imports.check(batch=batch, run=run)
        assert errors(batch) == {}
        return imports.apply(batch=batch, run=run)


@pytest.fixture
def filled(an_phat):
    with organization_scope(an_phat.organization):
        Period.objects.create(
            kind=PeriodKind.MONTH, starts_on=datetime.date(2026, 12, 1), ends_on=datetime.date(2027, 1, 1)
        )
        revenue, errors_made = make_kpi("R", "Doanh thu"), make_kpi("E", "Lỗi", method="mirror")
        make_card(an_phat, an_phat.lan, (revenue, 60, "1234567.125"), (errors_made, 40, 3, "4.5"))
        make_card(an_phat, an_phat.minh, (revenue, 100, 7))
    return an_phat


@pytest.mark.parametrize("kind", ["targets", "assignments"])
def test_what_is_there_comes_back_unchanged(filled, kind):
    batch = edited(filled.client(filled.strategy), filled, kind, lambda sheet: None)
    assert counts(batch) == (0, 0, 3, 0)


@pytest.mark.parametrize("kind", ["targets", "assignments"])
def test_one_changed_cell_changes_one_number(filled, kind):
    def change(sheet):
        names = [item.name for item in imports.handler_of(kind).fields]
        column = names.index("month_11" if kind == "targets" else "target")
        row = next(row for row in sheet.iter_rows(min_row=2) if row[0].value == "NV004")
        row[column].value = 8.5

    batch = edited(filled.client(filled.strategy), filled, kind, change)
    assert counts(batch) == (0, 1, 2, 0)
    with organization_scope(filled.organization):
        assert targets(filled)["NV004", "2026-11"] == (100, D("8.5"))
        assert ScorecardLine.objects.get(target=D("1234567.125"))
        assert Scorecard.objects.count() == 2


def test_only_ones_own_reach_is_in_the_file(filled):
    answer = filled.client(filled.manager).get(filled.url("imports/current/targets/"))
    sheet = openpyxl.load_workbook(BytesIO(b"".join(answer.streaming_content))).active
    assert {row[0].value for row in sheet.iter_rows(min_row=2)} == {"NV003"}

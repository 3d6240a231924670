"""KPIs, targets and progress from files."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kpiapp.models import AuditEvent, Period
from kpiapp.services import imports
from kpiapp.services.refusals import Refused
from scorecards.choices import ActualState
from scorecards.imports.owners import period_code
from scorecards.models import Actual, LineScore, Scorecard, ScorecardLine
from scorecards.services import scorecards
from strategy.services.kpis import create_kpi
from tests.imports import applied, checked, counts, errors, run_of

CARD = 'Mã NV,KPI,Kỳ,Trọng số,Mục tiêu\nNV003,REV,11/2026,60,"1.000,5"\nNV003,RET,11/2026,40,\n'
PROGRESS = (
    "Mã NV,KPI,Ngày,Kết quả,Tử số,Mẫu số,Số chứng từ\n"
    'NV003,REV,05/11/2026,"400,5",,,A1\nNV003,REV,2026-11-05,100,,,A2\nNV003,Tỷ lệ trả hàng,10/11/2026,,2,40,R1\n'
)


@pytest.fixture
def company(scope):
    """Two KPIs, one a sum and one a ratio."""
    by = scope.acting(scope.strategy)
    create_kpi(fields={"name": "Doanh thu", "target": Decimal(900)}, by=by, code="REV")
    ratio = {
        "name": "Tỷ lệ trả hàng",
        "aggregation": "ratio",
        "numerator_label": "Trả",
        "denominator_label": "Đơn",
        "direction": "decrease",
        "factor": Decimal(100),
        "target": Decimal(5),
    }
    create_kpi(fields=ratio, by=by, code="RET")
    return scope


def assign(company) -> imports.ImportBatch:
    return applied(company, "assignments", CARD, by=company.strategy)


def score(code: str) -> LineScore:
    return LineScore.objects.get(line__kpi__definition__code=code)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("2026-11", "2026-11"),
        ("11/2026", "2026-11"),
        ("Tháng 3/2026", "2026-03"),
        ("T3-2026", "2026-03"),
        ("2026-11-01", "2026-11"),
        ("Q4/2026", "2026-Q4"),
        ("Quý 4 2026", "2026-Q4"),
        ("2026-Q4", "2026-Q4"),
        ("FY2026-Q1", "2026-Q1"),
        ("H2 2026", "2026-H2"),
        ("2026", "2026"),
        ("next month", ""),
    ],
)
def test_periods_are_understood_as_people_write_them(typed, code):
    assert period_code(typed) == code


def test_cards_are_filled_with_weights_and_targets_and_a_second_run_changes_nothing(company):
    assert counts(assign(company)) == (2, 0, 0, 0)
    lines = list(ScorecardLine.objects.order_by("position"))
    assert [(line.weight, line.target, line.position) for line in lines] == [
        (Decimal(60), Decimal("1000.5"), 1),
        (Decimal(40), Decimal(5), 2),
    ]
    assert counts(assign(company)) == (0, 0, 2, 0)


def test_a_changed_target_is_put_back_by_undo(company):
    assign(company)
    batch = applied(company, "assignments", CARD.replace("1.000,5", "800"), by=company.strategy)
    assert counts(batch) == (0, 1, 1, 0)
    imports.undo(batch=batch, run=run_of(company, company.strategy))
    assert ScorecardLine.objects.get(kpi__definition__code="REV").target == Decimal("1000.5")


def test_undo_of_new_cards_is_refused_once_somebody_logged_on_them(company):
    batch = assign(company)
    entries = applied(company, "actuals", PROGRESS)
    with pytest.raises(Refused):
        imports.undo(batch=batch, run=run_of(company, company.strategy))
    assert ScorecardLine.objects.count() == 2
    # What was logged stays for ever, even withdrawn: so do the lines below it.
    imports.undo(batch=entries, run=run_of(company))
    with pytest.raises(Refused):
        imports.undo(batch=batch, run=run_of(company, company.strategy))


def test_undo_takes_new_cards_away(company):
    imports.undo(batch=assign(company), run=run_of(company, company.strategy))
    assert not Scorecard.objects.exists()


def test_agreed_cards_locked_periods_and_unknown_codes_are_errors_in_words(company):
    assign(company)
    card = Scorecard.objects.get()
    scorecards.agree_card(card=card, by=company.acting(company.director))
    text = (
        "owner,kpi,period,weight,target\nNV003,REV,2026-11,60,700\nNOBODY,REV,2026-11,60,\nNV004,NOPE,2026-11,60,\n"
        "NV004,REV,2031-01,60,\nNV004,REV,soon,60,\nNV004,REV,2026-11,160,\nNV004,REV,2026-11,60,0\n"
    )
    batch = checked(company, "assignments", text, by=company.strategy)
    assert sorted(errors(batch)) == [2, 3, 4, 5, 6, 7, 8]
    assert all(len(sentences) == 1 and sentences[0].endswith(".") for sentences in errors(batch).values())


def test_progress_is_added_up_and_scored_and_the_same_file_twice_changes_nothing(company):
    assign(company)
    assert counts(applied(company, "actuals", PROGRESS)) == (3, 0, 0, 0)
    assert score("REV").quantity == Decimal("500.5")
    assert (score("RET").quantity, score("RET").divisor) == (Decimal(2), Decimal(40))
    assert score("RET").completion == Decimal(1)
    assert counts(applied(company, "actuals", PROGRESS)) == (0, 0, 3, 0)
    assert AuditEvent.objects.filter(action="import.apply").count() == 3


def test_a_changed_row_corrects_its_entry_and_undo_lets_the_old_one_count_again(company):
    assign(company)
    applied(company, "actuals", PROGRESS)
    batch = applied(company, "actuals", PROGRESS.replace("400,5", "300"))
    assert counts(batch) == (0, 1, 2, 0)
    assert score("REV").quantity == Decimal(400)
    imports.undo(batch=batch, run=run_of(company))
    assert score("REV").quantity == Decimal("500.5")
    states = Actual.objects.filter(external_key="A1").order_by("pk").values_list("state", flat=True)
    assert list(states) == [ActualState.RECORDED, ActualState.WITHDRAWN]


def test_entries_that_cannot_be_are_named_row_by_row(company):
    assign(company)
    head = "owner,kpi,date,period,value,numerator,denominator\n"
    text = head + (
        "NV003,REV,2026-12-05,,1,,\n"  # no card
        "NV003,REV,,,1,,\n"  # no day
        "NV003,RET,2026-11-05,,1,,\n"  # a ratio wants its parts
        "NV003,REV,2026-11-05,,,1,2\n"
        "NV003,REV,2026-11-06,,1 000x,,\n"
        "NV003,REV,,2026-11,5,,\n"  # today, while the month runs
        "NV003,REV,20/11/2026,,7,,\n"
    )
    batch = checked(company, "actuals", text)
    assert counts(batch) == (1, 0, 0, 6)
    assert "“value”" in errors(batch)[6][0]
    Period.objects.update(state="locked", locked_at=company.organization.created_at)
    assert counts(checked(company, "actuals", head + "NV003,REV,2026-11-06,,1,,\n")) == (0, 0, 0, 1)


def test_a_manager_imports_for_the_team_only(company):
    assign(company)
    applied(company, "assignments", CARD.replace("NV003", "NV004"), by=company.strategy)
    text = "owner,kpi,date,value\nNV003,REV,2026-11-06,1\nNV004,REV,2026-11-06,1\n"
    batch = checked(company, "actuals", text, by=company.manager)
    assert counts(batch) == (1, 0, 0, 1)
    assert "NV004" in errors(batch)[3][0]


@pytest.mark.parametrize("kind", ["assignments", "actuals"])
def test_a_dry_run_asks_as_often_for_one_row_as_for_many(company, kind):
    assign(company)
    rows = [f"NV003,REV,2026-11,60,{n},2026-11-{n:02}\n" for n in range(1, 16)]
    columns = {"owner": "owner", "kpi": "kpi", "weight": "w", "value": "v"}
    columns |= {"date": "d"} if kind == "actuals" else {"period": "p"}
    names = {item.name for item in imports.handler_of(kind).fields}
    columns = {name: title for name, title in columns.items() if name in names}

    def queries(chosen: list[str]) -> int:
        with CaptureQueriesContext(connection) as captured:
            checked(company, kind, "owner,kpi,p,w,v,d\n" + "".join(chosen), by=company.strategy, columns=columns)
        return len(captured)

    queries(rows[:1])  # remembers the mapping
    assert queries(rows[:1]) == queries(rows[:3]) == queries(rows)

"""People and where they stand, from a file."""

import datetime

from kpiapp.models import Employment, Member, Position
from kpiapp.queries import employment_on
from kpiapp.services import imports
from tests.imports import applied, checked, counts, errors, run_of

HEAD = "Mã NV,Họ tên,Email,Phòng ban,Chức danh,Quản lý,Từ ngày\n"
NEW = (
    HEAD
    + "NV100,Trần An,an@anphat.example,SAL,Kế toán,NV101,01/12/2026\n"
    + "NV101,Võ Bình,,phong dich vu,REP,NV001,2026-12-01\n"
)


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def stands(code: str, on: str) -> tuple:
    found = employment_on(Member.objects.get(code=code), day(on))
    return found and (found.department.code, found.position.name, found.manager.code if found.manager else "")


def test_people_join_in_any_order_with_new_positions_and_a_second_run_changes_nothing(scope):
    assert counts(applied(scope, "people", NEW)) == (2, 0, 0, 0)
    assert stands("NV100", "2026-12-01") == ("SAL", "Kế toán", "NV101")
    assert stands("NV101", "2026-12-01") == ("SVC", "Nhân viên kinh doanh", "NV001")
    assert stands("NV100", "2026-11-30") is None
    assert Position.objects.get(name="Kế toán").code == "KE-TOAN"
    assert counts(applied(scope, "people", NEW)) == (0, 0, 2, 0)


def test_somebody_known_moves_from_the_day_and_keeps_the_history(scope):
    text = HEAD + f"{scope.lan.code},{scope.lan.name},,SVC,REP,NV001,01/12/2026\n"
    batch = applied(scope, "people", text)
    assert counts(batch) == (0, 1, 0, 0)
    assert stands(scope.lan.code, "2026-11-30")[0] == "SAL"
    assert stands(scope.lan.code, "2026-12-01")[0] == "SVC"
    assert counts(applied(scope, "people", text)) == (0, 0, 1, 0)
    imports.undo(batch=batch, run=run_of(scope))
    assert stands(scope.lan.code, "2026-12-01")[0] == "SAL"
    assert Employment.objects.filter(member=scope.lan).count() == 1


def test_undo_takes_new_people_away_with_their_positions(scope):
    batch = applied(scope, "people", NEW)
    imports.undo(batch=batch, run=run_of(scope))
    assert not Member.objects.filter(code__in=["NV100", "NV101"]).exists()
    assert not Position.objects.filter(name="Kế toán").exists()


def test_what_cannot_be_is_said_row_by_row(scope):
    lan, manager = scope.lan, scope.manager
    text = HEAD + (
        "A1,An,not-an-address,,,,\n"
        f"A2,An,{manager.email},,,,\n"
        "A3,An,,SAL,,,\n"
        "A4,An,,Phòng lạ,REP,,01/12/2026\n"
        "A5,An,,SAL,REP,A5,01/12/2026\n"
        "A6,An,,SAL,REP,NOBODY,01/12/2026\n"
        f"{manager.code},{manager.name},,SAL,LEAD,{lan.code},01/11/2026\n"
        "A8,An,,SAL,REP,A6,01/12/2026\n"
        "A9,An,,SAL,REP,,31/02/2026\n"
    )
    found = errors(checked(scope, "people", text))
    assert sorted(found) == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert manager.code in found[3][0]
    assert "“Phòng lạ”" in found[5][0]
    assert "“NOBODY”" in found[7][0]
    assert f"{manager.code} → {lan.code} → {manager.code}" in found[8][0]
    assert "“A6”" in found[9][0]
    assert "31/02/2026" in found[10][0]


def test_history_is_taken_as_ranges_and_may_not_overlap(scope):
    applied(scope, "people", "code,name\nH1,Hà\n")
    head = "employee,department,job title,start date,until\n"
    text = head + "H1,SVC,REP,2020-01-01,2021-06-30\nH1,SAL,REP,2021-07-01,\n"
    batch = applied(scope, "employment", text)
    assert counts(batch) == (2, 0, 0, 0)
    assert stands("H1", "2021-06-30")[0] == "SVC"
    assert stands("H1", "2021-07-01")[0] == "SAL"
    assert Employment.objects.get(member__code="H1", valid_to__isnull=False).valid_to == day("2021-07-01")
    assert counts(applied(scope, "employment", text)) == (0, 0, 2, 0)
    bad = checked(scope, "employment", head + "H1,SAL,REP,2021-03-01,2021-03-31\nH1,SAL,REP,2022-03-01,2022-02-01\n")
    assert sorted(errors(bad)) == [2, 3]
    imports.undo(batch=batch, run=run_of(scope))
    assert not Employment.objects.filter(member__code="H1").exists()


def test_who_has_left_is_not_employed_again_by_a_file(scope):
    Member.objects.filter(pk=scope.minh.pk).update(is_active=False, deactivated_at=scope.organization.created_at)
    text = HEAD + f"{scope.minh.code},{scope.minh.name},,SAL,REP,NV001,01/12/2026\n"
    assert scope.minh.name in errors(checked(scope, "people", text))[2][0]

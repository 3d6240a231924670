"""The grid's pages: shown, written cell by cell as JSON, put on cards; and the page that copies a period."""

import datetime
import json

import pytest

from kpiapp.choices import PeriodKind
from kpiapp.models import Period
from kpiapp.tenancy import organization_scope
from scorecards.models import AssignmentDraft, ScorecardLine


@pytest.fixture
def december(filled):
    with organization_scope(filled.organization):
        return Period.objects.create(
            kind=PeriodKind.MONTH, starts_on=datetime.date(2026, 12, 1), ends_on=datetime.date(2027, 1, 1)
        )


def opened(cast, by, **data):
    """The address of a grid opened from the page, as the person did it."""
    kpi = cast.kpis[2]
    fields = {"kpi": kpi.definition_id, "grid": "1", f"kpi-{kpi.definition_id}-weight": "20"}
    response = cast.client(by).post(cast.url("scorecards/assign/"), {**fields, "period": "2026-11", **data})
    assert response.status_code == 302, response.context["form"].errors if response.context else response.content
    return response["Location"]


def send(cast, member, address, body):
    return cast.client(member).post(f"{address}cells/", json.dumps(body), content_type="application/json")


def rows(page) -> list[dict]:
    return page.context["data"]["rows"]


def test_a_pasted_list_of_people_by_code_e_mail_and_name(filled):
    people = f"{filled.lan.code}\n{filled.minh.email}; Trần Hoài Nam\nNobody"
    kpi = filled.kpis[2].definition_id
    data = {"kpi": kpi, "people_list": people, "show": "1"}
    page = filled.client(filled.strategy).post(filled.url("scorecards/assign/"), data)
    assert {owner.name for owner in page.context["choice"].owners} == {"Lê Thị Lan", "Đỗ Quang Minh", "Trần Hoài Nam"}
    assert page.context["unknown"] == ["Nobody"]


def test_a_pasted_list_reaches_no_further_than_oneself_may(filled):
    data = {"kpi": filled.kpis[2].definition_id, "people_list": filled.minh.code, "show": "1"}
    page = filled.client(filled.manager).post(filled.url("scorecards/assign/"), data)
    assert page.context["choice"].owners == []
    assert page.context["unknown"] == [filled.minh.code]


def test_cells_are_kept_as_they_are_typed(filled):
    address = opened(filled, filled.strategy, member=filled.minh.pk)
    row = rows(filled.client(filled.strategy).get(address))[0]
    answer = send(
        filled, filled.strategy, address, {"cells": [[row["id"], "2026-11", "1.500"], [row["id"], "weight", "x"]]}
    )
    [changed] = answer.json()["rows"]
    assert changed["cells"] == ["x", "", "1.500"]
    assert set(changed["wrong"]) == {"weight"}
    assert rows(filled.client(filled.strategy).get(address))[0]["cells"] == ["x", "", "1.500"]


def test_put_on_cards_it_says_what_was_done(filled, december):
    address = opened(filled, filled.strategy, member=[filled.lan.pk, filled.minh.pk])
    page = filled.client(filled.strategy).post(f"{address}put/", follow=True)
    assert page.context["draft"].result["left_alone"] == 1  # Lan's card is agreed.
    with organization_scope(filled.organization):
        assert ScorecardLine.objects.filter(kpi=filled.kpis[2], scorecard__member=filled.minh).exists()


@pytest.mark.parametrize(
    "body",
    ["", "[]", '{"cells": [[1]]}', '{"rows": ["x"], "columns": [], "how": "set", "amount": "1"}', '{"cells": 7}'],
)
def test_what_is_no_request_of_the_grid_is_refused(filled, body):
    address = opened(filled, filled.strategy, member=filled.minh.pk)
    client = filled.client(filled.strategy)
    assert client.post(f"{address}cells/", body, content_type="application/json").status_code == 400


def test_rows_of_another_grid_are_out_of_reach(filled):
    other = opened(filled, filled.manager, member=filled.lan.pk)
    row = rows(filled.client(filled.manager).get(other))[0]
    mine = opened(filled, filled.strategy, member=filled.minh.pk)
    answer = send(filled, filled.strategy, mine, {"cells": [[row["id"], "2026-11", "666"]]})
    assert answer.json()["rows"] == []
    assert rows(filled.client(filled.manager).get(other))[0]["cells"][2] != "666"
    assert filled.client(filled.strategy).get(other).status_code == 404


def test_a_step_without_a_number_says_so(filled):
    address = opened(filled, filled.strategy, member=filled.minh.pk)
    body = {"rows": [], "columns": ["2026-11"], "how": "percent", "amount": "abc"}
    answer = send(filled, filled.strategy, address, body)
    assert answer.status_code == 422
    assert "abc" in answer.json()["error"]


def test_a_grid_begun_is_found_again_and_thrown_away(filled):
    address = opened(filled, filled.strategy, member=filled.minh.pk)
    client = filled.client(filled.strategy)
    assert address in client.get(filled.url("scorecards/assign/")).content.decode()
    client.post(f"{address}discard/")
    with organization_scope(filled.organization):
        assert not AssignmentDraft.objects.exists()


def test_a_department_is_copied_with_growth(filled, december):
    data = {"who": "inside", "inside": filled.department.pk, "sources": "2026-11", "targets": "2026-12", "growth": "10"}
    page = filled.client(filled.strategy).post(filled.url("scorecards/assign/copy/"), data, follow=True)
    found = {(row["name"], row["kpi"]): row["cells"] for row in rows(page)}
    assert found["Lê Thị Lan", "Doanh thu mới"] == ["50", "", "110"]
    assert found[filled.department.name, "Đơn hàng"] == ["100", "", "110"]


def test_a_manager_copies_the_team_and_nobody_else(filled, december):
    data = {"who": "team", "sources": "2026-11", "targets": "2026-12", "growth": ""}
    page = filled.client(filled.manager).post(filled.url("scorecards/assign/copy/"), data, follow=True)
    assert {row["name"] for row in rows(page)} == {"Lê Thị Lan", filled.department.name}


@pytest.mark.parametrize(
    "wrong", [{"growth": "x"}, {"growth": "-101"}, {"who": "person"}, {"targets": "2031-01"}, {"targets": ""}]
)
def test_wrong_input_comes_back_as_typed(filled, december, wrong):
    data = {"who": "team", "sources": "2026-11", "targets": "2026-12", "growth": "5", **wrong}
    page = filled.client(filled.strategy).post(filled.url("scorecards/assign/copy/"), data)
    assert page.status_code == 422
    assert page.context["form"].errors

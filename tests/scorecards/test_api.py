"""Pushing actuals and reading scores over the API."""

import datetime
import hashlib
import json
from decimal import Decimal

import pytest

from kpiapp.models import ApiToken, Member
from kpiapp.tenancy import organization_scope
from scorecards.models import Actual, CardScore
from scorecards.services import changes
from tests.cast import STORY_DAY
from tests.scorecards.clock import clock_at
from tests.scorecards.kit import make_card, make_kpi

TOKEN = "a-long-secret"


@pytest.fixture(autouse=True)
def story_clock():
    with clock_at():
        yield


@pytest.fixture
def cards(an_phat, client):
    """Lan's card with a flow and a ratio, and the key of a machine."""
    with organization_scope(an_phat.organization):
        an_phat.flow = make_kpi("REV", "Doanh thu")
        an_phat.ratio = make_kpi("SHARE", aggregation="ratio", method="mirror", factor=100)
        an_phat.card = make_card(
            an_phat, an_phat.lan, (an_phat.flow, 60, 100), (an_phat.ratio, 40, 10), agreed_by=an_phat.manager
        )
        robot = Member.objects.create(code="ROBOT", name="Phần mềm bán hàng")
        ApiToken.objects.create(name="sales", token_hash=hashlib.sha256(TOKEN.encode()).hexdigest(), member=robot)
    return an_phat


def row(**more):
    return {"employee": "NV003", "kpi": "REV", "period": "2026-11", "on": "2026-11-10", "external_key": "K1", **more}


def push(client, cast, rows, token=TOKEN):
    url = f"/api/v1/{cast.organization.slug}/actuals/"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.post(url, json.dumps(rows), content_type="application/json", headers=headers)


def read(client, cast, path):
    return client.get(f"/api/v1/{cast.organization.slug}/{path}", headers={"Authorization": f"Bearer {TOKEN}"})


def test_entries_by_codes_and_by_line_are_stored_and_the_card_rescores(cards, client):
    with organization_scope(cards.organization):
        line = cards.card.lines.get(kpi=cards.ratio).pk
    rows = [
        row(value="80"),
        {"line": line, "on": "2026-11-11", "numerator": "1", "denominator": "10", "external_key": "K2"},
    ]
    response = push(client, cards, rows)
    assert (response.status_code, response.json()["stored"]) == (200, 2)
    with organization_scope(cards.organization):
        assert CardScore.objects.get(scorecard=cards.card).percent == 88
        assert set(Actual.objects.values_list("source", flat=True)) == {"api"}


def test_sending_again_stores_nothing_twice_and_new_numbers_correct(cards, client):
    push(client, cards, [row(value="80")])
    assert push(client, cards, [row(value="80")]).json()["rows"][0]["state"] == "repeated"
    push(client, cards, [row(value="90")])
    with organization_scope(cards.organization):
        assert [actual.state for actual in Actual.objects.order_by("pk")] == ["corrected", "recorded"]


def test_bad_rows_are_named_in_words_and_good_ones_stored(cards, client):
    rows = [
        row(value="80"),
        row(kpi="NONE", value="1", external_key="K2"),
        row(value="abc", external_key="K3"),
        row(on="2026-12-05", value="1", external_key="K4"),
        {"value": "1"},
    ]
    response = push(client, cards, rows)
    body = response.json()
    assert (response.status_code, body["stored"], body["failed"]) == (207, 1, 4)
    assert [answer["state"] for answer in body["rows"]] == ["stored", "error", "error", "error", "error"]
    assert all(answer["errors"] for answer in body["rows"][1:])


@pytest.mark.parametrize("rows", [{}, [], "text", [{}] * 1001], ids=["object", "empty", "text", "too many"])
def test_what_is_no_list_of_entries_is_refused(cards, client, rows):
    assert push(client, cards, rows).status_code == 400


def test_without_a_key_or_with_another_companys_nothing_opens(cards, client, binh_minh):
    assert push(client, cards, [row(value="1")], token="").status_code == 401
    assert push(client, cards, [row(value="1")], token="wrong").status_code == 404
    assert push(client, binh_minh, [row(value="1")]).status_code == 404


def test_a_person_pushes_only_for_lines_within_reach(cards):
    client = cards.client(cards.minh)
    url = f"/api/v1/{cards.organization.slug}/actuals/"
    response = client.post(url, json.dumps([row(value="1")]), content_type="application/json")
    assert response.status_code in (207, 403)
    with organization_scope(cards.organization):
        assert not Actual.objects.exists()


def test_queries_do_not_grow_with_the_rows(cards, client, django_assert_max_num_queries):
    rows = [row(value="1", external_key=f"K{number}") for number in range(60)]
    with django_assert_max_num_queries(35):
        assert push(client, cards, rows).json()["stored"] == 60


def test_cards_lines_and_scores_of_a_period_are_read(cards, client):
    push(client, cards, [row(value="80")])
    card = read(client, cards, "cards/?period=2026-11").json()["results"][0]
    assert (card["member_code"], card["state"]) == ("NV003", "agreed")
    lines = read(client, cards, "lines/").json()["results"]
    assert {line["kpi_code"]: line["target"] for line in lines} == {"REV": "100.000000", "SHARE": "10.000000"}
    score = read(client, cards, "scores/").json()["results"][0]
    assert (score["percent"], score["lines_scored"]) == ("80.000000", 1)
    assert {line["state"] for line in score["lines"]} == {"scored", "not_due"}
    assert read(client, cards, "cards/?period=1999-01").status_code == 400


def test_a_locked_period_takes_nothing(cards, client):
    with organization_scope(cards.organization):
        type(cards.period).objects.update(state="locked", locked_at=datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC))
    assert push(client, cards, [row(value="1")]).json()["failed"] == 1


def test_a_line_that_changed_inside_its_period_says_what_held_from_which_day(cards, client):
    with organization_scope(cards.organization):
        line = cards.card.lines.get(kpi=cards.flow)
        request = changes.request_change(
            line=line,
            changes={"weight": Decimal(81)},
            reason="x",
            effective_on=datetime.date(2026, 11, 16),
            by=cards.acting(cards.strategy),
        )
        changes.approve_change(request=request, by=cards.acting(cards.director), today=STORY_DAY)
    found = {row["kpi_code"]: row for row in read(client, cards, "lines/?period=2026-11").json()["results"]}
    dated = [(part["starts_on"], Decimal(part["weight"])) for part in found["REV"]["segments"]]
    assert dated == [("2026-11-01", 60), ("2026-11-16", 81)]
    assert Decimal(found["REV"]["weight"]) == 71
    assert sum(Decimal(row["weight"]) for row in found.values()) == 100

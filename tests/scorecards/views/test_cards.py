"""Pages of cards: who sees what, what is on them, and how many queries they take."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kpiapp.choices import Language
from kpiapp.models import Member, User
from kpiapp.tenancy import organization_scope
from scorecards.models import Scorecard
from scorecards.services import actuals
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, make_card, make_kpi


def counted(client, url) -> int:
    """Statements of a page that do work: savepoints belong to the test's own transaction."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return sum("SAVEPOINT" not in query["sql"] for query in captured)


def reload(cast):
    with organization_scope(cast.organization):
        cast.minh_card = Scorecard.objects.get(pk=cast.minh_card.pk)


def page(cast, member, path, **headers):
    response = cast.client(member).get(cast.url(path), headers=headers)
    return response.status_code, response.content.decode()


class TestMine:
    def test_it_shows_the_score_so_far_its_coverage_and_what_waits(self, filled):
        status, html = page(filled, filled.lan, "scorecards/mine/")
        assert status == 200
        # One of three KPIs has an entry, half of the weight; two wait.
        assert "1/3 KPI, 50% trọng số · tạm tính" in html
        assert re.search(r"<dt>Chờ bạn xử lý</dt><dd>2</dd>\s*<dd class=\"note\">KPI chưa có số liệu</dd>", html)
        assert "Doanh thu mới" in html
        assert 'value="78"' in html
        assert "78%" in html
        assert f'hx-post="/an-phat/scorecards/lines/{filled.line.pk}/record/"' in html

    def test_without_a_card_it_offers_a_first_step(self, filled):
        status, html = page(filled, filled.hr, "scorecards/mine/")
        assert status == 200
        assert "/an-phat/scorecards/assign/" in html

    def test_queries_stay_the_same_for_one_line_and_three(self, filled):
        with organization_scope(filled.organization):
            card = make_card(filled, filled.hr, (filled.kpis[0], 100, 100), agreed_by=filled.strategy)
            entry = {"line": card.lines.get(), "value": D(50), "on": STORY_DAY, "today": STORY_DAY}
            actuals.record_actual(**entry, by=filled.acting(filled.hr))
        one = counted(filled.client(filled.hr), filled.url("scorecards/mine/"))
        three = counted(filled.client(filled.lan), filled.url("scorecards/mine/"))
        assert one == three <= 20

    def test_a_page_that_estimates_pay_stays_in_no_cache(self, filled):
        for path in ("scorecards/mine/", f"scorecards/cards/{filled.card.pk}/"):
            response = filled.client(filled.lan).get(filled.url(path))
            assert "no-store" in response.headers["Cache-Control"]


class TestAccess:
    @pytest.mark.parametrize(
        ("who", "lan", "minh", "unit"),
        [
            ("lan", 200, 404, 200),
            ("minh", 404, 200, 404),
            ("manager", 200, 404, 200),
            ("director", 200, 200, 200),
            ("hr", 200, 200, 200),
            ("strategy", 200, 200, 200),
            ("auditor", 200, 200, 200),
            ("payroll_maker", 404, 404, 404),
        ],
    )
    def test_cards_open_by_role_and_org_tree(self, filled, who, lan, minh, unit):
        client = filled.client(getattr(filled, who))
        cards = (filled.card, filled.minh_card, filled.unit_card)
        got = [client.get(filled.url(f"scorecards/cards/{card.pk}/")).status_code for card in cards]
        assert got == [lan, minh, unit]

    @pytest.mark.parametrize("path", ["cards/{card}/", "cards/{card}/why/", "lines/{line}/", "lines/{line}/why/"])
    def test_another_companys_cards_are_not_there(self, filled, binh_minh, path):
        path = path.format(card=filled.card.pk, line=filled.line.pk)
        assert binh_minh.client(binh_minh.strategy).get(binh_minh.url(f"scorecards/{path}")).status_code == 404
        assert binh_minh.client(binh_minh.strategy).get(filled.url(f"scorecards/{path}")).status_code == 404

    def test_the_auditor_reads_but_has_no_field_to_type_in(self, filled):
        _status, html = page(filled, filled.auditor, f"scorecards/cards/{filled.card.pk}/")
        assert "readonly" in html
        client = filled.client(filled.auditor)
        assert client.post(filled.url(f"scorecards/lines/{filled.line.pk}/record/"), {"value": "1"}).status_code == 404

    def test_an_employee_sees_only_cards_within_reach_in_the_list(self, filled):
        _status, html = page(filled, filled.lan, "scorecards/")
        assert "Lê Thị Lan" in html
        assert "Đỗ Quang Minh" not in html


class TestTeam:
    def test_people_are_found_without_accents_and_filtered_by_department(self, filled):
        _status, html = page(filled, filled.hr, "scorecards/?q=le+thi", HX_Request="true")
        assert "Lê Thị Lan" in html
        assert "Quang Minh" not in html
        _status, html = page(filled, filled.hr, f"scorecards/?department={filled.other_department.pk}")
        assert f"/scorecards/cards/{filled.minh_card.pk}/" in html
        assert f"/scorecards/cards/{filled.card.pk}/" not in html

    def test_the_order_is_the_vietnamese_one_by_given_name(self, filled):
        _status, html = page(filled, filled.hr, "scorecards/", HX_Request="true")
        assert html.index("Phòng Kinh doanh") < html.index("Lê Thị Lan") < html.index("Đỗ Quang Minh")

    def test_queries_do_not_grow_with_the_cards(self, filled):
        few = counted(filled.client(filled.hr), filled.url("scorecards/"))
        with organization_scope(filled.organization):
            people = Member.objects.bulk_create(
                Member(code=f"X{number:04}", name=f"Người thứ {number}") for number in range(60)
            )
            Scorecard.objects.bulk_create(
                Scorecard(period=filled.period, owner_kind="member", member=person) for person in people
            )
        assert counted(filled.client(filled.hr), filled.url("scorecards/")) == few <= 20


class TestEdit:
    def fields(self, card, weights):
        with organization_scope(card.organization_id):
            pks = card.lines.order_by("position").values_list("pk", flat=True)
            return {
                name: value
                for pk, weight in zip(pks, weights, strict=True)
                for name, value in ((f"line-{pk}-weight", weight), (f"line-{pk}-target", "100"))
            }

    def test_weights_other_than_100_are_refused_with_what_is_missing(self, filled):
        client = filled.client(filled.director)
        url = filled.url(f"scorecards/cards/{filled.minh_card.pk}/edit/")
        response = client.post(url, {**self.fields(filled.minh_card, ["98"]), "then": "agree"}, follow=True)
        assert "98" in response.content.decode()
        reload(filled)
        assert filled.minh_card.state == "draft"

    def test_balance_and_agree(self, filled):
        client = filled.client(filled.director)
        url = filled.url(f"scorecards/cards/{filled.minh_card.pk}/edit/")
        client.post(url, {**self.fields(filled.minh_card, ["98"]), "then": "balance"})
        client.post(url, {**self.fields(filled.minh_card, ["100"]), "then": "agree"})
        reload(filled)
        assert (filled.minh_card.state, filled.minh_card.agreed_by_id) == ("agreed", filled.director.pk)

    def test_what_was_typed_wrong_comes_back_with_words(self, filled):
        client = filled.client(filled.minh)
        url = filled.url(f"scorecards/cards/{filled.minh_card.pk}/edit/")
        response = client.post(url, self.fields(filled.minh_card, ["abc"]))
        assert response.status_code == 422
        assert 'value="abc"' in response.content.decode()

    def test_a_person_hands_in_but_never_agrees_their_own_card(self, filled):
        client = filled.client(filled.minh)
        url = filled.url(f"scorecards/cards/{filled.minh_card.pk}/")
        client.post(url + "edit/", {**self.fields(filled.minh_card, ["100"]), "then": "submit"})
        reload(filled)
        assert filled.minh_card.state == "submitted"
        assert client.post(url + "decide/", {"agree": "1"}).status_code == 403
        filled.client(filled.director).post(url + "decide/", {"reason": "Mục tiêu quá thấp"})
        reload(filled)
        assert filled.minh_card.state == "draft"


def test_both_languages_render_every_page(filled):
    with organization_scope(filled.organization):
        make_kpi("EXTRA", "Extra")
    paths = [
        "mine/",
        "",
        f"cards/{filled.card.pk}/edit/",
        f"lines/{filled.line.pk}/",
        "assign/",
        "approvals/",
        "changes/",
    ]
    for language in Language.values:
        User.objects.filter(pk=filled.strategy.user_id).update(language=language)
        client = filled.client(filled.strategy)
        for path in paths:
            assert client.get(filled.url(f"scorecards/{path}")).status_code == 200, path

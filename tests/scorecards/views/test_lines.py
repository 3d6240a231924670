"""Logging through the browser: a cell, a pasted block, undo, notes, files; refusals keep what was typed."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kpiapp.tenancy import organization_scope
from scorecards.choices import ActualState
from scorecards.models import Actual, CardScore, Evidence
from tests.scorecards.kit import make_card, make_kpi

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def post(cast, member, path, data, **more):
    return cast.client(member).post(cast.url(f"scorecards/{path}"), data, headers=HTMX, **more)


def percent(cast):
    with organization_scope(cast.organization):
        return CardScore.objects.get(scorecard=cast.card).percent


class TestCell:
    def test_a_saved_cell_answers_with_its_row_the_total_and_the_tiles(self, filled):
        response = post(filled, filled.lan, f"lines/{filled.second.pk}/record/", {"value": "60"})
        html = response.content.decode()
        assert response.status_code == 200
        assert f'id="line-{filled.second.pk}"' in html
        assert 'data-state="saved"' in html
        assert 'id="card-total" hx-swap-oob="true"' in html
        assert 'id="card-tiles" hx-swap-oob="true"' in html
        assert percent(filled) == 71.25
        assert "71,25%" in html

    def test_the_notice_offers_an_undo_that_takes_it_back(self, filled):
        response = post(filled, filled.lan, f"lines/{filled.second.pk}/record/", {"value": "60"})
        undo = json.loads(response["HX-Trigger"])["toast"]["undo_url"]
        response = filled.client(filled.lan).post(undo, headers=HTMX)
        assert response.status_code == 200
        assert f'id="line-{filled.second.pk}" hx-swap-oob="true"' in response.content.decode()
        assert percent(filled) == 78

    def test_nobody_undoes_what_someone_else_entered(self, filled):
        url = filled.url(f"scorecards/entries/withdraw/?ids={filled.entry.pk}")
        assert filled.client(filled.manager).post(url, headers=HTMX).status_code == 404

    def test_numbers_are_read_as_the_reader_writes_them(self, filled):
        post(filled, filled.lan, f"lines/{filled.second.pk}/record/", {"value": "1.234,5"})
        with organization_scope(filled.organization):
            assert Actual.objects.get(line=filled.second).value == 1234.5

    def test_what_is_no_number_comes_back_with_words_and_nothing_is_lost(self, filled):
        response = post(filled, filled.lan, f"lines/{filled.line.pk}/record/", {"value": "8o"})
        html = response.content.decode()
        assert response.status_code == 422
        assert 'value="8o"' in html
        assert 'data-saved-value="78"' in html
        assert 'aria-invalid="true"' in html
        assert "8o" in html.split("cell-message")[1]

    def test_a_line_out_of_reach_is_not_there(self, filled):
        assert post(filled, filled.minh, f"lines/{filled.line.pk}/record/", {"value": "1"}).status_code == 404
        assert post(filled, filled.hr, f"lines/{filled.line.pk}/record/", {"value": "1"}).status_code == 404


class TestPaste:
    def test_good_cells_are_saved_and_bad_ones_come_back_by_cell(self, filled):
        data = {
            "cell": [f"{filled.line.pk}:value", f"{filled.second.pk}:value", "999999:value", "x:y"],
            "value": ["80", "abc", "5", "6"],
        }
        response = post(filled, filled.lan, f"cards/{filled.card.pk}/paste/", data)
        html = response.content.decode()
        assert response.status_code == 200
        assert f'id="line-{filled.line.pk}" hx-swap-oob="true"' in html
        assert 'value="abc"' in html
        assert json.loads(response["HX-Trigger"])["toast"]["kind"] == "warning"
        assert percent(filled) == 80

    def test_a_block_on_anothers_card_is_refused(self, filled):
        data = {"cell": [f"{filled.line.pk}:value"], "value": ["1"]}
        assert post(filled, filled.minh, f"cards/{filled.card.pk}/paste/", data).status_code == 404


class TestDetails:
    def test_an_entry_with_its_own_day_is_added_and_the_drawer_answers(self, filled):
        data = {"value": "20", "on": "2026-11-03", "note": "Hóa đơn tháng trước"}
        client = filled.client(filled.lan)
        url = filled.url(f"scorecards/lines/{filled.second.pk}/entries/")
        response = client.post(url, data, headers={**HTMX, "HX-Target": "drawer"})
        assert response.status_code == 200
        assert "Hóa đơn tháng trước" in response.content.decode()

    def test_a_wrong_day_is_refused_in_words_with_all_that_was_typed(self, filled):
        data = {"value": "20", "on": "2026-10-03", "note": "Muộn"}
        response = post(filled, filled.lan, f"lines/{filled.second.pk}/entries/", data)
        assert response.status_code == 422
        assert "Muộn" in response.content.decode()

    def test_cause_and_action_are_kept_with_the_last_entry(self, filled):
        data = {"cause": "Hai khách lớn trả chậm", "action": "Gọi lại trước 25/11"}
        assert post(filled, filled.lan, f"lines/{filled.line.pk}/note/", data).status_code == 200
        with organization_scope(filled.organization):
            last = Actual.objects.get(line=filled.line, state=ActualState.RECORDED)
            assert "Hai khách lớn trả chậm" in last.note
            assert (last.value, last.corrects_id) == (78, filled.entry.pk)

    def test_a_manager_corrects_and_the_old_entry_stays(self, filled):
        response = post(
            filled, filled.manager, f"entries/{filled.entry.pk}/correct/", {"value": "70", "note": "Sai số"}
        )
        assert response.status_code == 200
        assert percent(filled) == 70
        with organization_scope(filled.organization):
            assert Actual.objects.filter(line=filled.line).count() == 2

    def test_waiving_takes_someone_above_and_a_reason(self, filled):
        url = f"lines/{filled.second.pk}/waive/"
        assert post(filled, filled.lan, url, {"reason": "x"}).status_code == 404
        assert post(filled, filled.manager, url, {"reason": ""}).status_code == 422
        assert post(filled, filled.manager, url, {"reason": "Nghỉ thai sản"}).status_code == 200
        with organization_scope(filled.organization):
            filled.second.refresh_from_db()
            assert filled.second.waived_by_id == filled.manager.pk


class TestEvidence:
    def attach(self, filled, name="so-cai.pdf", content=b"%PDF-1.7 ledger", who=None):
        file = SimpleUploadedFile(name, content, content_type="text/html")
        return post(filled, who or filled.lan, f"entries/{filled.entry.pk}/evidence/", {"file": file})

    def test_a_file_is_served_only_as_a_download_to_those_who_may_read_the_card(self, filled):
        assert self.attach(filled).status_code == 200
        with organization_scope(filled.organization):
            evidence = Evidence.objects.get()
            assert evidence.file.name.startswith(f"{filled.organization.pk}/evidence/")
        url = filled.url(f"scorecards/evidence/{evidence.pk}/")
        response = filled.client(filled.manager).get(url)
        assert b"".join(response.streaming_content) == b"%PDF-1.7 ledger"
        assert response["Content-Disposition"].startswith("attachment")
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Type"] == "application/pdf"
        assert filled.client(filled.minh).get(url).status_code == 404

    def test_another_company_cannot_fetch_it(self, filled, binh_minh):
        self.attach(filled)
        with organization_scope(filled.organization):
            pk = Evidence.objects.get().pk
        assert binh_minh.client(binh_minh.hr).get(binh_minh.url(f"scorecards/evidence/{pk}/")).status_code == 404

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("run.exe", b"MZ"),
            ("page.html", b"<script>"),
            ("fake.pdf", b"<html>"),
            ("big.txt", b"x" * (10 * 1024 * 1024 + 1)),
        ],
        ids=["program", "page", "disguised", "large"],
    )
    def test_other_files_are_refused(self, filled, name, content):
        assert self.attach(filled, name, content).status_code == 422
        with organization_scope(filled.organization):
            assert not Evidence.objects.exists()


def test_a_drawer_of_a_counted_kpi_adds_an_event(filled):
    with organization_scope(filled.organization):
        kpi = make_kpi("C", "Khiếu nại", method="deduct", aggregation="count")
        card = make_card(filled, filled.hr, (kpi, 100, None), agreed_by=filled.strategy)
        line = card.lines.get()
    response = post(filled, filled.hr, f"lines/{line.pk}/entries/", {"on": "2026-11-10"})
    assert response.status_code == 200
    with organization_scope(filled.organization):
        assert CardScore.objects.get(scorecard=card).percent == 75


def test_a_low_mark_of_a_judged_kpi_is_given_with_a_note_and_a_file_in_one_go(filled):
    with organization_scope(filled.organization):
        kpi = make_kpi("ATT", "Thái độ", method="manual", aggregation="last")
        line = make_card(filled, filled.manager, (kpi, 100, None)).lines.get()
    page = filled.client(filled.director).get(filled.url(f"scorecards/lines/{line.pk}/")).content.decode()
    assert 'enctype="multipart/form-data"' in page
    given = {"value": "40", "on": "2026-11-20", "note": "Hai lần khiếu nại"}
    address = f"lines/{line.pk}/entries/"
    refused = post(filled, filled.director, address, given)
    assert refused.status_code == 422
    assert refused.context["refusal"]
    assert "Hai lần khiếu nại" in refused.content.decode()
    letter = SimpleUploadedFile("letter.txt", b"Dear An Phat")
    assert post(filled, filled.director, address, given | {"file": letter}).status_code == 200
    with organization_scope(filled.organization):
        assert Evidence.objects.get().actual.value == 40

"""Approvals and changes in the browser."""

import re

import pytest

from kpiapp.tenancy import organization_scope
from scorecards.choices import ActualState
from scorecards.models import Actual, ChangeRequest, ScorecardLine


def state(cast):
    with organization_scope(cast.organization):
        return Actual.objects.get(pk=cast.entry.pk).state


def target(cast):
    with organization_scope(cast.organization):
        return ScorecardLine.objects.get(pk=cast.line.pk).target


class TestApprovals:
    def test_a_manager_approves_what_their_people_entered(self, filled):
        client = filled.client(filled.manager)
        assert "Lê Thị Lan" in client.get(filled.url("scorecards/approvals/")).content.decode()
        client.post(filled.url("scorecards/approvals/"), {"entry": [filled.entry.pk]})
        assert state(filled) == ActualState.APPROVED

    def test_a_manager_of_others_cannot(self, filled):
        url = filled.url("scorecards/approvals/")
        assert filled.client(filled.lan).post(url, {"entry": [filled.entry.pk]}).status_code == 403
        filled.client(filled.strategy).post(url, {"entry": ["0", "x"]})
        assert state(filled) == ActualState.RECORDED

    def test_a_returned_entry_shows_its_reason_to_the_one_who_entered_it(self, filled):
        url = filled.url(f"scorecards/entries/{filled.entry.pk}/return/")
        filled.client(filled.manager).post(url, {"reason": "Thiếu hóa đơn"})
        assert state(filled) == ActualState.RETURNED
        html = filled.client(filled.lan).get(filled.url(f"scorecards/lines/{filled.line.pk}/")).content.decode()
        assert "Thiếu hóa đơn" in html


class TestChanges:
    def ask(self, filled, who):
        data = {"target": "120", "effective_on": "2026-11-20", "mode": "segments", "reason": "Thị trường đổi"}
        return filled.client(who).post(filled.url(f"scorecards/lines/{filled.line.pk}/change/"), data)

    def decide(self, filled, who, **data):
        with organization_scope(filled.organization):
            pk = ChangeRequest.objects.get().pk
        return filled.client(who).post(filled.url(f"scorecards/changes/{pk}/"), data).status_code

    def test_old_and_new_stand_side_by_side_and_a_second_person_approves(self, filled):
        assert self.ask(filled, filled.lan).status_code == 302
        html = filled.client(filled.manager).get(filled.url("scorecards/changes/")).content.decode()
        assert re.search(r">100( \S+)?</span> → <b>120\1</b>", html)
        assert self.decide(filled, filled.lan, approve="1") == 404
        assert self.decide(filled, filled.minh, approve="1") == 404
        assert target(filled) == 100
        assert self.decide(filled, filled.manager, approve="1") == 302
        assert target(filled) == 120

    def test_what_cannot_be_asked_for_comes_back_with_the_reason(self, filled):
        data = {"effective_on": "2026-11-20", "mode": "segments", "reason": "Không gì cả"}
        url = filled.url(f"scorecards/lines/{filled.line.pk}/change/")
        response = filled.client(filled.lan).post(url, data)
        assert response.status_code == 422
        assert "Không gì cả" in response.content.decode()

    def test_own_request_is_withdrawn(self, filled):
        self.ask(filled, filled.lan)
        assert self.decide(filled, filled.lan, withdraw="1") == 302
        with organization_scope(filled.organization):
            assert ChangeRequest.objects.get().state == "withdrawn"


@pytest.mark.parametrize("who", ["lan", "minh", "hr", "auditor"])
def test_the_changes_page_shows_only_cards_within_reach(filled, who):
    TestChanges().ask(filled, filled.lan)
    html = filled.client(getattr(filled, who)).get(filled.url("scorecards/changes/")).content.decode()
    assert ("Thị trường đổi" in html) is (who != "minh")

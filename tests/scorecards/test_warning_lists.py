"""Warnings that are alike stand in one line: a kind in a period, then what each card has of it, then each by itself."""

import datetime

import pytest

from kpiapp.models import AuditEvent
from kpiapp.registry import HomeVisit
from kpiapp.tenancy import organization_scope
from scorecards.home_panels import _warnings
from scorecards.models import EarlyWarning
from tests.cast import STORY_DAY
from tests.scorecards.kit import make_card, make_kpi

DUE = datetime.date(2026, 12, 2)


@pytest.fixture
def late(an_phat):
    """Five values late: three of Lan, two of Minh; and a lone warning about Lan's card."""
    with organization_scope(an_phat.organization):
        kpis = [make_kpi(code) for code in "ABC"]
        for owner, count in ((an_phat.lan, 3), (an_phat.minh, 2)):
            card = make_card(an_phat, owner, *((kpi, 30, 10) for kpi in kpis[:count]))
            about = {"period": card.period, "scorecard": card, "owner": owner, "opened_on": DUE, "due_on": DUE}
            EarlyWarning.objects.bulk_create(
                EarlyWarning(kind="late", line=line, **about) for line in card.lines.order_by("position")
            )
            if owner == an_phat.lan:
                EarlyWarning.objects.create(kind="process_heavy", **about)


def lines(cast, who, asked=""):
    """The lines of the page as (number of warnings, title, about)."""
    page = cast.client(who).get(cast.url(f"scorecards/warnings/?{asked}"))
    return [(item.count, item.title, item.about) for item in page.context["items"]]


def test_all_late_values_of_a_period_are_one_line(an_phat, late):
    first, lone = lines(an_phat, an_phat.hr, "whose=all")
    assert first[0] == 5
    assert "5" in first[1]
    assert "2" in first[2]
    assert lone[0] == 1


def test_then_a_line_a_card_then_each_by_itself(an_phat, late):
    found = lines(an_phat, an_phat.hr, "whose=all&kind=late")
    assert sorted(count for count, _title, _about in found) == [2, 3]
    with organization_scope(an_phat.organization):
        card = EarlyWarning.objects.filter(owner=an_phat.lan).first().scorecard_id
    found = lines(an_phat, an_phat.hr, f"whose=all&kind=late&card={card}")
    assert [count for count, _title, _about in found] == [1, 1, 1]


def test_an_owner_is_typed_and_nobody_is_nobody(an_phat, late):
    assert [one[0] for one in lines(an_phat, an_phat.hr, "whose=all&owner=Lê Thị Lan (NV003)")] == [3, 1]
    assert lines(an_phat, an_phat.hr, "whose=all&owner=Somebody else") == []


def test_one_answer_for_all_of_a_card_and_nobody_elses(an_phat, late):
    with organization_scope(an_phat.organization):
        first = EarlyWarning.objects.filter(owner=an_phat.lan, kind="late").first().pk
    sent = {"text": "Logged tomorrow", "until": "2026-11-30", "do": "answer", "all": "1"}
    assert an_phat.client(an_phat.lan).post(an_phat.url(f"scorecards/warnings/{first}/"), sent).status_code == 302
    with organization_scope(an_phat.organization):
        answered = EarlyWarning.objects.filter(state="answered")
        assert {(one.owner_id, one.kind) for one in answered} == {(an_phat.lan.pk, "late")}
        assert answered.count() == AuditEvent.objects.filter(action="warning.answer").count() == 3


def test_the_home_shows_one_line_for_them(an_phat, late):
    with organization_scope(an_phat.organization):
        EarlyWarning.objects.update(owner=an_phat.manager)
        panel = _warnings(HomeVisit(an_phat.acting(an_phat.manager), STORY_DAY, [an_phat.period]))
    assert [item.count for item in panel.context["items"]] == [5, 1]
    assert panel.context["total"] == 6

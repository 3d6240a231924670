"""The thread of a KPI: who asks, who answers, what counts as unanswered, and plain text."""

import pytest

from kpiapp.models import Notification
from kpiapp.tenancy import organization_scope
from strategy.kpis import threads
from strategy.services import kpis, notes
from tests.cast import STORY_DAY


@pytest.fixture
def kpi(an_phat):
    with organization_scope(an_phat.organization):
        by = an_phat.acting(an_phat.strategy)
        return kpis.create_kpi(fields={"name": "Doanh thu", "owner": an_phat.manager}, by=by)


def test_a_question_reaches_the_owner_counts_as_open_and_is_closed_by_the_answer(an_phat, kpi):
    lan, nam = an_phat.client(an_phat.lan), an_phat.client(an_phat.manager)
    page = an_phat.url(f"strategy/library/kpis/{kpi.pk}/")
    lan.post(page + "notes/", {"text": "<script>alert(1)</script> Có tính VAT?", "kind": "question"})
    with organization_scope(an_phat.organization):
        note = threads.unanswered_questions().get()
        assert [told.member_id for told in Notification.objects.filter(kind="kpi.asked")] == [an_phat.manager.pk]
    body = nam.get(page).content.decode()
    assert "&lt;script&gt;" in body
    assert "<script>alert" not in body
    asked = nam.get(an_phat.url("strategy/library/kpis/?state=asked")).content.decode()
    assert f'href="{page}#thread"' in asked
    answers = an_phat.url(f"strategy/library/kpis/{note.pk}/answers/")
    assert lan.post(answers, {"text": "Tôi đoán là có"}).status_code == 422
    assert nam.post(answers, {"text": "  "}).status_code == 422
    assert nam.post(answers, {"text": "Chưa gồm VAT"}).status_code == 302
    with organization_scope(an_phat.organization):
        assert not threads.unanswered_questions().exists()
        assert Notification.objects.filter(kind="kpi.answered", member=an_phat.lan).exists()
    assert "Chưa gồm VAT" in lan.get(page).content.decode()


def test_ideas_need_no_answer_and_refused_text_is_not_lost(an_phat, kpi):
    lan = an_phat.client(an_phat.lan)
    url = an_phat.url(f"strategy/library/kpis/{kpi.pk}/notes/")
    assert lan.post(url, {"text": "Đo theo tuần", "kind": "idea"}).status_code == 302
    refused = lan.post(url, {"text": "x" * 4001, "kind": "question"})
    assert refused.status_code == 422
    assert "x" * 4001 in refused.content.decode()
    with organization_scope(an_phat.organization):
        assert not threads.unanswered_questions().exists()


def test_without_owner_the_strategy_office_is_asked(scope):
    by = scope.acting(scope.strategy)
    kpi = kpis.create_kpi(fields={"name": "Doanh thu"}, by=by)
    notes.ask(definition=kpi, text="Ai phụ trách?", by=scope.acting(scope.lan), on=STORY_DAY)
    assert Notification.objects.get(kind="kpi.asked").member_id == scope.strategy.pk
    assert threads.questions_for(by, STORY_DAY).count() == 1
    assert threads.questions_for(scope.acting(scope.manager), STORY_DAY).count() == 0

"""Asking about a number: the question reaches who stands for it, the answer whoever asked, and nobody else anything."""

import re

import pytest
from django.core import signing
from django.utils import translation

from kpiapp import inbox, questions
from kpiapp.models import AuditEvent, Notification, NumberQuestion
from kpiapp.services import questions as service
from kpiapp.tenancy import organization_scope
from tests.cast import STORY_DAY
from tests.scorecards.kit import line_of, make_card, make_kpi, rescore


@pytest.fixture
def line(an_phat):
    with organization_scope(an_phat.organization):
        kpi = make_kpi("K", "Net new revenue")
        card = make_card(an_phat, an_phat.lan, (kpi, 100, 100), agreed_by=an_phat.manager)
        line = line_of(card, kpi)
        line.actuals.create(on=STORY_DAY, value=78)
        rescore(card)
        return line


def ask_from_page(cast, member, path: str, text: str):
    """Open an explanation, ask there, and see where it leads."""
    client = cast.client(member)
    page = client.get(cast.url(path)).content.decode()
    (token,) = re.findall(r'name="number" value="([^"]+)"', page)
    return client.post(cast.url("questions/new/"), {"number": token, "text": text}, follow=True)


def told(cast, member, kind: str) -> list[inbox.Item]:
    """What the inbox of somebody says of a kind, in English."""
    with organization_scope(cast.organization), translation.override("en"):
        mine = list(Notification.objects.filter(member=member, kind=kind).select_related("actor"))
        reader = cast.acting(member)
        reader.organization = cast.organization
        return inbox.items_of(mine, reader, STORY_DAY)


def test_a_question_reaches_the_manager_with_number_and_link_and_the_answer_comes_back(an_phat, line):
    address = f"scorecards/lines/{line.pk}/why/"
    asked = ask_from_page(an_phat, an_phat.lan, address, "Where are the last two orders?")
    assert "Where are the last two orders?" in asked.content.decode()
    (waiting,) = told(an_phat, an_phat.manager, "number.asked")
    for part in ("Net new revenue", "78%", an_phat.lan.name):
        assert part in waiting.told.text
    assert waiting.told.detail == "Where are the last two orders?"
    assert "78%" not in waiting.told.mail_text
    assert waiting.kind.waits
    manager = an_phat.client(an_phat.manager)
    page = manager.get(waiting.told.url).content.decode()
    assert f'href="{an_phat.url(address)}"' in page
    refused = manager.post(f"{waiting.told.url}answer/", {"text": " "})
    assert refused.status_code == 422
    answered = manager.post(f"{waiting.told.url}answer/", {"text": "They come tonight."}, follow=True)
    assert "They come tonight." in answered.content.decode()
    (back,) = told(an_phat, an_phat.lan, "number.answered")
    assert back.told.detail == "They come tonight."
    assert "They come tonight." in an_phat.client(an_phat.lan).get(back.told.url).content.decode()
    with organization_scope(an_phat.organization):
        assert Notification.objects.get(kind="number.asked").read_at
        events = AuditEvent.objects.filter(action__startswith="number.").order_by("id")
        assert [(event.action, event.actor_id) for event in events] == [
            ("number.ask", an_phat.lan.pk),
            ("number.answer", an_phat.manager.pk),
        ]
    assert manager.post(f"{waiting.told.url}answer/", {"text": "Again"}).status_code == 422


def test_it_says_who_has_to_answer_and_never_another_number_of_the_same_row_as_its_value_now(an_phat, line):
    asked = ask_from_page(an_phat, an_phat.lan, f"scorecards/lines/{line.pk}/why/", "Is that all?").content.decode()
    assert an_phat.manager.name in asked
    assert "<dd>78%</dd>" in asked
    due = ask_from_page(an_phat, an_phat.lan, f"scorecards/lines/{line.pk}/pace/", "Why so much?").content.decode()
    assert "<dd>78%</dd>" not in due


def test_only_who_asked_and_who_may_answer_find_it(an_phat, line):
    url = ask_from_page(an_phat, an_phat.lan, f"scorecards/lines/{line.pk}/why/", "Why?").redirect_chain[-1][0]
    statuses = {
        role: an_phat.client(getattr(an_phat, role)).get(url).status_code
        for role in ("lan", "manager", "minh", "hr", "auditor", "owner")
    }
    assert statuses == {"lan": 200, "manager": 200, "minh": 404, "hr": 404, "auditor": 404, "owner": 404}
    # Whoever asked does not answer.
    assert an_phat.client(an_phat.lan).post(f"{url}answer/", {"text": "Because"}).status_code == 422


def test_a_manager_who_asks_reaches_the_person(an_phat, line):
    ask_from_page(an_phat, an_phat.manager, f"scorecards/cards/{line.scorecard_id}/why/", "How come?")
    (item,) = told(an_phat, an_phat.lan, "number.asked")
    assert "78%" in item.told.text


def test_what_is_typed_is_not_lost_and_another_number_cannot_be_named(an_phat, binh_minh, line):
    client, address = an_phat.client(an_phat.lan), an_phat.url("questions/new/")
    forged = client.post(address, {"number": "line:1", "text": "Kept words"})
    assert forged.status_code == 422
    assert b"Kept words" in forged.content
    given = {"organization": binh_minh.organization.pk, "about": "line", "target": line.pk}
    other = signing.dumps(given, salt=questions.SALT, compress=True)
    assert client.post(address, {"number": other, "text": "Why?"}).status_code == 422
    with organization_scope(an_phat.organization), translation.override("en"):
        with pytest.raises(service.QuestionRefused, match="no longer yours"):
            service.ask(about="line", target_id=line.pk, text="?", by=an_phat.acting(an_phat.minh), on=STORY_DAY)
        assert not NumberQuestion.objects.exists()


def test_who_may_no_longer_see_the_number_reads_nothing_of_it(an_phat, line):
    ask_from_page(an_phat, an_phat.lan, f"scorecards/lines/{line.pk}/why/", "A word of mine")
    with organization_scope(an_phat.organization):
        question = NumberQuestion.objects.get()
        Notification.objects.filter(kind="number.asked").update(member=an_phat.minh)
    (item,) = told(an_phat, an_phat.minh, "number.asked")
    assert not item.is_there
    assert "A word" not in item.told.detail
    assert an_phat.client(an_phat.minh).get(an_phat.url(f"questions/{question.pk}/")).status_code == 404

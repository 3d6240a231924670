"""Notifications: once while unread, nobody about themselves, nobody who left, settled when the thing is done."""

import datetime

import pytest
from django.utils import timezone, translation

from kpiapp import inbox
from kpiapp.models import Member, Notification
from kpiapp.services import notifications
from kpiapp.tenancy import organization_scope
from scorecards.models import ChangeRequest, Scorecard
from scorecards.services import changes
from scorecards.services import scorecards as cards
from tests.cast import STORY_DAY
from tests.scorecards.recompute.conftest import CardMaker

SUBMITTED = "card.submitted"


@pytest.fixture
def maker(scope) -> CardMaker:
    """In the open scope of An Phat."""
    return CardMaker(scope)


def told(member) -> list[str]:
    """Kinds of what somebody has not read yet."""
    return sorted(Notification.objects.filter(member=member, read_at=None).values_list("kind", flat=True))


def words(cast, member, language="en") -> list[str]:
    """What the inbox says to somebody, in a language."""
    reader = cast.acting(member)
    reader.organization = cast.organization
    rows = Notification.objects.filter(member=member).select_related("actor")
    with translation.override(language):
        return [item.told.text for item in inbox.items_of(list(rows), reader, STORY_DAY)]


def test_one_is_told_once_until_it_is_read(maker):
    cast, card = maker.cast, maker.card()
    tell = {"to": [cast.manager, cast.manager.pk], "kind": SUBMITTED, "target": card, "by": cast.lan}
    assert [notifications.notify(**tell), notifications.notify(**tell)] == [1, 0]
    notifications.mark_read(notifications=Notification.objects.filter(member=cast.manager))
    assert notifications.notify(**tell) == 1


def test_whoever_did_it_left_or_cannot_sign_in_is_told_nothing(maker):
    cast, card = maker.cast, maker.card()
    Member.objects.filter(pk=cast.minh.pk).update(is_active=False, deactivated_at=timezone.now())
    Member.objects.filter(pk=cast.hr.pk).update(user=None)
    to = [cast.lan, cast.minh, cast.hr, None]
    assert notifications.notify(to=to, kind=SUBMITTED, target=card, by=cast.lan) == 0


def test_a_reminder_is_told_once_per_step_and_again_while_unread(maker):
    cast, card = maker.cast, maker.card()

    def remind(day):
        return notifications.remind(
            kind=SUBMITTED, model=Scorecard, steps=[(cast.lan.pk, card.pk, datetime.date(2026, 11, day))]
        )

    assert [remind(27), remind(27), remind(30), remind(27)] == [1, 0, 1, 0]
    assert Notification.objects.get().step_on == datetime.date(2026, 11, 30)
    notifications.mark_read(notifications=Notification.objects.all())
    assert [remind(30), remind(30 - 3)] == [0, 0]


def test_a_kind_nobody_registered_is_a_bug(maker):
    with pytest.raises(LookupError):
        notifications.notify(to=[maker.cast.lan], kind="card.nonsense", target=maker.card(), by=None)


def test_a_card_goes_to_the_manager_and_its_answer_comes_back(maker):
    cast, card = maker.cast, maker.card()
    maker.line(card)
    cards.submit_card(card=card, by=cast.lan)
    assert (told(cast.manager), told(cast.lan), told(cast.director)) == ([SUBMITTED], [], [])
    cards.return_card(card=card, reason="Doanh thu thiếu", by=cast.manager)
    assert (told(cast.manager), told(cast.lan)) == ([], ["card.returned"])
    cards.submit_card(card=card, by=cast.lan)
    assert (told(cast.manager), told(cast.lan)) == ([SUBMITTED], [])
    cards.agree_card(card=card, by=cast.strategy)
    assert (told(cast.manager), told(cast.lan)) == ([], ["card.agreed"])


def test_a_department_card_goes_to_the_head_above_it(maker):
    cast = maker.cast
    card = maker.card(owner_kind="department", department=cast.department)
    maker.line(card)
    cards.submit_card(card=card, by=cast.manager)
    assert told(cast.director) == [SUBMITTED]
    top = maker.card(owner_kind="organization")
    maker.line(top)
    cards.submit_card(card=top, by=cast.director)
    assert told(cast.strategy) == [SUBMITTED]


def test_a_change_is_told_to_who_decides_and_its_decision_to_who_asked(maker):
    cast = maker.cast
    card = maker.card()
    line = maker.line(card)
    cards.agree_card(card=card, by=cast.manager)
    request = changes.request_change(
        line=line, changes={"target": 90}, reason="Tết", effective_on=STORY_DAY, by=cast.acting(cast.lan)
    )
    assert told(cast.manager) == ["change.requested"]
    changes.refuse_change(request=request, by=cast.manager, note="Không")
    assert (told(cast.manager), told(cast.lan)) == ([], ["card.agreed", "change.refused"])
    assert ChangeRequest.objects.count() == 1


def test_words_are_in_the_language_of_the_reader(maker):
    cast, card = maker.cast, maker.card()
    notifications.notify(to=[cast.manager], kind=SUBMITTED, target=card, by=cast.lan)
    (english,), (vietnamese,) = words(cast, cast.manager), words(cast, cast.manager, "vi")
    assert english.startswith("Lê Thị Lan, November 2026: ")
    assert "tháng 11" in vietnamese.lower()


def test_nobody_reads_of_what_they_may_not_see(maker):
    cast, card = maker.cast, maker.card()
    notifications.notify(to=[cast.minh], kind=SUBMITTED, target=card, by=cast.lan)
    assert "Lan" not in words(cast, cast.minh)[0]


def test_the_bell_counts_the_inbox_shows_and_opening_marks_as_read(an_phat):
    with organization_scope(an_phat.organization):
        card = CardMaker(an_phat).card()
        notifications.notify(to=[an_phat.manager], kind=SUBMITTED, target=card, by=an_phat.lan)
        row = Notification.objects.get()
    client = an_phat.client(an_phat.manager)
    page = client.get(an_phat.url("notifications/")).content.decode()
    assert 'class="bell-count"' in page
    assert f"notifications/{row.pk}/open/" in page
    answer = client.post(an_phat.url(f"notifications/{row.pk}/open/"))
    assert answer["Location"] == an_phat.url(f"scorecards/cards/{card.pk}/")
    page = client.get(an_phat.url("notifications/?show=unread")).content.decode()
    assert "bell-count" not in page
    assert an_phat.client(an_phat.lan).post(an_phat.url(f"notifications/{row.pk}/open/")).status_code == 404

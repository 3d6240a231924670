"""The digest: once a day however often it is asked for, in the reader's language, of what they may see; never empty."""

import datetime

import pytest
from django.core import mail
from django.utils import timezone

from kpiapp.choices import DigestRhythm, MailState
from kpiapp.models import Job, Mail, Member, Notification, NotificationPreference, User
from kpiapp.services import digests, jobs, notifications
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import organization_scope
from scorecards.models import Scorecard
from strategy.models import KpiDefinition
from tests.scorecards.recompute.conftest import CardMaker

SUBMITTED = "card.submitted"
# Seven in the morning in Hà Nội.
MORNING = datetime.datetime(2026, 11, 20, 0, 10, tzinfo=datetime.UTC)


def tell(cast, *members, **options) -> Scorecard:
    """Something about Lan's card for some people, in the open scope."""
    card = CardMaker(cast).card()
    notifications.notify(to=members, kind=SUBMITTED, target=card, by=cast.lan, **options)
    return card


def work_off(cast) -> None:
    """Everything that waits, as a worker would do it."""
    for _round in range(3):
        with organization_scope(cast.organization):
            waiting = list(Job.objects.exclude(state="done").values_list("pk", flat=True))
        for pk in waiting:
            jobs.run(pk, cast.organization.pk)


@pytest.fixture
def morning(an_phat, django_capture_on_commit_callbacks):
    """The mails of a morning, as they went out."""

    def send(now=MORNING) -> list:
        before = len(mail.outbox)
        with django_capture_on_commit_callbacks(execute=True):
            digests.start_digests(now=now)
            work_off(an_phat)
        return mail.outbox[before:]

    return send


def test_one_mail_a_day_in_the_language_of_the_reader(an_phat, morning):
    with organization_scope(an_phat.organization):
        tell(an_phat, an_phat.manager, an_phat.strategy)
        User.objects.filter(pk=an_phat.manager.user_id).update(language="en")
    sent = {letter.to[0]: letter for letter in morning()}
    assert set(sent) == {an_phat.manager.email, an_phat.strategy.email}
    english = sent[an_phat.manager.email]
    assert "1 thing waits for you" in english.subject
    assert "Lê Thị Lan, November 2026" in english.body
    assert "http://localhost:8000/an-phat/scorecards/cards/" in english.body
    assert "tháng 11" in sent[an_phat.strategy.email].body.lower()
    html, kind = english.alternatives[0]
    assert kind == "text/html"
    assert "<a href=" in html
    with organization_scope(an_phat.organization):
        assert set(Mail.objects.values_list("state", flat=True)) == {MailState.SENT}
    assert morning() == []
    assert morning(MORNING + datetime.timedelta(hours=3)) == []


def test_what_came_after_the_mail_of_today_waits_for_tomorrow(an_phat, morning):
    with organization_scope(an_phat.organization):
        tell(an_phat, an_phat.manager)
    assert len(morning()) == 1
    with organization_scope(an_phat.organization):
        notifications.notify(to=[an_phat.manager], kind="card.agreed", target=Scorecard.objects.get(), by=an_phat.lan)
    assert morning(MORNING + datetime.timedelta(hours=2)) == []
    (letter,) = morning(MORNING + datetime.timedelta(days=1))
    # What was mailed already is not mailed again.
    assert letter.body.count("scorecards/cards/") == 1


def test_no_mail_without_news_before_the_hour_or_for_who_wants_none(an_phat, morning):
    assert morning() == []
    with organization_scope(an_phat.organization):
        tell(an_phat, an_phat.manager, an_phat.strategy, an_phat.director, an_phat.owner)
        NotificationPreference.objects.create(member=an_phat.manager, rhythm=DigestRhythm.OFF)
        NotificationPreference.objects.create(member=an_phat.strategy, not_mailed=[SUBMITTED])
        NotificationPreference.objects.create(member=an_phat.director, hour=9)
        NotificationPreference.objects.create(member=an_phat.owner, rhythm=DigestRhythm.WEEKLY, weekday=0)
    assert morning() == []  # 20 November 2026 is a Friday
    assert [letter.to for letter in morning(MORNING + datetime.timedelta(hours=2))] == [[an_phat.director.email]]
    monday = MORNING + datetime.timedelta(days=3)
    assert [letter.to for letter in morning(monday)] == [[an_phat.owner.email]]


def test_nobody_who_left_and_nothing_one_may_not_see(an_phat, morning):
    with organization_scope(an_phat.organization):
        tell(an_phat, an_phat.manager, an_phat.minh)
        Member.objects.filter(pk=an_phat.manager.pk).update(is_active=False, deactivated_at=timezone.now())
    # Minh may not see Lan's card: nothing is left to tell, so no mail goes.
    assert morning() == []
    with organization_scope(an_phat.organization):
        assert not Mail.objects.exists()


def test_a_confidential_kpi_has_no_name_in_a_mail_and_reasons_stay_in_the_app(an_phat, morning):
    with organization_scope(an_phat.organization):
        maker = CardMaker(an_phat)
        line = maker.line(maker.card())
        KpiDefinition.objects.update(is_confidential=True)
        facts = {"reason": "SECRET-REASON"}
        notifications.notify(to=[an_phat.lan], kind="entry.returned", target=line, by=an_phat.manager, facts=facts)
        name = line.kpi.name
    (letter,) = morning()
    whole = letter.body + letter.alternatives[0][0] + letter.subject
    assert name not in whole
    assert "SECRET-REASON" not in whole


class TestSeveralCompanies:
    """The manager of An Phat is also in Binh Minh."""

    @pytest.fixture
    def double(self, an_phat, binh_minh):
        user = User.objects.get(pk=an_phat.manager.user_id)
        User.objects.filter(pk=user.pk).update(
            organization_ids=[an_phat.organization.pk, binh_minh.organization.pk], language="en"
        )
        with organization_scope(binh_minh.organization):
            Member.objects.filter(pk=binh_minh.manager.pk).update(user=user)
            tell(binh_minh, Member.objects.get(pk=binh_minh.manager.pk))
        with organization_scope(an_phat.organization):
            tell(an_phat, an_phat.manager)
        return user

    @pytest.fixture
    def sent(self, an_phat, binh_minh, double, django_capture_on_commit_callbacks):
        def send(now=MORNING) -> list:
            before = len(mail.outbox)
            with django_capture_on_commit_callbacks(execute=True):
                digests.start_digests(now=now)
                work_off(an_phat)
                work_off(binh_minh)
            return mail.outbox[before:]

        return send

    def test_one_mail_with_a_part_for_each(self, an_phat, binh_minh, double, sent):
        (letter,) = sent()
        assert letter.to == [double.email]
        assert "2 things wait for you" in letter.subject
        for cast in (an_phat, binh_minh):
            assert f"== {cast.organization.name} ==" in letter.body
            assert f"/{cast.organization.slug}/scorecards/cards/" in letter.body
            assert f"<h2>{cast.organization.name}</h2>" in letter.alternatives[0][0]
            with organization_scope(cast.organization):
                assert Mail.objects.get().state == MailState.SENT
                assert Notification.objects.get().mailed_at is not None
        assert sent() == []
        assert sent(MORNING + datetime.timedelta(hours=5)) == []

    def test_nothing_of_a_company_one_has_left(self, an_phat, binh_minh, sent):
        with organization_scope(binh_minh.organization):
            gone = {"is_active": False, "deactivated_at": timezone.now()}
            Member.objects.filter(pk=binh_minh.manager.pk).update(**gone)
        (letter,) = sent()
        whole = letter.subject + letter.body + letter.alternatives[0][0]
        assert binh_minh.organization.name not in whole
        assert binh_minh.organization.slug not in whole
        with organization_scope(binh_minh.organization):
            assert not Mail.objects.exists()

    def test_a_company_from_which_one_wants_no_mail_has_no_part(self, binh_minh, sent):
        with organization_scope(binh_minh.organization):
            NotificationPreference.objects.create(member=binh_minh.manager, rhythm=DigestRhythm.OFF)
        (letter,) = sent()
        assert binh_minh.organization.name not in letter.subject + letter.body

    def test_the_first_company_whose_hour_has_come_writes_for_both(self, an_phat, binh_minh, sent):
        with organization_scope(binh_minh.organization):
            NotificationPreference.objects.create(member=binh_minh.manager, hour=18)
        (letter,) = sent()
        assert binh_minh.organization.name in letter.body
        assert sent(MORNING + datetime.timedelta(hours=12)) == []

    def test_a_mail_that_does_not_go_out_is_seen_in_both(self, an_phat, binh_minh, sent, monkeypatch):
        def refuse(self, *args, **options):
            raise ConnectionRefusedError("No server")

        monkeypatch.setattr("kpiapp.services.digests.EmailMultiAlternatives.send", refuse)
        assert sent() == []
        for cast in (an_phat, binh_minh):
            with organization_scope(cast.organization):
                assert Mail.objects.get().state == MailState.FAILED


def test_the_other_company_gets_none_of_it(an_phat, binh_minh, morning):
    with organization_scope(an_phat.organization):
        tell(an_phat, an_phat.manager)
    assert [letter.to for letter in morning()] == [[an_phat.manager.email]]


def test_what_is_urgent_goes_at_once_and_only_once(an_phat, morning, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        with organization_scope(an_phat.organization):
            tell(an_phat, an_phat.manager, urgent=True)
        work_off(an_phat)
        work_off(an_phat)
    assert [letter.to for letter in mail.outbox] == [[an_phat.manager.email]]
    assert morning() == []


def test_a_mail_that_does_not_go_out_stays_to_be_seen(an_phat, morning, monkeypatch):
    def refuse(self, *args, **options):
        raise ConnectionRefusedError("No server")

    monkeypatch.setattr("kpiapp.services.digests.EmailMultiAlternatives.send", refuse)
    with organization_scope(an_phat.organization):
        tell(an_phat, an_phat.manager)
    assert morning() == []
    with organization_scope(an_phat.organization):
        row = Mail.objects.get()
        assert (row.state, row.error) == (MailState.FAILED, "No server")
        assert digests.failed_mails(MORNING, timezone.now()) == 1
    assert "1" in an_phat.client(an_phat.hr).get(an_phat.url("jobs/")).content.decode()


def test_what_waits_cannot_be_silenced_and_a_silent_kind_is_not_told(scope):
    choice = {"member": scope.manager, "rhythm": "daily", "hour": 7, "weekday": 0, "not_mailed": []}
    with pytest.raises(Refused):
        notifications.set_preference(**choice, silenced=[SUBMITTED])
    notifications.set_preference(**choice, silenced=["card.agreed"])
    card = CardMaker(scope).card()
    assert notifications.notify(to=[scope.manager], kind="card.agreed", target=card, by=None) == 0
    assert not Notification.objects.exists()

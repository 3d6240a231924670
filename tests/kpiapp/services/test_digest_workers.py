"""Two workers and two clocks at once: one mail. This test commits."""

import datetime
import threading

import pytest
from django.core import mail
from django.db import connections

from kpiapp.models import Job, Mail
from kpiapp.services import digests, jobs, notifications
from kpiapp.tenancy import organization_scope
from tests.cast import build_cast
from tests.scorecards.recompute.conftest import CardMaker

MORNING = datetime.datetime(2026, 11, 20, 0, 10, tzinfo=datetime.UTC)


@pytest.fixture
def company(django_db_setup, django_db_blocker):
    """A company that other connections see; its tables are emptied afterwards by the role that owns them."""
    with django_db_blocker.unblock():
        cast = build_cast("an-phat", "vi")
        with organization_scope(cast.organization):
            told = {"to": [cast.manager, cast.strategy], "kind": "card.submitted", "by": cast.lan}
            notifications.notify(target=CardMaker(cast).card(), **told)
        yield cast
        with connections["owner"].cursor() as cursor:
            cursor.execute("TRUNCATE kpiapp_organization, kpiapp_user CASCADE")
        connections.close_all()


def test_two_workers_send_one_mail_each(company):
    gate, errors = threading.Barrier(2), []

    def work():
        try:
            gate.wait(timeout=20)
            digests.start_digests(now=MORNING)
            for _round in range(4):
                with organization_scope(company.organization):
                    waiting = list(Job.objects.exclude(state="done").values_list("pk", flat=True))
                for pk in waiting:
                    jobs.run(pk, company.organization.pk)
        except Exception as error:  # noqa: BLE001  (whatever went wrong is shown by the test)
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
    assert sorted(letter.to[0] for letter in mail.outbox) == sorted([company.manager.email, company.strategy.email])
    with organization_scope(company.organization):
        assert list(Mail.objects.values_list("state", flat=True)) == ["sent", "sent"]

"""The night: once per organization and local date, only what may have changed; locked periods are left alone."""

import datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from kpiapp import nightly
from kpiapp.choices import JobState
from kpiapp.models import Job, Organization, Period
from kpiapp.services import jobs
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import organization_scope
from scorecards.models import CardScore, EarlyWarning, LineScore, RollupScore, Scorecard, StaleCard
from scorecards.recompute import refresh_actuals, rescore_cards
from tests.scorecards.recompute.conftest import CardMaker

DAY = datetime.date(2026, 11, 20)


@pytest.fixture
def maker(scope) -> CardMaker:
    """In the open scope of An Phat."""
    return CardMaker(scope)


def night(organization, on=DAY, **arguments) -> Job:
    """A whole night in this process."""
    job = jobs.enqueue(task="night", key=f"night:{on}:{Job.objects.count()}", arguments={"on": str(on), **arguments})
    return work_off(job, organization)


def work_off(job, organization):
    jobs.run(job.pk, organization.pk)
    for part in Job.objects.filter(parent=job):
        jobs.run(part.pk, organization.pk)
    jobs.run(job.pk, organization.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE, job.error
    return job


def test_each_company_has_one_night_per_local_date(an_phat, binh_minh):
    Organization.objects.filter(pk=binh_minh.organization.pk).update(time_zone="America/New_York")
    evening = datetime.datetime(2026, 11, 19, 18, 30, tzinfo=datetime.UTC)  # 01:30 in Hà Nội, 13:30 in New York
    assert nightly.start_nights(now=evening) == 1
    later = evening + datetime.timedelta(hours=1)
    assert nightly.start_nights(now=later) == 1
    assert nightly.start_nights(now=later) == 0
    with organization_scope(an_phat.organization):
        assert list(Job.objects.values_list("key", flat=True)) == ["night:2026-11-20"]
    with organization_scope(binh_minh.organization):
        assert list(Job.objects.values_list("key", flat=True)) == ["night:2026-11-19"]


def test_a_night_scores_rolls_up_and_warns(maker):
    cast = maker.cast
    lan, minh = maker.card(cast.lan), maker.card(cast.minh)
    maker.line(lan, None, "90")
    maker.line(minh, None, "20")
    LineScore.objects.update(completion=None)
    for card in (lan, minh):
        card.state = "submitted"
        card.save()
    job = night(cast.organization)
    assert (job.result["cards"], job.result["cards_changed"], job.result["lines_changed"]) == (2, 2, 2)
    assert CardScore.objects.get(pk=lan.pk).percent == 90
    departments = dict(RollupScore.objects.filter(kind="department").values_list("department__code", "percent"))
    assert departments == {"SAL": 90, "SVC": 20, "CO": 55}
    assert RollupScore.objects.get(kind="organization").percent == 55
    # Two thirds of the month are over: 90 of 100 leads to the target, 20 of 100 does not.
    assert list(EarlyWarning.objects.values_list("kind", "scorecard", "owner")) == [
        ("forecast_miss", minh.pk, cast.minh.pk)
    ]


def test_the_next_night_looks_only_at_what_was_touched_and_writes_nothing_for_nothing(maker):
    cast = maker.cast
    cards = [maker.card(member) for member in (cast.lan, cast.minh, cast.hr)]
    lines = [maker.line(card, None, "50") for card in cards]
    night(cast.organization)
    quiet = night(cast.organization)
    assert "cards" not in quiet.result
    maker.entry(lines[0], value=Decimal(30))
    refresh_actuals(line_ids=[lines[0].pk])
    rescore_cards(card_ids=[cards[0].pk], on=DAY)
    maker.entry(lines[1], value=Decimal(10))
    refresh_actuals(line_ids=[lines[1].pk])
    StaleCard.objects.create(scorecard=cards[1])
    third = night(cast.organization)
    assert (third.result["cards"], third.result["cards_changed"]) == (2, 2)
    reported = CardScore.objects.filter(changed_by_id=third.pk).values_list("previous_percent", "percent")
    assert sorted(reported) == [(50, 60), (50, 80)]
    assert not StaleCard.objects.exists()
    full = night(cast.organization, full=True)
    assert (full.result["cards"], full.result["cards_changed"], full.result["lines_changed"]) == (3, 0, 0)
    assert full.result["rollups_changed"] == 0


def test_when_the_period_has_ended_what_is_missing_becomes_late(maker):
    cast = maker.cast
    card = maker.card(cast.lan)
    Scorecard.objects.update(state="agreed", agreed_at=timezone.now())
    line = maker.line(card)
    night(cast.organization)
    assert LineScore.objects.get(pk=line.pk).state == "not_due"
    night(cast.organization, on=datetime.date(2026, 12, 1))
    assert LineScore.objects.get(pk=line.pk).state == "late"
    assert EarlyWarning.objects.get().kind == "late"
    maker.entry(line, value=Decimal(100))
    refresh_actuals(line_ids=[line.pk])
    StaleCard.objects.create(scorecard=card)
    job = night(cast.organization, on=datetime.date(2026, 12, 2))
    assert job.result["warnings_closed"] == 1
    # The entry itself waits for somebody's approval by now.
    assert [warning.kind for warning in EarlyWarning.objects.filter(closed_on=None)] == ["unapproved"]


def test_a_locked_period_is_compared_and_its_difference_reported(maker):
    cast = maker.cast
    card = maker.card()
    line = maker.line(card, None, "50")
    night(cast.organization)
    Period.objects.update(state="locked", locked_at=datetime.datetime(2026, 12, 3, tzinfo=datetime.UTC))
    assert night(cast.organization, on=datetime.date(2026, 12, 4)).result["differing"] == 0
    LineScore.objects.filter(pk=line.pk).update(quantity=Decimal(70))
    job = night(cast.organization, on=datetime.date(2026, 12, 5))
    assert job.result["differences"] == [{"card": card.pk, "stored": "50.000000", "computed": "70.000000"}]
    assert CardScore.objects.get(pk=card.pk).percent == 50


def test_small_parts_give_the_same_as_one(maker):
    cast = maker.cast
    cards = [maker.card(member) for member in (cast.lan, cast.minh, cast.hr, cast.owner, cast.auditor)]
    for number, card in enumerate(cards):
        maker.line(card, None, str(10 * number))
    job = night(cast.organization, part_size=2)
    assert (job.result["cards"], Job.objects.filter(parent=job).count()) == (5, 3)
    assert sorted(CardScore.objects.values_list("percent", flat=True)) == [0, 10, 20, 30, 40]


def test_run_now_refuses_a_second_night_and_a_locked_period(scope, today):
    now = datetime.datetime(2026, 11, 20, 9, tzinfo=datetime.UTC)
    job = nightly.run_now(on=today, now=now, by=scope.hr)
    assert job.requested_by_id == scope.hr.pk
    with pytest.raises(Refused):
        nightly.run_now(on=today, now=now + datetime.timedelta(seconds=1), by=scope.hr)
    work_off(job, scope.organization)
    Period.objects.update(state="locked", locked_at=now)
    with pytest.raises(Refused, match="2026"):
        nightly.run_now(on=today, now=now, by=scope.hr, period=Period.objects.get())


def test_by_hand_the_same_is_done_and_counted(maker):
    cast = maker.cast
    line = maker.line(maker.card(), None, "50")
    out = StringIO()
    call_command("recompute", organization="an-phat", period="2026-11", stdout=out)
    assert "cards changed: 1" in out.getvalue()
    maker.entry(line, value=Decimal(25))
    out = StringIO()
    call_command("recompute", "--organization=an-phat", "--period=2026-11", "--full", stdout=out)
    assert "lines changed: 1" in out.getvalue()
    assert CardScore.objects.get().percent == 75
    with pytest.raises(CommandError, match="2026-11"):
        call_command("recompute", organization="an-phat", period="2031-01")
    with pytest.raises(CommandError, match="nobody"):
        call_command("recompute", organization="nobody", period="2026-11")
    assert cast.period.is_open

"""Pages of background work: runs with progress, one job, the part that polls, a night at once, what it changed."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kpiapp.models import Job
from kpiapp.services import jobs
from kpiapp.tenancy import organization_scope
from scorecards.recompute import refresh_actuals, rescore_cards
from tests.kpiapp.test_nightly import night
from tests.scorecards.recompute.conftest import CardMaker

DAY = datetime.date(2026, 11, 20)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def maker(scope) -> CardMaker:
    """In the open scope of An Phat."""
    return CardMaker(scope)


def test_the_list_shows_runs_with_state_and_words(an_phat):
    with organization_scope(an_phat.organization):
        job = jobs.enqueue(task="night", key="night:1", arguments={"on": "2026-11-20"}, by=an_phat.hr)
        Job.objects.create(
            key="x",
            task="import",
            state="failed",
            error="The file is empty.",
            finished_at=datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC),
        )
    page = an_phat.client(an_phat.hr).get(an_phat.url("jobs/")).content.decode()
    assert "The file is empty." in page
    assert an_phat.hr.name in page
    assert an_phat.url(f"jobs/{job.pk}/") in page


def test_progress_is_for_everybody_and_the_page_for_those_who_may(an_phat, binh_minh):
    with organization_scope(an_phat.organization):
        job = jobs.enqueue(task="night", key="night:1", by=an_phat.hr)
        Job.objects.update(state="waiting", done_count=2310, total_count=5000)
    url = an_phat.url(f"jobs/{job.pk}/")
    lan = an_phat.client(an_phat.lan)
    part = lan.get(url, headers=HTMX)
    assert 'value="2310" max="5000"' in part.content.decode()
    assert f'hx-get="{url}"' in part.content.decode()
    assert "HX-Refresh" not in part.headers
    assert lan.get(url).status_code == 404
    assert an_phat.client(an_phat.hr).get(url).status_code == 200
    assert binh_minh.client(binh_minh.hr).get(binh_minh.url(f"jobs/{job.pk}/"), headers=HTMX).status_code == 404
    with organization_scope(an_phat.organization):
        Job.objects.update(state="done", finished_at=datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC))
    assert lan.get(url, headers=HTMX).headers["HX-Refresh"] == "true"


def test_hr_runs_a_night_at_once_and_a_second_click_is_told_why_not(an_phat):
    client = an_phat.client(an_phat.hr)
    response = client.post(an_phat.url("jobs/run/"))
    with organization_scope(an_phat.organization):
        job = Job.objects.get()
    assert response["Location"] == an_phat.url(f"jobs/{job.pk}/")
    again = client.post(an_phat.url("jobs/run/"), follow=True)
    assert again.redirect_chain == [(an_phat.url("jobs/"), 302)]
    with organization_scope(an_phat.organization):
        assert Job.objects.count() == 1
    assert an_phat.client(an_phat.strategy).post(an_phat.url("jobs/run/")).status_code == 403


def test_what_the_night_changed_names_cards_lines_and_entries_with_their_explanations(maker):
    cast = maker.cast
    card = maker.card()
    line = maker.line(card, None, "50")
    night(cast.organization)
    maker.entry(line, value=Decimal(33))
    refresh_actuals(line_ids=[line.pk])
    rescore_cards(card_ids=[card.pk], on=DAY)
    job = night(cast.organization)
    page = cast.client(cast.hr).get(cast.url(f"scorecards/nights/{job.pk}/"))
    text = page.content.decode()
    (moved,) = page.context["cards"]
    assert (moved.score.previous_percent, moved.score.night_percent, moved.difference) == (50, 83, 33)
    # All of the test runs in one transaction, so both entries bear its one instant.
    assert [entry.value for entry in moved.lines[0].shown][:1] == [33]
    assert cast.url(f"scorecards/lines/{line.pk}/why/") in text
    assert cast.url(f"scorecards/cards/{card.pk}/why/") in text
    assert cast.client(cast.lan).get(cast.url(f"scorecards/nights/{job.pk}/")).status_code == 403


@pytest.mark.parametrize("path", ["jobs/", "jobs/{job}/", "scorecards/nights/{job}/"])
def test_queries_stay_the_same_for_one_and_three_rows(maker, path):
    cast = maker.cast
    client = cast.client(cast.hr)
    members = [cast.lan, cast.minh, cast.manager]

    def queries(cards):
        for member in cards:
            maker.line(maker.card(member), None, "10")
        job = night(cast.organization)
        client.get(cast.url(path.format(job=job.pk)))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(cast.url(path.format(job=job.pk))).status_code == 200
        return len(captured)

    one = queries(members[:1])
    assert one == queries(members[1:]) <= 20

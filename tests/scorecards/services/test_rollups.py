"""Roll-ups are the kernel's weighted means of what they stand on; written only when changed; fresh after an entry."""

import datetime
from decimal import Decimal

import pytest

from kpiapp import registry
from kpiapp.decimals import HUNDRED
from kpiapp.models import Job
from kpiapp.services import jobs
from scorecards.models import LineScore, RollupScore
from scorecards.recompute import rescore_cards
from scorecards.recompute.gather import stored_cards
from scorecards.scoring import Child, roll_up
from scorecards.services.rollups import refresh_rollups, refresh_soon
from strategy.models import Objective, Perspective, StrategyMap
from tests.scorecards.recompute.conftest import CardMaker

DAY = datetime.date(2026, 11, 20)


@pytest.fixture
def maker(scope) -> CardMaker:
    """In the open scope of An Phat."""
    return CardMaker(scope)


@pytest.fixture
def objective(scope) -> Objective:
    """An objective on the published map."""
    published = StrategyMap.objects.create(
        name="Map", state="published", published_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    )
    lane = Perspective.objects.create(kind="financial", position=1)
    return Objective.objects.create(map=published, perspective=lane, code="F1", name="Grow")


def handed_in(card):
    card.state = "submitted"
    card.save()
    rescore_cards(card_ids=[card.pk], on=DAY)
    return card


def percent_of(**kind):
    return RollupScore.objects.get(**kind).percent


def test_an_objective_is_the_weighted_mean_of_its_lines_as_the_kernel_rolls_up(maker, objective):
    cast = maker.cast
    kpi = maker.kpi(objective=objective)
    for member, weight, value in ((cast.lan, "33.33", "71"), (cast.minh, "12.5", "99.7"), (cast.hr, "70", "13.37")):
        card = maker.card(member)
        maker.line(card, kpi, value, weight=weight)
        handed_in(card)
    refresh_rollups(period=cast.period, on=DAY)
    lines = LineScore.objects.select_related("line")
    expected = roll_up("weighted_avg", [Child(score.completion, score.line.weight) for score in lines])
    assert percent_of(objective=objective) == expected.completion * HUNDRED
    assert percent_of(perspective=objective.perspective) == expected.completion * HUNDRED


def test_lines_of_departments_speak_before_those_of_members(maker, objective):
    cast = maker.cast
    kpi = maker.kpi(objective=objective)
    member, department = maker.card(cast.lan), maker.card(owner_kind="department", department=cast.department)
    maker.line(member, kpi, "10")
    maker.line(department, kpi, "95")
    for card in (member, department):
        handed_in(card)
    refresh_rollups(period=cast.period, on=DAY)
    row = RollupScore.objects.get(objective=objective)
    assert (row.percent, row.parts, row.status) == (95, 1, "on")
    assert percent_of(department=cast.department) == 95


def test_drafts_count_nowhere_and_what_has_no_score_has_no_row(maker, objective):
    card = maker.card()
    maker.line(card, maker.kpi(objective=objective), "50")
    rescore_cards(card_ids=[card.pk], on=DAY)
    assert refresh_rollups(period=maker.cast.period, on=DAY) == 0
    assert not RollupScore.objects.exists()


def test_unchanged_scores_are_not_written_and_changed_ones_keep_what_they_were(maker):
    cast = maker.cast
    card = maker.card()
    line = maker.line(card, None, "50")
    handed_in(card)
    assert refresh_rollups(period=cast.period, on=DAY) > 0
    assert refresh_rollups(period=cast.period, on=DAY) == 0
    LineScore.objects.filter(pk=line.pk).update(quantity=Decimal(60))
    rescore_cards(card_ids=[card.pk], on=DAY)
    job = Job.objects.create(key="n", task="night")
    refresh_rollups(period=cast.period, on=DAY, job=job)
    row = RollupScore.objects.get(kind="organization")
    assert (row.previous_percent, row.percent, row.changed_by_id) == (50, 60, job.pk)


def test_the_map_gets_scores_with_the_address_of_their_explanation(maker, objective):
    card = maker.card()
    maker.line(card, maker.kpi(objective=objective), "50")
    handed_in(card)
    refresh_rollups(period=maker.cast.period, on=DAY)
    (source,) = registry.OBJECTIVE_SCORES
    row = RollupScore.objects.get(objective=objective)
    assert source([objective.pk], maker.cast.period) == {
        objective.pk: (50, "off", f"/an-phat/scorecards/rollups/{row.pk}/why/")
    }


def test_many_entries_ask_for_one_roll_up_and_nights_for_none(maker, django_capture_on_commit_callbacks):
    cast = maker.cast
    cards = [maker.card(member) for member in (cast.lan, cast.minh)]
    with django_capture_on_commit_callbacks(execute=True):
        for card in cards:
            refresh_soon(stored_cards([card.pk], DAY), None)
        refresh_soon(stored_cards([cards[0].pk], DAY), Job.objects.create(key="n", task="night"))
    job = Job.objects.get(task="rollups")
    assert job.arguments == {"period": cast.period.pk}
    assert jobs.run(job.pk, cast.organization.pk).state == "done"

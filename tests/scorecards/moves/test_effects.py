"""Who moves by how much, before anything is saved: the numbers that saving brings, and no write."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kpiapp.models import Member
from payroll.services.policies import start_organization
from scorecards import recompute
from scorecards.models import CardScore, ChangeRequest, LineScore, LineSegment, ScorecardLine
from scorecards.moves.effects import effect_of
from scorecards.recompute import Changes, preview_cards
from scorecards.services import actuals, changes, dated
from strategy.models import KpiVersion
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi

MID = datetime.date(2026, 11, 16)


@pytest.fixture
def card(scope):
    kpis = [make_kpi("A"), make_kpi("B", aggregation="last"), make_kpi("C", method="deduct")]
    made = make_card(scope, scope.lan, (kpis[0], 50, 100), (kpis[1], 30, 10), (kpis[2], 20, 0), agreed_by=scope.manager)
    for line, on, value in zip(
        [line_of(made, kpi) for kpi in (kpis[0], kpis[0], kpis[1], kpis[2])],
        [datetime.date(2026, 11, 6), STORY_DAY, STORY_DAY, STORY_DAY],
        [30, 50, 9, 1],
        strict=True,
    ):
        actuals.record_actual(line=line, value=D(value), on=on, today=STORY_DAY, by=scope.acting(scope.manager))
    return made


def state_of_everything():
    return [
        list(model.objects.order_by("pk").values_list())
        for model in (CardScore, LineScore, ScorecardLine, LineSegment, ChangeRequest)
    ]


@pytest.mark.parametrize("mode", ["segments", "replace"])
@pytest.mark.parametrize("values", [{"target": D(160)}, {"weight": D(80)}, {"target": D(60), "weight": D("33.3")}])
def test_a_preview_of_a_change_is_what_approving_it_brings_and_writes_nothing(scope, card, values, mode):
    line = card.lines.select_related("kpi", "scorecard__period").get(position=1)
    before = state_of_everything()
    proposal = changes.propose_change(line=line, changes=values, effective_on=MID, mode=mode)
    told = Changes.of_lines(proposal.lines, proposal.segments)
    move = preview_cards(card_ids=[card.pk], on=STORY_DAY, changes=told)[card.pk]
    assert state_of_everything() == before
    assert move.before == CardScore.objects.get(scorecard=card).percent
    request = changes.request_change(
        line=line, changes=values, reason="x", effective_on=MID, mode=mode, by=scope.acting(scope.manager)
    )
    changes.approve_change(request=request, by=scope.acting(scope.director), today=STORY_DAY)
    assert move.after == CardScore.objects.get(scorecard=card).percent
    assert move.after != move.before


def test_another_version_of_the_kpi_is_scored_by_the_version_that_is_not_saved(card):
    line = card.lines.select_related("kpi").get(position=1)
    version = KpiVersion(method="ratio", params={}, cap=D("0.5"), floor=D(0), aggregation="sum", factor=D(1))
    told = Changes(lines={line.pk: {"kpi_id": "new"}}, versions={"new": version})
    move = preview_cards(card_ids=[card.pk], on=STORY_DAY, changes=told)[card.pk]
    # 80 % capped at 50 %: half of the card loses 30 points.
    assert move.difference == D(-15)


def test_only_cards_within_reach_are_told_with_the_tier_they_would_have(scope, card):
    start_organization(scope.organization, None)
    other = make_card(scope, scope.minh, (make_kpi("Z"), 100, 100), agreed_by=scope.director)
    line = card.lines.get(position=1)
    told = Changes(lines={line.pk: {"target": D(400)}})
    ids = [card.pk, other.pk]
    effect = effect_of(told, card_ids=ids, member=scope.acting(scope.manager), on=STORY_DAY)
    assert (effect.cards, effect.up, effect.down) == (1, 0, 1)
    # 40 + 27 + 15 = 82 is tier C+; 80 of 400 instead of 100 leaves 10 of the 40: 52, tier D.
    (note,) = effect.moved[0].notes
    assert (note.before, note.after, note.is_change, effect.noted) == ("C+", "D", True, 1)
    assert effect_of(told, card_ids=ids, member=scope.acting(scope.minh), on=STORY_DAY).down == 0
    everyone = effect_of(told, card_ids=ids, member=scope.acting(scope.strategy), on=STORY_DAY)
    assert (everyone.cards, everyone.down, everyone.same) == (2, 1, 1)


def test_queries_do_not_grow_with_people(scope):
    kpi = make_kpi("A")
    people = [Member.objects.create(code=f"X{n}", name=f"Person {n}") for n in range(12)]
    cards = [make_card(scope, person, (kpi, 100, 100)) for person in people]
    for card in cards:
        line = line_of(card, kpi)
        actuals.record_actual(line=line, value=D(50), on=STORY_DAY, today=STORY_DAY, by=scope.acting(scope.strategy))
    by = scope.acting(scope.strategy)

    def count(some):
        told = Changes(lines={line.pk: {"target": D(80)} for line in ScorecardLine.objects.filter(scorecard__in=some)})
        with CaptureQueriesContext(connection) as queries:
            effect = effect_of(told, card_ids=[card.pk for card in some], member=by, on=STORY_DAY)
        assert effect.up == len(some)
        return len(queries)

    count(cards[:1])
    assert count(cards[:2]) == count(cards)


def test_a_preview_of_nothing_changes_nothing_of_a_line_in_segments(scope, card):
    line = card.lines.select_related("kpi", "scorecard__period").get(position=1)
    request = changes.request_change(
        line=line, changes={"target": D(160)}, reason="x", effective_on=MID, by=scope.acting(scope.manager)
    )
    changes.approve_change(request=request, by=scope.acting(scope.director), today=STORY_DAY)
    stored = CardScore.objects.get(scorecard=card).percent
    assert preview_cards(card_ids=[card.pk], on=STORY_DAY, changes=Changes())[card.pk] == (stored, stored)
    assert dated.segments_of([line])[line.pk][0].target == 100
    assert recompute.compare_cards(card_ids=[card.pk], on=STORY_DAY).differing == {}

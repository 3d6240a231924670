"""A preview tells the cards that follow, too: parents that add the number up, formulas that calculate with it."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kpiapp.models import Member
from scorecards import recompute
from scorecards.models import CardScore, ScorecardLine
from scorecards.moves import kpi_moves
from scorecards.moves.effects import effect_of
from scorecards.services import changes, dated
from scorecards.services.kpi_moves import move_cards
from strategy.models import FormulaOperand, KpiVersion
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi
from tests.scorecards.recompute.test_formulas import formula_kpi
from tests.scorecards.recompute.test_reached import feed, log

EARLY = datetime.date(2026, 11, 6)


def newer(kpi, **fields) -> KpiVersion:
    """The next version of a KPI, in force."""
    same = {name: getattr(kpi, name) for name in ("name", "unit", "frequency", "method", "formula", "aggregation")}
    version = KpiVersion.objects.create(definition=kpi.definition, number=2, **{**same, **fields})
    for operand in kpi.operands.all():
        FormulaOperand.objects.create(version=version, operand_id=operand.operand_id)
    kpi.definition.current = version
    kpi.definition.save()
    return version


def percents():
    return dict(CardScore.objects.values_list("scorecard", "percent"))


def effect(cast, definition, version, member=None):
    lines = list(kpi_moves.open_lines(definition))
    told = kpi_moves.changes_to(version, lines)
    ids = [line.scorecard_id for line in lines]
    found = effect_of(told, card_ids=ids, member=cast.acting(member or cast.strategy), on=STORY_DAY)
    return {moved.card.pk: (moved.move.before, moved.move.after) for moved in found.moved}


@pytest.fixture
def chain(scope):
    """Revenue of Lan and Minh adds up into the department's; Lan's bonus base and, on it, her share are formulas."""
    scope.rev, other = make_kpi("REV"), make_kpi("OTHER")
    scope.share = formula_kpi(scope, "Share", "[OTHER] + [REV]")
    scope.twice = formula_kpi(scope, "Twice", "[SHARE] * 2")
    unit = make_card(scope, scope.department, (scope.rev, 100, 400))
    lans = make_card(scope, scope.lan, (scope.rev, 40, 200), (other, 30, 100), (scope.share, 30, 300))
    minhs = make_card(scope, scope.minh, (scope.rev, 100, 200))
    nams = make_card(scope, scope.manager, (other, 50, 100), (scope.share, 25, 300), (scope.twice, 25, 900))
    feed(scope, scope.rev, scope.department, scope.lan, scope.minh)
    for card, kpi, on, value in (
        (lans, scope.rev, EARLY, 60), (lans, scope.rev, STORY_DAY, 40), (lans, other, STORY_DAY, 50),
        (minhs, scope.rev, EARLY, 80), (minhs, scope.rev, STORY_DAY, 90), (nams, other, STORY_DAY, 70),
    ):  # fmt: skip
        log(scope, card, kpi, value, on=on)
    scope.cards = [unit, lans, minhs, nams]
    settle(scope)
    return scope


def settle(cast):
    """What entries set off after their commit, and the night."""
    lines = list(ScorecardLine.objects.values_list("pk", flat=True))
    recompute.refresh_actuals(line_ids=lines)
    recompute.roll_up(line_ids=lines, on=STORY_DAY)
    recompute.rescore_cards(card_ids=[card.pk for card in cast.cards], on=STORY_DAY)
    recompute.follow_formulas(period_ids=[cast.period.pk], on=STORY_DAY)


@pytest.mark.parametrize("kind", ["max", "last", "avg"])
def test_parents_and_formulas_follow_a_version_that_adds_up_otherwise(chain, kind):
    version = newer(chain.rev, aggregation=kind)
    before = percents()
    told = effect(chain, chain.rev.definition, version)
    assert percents() == before, "a preview writes nothing"
    move_cards(definition=chain.rev.definition, reason="x", by=chain.acting(chain.strategy), today=STORY_DAY)
    settle(chain)
    after = percents()
    assert told == {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    # The department adds Lan and Minh up, Lan's own formula takes hers, Nam's that of the department above him.
    assert set(told) == {card.pk for card in chain.cards}


def test_another_formula_is_worked_out_before_it_is_saved(chain):
    before = percents()
    canonical = chain.share.formula.replace("+", "-")
    version = KpiVersion(
        definition=chain.share.definition, name="Share", method="ratio", aggregation="formula", formula=canonical,
        cap=D("1.2"), floor=D(0), factor=D(1),
    )  # fmt: skip
    told = effect(chain, chain.share.definition, version)
    newer(chain.share, formula=canonical)
    move_cards(definition=chain.share.definition, reason="x", by=chain.acting(chain.strategy), today=STORY_DAY)
    settle(chain)
    after = percents()
    assert told == {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    assert len(told) == 2


def test_what_follows_is_told_only_to_who_may_read_it(chain):
    version = newer(chain.rev, aggregation="max")
    unit, lans, _minhs, _nams = (card.pk for card in chain.cards)
    assert set(effect(chain, chain.rev.definition, version, chain.lan)) == {unit, lans}


def test_a_change_of_one_card_shows_the_card_above_it(chain):
    version = newer(chain.rev, aggregation="max")
    card = chain.cards[2]
    ScorecardLine.objects.filter(scorecard=card).update(weight=100)
    line = line_of(card, chain.rev)
    proposal = dated.propose(line=line, values={"kpi": version}, effective_on=chain.period.starts_on, mode="replace")
    told = effect_of(dated.changes_of(proposal), card_ids=[card.pk], member=chain.acting(chain.strategy), on=STORY_DAY)
    # Minh's 90 of 200 instead of 85 %; the department has two versions that do not add up, so nothing until both move.
    assert {moved.card.pk: moved.move.after for moved in told.moved} == {
        card.pk: D(45), chain.cards[0].pk: None, chain.cards[3].pk: told_after(told, chain.cards[3])
    }  # fmt: skip


def told_after(told, card):
    return next(moved.move.after for moved in told.moved if moved.card.pk == card.pk)


def test_queries_do_not_grow_with_the_cards_that_follow(scope):
    kpi = make_kpi("REV")
    formula = formula_kpi(scope, "Share", "[REV] * 2")
    people = [Member.objects.create(code=f"X{n}", name=f"Person {n}") for n in range(6)]
    cards = [make_card(scope, person, (kpi, 50, 100), (formula, 50, 100)) for person in people]
    for card in cards:
        log(scope, card, kpi, 10, on=EARLY)
        log(scope, card, kpi, 20)
    version = newer(kpi, aggregation="max")
    by = scope.acting(scope.strategy)

    def count(some):
        lines = list(kpi_moves.open_lines(kpi.definition).filter(scorecard__in=some))
        told = kpi_moves.changes_to(version, lines)
        with CaptureQueriesContext(connection) as queries:
            found = effect_of(told, card_ids=[card.pk for card in some], member=by, on=STORY_DAY)
        assert found.down == len(some)
        return len(queries)

    count(cards[:1])
    assert count(cards[:2]) == count(cards[:5]) <= 20


def test_a_preview_from_a_day_on_of_what_is_added_up_is_what_approving_brings(chain):
    unit = chain.cards[0]
    ScorecardLine.objects.filter(scorecard=unit).update(weight=100)
    type(unit).objects.filter(pk=unit.pk).update(state="agreed", agreed_at="2026-11-02T00:00:00Z")
    line = line_of(unit, chain.rev)
    values = {"target": D(300)}
    proposal = changes.propose_change(
        line=line, changes=values, effective_on=datetime.date(2026, 11, 16), mode="segments"
    )
    told = effect_of(dated.changes_of(proposal), card_ids=[unit.pk], member=chain.acting(chain.strategy), on=STORY_DAY)
    request = changes.request_change(
        line=line, changes=values, reason="x", effective_on=datetime.date(2026, 11, 16), by=chain.acting(chain.strategy)
    )
    changes.approve_change(request=request, by=chain.acting(chain.director), today=STORY_DAY)
    assert told.only.move.after == percents()[unit.pk]
    assert told.only.move.difference

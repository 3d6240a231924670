"""A usual night judges touched cards only, and finds what judging everything anew would find."""

import datetime
import threading

import pytest

from kpiapp.choices import PeriodKind
from kpiapp.models import Period
from kpiapp.services import periods
from kpiapp.tenancy import organization_scope
from scorecards import quality
from scorecards.models import CardAudit, CardTouch, PeriodAudit, QualityFinding, Scorecard, ScorecardLine
from scorecards.recompute.line_writes import update_numbers
from scorecards.services.quality import refresh_findings
from strategy.models import Objective, Perspective, StrategyMap
from tests.at_once import WAIT, at_once, committed_cast
from tests.scorecards.recompute.conftest import CardMaker

DAY = datetime.date(2026, 11, 20)


class Story:
    """A card of Lan with two lines and one of Minh with one, all judged; a KPI that is on no card."""

    def __init__(self, cast):
        self.cast, self.maker = cast, CardMaker(cast)
        lane = Perspective.objects.create(kind="financial", position=1)
        self.other_lane = Perspective.objects.create(kind="process", position=2)
        chart = StrategyMap.objects.create(name="2026", state="draft")
        self.objective = Objective.objects.create(map=chart, perspective=lane, code="F1", name="Lợi nhuận")
        self.version = self.maker.kpi(objective=self.objective)
        self.unused = self.maker.kpi(source="ERP", perspective=self.other_lane, owner=cast.lan, group="A")
        self.milestones = self.maker.kpi(method="milestone")
        self.card, self.other = self.maker.card(cast.lan), self.maker.card(cast.minh)
        self.line = self.maker.line(self.card, self.version, weight="60")
        self.second = self.maker.line(self.card, self.milestones, weight="40")
        self.maker.line(self.other, self.version, weight="90")
        self.night()

    def night(self, period=None) -> int:
        return refresh_findings(period=period or self.cast.period, on=DAY)

    def edit(self, **fields) -> None:
        ScorecardLine.objects.filter(pk=self.line.pk).update(**fields)

    def agrees(self, period=None) -> int:
        """Run a night; all that it leaves is as a night would leave it that knows nothing. How much it wrote."""
        written = self.night(period)
        PeriodAudit.objects.all().delete()
        CardAudit.objects.all().delete()
        assert self.night(period) == 0
        return written


@pytest.fixture
def story(scope) -> Story:
    return Story(scope)


def found(card) -> set[str]:
    return set(QualityFinding.objects.filter(scorecard=card).values_list("code", flat=True))


def touched() -> set[int]:
    return set(CardTouch.objects.values_list("card_id", flat=True))


def written_in_bulk(story):
    story.line.weight = 3
    update_numbers([story.line])


def new_line(story):
    ScorecardLine.objects.bulk_create([ScorecardLine(scorecard=story.card, kpi=story.unused, weight=1)])


EDITS = {
    "weight": lambda story: story.edit(weight=3),
    "weight, in bulk": written_in_bulk,
    "target": lambda story: story.edit(target=None),
    "no longer scored": lambda story: story.edit(is_scored=False),
    "another version": lambda story: story.edit(kpi=story.unused),
    "a new line": new_line,
    "a line less": lambda story: story.line.delete(),
    "moved to another card": lambda story: ScorecardLine.objects.filter(pk=story.second.pk).update(
        scorecard=story.other
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_touched_card_is_judged_anew(story, name):
    EDITS[name](story)
    assert story.card.pk in touched()
    assert story.agrees() > 0
    assert not touched()


def test_the_own_rule_of_a_line_decides_whether_it_needs_a_target(story):
    ScorecardLine.objects.filter(pk=story.second.pk).update(target=None)
    assert story.agrees() == 0
    ScorecardLine.objects.filter(pk=story.second.pk).update(method="ratio")
    assert story.agrees() == 1
    assert "no_target" in found(story.card)


def test_a_line_that_goes_elsewhere_touches_both_cards(story):
    EDITS["moved to another card"](story)
    assert touched() == {story.card.pk, story.other.pk}


def test_what_no_rule_asks_for_touches_nothing(story):
    story.edit(target=5, baseline=7, position=4, waived_reason="", weight=60, takes_children=True)
    assert not touched()


def test_one_statement_touches_a_card_once(story):
    ScorecardLine.objects.update(weight=7)
    assert sorted(CardTouch.objects.values_list("card_id", flat=True)) == sorted([story.card.pk, story.other.pk])


def test_a_card_without_lines_and_a_card_that_is_gone(story):
    empty = story.maker.card(story.cast.manager)
    assert story.agrees() > 0
    assert found(empty) == {"empty"}
    story.line.delete()
    story.second.delete()
    gone = story.card.pk
    story.card.delete()
    assert gone in touched()
    story.agrees()
    assert not touched()


def test_where_an_objective_moves_every_card_is_looked_at(story):
    for _ in range(4):
        story.maker.line(story.card, story.maker.kpi(objective=story.objective), weight="1")
    story.night()
    before = found(story.card)
    Objective.objects.filter(pk=story.objective.pk).update(perspective=story.other_lane)
    assert not touched()
    assert story.agrees() > 0
    assert found(story.card) - before == {"process"}


def test_where_the_rules_are_others_every_card_is_judged_anew(story, monkeypatch):
    QualityFinding.objects.filter(scorecard=story.card).delete()
    assert story.night() == 0
    monkeypatch.setattr(quality, "_RULES", 7)
    assert story.agrees() > 0
    assert "few_kpis" in found(story.card)


def test_a_card_that_nobody_touched_is_not_looked_at(story):
    CardAudit.objects.all().update(fingerprint=0)
    story.edit(weight=3)
    story.night()
    assert CardAudit.objects.exclude(pk=story.card.pk).get().fingerprint == 0
    assert CardAudit.objects.get(pk=story.card.pk).fingerprint != 0


def test_touches_of_another_period_wait_for_it_and_of_one_never_judged_they_go(story):
    december = Period.objects.create(
        kind=PeriodKind.MONTH, starts_on=datetime.date(2026, 12, 1), ends_on=datetime.date(2027, 1, 1)
    )
    card = story.maker.card(period=december)
    line = story.maker.line(card, story.version, weight="50")
    story.night()
    assert not touched()
    assert story.agrees(december) > 0
    line.weight = 100
    line.save()
    story.night()
    assert touched() == {card.pk}
    story.agrees(december)
    assert "weights" not in found(card)
    assert not touched()


def test_what_changed_around_a_lock_is_judged_when_the_period_is_open_again(story):
    Scorecard.objects.update(state="agreed", agreed_at="2026-11-20T00:00Z")
    story.edit(weight=3)
    hr, strategy = story.cast.acting(story.cast.hr), story.cast.acting(story.cast.strategy)
    locked = periods.lock_period(period=story.cast.period, on=story.cast.period.last_day, by=hr)
    asked = periods.ask_to_reopen(period=locked, reason="A late invoice", by=hr)
    periods.confirm_reopening(reopening=asked, by=strategy)
    assert touched() == {story.card.pk}
    assert story.agrees() > 0
    assert "weights" in found(story.card)


@pytest.fixture
def company(django_db_setup, django_db_blocker):
    with committed_cast(django_db_blocker) as cast:
        yield cast


def test_an_edit_made_while_a_night_is_at_work_is_found_by_the_next_one(company):
    """The card has a touch that the night takes, and gets another one that is not committed by then."""
    with organization_scope(company.organization):
        story = Story(company)
        story.edit(weight=59)

    def weights():
        return QualityFinding.objects.get(scorecard=story.card, code="weights").numbers

    edited, night_over = threading.Event(), threading.Event()

    def edit():
        with organization_scope(company.organization):
            story.edit(weight=50)
            edited.set()
            assert night_over.wait(WAIT)

    def night():
        assert edited.wait(WAIT)
        with organization_scope(company.organization):
            story.night()
        night_over.set()

    assert at_once(edit, night) == []
    with organization_scope(company.organization):
        assert touched() == {story.card.pk}
        assert weights() == {"total": "99.00"}
        assert story.agrees() == 1
        assert weights() == {"total": "90.00"}
        assert not touched()

"""Assigning KPIs and agreeing cards."""

import datetime

import pytest

from kpiapp.choices import PeriodKind
from kpiapp.models import AuditEvent, Employment, Member, Period
from scorecards.choices import CardState
from scorecards.models import CardScore, Scorecard, ScorecardLine
from scorecards.services import actuals, scorecards
from scorecards.services.scorecards import CardRefused
from strategy.models import KpiVersion
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, assign, line_of, make_card, make_kpi


def assign_one(scope, owners, kpi, weight=100, target=100, **more):
    return assign(scope, owners, (kpi, weight, target), **more)


class TestAssign:
    def test_everyone_holding_a_position_gets_a_card_with_the_line(self, scope):
        holding = Employment.objects.on(STORY_DAY).filter(position=scope.position).values("member")
        holders = list(Member.objects.filter(pk__in=holding))
        done = assign_one(scope, holders, make_kpi("A"))
        assert done.lines == len(holders) == Scorecard.objects.count()
        assert AuditEvent.objects.filter(action="card.assign").count() == 1

    def test_queries_do_not_grow_with_people_and_periods(self, scope, django_assert_max_num_queries):
        people = Member.objects.bulk_create(Member(code=f"X{n}", name=f"N {n}") for n in range(150))
        december = Period.objects.create(
            kind=PeriodKind.MONTH, starts_on=datetime.date(2026, 12, 1), ends_on=datetime.date(2027, 1, 1)
        )
        with django_assert_max_num_queries(30):
            done = assign_one(scope, people, make_kpi("A"), periods=[scope.period, december])
        assert done.lines == ScorecardLine.objects.count() == 300

    def test_assigning_again_updates_the_draft_and_takes_a_newer_version(self, scope):
        kpi = make_kpi("A")
        assign_one(scope, [scope.lan], kpi)
        newer = KpiVersion.objects.create(definition=kpi.definition, number=2, name="A2")
        assign_one(scope, [scope.lan], newer, weight=60, target=70)
        line = ScorecardLine.objects.get()
        assert (line.kpi_id, line.weight, line.target) == (newer.pk, 60, 70)

    def test_agreed_cards_are_left_alone_and_named(self, scope):
        kpi = make_kpi("A")
        make_card(scope, scope.lan, (kpi, 100, 10), agreed_by=scope.manager)
        done = assign_one(scope, [scope.lan, scope.minh], kpi, weight=50)
        assert done.lines == 1
        assert "Lê Thị Lan" in done.refused[0]
        assert ScorecardLine.objects.get(scorecard__member=scope.lan).weight == 100

    def test_numbers_that_can_never_be_scored_are_refused(self, scope):
        with pytest.raises(CardRefused):
            assign_one(scope, [scope.lan], make_kpi("A"), target=0)
        with pytest.raises(CardRefused):
            assign_one(scope, [scope.lan], make_kpi("B"), weight=101)
        assert not Scorecard.objects.exists()

    def test_a_template_puts_all_its_kpis_on_every_card_in_order(self, scope):
        items = [
            (make_kpi("A"), 60, 10),
            (make_kpi("B", method="deduct", aggregation="count"), 40),
        ]
        done = assign(scope, [scope.lan, scope.department], *items)
        assert [card.owner_name for card in done.cards] == ["Lê Thị Lan", "Phòng Kinh doanh"]
        lines = ScorecardLine.objects.filter(scorecard__member=scope.lan).order_by("position")
        assert [line.kpi.name for line in lines] == ["A", "B"]


class TestAgreement:
    def card(self, scope, *weights, owner=None):
        kpis = [make_kpi(f"K{number}") for number in range(len(weights))]
        return make_card(scope, owner or scope.lan, *((kpi, w, 100) for kpi, w in zip(kpis, weights, strict=True)))

    @pytest.mark.parametrize(("weights", "gap"), [((50, 48), "2"), ((60, "40.5"), "0")])
    def test_weights_must_be_exactly_100(self, scope, weights, gap):
        with pytest.raises(CardRefused) as refused:
            scorecards.agree_card(card=self.card(scope, *weights), by=scope.acting(scope.manager))
        assert gap in str(refused.value)

    def test_an_empty_card_and_an_open_target_are_refused(self, scope):
        with pytest.raises(CardRefused):
            scorecards.submit_card(card=make_card(scope, scope.lan), by=scope.acting(scope.lan))
        open_target = make_card(scope, scope.minh, (make_kpi("A", "Doanh thu"), 100, None))
        with pytest.raises(CardRefused, match="Doanh thu"):
            scorecards.submit_card(card=open_target, by=scope.acting(scope.minh))

    def test_nobody_agrees_their_own_card_nor_the_card_of_a_department_they_head(self, scope):
        with pytest.raises(CardRefused):
            scorecards.agree_card(card=self.card(scope, 100), by=scope.acting(scope.lan))
        unit = make_card(scope, scope.department, (make_kpi("U"), 100, 5))
        with pytest.raises(CardRefused):
            scorecards.agree_card(card=unit, by=scope.acting(scope.manager))
        assert scorecards.agree_card(card=unit, by=scope.acting(scope.director)).state == CardState.AGREED

    def test_submitted_then_returned_with_a_reason_then_agreed(self, scope):
        card = scorecards.submit_card(card=self.card(scope, 100), by=scope.acting(scope.lan))
        with pytest.raises(CardRefused):
            scorecards.return_card(card=card, reason="", by=scope.acting(scope.manager))
        card = scorecards.return_card(card=card, reason="Too easy", by=scope.acting(scope.manager))
        assert card.state == CardState.DRAFT
        card = scorecards.agree_card(card=card, by=scope.acting(scope.manager))
        assert (card.state, card.agreed_by_id) == (CardState.AGREED, scope.manager.pk)

    def test_balance_keeps_shares_and_makes_exactly_100(self, scope):
        card = scorecards.balance_weights(
            card=self.card(scope, 30, 30, 30), by=scope.acting(scope.lan), today=STORY_DAY
        )
        assert list(card.lines.order_by("position").values_list("weight", flat=True)) == [34, 33, 33]


def test_a_line_with_entries_stays_and_one_without_goes(scope):
    kpis = [make_kpi("A"), make_kpi("B")]
    card = make_card(scope, scope.lan, (kpis[0], 50, 10), (kpis[1], 50, 10))
    by = scope.acting(scope.lan)
    actuals.record_actual(line=line_of(card, kpis[0]), value=D(5), on=STORY_DAY, today=STORY_DAY, by=by)
    with pytest.raises(CardRefused):
        scorecards.remove_line(line=line_of(card, kpis[0]), by=by, today=STORY_DAY)
    scorecards.remove_line(line=line_of(card, kpis[1]), by=by, today=STORY_DAY)
    assert card.lines.count() == 1


def test_a_waived_line_leaves_the_score_to_the_others(scope):
    kpis = [make_kpi("A"), make_kpi("B")]
    card = make_card(scope, scope.lan, (kpis[0], 50, 10), (kpis[1], 50, 10), agreed_by=scope.manager)
    for kpi, value in zip(kpis, (10, 5), strict=True):
        line = line_of(card, kpi)
        actuals.record_actual(line=line, value=D(value), on=STORY_DAY, today=STORY_DAY, by=scope.acting(scope.lan))
    assert CardScore.objects.get(scorecard=card).percent == 75
    line = line_of(card, kpis[1])
    with pytest.raises(CardRefused):
        scorecards.waive_line(line=line, reason="x", by=scope.acting(scope.lan), today=STORY_DAY)
    scorecards.waive_line(line=line, reason="Maternity leave", by=scope.acting(scope.manager), today=STORY_DAY)
    assert CardScore.objects.get(scorecard=card).percent == 100

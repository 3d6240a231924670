"""Rules of pay: tier tables approved by another person, rates by date, and months that are closed to them."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError

from payroll import queries, recompute, tier_effects
from payroll.models import CardTier, TierTable
from payroll.services import policies, rates, runs
from payroll.services.policies import PolicyRefused
from scorecards.models import CardScore
from scorecards.scoring import tier_of
from tests.payroll.conftest import ignore_progress, score_card

DECEMBER = datetime.date(2026, 12, 1)
STEPS = [("Top", Decimal(100), Decimal("1.5")), ("Rest", Decimal(0), Decimal("0.5"))]
REFUSED = (IntegrityError, InternalError)


def propose(by, valid_from=DECEMBER, steps=STEPS):
    return policies.create_tier_table(name="Winter", valid_from=valid_from, steps=steps, by=by)


# --- tiers ------------------------------------------------------------------------------------------


def test_a_new_organization_has_the_default_table_at_once(month):
    table = queries.tier_table_on(datetime.date(2026, 11, 30))
    steps = [(tier.code, tier.at_least, tier.coefficient) for tier in table.tiers.all()]
    assert steps[0] == ("A+", 120, Decimal("1.2"))
    assert steps[-1] == ("D", 0, 0)


def test_a_table_counts_once_another_person_has_approved_it(month, maker, approver):
    table = propose(maker)
    assert queries.tier_table_on(DECEMBER).name != "Winter"
    policies.approve_tier_table(table=table, by=approver)
    assert queries.tier_table_on(DECEMBER).pk == table.pk
    before = queries.tier_table_on(datetime.date(2026, 11, 30))
    assert before.valid_to == DECEMBER


def test_its_maker_cannot_approve_it_in_the_service_or_by_sql(month, maker):
    table = propose(maker)
    with pytest.raises(PolicyRefused):
        policies.approve_tier_table(table=table, by=maker)
    with pytest.raises(REFUSED), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE payroll_tiertable SET approved_by_id = made_by_id, approved_at = now() WHERE id = %s", [table.pk]
        )


def test_a_table_between_two_others_ends_where_the_later_begins(month, maker, approver):
    march = policies.approve_tier_table(table=propose(maker, datetime.date(2027, 3, 1)), by=approver)
    january = policies.approve_tier_table(table=propose(maker, datetime.date(2027, 1, 1)), by=approver)
    assert (january.valid_to, march.valid_to) == (march.valid_from, None)
    with pytest.raises(PolicyRefused):
        policies.approve_tier_table(table=propose(maker, datetime.date(2027, 1, 1)), by=approver)


@pytest.mark.parametrize(
    "steps",
    [
        [("A", Decimal(0), Decimal(1))],
        [("A", Decimal(80), Decimal(1)), ("B", Decimal(80), Decimal(0)), ("C", Decimal(0), Decimal(0))],
        [("A", Decimal(80), Decimal(1)), ("B", Decimal(90), Decimal(0)), ("C", Decimal(0), Decimal(0))],
        [("A", Decimal(80), Decimal(1)), ("B", Decimal(10), Decimal(0))],
        [("A", Decimal(80), Decimal(1)), ("A", Decimal(0), Decimal(0))],
        [("A", Decimal(80), Decimal(1)), ("B", Decimal(0), Decimal(-1))],
        [("", Decimal(80), Decimal(1)), ("B", Decimal(0), Decimal(0))],
    ],
)
def test_a_table_with_gaps_or_two_answers_is_refused(month, maker, steps):
    with pytest.raises(PolicyRefused):
        propose(maker, steps=steps)


def test_a_table_that_pays_less_for_more_is_warned_about_and_allowed(month, maker):
    steps = [("A", Decimal(100), Decimal("0.5")), ("B", Decimal(0), Decimal(1))]
    assert policies.tier_warnings(steps)
    assert policies.tier_warnings(STEPS) == []
    assert propose(maker, steps=steps).pk


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE payroll_tier SET coefficient = 9",
        "DELETE FROM payroll_tier",
        "UPDATE payroll_tiertable SET valid_from = '2026-01-05'",
        "DELETE FROM payroll_tiertable",
    ],
)
def test_an_approved_table_is_never_changed(month, sql):
    with pytest.raises(REFUSED, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_the_amounts_of_a_preview_are_those_a_run_pays_afterwards(month, maker, approver):
    november = datetime.date(2026, 11, 1)
    told = tier_effects.effect_of(as_steps(STEPS), valid_from=november, reader=maker)
    assert tier_effects.effect_of(as_steps(STEPS), valid_from=november, reader=month.acting(month.auditor)).pay is None
    policies.approve_tier_table(table=propose(maker, november), by=approver)
    run = runs.calculate(run=runs.create_run(period=month.period, by=maker), by=maker, progress=ignore_progress)
    lines = {line.member_id: line for line in run.lines.all()}
    assert told.pay.after == sum(line.p3_amount for line in lines.values())
    assert told.pay.before == Decimal(3_300_000) * Decimal("0.7") + Decimal(10_000_000)
    by_name = {line.employee_name: (line.tier_code, line.p3_amount) for line in lines.values()}
    assert {move.name: (move.after.name, move.pay.after) for move in told.moved if move.pay}.items() <= by_name.items()


def as_steps(steps):
    return queries.as_tiers((at_least, factor, code) for code, at_least, factor in steps)


def test_rules_of_a_locked_month_stay_as_they_are(month, locked, maker):
    middle = datetime.date(2026, 11, 15)
    with pytest.raises(PolicyRefused):
        propose(maker, middle)
    with pytest.raises(PolicyRefused):
        rates.propose_position_pay(
            position=month.position, p1_amount=Decimal(1), p3_target_amount=Decimal(1), valid_from=middle, by=maker
        )
    assert propose(maker, DECEMBER).pk


# --- tiers beside scores ------------------------------------------------------------------------------


def test_tiers_follow_scores_and_only_changes_are_written(month):
    cards = list(CardScore.objects.values_list("pk", flat=True))
    assert recompute.refresh_tiers(cards, None) == 3
    tiers = dict(CardTier.objects.values_list("scorecard__member__name", "code"))
    assert tiers == {month.lan.name: "C+", month.manager.name: "B+", month.minh.name: "B"}
    assert recompute.refresh_tiers(cards, None) == 0
    CardScore.objects.filter(scorecard__member=month.lan).update(percent=Decimal("89.995"))
    assert recompute.refresh_tiers(cards, None) == 1
    lan = CardTier.objects.get(scorecard__member=month.lan)
    assert (lan.code, lan.previous_code, lan.coefficient) == ("B", "C+", Decimal("0.8"))


def test_a_card_that_loses_its_score_loses_its_tier(month):
    card = score_card(month, month.owner, "120")
    recompute.refresh_tiers([card.pk])
    CardScore.objects.filter(pk=card.pk).update(percent=None)
    assert recompute.refresh_tiers([card.pk]) == 1
    assert CardTier.objects.get(pk=card.pk).coefficient is None


def test_refreshing_takes_the_same_queries_for_one_and_many(month, django_assert_num_queries):
    cards = list(CardScore.objects.values_list("pk", flat=True))
    with django_assert_num_queries(1):
        recompute.refresh_tiers(cards[:1])
    with django_assert_num_queries(1):
        recompute.refresh_tiers(cards[1:])
    assert TierTable.objects.count() == 1


@pytest.mark.parametrize("percent", ["0", "69.994", "69.995", "70", "99.9949", "99.995", "119.99", "120", "120.004"])
def test_sql_finds_the_tier_that_the_kernel_finds(month, percent):
    CardScore.objects.filter(scorecard__member=month.lan).update(percent=Decimal(percent))
    recompute.refresh_tiers(CardScore.objects.values_list("pk", flat=True))
    stored = CardTier.objects.get(scorecard__member=month.lan)
    expected = tier_of(Decimal(percent), queries.scoring_tiers_on(month.period.last_day))
    assert (stored.code, stored.coefficient) == (expected.name, expected.coefficient)


def test_a_table_counts_on_the_last_day_of_the_period_and_only_once_approved(month, maker, approver):
    cards = CardScore.objects.values_list("pk", flat=True)
    table = propose(maker, month.period.last_day)
    recompute.refresh_tiers(cards)
    assert CardTier.objects.get(scorecard__member=month.lan).code == "C+"
    policies.approve_tier_table(table=table, by=approver)
    recompute.refresh_tiers(cards)
    assert CardTier.objects.get(scorecard__member=month.lan).code == "Rest"
    assert [tier.name for tier in queries.scoring_tiers_on(month.period.last_day)] == ["Top", "Rest"]

"""Stored tiers and the night: they follow scores and a newly approved table, and cards nobody touched as well."""

import datetime
from decimal import Decimal

import pytest

from kpiapp.choices import PeriodState
from kpiapp.models import Period
from payroll import recompute
from payroll.models import CardTier
from payroll.services import policies
from scorecards.models import StaleCard
from scorecards.recompute import refresh_actuals
from tests.kpiapp.test_nightly import night
from tests.payroll.test_policies import propose
from tests.scorecards.recompute.conftest import CardMaker

NOVEMBER = datetime.date(2026, 11, 1)


@pytest.fixture
def made(scope) -> CardMaker:
    """A company with the default tiers; Lan's card stands at 84 %, Minh's at 100 %, the department's at 90 %."""
    policies.start_organization(scope.organization, None)
    made = CardMaker(scope)
    made.lan = made.line(made.card(scope.lan), None, "84")
    made.minh = made.line(made.card(scope.minh), None, "100")
    made.sales = made.line(made.card(owner_kind="department", department=scope.department), None, "90")
    night(scope.organization)
    return made


def tier_of(line) -> tuple:
    tier = CardTier.objects.get(scorecard=line.scorecard)
    return tier.code, tier.coefficient, tier.previous_code


def approve(cast, valid_from):
    table = propose(cast.acting(cast.payroll_maker), valid_from)
    return policies.approve_tier_table(table=table, by=cast.acting(cast.payroll_approver))


def test_a_night_brings_a_tier_in_line_with_a_new_score(made):
    assert (tier_of(made.lan), tier_of(made.minh)) == (("C+", Decimal("0.7"), ""), ("B+", 1, ""))
    assert CardTier.objects.count() == 2  # departments earn none
    made.entry(made.lan, value=Decimal(8))
    refresh_actuals(line_ids=[made.lan.pk])
    StaleCard.objects.create(scorecard=made.lan.scorecard)
    job = night(made.cast.organization)
    assert tier_of(made.lan) == ("B", Decimal("0.8"), "C+")
    assert list(CardTier.objects.filter(changed_by=job)) == [CardTier.objects.get(scorecard=made.lan.scorecard)]


def test_a_night_brings_the_tiers_of_untouched_cards_in_line_with_a_new_table(made):
    organization = made.cast.organization
    assert "cards" not in night(organization).result
    approve(made.cast, NOVEMBER)
    job = night(organization)
    assert (job.result["cards"], job.result["cards_changed"]) == (2, 0)
    assert (tier_of(made.lan), tier_of(made.minh)) == (("Rest", Decimal("0.5"), "C+"), ("Top", Decimal("1.5"), "B+"))
    assert CardTier.objects.filter(changed_by=job).count() == 2
    assert "cards" not in night(organization).result


@pytest.mark.parametrize(("valid_from", "marked"), [(NOVEMBER, 2), (datetime.date(2026, 11, 30), 2), ("later", 0)])
def test_a_table_marks_the_cards_of_people_whose_period_it_pays(made, valid_from, marked):
    approve(made.cast, datetime.date(2026, 12, 1) if valid_from == "later" else valid_from)
    assert StaleCard.objects.count() == marked


def test_a_table_before_another_marks_only_what_ends_before_that_one_begins(made):
    approve(made.cast, NOVEMBER)
    StaleCard.objects.all().delete()
    approve(made.cast, datetime.date(2026, 10, 1))
    assert not StaleCard.objects.exists()
    october = Period.objects.create(kind="month", starts_on=datetime.date(2026, 10, 1), ends_on=NOVEMBER)
    card = made.card(made.cast.lan, october)
    assert recompute.mark_cards(valid_from=datetime.date(2026, 10, 1), valid_to=NOVEMBER) == 1
    assert list(StaleCard.objects.values_list("pk", flat=True)) == [card.pk]


def test_a_locked_period_keeps_its_tiers_until_it_is_open_again(made):
    organization, at = made.cast.organization, datetime.datetime(2026, 12, 2, tzinfo=datetime.UTC)
    Period.objects.update(state=PeriodState.LOCKED, locked_at=at)
    approve(made.cast, NOVEMBER)
    night(organization)
    assert tier_of(made.lan)[0] == "C+"
    Period.objects.update(state=PeriodState.OPEN, locked_at=None)
    night(organization)
    assert tier_of(made.lan)[0] == "Rest"

"""The demo companies: large enough to be believed, of every colour, and the same for the same seed and day."""

import datetime
from collections import Counter

import pytest
from django.db import transaction

from kpiapp.choices import PeriodKind
from kpiapp.models import Department, Employment, Member, Organization, Period, Position
from kpiapp.tenancy import organization_scope
from payroll.demo.build import build_company
from payroll.models import PayLine, PayRun
from scorecards.models import Actual, CardScore, LineScore, Scorecard

TODAY = datetime.date(2026, 11, 20)


@pytest.fixture(scope="module")
def an_phat_demo(django_db_setup, django_db_blocker):
    """The Vietnamese company, built once; taken back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        build_company("an_phat", today=TODAY)
        with organization_scope(Organization.objects.get(slug="an-phat")):
            yield
        transaction.set_rollback(True)


def test_a_hundred_and_twenty_people_in_eight_departments(an_phat_demo):
    standing = Employment.objects.on(TODAY)
    assert 115 <= standing.count() <= 130
    under_the_top = Department.objects.exclude(parent=None)
    assert under_the_top.filter(pk__in=standing.values("department")).count() == 8
    assert Member.objects.exclude(user=None).count() >= 8


def test_twelve_months_of_history_before_the_current_one(an_phat_demo):
    months = Period.objects.filter(kind=PeriodKind.MONTH, pk__in=Scorecard.objects.values("period"))
    past = months.filter(ends_on__lte=TODAY)
    assert past.count() == 12
    assert past.earliest("starts_on").starts_on == datetime.date(2025, 11, 1)
    with_entries = Actual.objects.values_list("line__scorecard__period", flat=True).distinct()
    assert set(past.values_list("pk", flat=True)) <= set(with_entries)
    assert PayRun.objects.filter(state="locked").count() >= 3


def test_red_amber_green_late_and_missing_are_all_there(an_phat_demo):
    cards = Counter(CardScore.objects.values_list("status", flat=True))
    assert min(cards[status] for status in ("on", "at_risk", "off")) >= 20, cards
    states = Counter(LineScore.objects.values_list("state", flat=True))
    assert states["scored"] > states["late"] > 0, states
    assert states["missing"] + states["not_due"] > 0, states


def test_the_same_seed_and_day_give_the_same_company(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        assert told_of_brightwater() == told_of_brightwater()


def told_of_brightwater() -> list[tuple]:
    """The English company in what people see of it, whatever its ids: who stands where, entries, scores, pay."""
    with transaction.atomic():
        build_company("brightwater", today=TODAY)
        with organization_scope(Organization.objects.get(slug="brightwater")):
            line = "line__scorecard__"
            told = [
                *Employment.objects.values_list("member__name", "department__name", "position__name", "valid_from"),
                *Position.objects.values_list("code", "name"),
                *Actual.objects.values_list(f"{line}period__starts_on", f"{line}member__code", "on", "value", "note"),
                *CardScore.objects.values_list("scorecard__member__code", "scorecard__period__starts_on", "percent"),
                *PayLine.objects.values_list("employee_code", "run__period__starts_on", "gross_amount"),
            ]
            assert 10 < Member.objects.count() < 60
            assert len(told) > 500
        transaction.set_rollback(True)
    return sorted(told, key=repr)

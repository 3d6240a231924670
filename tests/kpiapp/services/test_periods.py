"""Periods lock when nothing is open, and reopen with a reason."""

import datetime

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from kpiapp import inbox, registry
from kpiapp.choices import PeriodKind, PeriodState
from kpiapp.fiscal_years import fiscal_year_start
from kpiapp.models import AuditEvent, Notification, Period, PeriodReopening
from kpiapp.services import organizations, periods
from kpiapp.services.refusals import Refused
from tests.cast import STORY_DAY


def test_locking_and_reopening_leave_a_snapshot(scope):
    locked = periods.lock_period(period=scope.period, on=scope.period.last_day, by=scope.hr)
    assert (locked.state, locked.locked_by) == (PeriodState.LOCKED, scope.hr)
    with pytest.raises(Refused):
        periods.lock_period(period=scope.period, on=scope.period.last_day, by=scope.hr)
    hr, strategy = scope.acting(scope.hr), scope.acting(scope.strategy)
    asked = periods.ask_to_reopen(period=locked, reason="A late invoice", by=hr)
    assert not Period.objects.get(pk=locked.pk).is_open
    periods.confirm_reopening(reopening=asked, by=strategy)
    assert Period.objects.get(pk=locked.pk).is_open
    event = AuditEvent.objects.get(action="period.reopen")
    assert (event.before["locked_by"], event.reason) == ("Vũ Ngọc Ánh", "A late invoice")
    assert (event.actor_name, event.after["asked_by"]) == (strategy.name, hr.name)


@pytest.fixture
def asked(scope):
    """A locked period that HR wants to reopen."""
    locked = periods.lock_period(period=scope.period, on=scope.period.last_day, by=scope.hr)
    return periods.ask_to_reopen(period=locked, reason="A late invoice", by=scope.acting(scope.hr))


def test_who_asked_to_reopen_never_confirms(scope, asked):
    with pytest.raises(Refused, match="another person"):
        periods.confirm_reopening(reopening=asked, by=scope.acting(scope.hr))
    with pytest.raises(IntegrityError, match="period_reopening_second_person"), transaction.atomic():
        PeriodReopening.objects.filter(pk=asked.pk).update(
            state="reopened", decided_by=scope.hr, decided_at=timezone.now()
        )
    assert not Period.objects.get(pk=scope.period.pk).is_open


@pytest.mark.parametrize("role", ["owner", "manager", "auditor", "payroll_approver"])
def test_the_second_person_holds_the_right_to_reopen(scope, asked, role):
    with pytest.raises(Refused):
        periods.confirm_reopening(reopening=asked, by=scope.acting(getattr(scope, role)))


def test_reopening_is_asked_for_once_and_may_be_declined(scope, asked):
    strategy = scope.acting(scope.strategy)
    with pytest.raises(Refused, match="asked already"):
        periods.ask_to_reopen(period=scope.period, reason="Again", by=strategy)
    periods.decline_reopening(reopening=asked, by=strategy)
    with pytest.raises(Refused, match="decided already"):
        periods.confirm_reopening(reopening=asked, by=strategy)
    assert not Period.objects.get(pk=scope.period.pk).is_open
    periods.ask_to_reopen(period=scope.period, reason="Again", by=strategy)


def test_the_second_person_is_told_until_it_is_decided(scope, asked):
    waiting = Notification.objects.filter(kind="period.reopen", read_at=None)
    assert [one.member_id for one in waiting] == [scope.strategy.pk]
    (item,) = inbox.items_of(list(waiting), scope.acting(scope.strategy), STORY_DAY)
    assert scope.hr.name in item.told.text
    periods.confirm_reopening(reopening=asked, by=scope.acting(scope.strategy))
    assert not waiting.all().exists()


def test_what_has_not_begun_is_not_locked(scope):
    with pytest.raises(Refused):
        periods.lock_period(period=scope.period, on=datetime.date(2026, 10, 31), by=scope.hr)


def test_reopening_needs_a_reason(scope):
    periods.lock_period(period=scope.period, on=scope.period.last_day, by=scope.hr)
    with pytest.raises(Refused) as refused:
        periods.ask_to_reopen(period=scope.period, reason="  ", by=scope.hr)
    assert refused.value.field == "reason"
    assert not Period.objects.get(pk=scope.period.pk).is_open


def test_locking_is_refused_with_everything_that_blocks(scope):
    """What apps above register is asked."""

    def two_cards(period):
        return [f"{period.code}: card of Lan", f"{period.code}: card of Minh"]

    registry.PERIOD_LOCK_CHECKS.append(two_cards)
    try:
        with pytest.raises(periods.PeriodBlocked) as refused:
            periods.lock_period(period=scope.period, on=scope.period.last_day, by=scope.hr)
    finally:
        registry.PERIOD_LOCK_CHECKS.remove(two_cards)
    assert refused.value.blockers == ["2026-11: card of Lan", "2026-11: card of Minh"]
    assert Period.objects.get(pk=scope.period.pk).is_open


@pytest.mark.parametrize(
    ("day", "month", "first"),
    [
        (datetime.date(2026, 11, 20), 1, datetime.date(2026, 1, 1)),
        (datetime.date(2026, 3, 31), 4, datetime.date(2025, 4, 1)),
        (datetime.date(2026, 4, 1), 4, datetime.date(2026, 4, 1)),
        (datetime.date(2026, 12, 31), 12, datetime.date(2026, 12, 1)),
    ],
)
def test_the_fiscal_year_of_a_day(day, month, first):
    assert fiscal_year_start(day, month) == first


def test_a_fiscal_year_is_filled_once(scope):
    """Eleven months, four quarters, two halves and the year: November was there."""
    assert periods.fill_fiscal_year(starts_on=datetime.date(2026, 1, 1)) == 18
    assert periods.fill_fiscal_year(starts_on=datetime.date(2026, 1, 1)) == 0
    codes = {period.code for period in Period.objects.all()}
    assert {"2026-01", "2026-11", "2026-Q4", "2026-H2", "2026"} <= codes


def test_the_next_year_follows_the_last_one(scope):
    periods.fill_fiscal_year(starts_on=datetime.date(2026, 1, 1))
    assert periods.open_next_year(organization=scope.organization, by=scope.hr) == 2027
    assert Period.objects.filter(kind=PeriodKind.MONTH).count() == 24


def test_the_fiscal_year_moves_only_while_nothing_hangs_on_it(scope, today):
    periods.fill_fiscal_year(starts_on=datetime.date(2026, 1, 1))
    organizations.edit_organization(
        organization=scope.organization, on=today, by=scope.owner, fiscal_year_start_month=4
    )
    years = Period.objects.filter(kind=PeriodKind.YEAR).values_list("starts_on", flat=True)
    assert list(years) == [datetime.date(2026, 4, 1), datetime.date(2027, 4, 1)]
    quarter = Period.objects.filter(kind=PeriodKind.QUARTER).first()
    periods.lock_period(period=quarter, on=today, by=scope.hr)
    with pytest.raises(Refused) as refused:
        organizations.edit_organization(
            organization=scope.organization, on=today, by=scope.owner, fiscal_year_start_month=1
        )
    assert refused.value.field == "fiscal_year_start_month"


def test_a_year_that_starts_in_april_counts_its_own_quarters(scope):
    periods.fill_fiscal_year(starts_on=datetime.date(2026, 4, 1))
    named = {period.code: period for period in Period.objects.all()}
    with translation.override("en"):
        assert named["FY2026"].label == "FY 2026"
        assert named["FY2026-Q1"].label == "Quarter 1, FY 2026"
        assert named["FY2026-H2"].label == "Half-year 2, FY 2026"
    assert named["FY2026-Q4"].starts_on == datetime.date(2027, 1, 1)
    assert named["FY2026-Q3"].last_day == datetime.date(2026, 12, 31)
    assert named["2027-03"].label


def test_a_calendar_year_keeps_its_plain_names(scope):
    periods.fill_fiscal_year(starts_on=datetime.date(2027, 1, 1))
    named = {period.code: period for period in Period.objects.all()}
    with translation.override("en"):
        labels = [named[code].label for code in ("2027", "2027-Q3", "2027-H2")]
    assert labels == ["Year 2027", "Quarter 3, 2027", "Half-year 2, 2027"]


def test_whoever_planned_by_the_year_keeps_it_where_it_is(scope, today):
    """What apps above register is asked."""
    registry.FISCAL_YEAR_CHECKS.append(lambda: ["Targets are planned by the year."])
    try:
        with pytest.raises(Refused, match="Targets are planned"):
            organizations.edit_organization(
                organization=scope.organization, on=today, by=scope.owner, fiscal_year_start_month=4
            )
    finally:
        registry.FISCAL_YEAR_CHECKS.pop()

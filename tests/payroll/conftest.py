"""A month of pay: rates for everybody, agreed cards with scores, and the steps of a run in short."""

import datetime
from decimal import Decimal

import pytest

from kpiapp.models import Member, Position
from payroll.models import MemberPay, PayRun, PositionPay
from payroll.services import policies, runs
from scorecards.choices import CardState, OwnerKind
from scorecards.models import CardScore, Scorecard
from tests.cast import Cast

JANUARY = datetime.date(2026, 1, 1)
NOON = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


def score_card(cast: Cast, member: Member, percent: str | None, *, agreed: bool = True, **score) -> Scorecard:
    """A person's card of the month, with the score the night would have given it."""
    card = Scorecard.objects.create(
        period=cast.period,
        owner_kind=OwnerKind.MEMBER,
        member=member,
        state=CardState.AGREED if agreed else CardState.DRAFT,
        agreed_at=NOON if agreed else None,
    )
    CardScore.objects.create(
        scorecard=card, percent=None if percent is None else Decimal(percent), measured_weight=Decimal(85), **score
    )
    return card


def set_rates(cast: Cast) -> None:
    """Default tiers; representatives 15 million and 3.3 at target, leads 30 and 10; Lan's P2 coefficient is 1.1."""
    policies.start_organization(cast.organization, None)
    for code, p1, p3 in (("REP", 15_000_000, 3_300_000), ("LEAD", 30_000_000, 10_000_000)):
        PositionPay.objects.create(
            position=Position.objects.get(code=code),
            p1_amount=Decimal(p1),
            p3_target_amount=Decimal(p3),
            valid_from=JANUARY,
            approved_at=NOON,
        )
    MemberPay.objects.create(member=cast.lan, p2_coefficient=Decimal("1.1"), valid_from=JANUARY, approved_at=NOON)


def ignore_progress(done: int, total: int) -> None:
    """For calculations nobody watches."""


@pytest.fixture
def month(scope) -> Cast:
    """An open scope of a company with rates; Lan at 84.60 %, Nam at 102.35 %, Minh's card is not agreed."""
    set_rates(scope)
    score_card(scope, scope.lan, "84.6")
    score_card(scope, scope.manager, "102.345")
    score_card(scope, scope.minh, "99", agreed=False)
    return scope


@pytest.fixture
def maker(month) -> Member:
    """The payroll officer, acting."""
    return month.acting(month.payroll_maker)


@pytest.fixture
def approver(month) -> Member:
    """The payroll approver, acting."""
    return month.acting(month.payroll_approver)


@pytest.fixture
def calculated(month, maker) -> PayRun:
    """November's run, calculated by the payroll officer."""
    run = runs.create_run(period=month.period, by=maker)
    return runs.calculate(run=run, by=maker, progress=ignore_progress)


@pytest.fixture
def submitted(calculated, maker) -> PayRun:
    """The run, sent for approval."""
    return runs.submit(run=calculated, by=maker)


@pytest.fixture
def approved(submitted, approver) -> PayRun:
    """The run, approved by another person."""
    return runs.approve(run=submitted, by=approver)


@pytest.fixture
def locked(approved, approver) -> PayRun:
    """The run, locked."""
    return runs.lock(run=approved, by=approver)

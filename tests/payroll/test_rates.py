"""Rates of pay: one proposes, another approves, and only what is approved pays anybody."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from kpiapp.models import AuditEvent
from payroll import recompute
from payroll.models import MemberPay, PositionPay
from payroll.services import rates
from payroll.services.policies import PolicyRefused

DECEMBER = datetime.date(2026, 12, 1)
NOVEMBER = datetime.date(2026, 11, 1)


def propose(month, maker, p1=16_000_000, valid_from=DECEMBER) -> PositionPay | None:
    return rates.propose_position_pay(
        position=month.position,
        p1_amount=Decimal(p1),
        p3_target_amount=Decimal(3_300_000),
        valid_from=valid_from,
        by=maker,
    )


def propose_for(member, maker, **amounts) -> MemberPay:
    values = {"p2_coefficient": Decimal("1.2"), "p1_amount": None, "p3_target_amount": None, **amounts}
    return rates.propose_member_pay(member=member, valid_from=NOVEMBER, by=maker, **values)


def test_a_proposed_rate_pays_nobody_until_another_approves_it(month, maker, approver):
    lan = month.lan.pk
    proposed = [
        propose(month, maker, 17_000_000, NOVEMBER),
        propose_for(month.lan, maker, p3_target_amount=Decimal(9)),
    ]
    before = recompute.inputs_of(recompute.gather(month.period, member_id=lan)[0])
    assert (before["p1_amount"], before["p2_coefficient"], before["p3_target_amount"]) == ("15000000", "1.1", "3300000")
    assert rates.approve_rates(rates=proposed, by=approver) == 2
    after = recompute.inputs_of(recompute.gather(month.period, member_id=lan)[0])
    assert (after["p1_amount"], after["p2_coefficient"], after["p3_target_amount"]) == ("17000000", "1.2", "9")
    assert after["p3_rate"].startswith("member:")


def test_an_approved_rate_ends_the_one_before_and_the_trail_tells_both_steps(month, maker, approver):
    rates.approve_rates(rates=[propose(month, maker)], by=approver)
    rows = PositionPay.objects.filter(position=month.position).order_by("valid_from")
    assert [(row.valid_from.isoformat(), row.valid_to) for row in rows] == [
        ("2026-01-01", DECEMBER),
        ("2026-12-01", None),
    ]
    proposed, approved = AuditEvent.objects.filter(action__startswith="pay_rate.").order_by("pk")
    assert [proposed.action, approved.action] == ["pay_rate.propose", "pay_rate.approve"]
    assert (proposed.actor_name, approved.actor_name) == (maker.name, approver.name)
    assert proposed.is_pay
    assert approved.is_pay
    assert Decimal(approved.before["p1_amount"]) == 15_000_000


def test_who_proposed_never_approves(month, maker):
    rate = propose(month, maker)
    with pytest.raises(PolicyRefused, match="another person"):
        rates.approve_rates(rates=[rate], by=maker)
    with pytest.raises(IntegrityError, match="position_pay_second_person"), transaction.atomic():
        PositionPay.objects.filter(pk=rate.pk).update(approved_by=maker, approved_at=timezone.now())
    assert PositionPay.objects.waiting().get() == rate


def test_nobody_proposes_or_approves_their_own_pay(month, maker, approver):
    with pytest.raises(PolicyRefused):
        propose_for(month.payroll_maker, maker)
    with pytest.raises(PolicyRefused, match="own pay"):
        rates.approve_rates(rates=[propose_for(month.payroll_approver, maker)], by=approver)
    assert not MemberPay.objects.exclude(approved_at=None).filter(member=month.payroll_approver).exists()


def test_typed_again_for_the_same_day_one_proposal_waits(month, maker, approver):
    propose(month, maker, 1)
    last = propose(month, maker, 2)
    assert PositionPay.objects.waiting().get().p1_amount == 2
    rates.approve_rates(rates=[last], by=approver)
    assert propose(month, maker, 2) is None
    rates.approve_rates(rates=[propose(month, maker, 3)], by=approver)
    assert [row.p1_amount for row in PositionPay.objects.filter(position=month.position).order_by("valid_from")] == [
        15_000_000,
        3,
    ]


def test_a_proposal_for_a_month_that_was_locked_meanwhile_is_refused(month, maker, approver, locked):
    rate = PositionPay.objects.create(
        position=month.position, p1_amount=1, p3_target_amount=1, valid_from=NOVEMBER, made_by=maker
    )
    with pytest.raises(PolicyRefused, match="locked"):
        rates.approve_rates(rates=[rate], by=approver)

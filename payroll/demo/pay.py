"""Pay of a demo company: rates, tiers in force, and the paid months of its history."""

from decimal import Decimal
from random import Random
from typing import Any

from django.utils import timezone

from kpiapp.choices import PeriodState
from kpiapp.decimals import round_money
from kpiapp.models import Member, Period, Position
from kpiapp.services import periods
from payroll.demo.people import Staff
from payroll.models import MemberPay, PositionPay
from payroll.services import rates, runs

LOCKED_BUT = 2  # the current month and the one before it are still open
PAID = 3
RAISE = Decimal("1.05")


def pay_history(spec: dict[str, Any], staff: Staff, months: list[Period], random: Random) -> None:
    """Rates since the first day of the history; older months locked, the last three of them paid."""
    first_day = months[0].starts_on
    jobs = [job for unit in spec["departments"] for job in unit["positions"]]
    hr, maker, approver = (
        staff.holders[spec["roles"][role]][0] for role in ("hr", "payroll_maker", "payroll_approver")
    )
    approved = {"made_by": maker, "approved_by": approver, "approved_at": timezone.now()}
    PositionPay.objects.bulk_create(
        PositionPay(
            position=staff.positions[job["code"]],
            p1_amount=Decimal(job["p1"]),
            p3_target_amount=Decimal(job["p3"]),
            valid_from=first_day,
            **approved,
        )
        for job in jobs
    )
    MemberPay.objects.bulk_create(
        MemberPay(member=member, p2_coefficient=Decimal(random.randint(20, 24)) / 20, valid_from=first_day, **approved)
        for member in staff.everyone
    )
    locked = months[:-LOCKED_BUT]
    for month in locked:
        month.state, month.locked_at, month.locked_by = PeriodState.LOCKED, timezone.now(), hr
    Period.objects.bulk_update(locked, ["state", "locked_at", "locked_by"])
    reason = {"vi": "Hóa đơn của khách hàng lớn về muộn", "en": "An invoice of a large customer came late"}
    periods.ask_to_reopen(period=locked[-1], reason=reason[spec["language"]], by=hr)
    for month in locked[-PAID:]:
        run = runs.create_run(period=month, by=maker)
        runs.calculate(run=run, by=maker, progress=lambda done, total: None)
        runs.submit(run=run, by=maker)
        runs.approve(run=run, by=approver)
        runs.lock(run=run, by=maker)
    _propose_a_raise(staff.positions[jobs[-1]["code"]], months[-1], maker)


def _propose_a_raise(position: Position, month: Period, maker: Member) -> None:
    """From the next month on a position is to pay five percent more: it waits for the payroll approver."""
    now = PositionPay.objects.in_force(month.last_day).get(position=position)
    more = {
        name: round_money(amount * RAISE, month.organization.currency) for name, amount in rates.amounts_of(now).items()
    }
    rates.propose_position_pay(position=position, **more, valid_from=month.ends_on, by=maker)

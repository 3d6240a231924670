"""The pay of a company of the house's world: every amount is one that stands nowhere else."""

import datetime
from decimal import Decimal

from django.core.files.base import ContentFile
from django.utils import timezone

from kpiapp.models import Member, Period
from payroll.choices import ExportFormat, RunState
from payroll.models import CardTier, MemberPay, PayExport, PayLine, PayRun, PositionPay, Tier, TierTable
from tests.cast import Cast

# Amounts that stand nowhere else: seen by somebody who may not read pay, they are a leak.
PAY_CANARY = Decimal(73519357)
# What a position pays is a rule: an auditor reads it, what a person is paid they do not.
RATE_CANARY = Decimal(68213491)
OCTOBER, DECEMBER = datetime.date(2026, 10, 1), datetime.date(2026, 12, 1)


def add_pay(cast: Cast, canary: str, things: dict) -> None:
    """Rates, tier tables in force and proposed, a locked run with its file and a calculated one."""
    table = TierTable.objects.create(name=f"Tiers {canary}", valid_from=OCTOBER, made_by=cast.payroll_maker)
    Tier.objects.create(table=table, code="B", at_least=80, coefficient=Decimal("0.8"))
    TierTable.objects.filter(pk=table.pk).update(approved_by=cast.payroll_approver, approved_at=timezone.now())
    proposed = TierTable.objects.create(name=f"Next {canary}", valid_from=DECEMBER, made_by=cast.payroll_maker)
    Tier.objects.create(table=proposed, code="B", at_least=80, coefficient=Decimal("0.9"))
    PositionPay.objects.create(
        position=cast.position,
        p1_amount=RATE_CANARY,
        p3_target_amount=RATE_CANARY,
        valid_from=OCTOBER,
        approved_at=timezone.now(),
    )
    raised = PositionPay.objects.create(
        position=cast.position, p1_amount=1, p3_target_amount=1, valid_from=DECEMBER, made_by=cast.payroll_maker
    )
    MemberPay.objects.create(member=cast.lan, p2_coefficient=1, valid_from=OCTOBER, approved_at=timezone.now())
    CardTier.objects.create(scorecard_id=things["card"], code="B", coefficient=Decimal("0.8"))
    locked = _run(cast, Period.objects.get(pk=things["locked_period"]), table, RunState.LOCKED)
    run = _run(cast, cast.period, table, RunState.CALCULATED)
    export = PayExport.objects.create(
        run=locked,
        version=1,
        format=ExportFormat.CSV,
        file=ContentFile(f"{canary};{PAY_CANARY}".encode(), name="pay.csv"),
        filename=f"{canary}.csv",
        sha256="4" * 64,
        rows=1,
        total_amount=PAY_CANARY,
        exported_by=cast.payroll_maker,
    )
    things.update(
        run=run.pk,
        locked_run=locked.pk,
        pay_line=run.lines.get().pk,
        payslip=locked.lines.get().pk,
        pay_export=export.pk,
        tier_table=table.pk,
        proposed_tier_table=proposed.pk,
        proposed_rate=raised.pk,
    )


def _run(cast: Cast, period: Period, table: TierTable, state: RunState) -> PayRun:
    """A run with one line, brought to a state the way it would have come there."""
    run = PayRun.objects.create(period=period, tier_table=table, made_by=cast.payroll_maker)
    PayLine.objects.create(
        run=run,
        member=cast.lan,
        employee_code=cast.lan.code,
        employee_name=Member.objects.get(pk=cast.lan.pk).name,
        department_name="Sales",
        position_name="Rep",
        p1_amount=PAY_CANARY,
        p2_coefficient=1,
        p2_amount=0,
        p3_target_amount=0,
        p3_amount=0,
        gross_amount=PAY_CANARY,
        inputs={
            "member": cast.lan.pk,
            "department": cast.department.pk,
            "position": cast.position.pk,
            "paid_on": period.last_day.isoformat(),
            "p1_amount": str(PAY_CANARY),
            "p1_rate": "",
            "p2_coefficient": "1",
            "p2_rate": "",
            "p3_target_amount": "0",
            "p3_rate": "",
            "card": None,
            "score_percent": None,
            "no_score": "no_card",
            "measured_weight": "0",
            "is_provisional": False,
            "moved": False,
            "part_month": False,
        },
        trace=[],
    )
    now = timezone.now()
    steps = [
        {
            "state": RunState.CALCULATED,
            "calculated_by": cast.payroll_maker,
            "calculated_at": now,
            "people_count": 1,
            "p1_total": PAY_CANARY,
            "gross_total": PAY_CANARY,
        },
        {"state": RunState.SUBMITTED, "submitted_by": cast.payroll_maker, "submitted_at": now},
        {"state": RunState.APPROVED, "approved_by": cast.payroll_approver, "approved_at": now},
        {"state": RunState.LOCKED, "locked_by": cast.payroll_approver, "locked_at": now},
    ]
    for step in steps:
        PayRun.objects.filter(pk=run.pk).update(**step)
        if step["state"] == state:
            break
    run.refresh_from_db()
    return run

"""A month of pay: calculating a run of 5,000 people, locking it, and making its files."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from benchmarks import data
from benchmarks.night import show
from kpiapp.models import Member, Organization, Period, Position
from kpiapp.tenancy import organization_scope
from payroll.choices import ExportFormat
from payroll.exports import export_run
from payroll.models import PayRun, PositionPay
from payroll.services import policies, runs

PEOPLE = 5_000

_SCORES = """
INSERT INTO scorecards_cardscore (organization_id, scorecard_id, percent, measured_weight, lines_scored, lines_total,
                                  is_provisional, is_blocked, status)
SELECT organization_id, id, round((60 + random() * 65)::numeric, 2), 100, 10, 10, false, false, 'on'
FROM scorecards_scorecard WHERE organization_id = %s ON CONFLICT (scorecard_id) DO UPDATE SET percent = excluded.percent
"""


def run(people: int) -> None:
    """One JSON line per figure; the size of the company is fixed by the promise, not by `people`."""
    organization, period = data.build(PEOPLE, slug="pay")
    maker, approver = _prepare(organization)
    with organization_scope(organization):
        made = runs.create_run(period=period, by=maker)
    calculated = _timed("pay.calculate", organization, lambda: _calculate(made, maker))
    _timed("pay.calculate_again", organization, lambda: _calculate(made, maker))
    with organization_scope(organization):
        runs.submit(run=calculated, by=maker)
        runs.approve(run=calculated, by=approver)
    _timed("pay.lock", organization, lambda: runs.lock(run=calculated, by=approver))
    for format in ExportFormat:
        _timed(f"pay.export_{format}", organization, lambda format=format: _export(period, format, approver))


def _prepare(organization: Organization) -> tuple[Member, Member]:
    """Tiers, a rate, a score for everybody; the maker and the approver."""
    with organization_scope(organization):
        policies.start_organization(organization, None)
        PositionPay.objects.create(
            position=Position.objects.get(),
            p1_amount=Decimal(15_000_000),
            p3_target_amount=Decimal(3_300_000),
            valid_from="2026-01-01",
            approved_at=timezone.now(),
        )
        with connection.cursor() as cursor:
            cursor.execute(_SCORES, [organization.pk])
        maker, approver = Member.objects.order_by("pk")[:2]
        return maker, approver


def _calculate(made: PayRun, maker: Member) -> PayRun:
    return runs.calculate(run=made, by=maker, progress=lambda done, total: None)


def _export(period: Period, format: ExportFormat, by: Member):
    locked = PayRun.objects.select_related("organization", "period", "made_by", "approved_by").get(period=period)
    return export_run(run=locked, format=format, by=by)


def _timed(name: str, organization: Organization, work: Callable[[], Any]) -> Any:
    """Do the work in a transaction of its own and print how long it took, commit included."""
    started = time.perf_counter()
    with organization_scope(organization):
        done = work()
    show(name, people=PEOPLE, seconds=time.perf_counter() - started)
    return done

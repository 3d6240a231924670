"""Seals: the same bytes for the same inputs, a chain from run to run, and tampering that is found."""

import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from kpiapp.models import Period
from payroll import seal
from payroll.models import PayRun
from payroll.services import exports, runs
from payroll.services.exports import ExportRefused
from payroll.services.verification import verify_chain, verify_run
from tests.payroll.conftest import ignore_progress


def full_month(year, month_number, maker, approver):
    """A run of another month, from draft to lock."""
    starts = datetime.date(year, month_number, 1)
    period = Period.objects.create(
        kind="month", starts_on=starts, ends_on=(starts + datetime.timedelta(days=31)).replace(day=1)
    )
    run = runs.create_run(period=period, by=maker)
    runs.calculate(run=run, by=maker, progress=ignore_progress)
    runs.submit(run=run, by=maker)
    runs.approve(run=run, by=approver)
    return runs.lock(run=run, by=approver)


def test_a_run_that_nobody_touched_is_verified(locked):
    assert verify_run(PayRun.objects.get(pk=locked.pk)) == []
    assert verify_chain() == []


def test_recomputing_the_hash_gives_the_same_bytes(locked):
    inputs = locked.lines.order_by("member_id").values_list("inputs", flat=True)
    assert seal.seal("", locked.inputs, inputs) == locked.sha256
    assert b'"name"' not in seal.canonical(list(inputs))


def test_each_locked_run_carries_the_hash_of_the_one_before(locked, maker, approver):
    december = full_month(2026, 12, maker, approver)
    january = full_month(2027, 1, maker, approver)
    assert [locked.previous_sha256, december.previous_sha256, january.previous_sha256] == [
        "",
        locked.sha256,
        december.sha256,
    ]
    assert verify_chain() == []


def test_a_run_calculated_before_another_was_locked_is_chained_at_its_own_lock(approved, maker, approver):
    december = full_month(2026, 12, maker, approver)
    november = runs.lock(run=approved, by=approver)
    assert november.previous_sha256 == december.sha256
    assert verify_chain() == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE payroll_payline SET inputs = jsonb_set(inputs, '{score_percent}', '\"120\"') WHERE member_id = %s",
        "UPDATE payroll_payline SET p3_amount = p3_amount + 1, gross_amount = gross_amount + 1 WHERE member_id = %s",
        "UPDATE payroll_payline SET tier_code = 'A+' WHERE member_id = %s",
        "UPDATE payroll_payline SET trace = '[]' WHERE member_id = %s",
        "UPDATE payroll_payline SET member_id = member_id WHERE member_id = %s;"
        "UPDATE payroll_payrun SET inputs = jsonb_set(inputs, '{tiers,0,coefficient}', '\"9\"')",
    ],
)
def test_tampering_is_found(month, calculated, change):
    # Before the approval the database still lets the application's role write: what it writes is found all the same.
    with connection.cursor() as cursor:
        cursor.execute(change, [month.lan.pk])
    assert verify_run(PayRun.objects.get(pk=calculated.pk))
    # The test's own transaction must not commit totals that no longer hold.
    transaction.set_rollback(True)


def test_the_command_says_what_it_verified(locked):
    out = StringIO()
    call_command("verify_pay", organization="an-phat", stdout=out)
    assert "1 locked runs verified" in out.getvalue()
    with pytest.raises(CommandError, match="no organization"):
        call_command("verify_pay", organization="nobody")


def test_only_locked_runs_are_exported(approved, approver):
    with pytest.raises(ExportRefused):
        exports.request_export(run=approved, format="xlsx", by=approver)

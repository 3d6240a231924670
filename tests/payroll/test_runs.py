"""Pay runs: what is gathered and paid, every state, two persons, and rows the database refuses to change."""

import datetime
from decimal import Decimal
from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError

from kpiapp.models import AuditEvent, Department, Employment, Period
from kpiapp.services import jobs
from kpiapp.tenancy import organization_scope
from payroll import queries, recompute, tasks
from payroll.choices import RUN_TRANSITIONS, PayFlag, RunState
from payroll.models import PayLine, PayRun, PositionPay
from payroll.services import runs
from payroll.services.runs import RunRefused
from tests.payroll.conftest import ignore_progress, score_card, set_rates

REFUSED = (IntegrityError, InternalError)


def execute(sql, *parameters):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def line_of(run, member) -> PayLine:
    return run.lines.get(member=member)


# --- what is paid -----------------------------------------------------------------------------------


def test_everybody_employed_in_the_month_is_paid_from_rate_score_and_tier(month, calculated):
    line = line_of(calculated, month.lan)
    assert (line.p1_amount, line.p2_amount, line.p3_target_amount) == (15_000_000, 1_500_000, 3_300_000)
    assert (line.score_percent, line.tier_code, line.tier_coefficient) == (Decimal("84.60"), "C+", Decimal("0.7"))
    assert (line.p3_amount, line.gross_amount, line.flag) == (2_310_000, 18_810_000, "")
    assert line_of(calculated, month.manager).score_percent == Decimal("102.35")
    assert calculated.people_count == calculated.lines.count() == 10


def test_totals_are_the_sums_of_the_lines(calculated):
    for part in ("p1", "p2", "p3", "gross"):
        amounts = calculated.lines.values_list(f"{part}_amount", flat=True)
        assert getattr(calculated, f"{part}_total") == sum(amounts)


def test_a_card_that_is_not_agreed_pays_nothing_and_says_why(month, calculated):
    line = line_of(calculated, month.minh)
    assert (line.p3_amount, line.flag, line.score_percent) == (0, PayFlag.NO_SCORE, None)
    assert line.inputs["no_score"] == "not_agreed"
    assert line_of(calculated, month.hr).inputs["no_score"] == "no_card"


@pytest.mark.parametrize(
    ("score", "reason"), [({"percent": None}, "not_measured"), ({"percent": "80", "is_blocked": True}, "blocked")]
)
def test_a_card_without_a_usable_score_says_why(month, maker, score, reason):
    score_card(month, month.owner, **score)
    run = runs.calculate(run=runs.create_run(period=month.period, by=maker), by=maker, progress=ignore_progress)
    assert line_of(run, month.owner).inputs["no_score"] == reason


def test_a_provisional_score_is_paid_and_flagged(month, maker):
    score_card(month, month.owner, "95", is_provisional=True)
    run = runs.calculate(run=runs.create_run(period=month.period, by=maker), by=maker, progress=ignore_progress)
    line = line_of(run, month.owner)
    assert (line.flag, line.tier_code) == (PayFlag.PROVISIONAL, "B")
    assert line.p3_amount == line.p3_target_amount * Decimal("0.8")


def test_who_moved_joined_left_or_has_no_rate_is_flagged(month, maker):
    middle = datetime.date(2026, 11, 16)
    Employment.objects.filter(member=month.lan).update(valid_to=middle)
    place = Employment.objects.get(member=month.lan)
    Employment.objects.create(
        member=month.lan, department=month.other_department, position=place.position, valid_from=middle
    )
    Employment.objects.filter(member=month.manager).update(valid_to=middle)
    Employment.objects.filter(member=month.auditor).update(valid_to=datetime.date(2026, 11, 1))
    PositionPay.objects.filter(position__code="LEAD").update(valid_to=datetime.date(2026, 11, 10))
    run = runs.calculate(run=runs.create_run(period=month.period, by=maker), by=maker, progress=ignore_progress)
    moved = line_of(run, month.lan)
    assert (moved.flag, moved.department_name) == (PayFlag.MOVED, month.other_department.name)
    left = line_of(run, month.manager)
    assert (left.flag, left.p1_amount) == (PayFlag.NO_RATE, 0)
    assert left.inputs["paid_on"] == "2026-11-15"
    assert not run.lines.filter(member=month.auditor).exists()


def test_names_with_tabs_and_backslashes_survive_the_bulk_path(month, maker):
    name = "Lê\tThị \\N \\. Lan\n"
    type(month.lan).objects.filter(pk=month.lan.pk).update(name=name)
    Department.objects.filter(pk=month.department.pk).update(name="\\N")
    run = runs.calculate(run=runs.create_run(period=month.period, by=maker), by=maker, progress=ignore_progress)
    line = line_of(run, month.lan)
    assert (line.employee_name, line.department_name) == (name, "\\N")


def test_calculating_again_replaces_the_lines_and_keeps_one_run(month, calculated, maker):
    first = set(calculated.lines.values_list("pk", flat=True))
    again = runs.calculate(run=calculated, by=maker, progress=ignore_progress)
    assert (again.pk, again.sha256) == (calculated.pk, calculated.sha256)
    assert not first & set(again.lines.values_list("pk", flat=True))
    assert again.lines.count() == 10


def test_the_queries_of_a_calculation_do_not_grow_with_people(month, maker, django_assert_max_num_queries):
    run = runs.create_run(period=month.period, by=maker)
    with django_assert_max_num_queries(14):
        runs.calculate(run=run, by=maker, progress=ignore_progress)


def test_without_a_tier_table_nothing_is_paid(scope):
    maker = scope.acting(scope.payroll_maker)
    run = runs.create_run(period=scope.period, by=maker)
    with pytest.raises(RunRefused, match=r"11|tier"):
        runs.calculate(run=run, by=maker, progress=ignore_progress)


def test_pay_is_run_by_the_month(month, maker):
    quarter = Period.objects.create(
        kind="quarter", starts_on=datetime.date(2026, 10, 1), ends_on=datetime.date(2027, 1, 1)
    )
    with pytest.raises(RunRefused):
        runs.create_run(period=quarter, by=maker)


# --- states -----------------------------------------------------------------------------------------


def in_state(state, run, maker, approver):
    """Bring a fresh run to a state by the steps people take."""
    steps = [
        (RunState.CALCULATED, lambda: runs.calculate(run=run, by=maker, progress=ignore_progress)),
        (RunState.SUBMITTED, lambda: runs.submit(run=run, by=maker)),
        (RunState.APPROVED, lambda: runs.approve(run=run, by=approver)),
        (RunState.LOCKED, lambda: runs.lock(run=run, by=approver)),
    ]
    for reached, step in steps:
        if state == RunState.DRAFT:
            break
        step()
        if reached == state:
            break


STEPS = {
    "calculate": ({RunState.DRAFT, RunState.CALCULATED}, RunState.CALCULATED),
    "submit": ({RunState.CALCULATED}, RunState.SUBMITTED),
    "return": ({RunState.SUBMITTED, RunState.APPROVED}, RunState.CALCULATED),
    "approve": ({RunState.SUBMITTED}, RunState.APPROVED),
    "lock": ({RunState.APPROVED}, RunState.LOCKED),
}


@pytest.mark.parametrize(("state", "step"), list(product(RunState, STEPS)))
def test_every_step_in_every_state(month, maker, approver, state, step):
    run = runs.create_run(period=month.period, by=maker)
    in_state(state, run, maker, approver)
    take = {
        "calculate": lambda: runs.calculate(run=run, by=maker, progress=ignore_progress),
        "submit": lambda: runs.submit(run=run, by=maker),
        "return": lambda: runs.return_run(run=run, reason="Wrong rate", by=approver),
        "approve": lambda: runs.approve(run=run, by=approver),
        "lock": lambda: runs.lock(run=run, by=approver),
    }[step]
    allowed, after = STEPS[step]
    if state in allowed:
        assert take().state == after
    else:
        with pytest.raises(RunRefused):
            take()
        assert PayRun.objects.get(pk=run.pk).state == state


FORBIDDEN = [
    (before, after)
    for before, after in product(RunState, RunState)
    if before != after and after not in RUN_TRANSITIONS[before]
]


@pytest.mark.parametrize(("before", "after"), FORBIDDEN)
def test_the_database_refuses_every_other_transition(month, maker, approver, before, after):
    run = runs.create_run(period=month.period, by=maker)
    in_state(before, run, maker, approver)
    with pytest.raises(REFUSED, match=r"cannot go from|never changed"):
        execute(
            "UPDATE payroll_payrun SET state = %s WHERE organization_id = %s AND id = %s",
            after,
            month.organization.pk,
            run.pk,
        )


def test_a_run_begins_as_a_draft(month):
    with pytest.raises(REFUSED, match="cannot go from"), transaction.atomic():
        PayRun.objects.create(period=month.period, made_by=month.payroll_maker, state=RunState.CALCULATED)


def test_a_return_voids_the_approval_and_needs_a_reason(approved, approver):
    with pytest.raises(RunRefused):
        runs.return_run(run=approved, reason="  ", by=approver)
    returned = runs.return_run(run=approved, reason="Rate of the new position is missing", by=approver)
    assert (returned.approved_by, returned.approved_at, returned.submitted_by) == (None, None, None)
    assert AuditEvent.objects.filter(action="pay_run.return").get().reason == "Rate of the new position is missing"


# --- two persons ------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["made_by", "calculated_by", "submitted_by"])
def test_whoever_worked_on_a_run_cannot_approve_it(month, submitted, approver, column):
    execute(
        f"UPDATE payroll_payrun SET {column}_id = %s WHERE organization_id = %s AND id = %s",
        approver.pk,
        month.organization.pk,
        submitted.pk,
    )
    with pytest.raises(RunRefused):
        runs.approve(run=submitted, by=approver)
    with pytest.raises(REFUSED):
        execute(
            "UPDATE payroll_payrun SET state = 'approved', approved_by_id = %s, approved_at = now() "
            "WHERE organization_id = %s AND id = %s",
            approver.pk,
            month.organization.pk,
            submitted.pk,
        )


def test_the_database_takes_no_approval_without_an_approver(month, submitted):
    with pytest.raises(REFUSED):
        execute(
            "UPDATE payroll_payrun SET state = 'approved', approved_at = now() WHERE organization_id = %s AND id = %s",
            month.organization.pk,
            submitted.pk,
        )


# --- rows that stay ---------------------------------------------------------------------------------

LINE_CHANGES = [
    "UPDATE payroll_payline SET p3_amount = p3_amount + 1, gross_amount = gross_amount + 1 WHERE organization_id = %s "
    "AND run_id = %s",
    "DELETE FROM payroll_payline WHERE organization_id = %s AND run_id = %s",
    "INSERT INTO payroll_payline (organization_id, run_id, member_id, employee_code, employee_name, sort_key, "
    "department_name, position_name, p1_amount, p2_coefficient, p2_amount, p3_target_amount, tier_code, p3_amount, "
    "gross_amount, flag, inputs, trace) SELECT organization_id, run_id, member_id + 1000, employee_code, "
    "employee_name, sort_key, department_name, position_name, p1_amount, p2_coefficient, p2_amount, "
    "p3_target_amount, tier_code, p3_amount, gross_amount, flag, inputs, trace FROM payroll_payline "
    "WHERE organization_id = %s AND run_id = %s LIMIT 1",
]


@pytest.mark.parametrize("sql", LINE_CHANGES)
@pytest.mark.parametrize("state", ["approved", "locked"])
def test_sql_cannot_touch_lines_of_an_approved_or_locked_run(month, request, state, sql):
    run = request.getfixturevalue(state)
    with pytest.raises(REFUSED, match="never changed"):
        execute(sql, month.organization.pk, run.pk)


def test_the_orm_cannot_touch_lines_or_run_after_the_lock(month, locked):
    line = line_of(locked, month.lan)
    line.employee_name = "Somebody else"
    for change in (line.save, line.delete, locked.save, locked.delete):
        with pytest.raises((*REFUSED, Exception), match=r"never changed|protected"), transaction.atomic():
            change()
    new = PayLine(**{f.attname: getattr(line, f.attname) for f in PayLine._meta.concrete_fields if f.name != "id"})
    new.member = month.auditor
    with pytest.raises(REFUSED), transaction.atomic():
        new.save()


def test_sql_cannot_change_a_locked_run(month, locked):
    for change in ("UPDATE payroll_payrun SET gross_total = 0", "DELETE FROM payroll_payrun"):
        with pytest.raises(REFUSED):
            execute(f"{change} WHERE organization_id = %s AND id = %s", month.organization.pk, locked.pk)


def test_totals_that_are_no_sums_do_not_commit(month, calculated):
    with pytest.raises(REFUSED, match="sums of its lines"):
        execute(
            "UPDATE payroll_payrun SET gross_total = gross_total + 1 WHERE organization_id = %s AND id = %s",
            month.organization.pk,
            calculated.pk,
        )
    with pytest.raises(REFUSED, match="sums of its lines"):
        execute(
            "UPDATE payroll_payline SET p1_amount = p1_amount + 5, gross_amount = gross_amount + 5 "
            "WHERE organization_id = %s AND run_id = %s AND member_id = %s",
            month.organization.pk,
            calculated.pk,
            month.lan.pk,
        )


# --- in the background ------------------------------------------------------------------------------


def test_asking_again_while_it_waits_gives_the_same_job(month, maker):
    run = runs.create_run(period=month.period, by=maker)
    first = runs.request_calculation(run=run, by=maker)
    assert runs.request_calculation(run=run, by=maker).pk == first.pk
    assert (first.task, first.requested_by) == (runs.CALCULATE, maker)


def test_the_job_calculates_for_whoever_asked(month, maker):
    run = runs.create_run(period=month.period, by=maker)
    job = runs.request_calculation(run=run, by=maker)
    tasks.calculate(job)
    done = PayRun.objects.get(pk=run.pk)
    assert (done.state, done.calculated_by_id, done.people_count) == (RunState.CALCULATED, maker.pk, 10)


def test_a_calculation_says_how_many_people_are_done_of_how_many(month, maker):
    told = []
    run = runs.create_run(period=month.period, by=maker)
    runs.calculate(run=run, by=maker, progress=lambda done, total: told.append((done, total)))
    assert told == [(10, 10)]
    people, batches = recompute.gather(month.period), []
    lines = list(recompute.pay_lines(people, queries.scoring_tiers_on(month.period.last_day), "VND"))
    recompute.write_lines(run, lines, batches.append, batch=4)
    assert batches == [4, 8, 10]
    job = runs.request_calculation(run=run, by=maker)
    tasks.calculate(job)
    assert (job.done_count, job.total_count) == (10, 10)


def test_a_job_that_comes_too_late_ends_with_a_sentence(month, submitted, maker):
    job = jobs.enqueue(task=runs.CALCULATE, key="late", arguments={"run": submitted.pk}, by=maker)
    with pytest.raises(RunRefused):
        tasks.calculate(job)
    assert PayRun.objects.get(pk=submitted.pk).state == RunState.SUBMITTED


def test_audit_says_who_did_what_and_hides_amounts_from_others(month, locked):
    events = {event.action: event for event in AuditEvent.objects.filter(target_type="payroll.payrun")}
    assert list(events) == ["pay_run.lock", "pay_run.approve", "pay_run.submit", "pay_run.calculate", "pay_run.create"]
    assert events["pay_run.calculate"].is_pay
    amounts = {str(locked.gross_total), str(locked.gross_total.normalize())}
    for event in events.values():
        if not event.is_pay:
            assert not amounts & set(map(str, event.after.values()))


def test_another_company_sees_nothing_of_it(locked, binh_minh):
    with organization_scope(binh_minh.organization):
        set_rates(binh_minh)
        assert not PayRun.objects.filter(pk=locked.pk).exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM payroll_payline")
            assert cursor.fetchone() == (0,)

"""A pay run from draft to lock: made by one person, approved by another, and never changed afterwards."""

from collections.abc import Callable

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp.choices import JobState, PeriodKind
from kpiapp.models import Job, Member, Period
from kpiapp.services import audit, jobs
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import current_organization_id
from payroll import queries, recompute, seal
from payroll.choices import RUN_TRANSITIONS, RunKind, RunState
from payroll.models import PayRun
from payroll.recompute import PaidLine

CALCULATE = "payroll.calculate"
BUSY = (JobState.QUEUED, JobState.RUNNING)
# Which rules of pay a run was calculated with; raised when pay_rules gives other amounts for the same inputs.
RULES = "3p/1"
# The first of the two keys of the advisory lock under which runs of an organization are chained, one at a time.
_CHAIN_LOCK = 7302


class RunRefused(Refused):
    """A step of a pay run that cannot be taken now; the message says why, or who can."""


@transaction.atomic
def create_run(*, period: Period, by: Member) -> PayRun:
    """The run of a month; the one there is, however often and by however many it is asked for."""
    if period.kind != PeriodKind.MONTH:
        raise RunRefused(_("Pay is run by the month."))
    run, created = PayRun.objects.get_or_create(period=period, kind=RunKind.REGULAR, defaults={"made_by": by})
    if created:
        audit.record(action="pay_run.create", target=run, by=by, after={"period": period.code})
    return run


@transaction.atomic
def request_calculation(*, run: PayRun, by: Member) -> Job:
    """Have a run calculated in the background; while that is under way, asking again gives the same job."""
    # A calculation at work holds the run: who asks meanwhile is answered at once, not after it.
    busy = Job.objects.filter(pk__in=PayRun.objects.filter(pk=run.pk).values("job"), state__in=BUSY).first()
    if busy:
        return busy
    run = _locked(run)
    if run.job and run.job.state in BUSY:
        return run.job
    _check_move(run, RunState.CALCULATED)
    _check_returned(run)
    run.calculations += 1
    run.job = jobs.enqueue(task=CALCULATE, key=f"pay-run-{run.pk}-{run.calculations}", arguments={"run": run.pk}, by=by)
    run.save(update_fields=["calculations", "job"])
    return run.job


@transaction.atomic
def calculate(*, run: PayRun, by: Member, progress: Callable[[int, int], None]) -> PayRun:
    """Gather, pay and write every line anew, and seal the inputs. `progress` is told (done, of how many).

    Raises RunRefused while the run waits for or has an approval, or when no tier table is in force.
    """
    run = _locked(run)
    _check_move(run, RunState.CALCULATED)
    _check_returned(run)
    table = queries.tier_table_on(run.period.last_day)
    if table is None:
        raise RunRefused(
            _("No approved tier table is in force at the end of %(period)s.") % {"period": run.period.label}
        )
    currency, tiers = run.organization.currency, queries.scoring_tiers(table)
    people = recompute.gather(run.period)
    lines = list(recompute.pay_lines(people, tiers, currency))
    recompute.write_lines(run, lines, progress=lambda done: progress(done, len(people)))
    run.tier_table, run.inputs = table, _run_inputs(run, table, seal.pack_tiers(tiers), currency)
    head = queries.last_locked_run()
    run.previous_sha256 = head.sha256 if head else ""
    run.sha256 = seal.seal(run.previous_sha256, run.inputs, (line.inputs for line in lines))
    _add_up(run, lines)
    run.state, run.calculated_at, run.calculated_by = RunState.CALCULATED, timezone.now(), by
    run.save(update_fields=_CALCULATED_FIELDS)
    audit.record(
        action="pay_run.calculate",
        target=run,
        by=by,
        after={"people": run.people_count, "gross_total": run.gross_total, "sha256": run.sha256},
        is_pay=True,
    )
    return run


@transaction.atomic
def submit(*, run: PayRun, by: Member) -> PayRun:
    """Send a calculated run to be approved."""
    run = _locked(run)
    _check_move(run, RunState.SUBMITTED)
    if run.job and run.job.state in BUSY:
        raise RunRefused(_("The run is being calculated: wait until it is done."))
    if not run.people_count:
        raise RunRefused(_("Nobody is paid in this run: there is nothing to approve."))
    run.submitted_by, run.submitted_at = by, timezone.now()
    return _move(run, RunState.SUBMITTED, by, "pay_run.submit", ["submitted_by", "submitted_at"])


@transaction.atomic
def return_run(*, run: PayRun, reason: str, by: Member) -> PayRun:
    """Take a run back from approval, or after it. What was approved before counts no longer."""
    run = _locked(run)
    if run.state not in (RunState.SUBMITTED, RunState.APPROVED):
        raise RunRefused(_("Only a run that was sent for approval can be returned."))
    if not reason.strip():
        raise RunRefused(_("Say what has to be changed."), field="reason")
    run.submitted_by = run.submitted_at = run.approved_by = run.approved_at = None
    fields = ["submitted_by", "submitted_at", "approved_by", "approved_at"]
    return _move(run, RunState.CALCULATED, by, "pay_run.return", fields, reason.strip())


@transaction.atomic
def approve(*, run: PayRun, by: Member) -> PayRun:
    """Approve a submitted run: never by who made, calculated or submitted it."""
    run = _locked(run)
    _check_move(run, RunState.APPROVED)
    if by.pk in (run.made_by_id, run.calculated_by_id, run.submitted_by_id):
        raise RunRefused(_("You worked on this run: another person has to approve it."))
    run.approved_by, run.approved_at = by, timezone.now()
    return _move(run, RunState.APPROVED, by, "pay_run.approve", ["approved_by", "approved_at"])


@transaction.atomic
def lock(*, run: PayRun, by: Member) -> PayRun:
    """Make an approved run final and chain it to the one locked before. A correction is a line of the next run."""
    run = _locked(run)
    _check_move(run, RunState.LOCKED)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_CHAIN_LOCK, current_organization_id()])
    head = queries.last_locked_run()
    previous = head.sha256 if head else ""
    if run.previous_sha256 != previous:
        line_inputs = run.lines.order_by("member_id").values_list("inputs", flat=True)
        run.previous_sha256, run.sha256 = previous, seal.seal(previous, run.inputs, line_inputs.iterator())
    run.locked_by, run.locked_at = by, timezone.now()
    return _move(run, RunState.LOCKED, by, "pay_run.lock", ["locked_by", "locked_at", "previous_sha256", "sha256"])


_CALCULATED_FIELDS = [
    "tier_table",
    "inputs",
    "previous_sha256",
    "sha256",
    "people_count",
    "p1_total",
    "p2_total",
    "p3_total",
    "gross_total",
    "state",
    "calculated_at",
    "calculated_by",
]


def _run_inputs(run: PayRun, table, tiers: list[dict], currency: str) -> dict:
    """What holds for every line of a run, ready for canonical JSON."""
    return {
        "period": run.period.code,
        "kind": run.kind,
        "rules": RULES,
        "currency": currency,
        "tier_table": table.pk,
        "tiers": tiers,
    }


def _add_up(run: PayRun, lines: list[PaidLine]) -> None:
    """Totals are sums of rounded lines, never rounded again."""
    run.people_count = len(lines)
    for part in ("p1", "p2", "p3", "gross"):
        setattr(run, f"{part}_total", sum(getattr(line.result, f"{part}_amount") for line in lines))


def _locked(run: PayRun) -> PayRun:
    """The run as it is now, held until the end of the transaction."""
    runs = PayRun.objects.select_for_update(of=("self",)).select_related("period", "organization", "job")
    return runs.get(pk=run.pk)


def _check_move(run: PayRun, state: RunState) -> None:
    if state not in RUN_TRANSITIONS[RunState(run.state)]:
        raise RunRefused(
            _("This run is “%(now)s”, so it cannot become “%(then)s”.")
            % {"now": run.get_state_display(), "then": RunState(state).label}
        )


def _check_returned(run: PayRun) -> None:
    """Calculating never takes an approval away by the way: a person returns the run first, and says why."""
    if run.state in (RunState.SUBMITTED, RunState.APPROVED):
        raise RunRefused(_("The run was sent for approval: return it before it is calculated again."))


def _move(run: PayRun, state: RunState, by: Member, action: str, fields: list[str], reason: str = "") -> PayRun:
    before, run.state = run.state, state
    run.save(update_fields=["state", *fields])
    audit.record(
        action=action, target=run, by=by, before={"state": before}, after={"state": state.value}, reason=reason
    )
    return run

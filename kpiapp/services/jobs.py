"""Background work that is never lost and never done twice.

The row is the truth and Celery is the doorbell. A run claims its row and takes the next attempt number; all it writes
and the mark that it is done are one transaction, which only the latest attempt can commit. While it runs it holds a
lock of its database session, so that a dead worker is known at once and not when its lease is over.
"""

import datetime
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp import registry
from kpiapp.celery import app, ring
from kpiapp.choices import JobState
from kpiapp.constraints import ORGANIZATION_SETTING
from kpiapp.models import Job, Member, Organization
from kpiapp.services import audit
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import organization_scope

MOST_STOPS = 5
LEASE = datetime.timedelta(seconds=settings.JOB_LEASE_SECONDS)
# A job that was rung this lately needs no second ring.
SETTLE = datetime.timedelta(seconds=10)
RINGS_PER_SWEEP = 200
SECONDS_BETWEEN_REPORTS = 0.5
# The first of the two keys of the advisory locks that stand for jobs at work.
LOCK_SPACE = 7301


class JobError(Refused):
    """Raised by a task to end its job as failed with this sentence; any other refusal does the same."""


class Fenced(Exception):
    """A later attempt has taken the job over: nothing this one wrote may stay."""


def enqueue(
    *,
    task: str,
    key: str,
    arguments: dict | None = None,
    by: Member | None = None,
    again: bool = False,
) -> Job:
    """The job of a key, written and rung for unless it is there already. `by` is who asked for it, if anybody.

    With `again` a job that has ended, or has begun and may have read its inputs, is queued once more under its key.
    """
    values = {"task": task, "arguments": arguments or {}, "requested_by": by}
    with transaction.atomic():
        job, is_new = Job.objects.get_or_create(key=key, defaults=values)
        if not is_new and not (again and _queue_again(job, arguments or {})):
            return job
        if by:
            audit.record(action="job.run", target=job, by=by, after={"task": task, "key": key})
    _ring_on_commit(job)
    return job


def _queue_again(job: Job, arguments: dict) -> bool:
    fresh = {"state": JobState.QUEUED, "arguments": arguments, "stops": 0, "lease_until": None}
    if Job.objects.filter(pk=job.pk, state__in=[JobState.DONE, JobState.FAILED]).update(
        **fresh, then="", error="", result={}, done_count=0, total_count=0, started_at=None, finished_at=None
    ):
        Job.objects.filter(parent=job).delete()
    elif not Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(**fresh):
        return False
    job.refresh_from_db()
    return True


# The scope is opened by the row that is inserted, so that one statement without a transaction around it is enough.
_ASK_AGAIN = """
WITH scope AS MATERIALIZED (SELECT set_config(%(setting)s, %(organization)s::text, true) AS opened)
INSERT INTO kpiapp_job AS j (organization_id, key, task, arguments, state, "then", attempt, stops, done_count,
                             total_count, result, error, created_at)
SELECT opened::bigint, %(key)s, %(task)s, %(arguments)s, 'queued', '', 0, 0, 0, 0, '{}', '', now() FROM scope
WHERE NOT EXISTS (SELECT FROM kpiapp_job q
                  WHERE q.organization_id = opened::bigint AND q.key = %(key)s AND q.state = 'queued')
ON CONFLICT (organization_id, key) DO UPDATE SET state = excluded.state, arguments = excluded.arguments, stops = 0,
    lease_until = NULL, done_count = 0, total_count = 0, result = excluded.result, error = '', started_at = NULL,
    finished_at = NULL
WHERE j.state IN ('done', 'failed', 'running')
RETURNING id
"""


def ask_again(*, organization_id: int, task: str, key: str, arguments: dict, after_seconds: int) -> None:
    """Queue work without parts that is asked for all day, unless it waits already; rung for after some seconds.

    One statement that commits by itself: call it once what the work shall see is committed, outside of any scope.
    A job that is running may have read its inputs, so it is queued once more.
    """
    parameters = {
        "setting": ORGANIZATION_SETTING,
        "organization": organization_id,
        "key": key,
        "task": task,
        "arguments": json.dumps(arguments),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ASK_AGAIN, parameters)
        asked = cursor.fetchone()
    if asked:
        ring(organization_id, asked[0], after_seconds=after_seconds)


def split(job: Job, *, task: str, parts: Iterable[tuple[dict, int]], then: str) -> int:
    """Hand the rest of a running job over to parts, each (arguments, size), and to a task that ends it; total size.

    Parts run beside each other, in any order; `then` runs once, when the last one has ended.
    """
    children = [
        Job(
            key=f"{job.key}/{job.attempt}.{number}",
            task=task,
            arguments=arguments,
            parent=job,
            total_count=size,
            requested_by_id=job.requested_by_id,
        )
        for number, (arguments, size) in enumerate(parts, 1)
    ]
    job.then, job.total_count = then, sum(child.total_count for child in children)
    for child in Job.objects.bulk_create(children, batch_size=100):
        transaction.on_commit(partial(ring, child.organization_id, child.pk))
    return job.total_count


def report(job: Job, *, done: int, total: int) -> None:
    """Show progress to others and renew the lease, at once and beside the transaction of the job's own work."""
    job.done_count, job.total_count = done, total
    if done < total and time.monotonic() - getattr(job, "reported_at", 0) < SECONDS_BETWEEN_REPORTS:
        return
    job.reported_at = time.monotonic()
    with closing(connection.copy()) as side, side.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, false)", [ORGANIZATION_SETTING, str(job.organization_id)])
        cursor.execute(_REPORT, [done, total, LEASE, job.organization_id, job.pk, job.attempt])


# Should another transaction hold the row, progress is not worth waiting for.
_REPORT = """
UPDATE kpiapp_job SET done_count = %s, total_count = %s, lease_until = now() + %s WHERE id = (
    SELECT id FROM kpiapp_job WHERE organization_id = %s AND id = %s AND attempt = %s FOR NO KEY UPDATE SKIP LOCKED)
"""


# --- running ------------------------------------------------------------------------------------------


def run(job_id: int, organization_id: int) -> Job | None:
    """Do the work of a job once; None when there is nothing to do or another process is at it."""
    organization = Organization.objects.filter(pk=organization_id, is_active=True).first()
    if organization is None:
        return None
    with (
        _held(job_id) as is_held,
        translation.override(organization.language),
        timezone.override(ZoneInfo(organization.time_zone)),
    ):
        job = claim(job_id, organization, is_held=is_held)
        if job is None or not job.is_live:
            return None
        job.organization = organization
        ends_parts = bool(job.then)
        work = _function_of(job.then or job.task)
        with _Ending(job), organization_scope(organization):
            finish(job, work(job), is_split=bool(job.then) and not ends_parts)
    return job


def claim(job_id: int, organization: Organization, *, is_held: bool) -> Job | None:
    """Take a waiting job, or one whose runner is gone, with the next attempt number; None when there is none.

    `is_held`: this session holds the job's lock, so nobody is at it. A job that stopped too often is failed instead.
    """
    now = timezone.now()
    with organization_scope(organization):
        ready = Q(state=JobState.QUEUED) & (Q(lease_until=None) | Q(lease_until__lte=now)) | Q(state=JobState.RUNNING)
        rows = Job.objects.select_for_update(skip_locked=True, of=("self",)).select_related("parent")
        if not is_held:
            # Whoever may not have the job must not hold its row either: the one who may would pass it over.
            rows = rows.filter(lease_until__lte=now)
        job = rows.filter(ready, pk=job_id).first()
        if job is None:
            return None
        job.stops += job.state == JobState.RUNNING
        job.attempt += 1
        if job.stops >= MOST_STOPS:
            job.save(update_fields=["attempt", "stops"])
            fail(job, _gave_up(job.stops))
            return job
        job.state, job.lease_until, job.started_at = JobState.RUNNING, now + LEASE, job.started_at or now
        job.save(update_fields=["state", "attempt", "stops", "lease_until", "started_at"])
        return job


def finish(job: Job, result: dict | None, *, is_split: bool = False) -> None:
    """Mark a job done, or waiting for its parts, inside the transaction of its work. Raises Fenced.

    A job that was queued again meanwhile stays queued: what it wrote stands, and it runs once more.
    """
    failed_parts = 0 if is_split or not job.then else Job.objects.filter(parent=job, state=JobState.FAILED).count()
    now = timezone.now()
    end = {"done_count": job.total_count, "finished_at": now, "state": JobState.DONE}
    if is_split:
        # Without a single part there is nothing to wait for.
        end = {"done_count": 0, "state": JobState.WAITING if job.total_count else JobState.QUEUED}
    elif failed_parts:
        end |= {"state": JobState.FAILED, "error": _parts_failed(failed_parts)}
    values = {**end, "result": result or {}, "then": job.then, "total_count": job.total_count, "stops": 0}
    mine = Job.objects.filter(pk=job.pk, attempt=job.attempt)
    if mine.filter(state=JobState.RUNNING).update(lease_until=None, **values):
        for name, value in values.items():
            setattr(job, name, value)
        if job.state == JobState.QUEUED:
            _ring_on_commit(job)
        _count_part(job)
    elif mine.filter(state=JobState.QUEUED).exists():
        _ring_on_commit(job)
    else:
        raise Fenced(f"Job {job.pk} was taken over after attempt {job.attempt}.")


def fail(job: Job, error: str) -> None:
    """End a job with a sentence, unless a later attempt has it; it still counts for what waits for all parts."""
    ended = Job.objects.filter(pk=job.pk, attempt=job.attempt, state__in=[JobState.RUNNING, JobState.QUEUED])
    if ended.update(state=JobState.FAILED, error=error, finished_at=timezone.now(), lease_until=None):
        job.state, job.error = JobState.FAILED, error
        _count_part(job)


def put_back(job: Job) -> None:
    """Queue a job again that stopped through no fault of its own, a little later each time; give up at last."""
    stops = job.stops + 1
    if stops >= MOST_STOPS:
        fail(job, _gave_up(stops))
        return
    later = timezone.now() + datetime.timedelta(seconds=2**stops)
    mine = Job.objects.filter(pk=job.pk, attempt=job.attempt, state=JobState.RUNNING)
    if mine.update(state=JobState.QUEUED, stops=stops, lease_until=later):
        transaction.on_commit(partial(ring, job.organization_id, job.pk, after_seconds=2**stops + 1))


def _count_part(part: Job) -> None:
    """Add an ended part to its parent; whoever adds the last one wakes the parent. The row's lock keeps the order."""
    if part.parent_id is None:
        return
    parent = Job.objects.filter(pk=part.parent_id, state=JobState.WAITING)
    done = F("done_count") + part.total_count
    is_last = Q(total_count__lte=done)
    if parent.update(
        done_count=done, state=Case(When(is_last, then=Value(JobState.QUEUED)), default=Value(JobState.WAITING))
    ):
        transaction.on_commit(partial(ring, part.organization_id, part.parent_id))


def _ring_on_commit(job: Job) -> None:
    transaction.on_commit(partial(ring, job.organization_id, job.pk))


def _function_of(task: str) -> Callable[[Job], dict | None]:
    if task not in registry.JOB_TASKS:
        app.loader.import_default_modules()
    return registry.JOB_TASKS[task]


@contextmanager
def _held(job_id: int) -> Iterator[bool]:
    """Hold a job's lock in this database session; whether nobody else does. A dead session lets go by itself."""
    key = [LOCK_SPACE, job_id % 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        (is_held,) = cursor.fetchone()
    try:
        yield is_held
    finally:
        if is_held and connection.is_usable() and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


class _Ending:
    """Decides what becomes of a job whose work raised: tried again, failed with a sentence, or somebody else's."""

    def __init__(self, job: Job):
        self.job = job

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback) -> bool:
        """Swallows what the user is told; lets everything else go on to the log."""
        if error is None or isinstance(error, Fenced):
            return isinstance(error, Fenced)
        if not connection.in_atomic_block and not connection.is_usable():
            connection.close()
        is_ours = isinstance(error, Exception) and not isinstance(error, OperationalError | InterfaceError)
        with organization_scope(self.job.organization_id):
            if not is_ours:
                put_back(self.job)
            else:
                fail(self.job, str(error) if isinstance(error, Refused) else _went_wrong(error))
        return isinstance(error, Refused | OperationalError | InterfaceError)


def _went_wrong(error: Exception) -> str:
    return _("It stopped with an unexpected error (%(name)s). The log has the details.") % {
        "name": type(error).__name__
    }


def _gave_up(stops: int) -> str:
    return _("It stopped %(count)d times without an end, so it was given up.") % {"count": stops}


def _parts_failed(count: int) -> str:
    return ngettext("%(count)d part failed.", "%(count)d parts failed.", count) % {"count": count}


# --- nothing is forgotten -------------------------------------------------------------------------------


def sweep() -> int:
    """Ring again for every job that waits although nobody is at it, in every organization; number of rings."""
    organizations = Organization.objects.filter(is_active=True).values_list("pk", flat=True)
    return sum(_sweep_one(organization_id) for organization_id in organizations)


_HELD = """
SELECT objid FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
WHERE l.locktype = 'advisory' AND l.classid = %s AND l.granted
"""


def _sweep_one(organization_id: int) -> int:
    now = timezone.now()
    with organization_scope(organization_id):
        with connection.cursor() as cursor:
            cursor.execute(_HELD, [LOCK_SPACE])
            held = {objid for (objid,) in cursor.fetchall()}
        is_due = Q(lease_until=None) | Q(lease_until__lte=now)
        waiting = Q(state=JobState.QUEUED, created_at__lt=now - SETTLE) & is_due
        rows = Job.objects.filter(waiting | Q(state=JobState.RUNNING)).order_by("pk")[:RINGS_PER_SWEEP]
        lost = [job.pk for job in rows if job.pk % 2**31 not in held or (job.lease_until and job.lease_until <= now)]
    for job_id in lost:
        if not ring(organization_id, job_id):
            return 0
    return len(lost)

"""Jobs: one row per key, one effect per job, nothing forgotten, errors in words."""

import datetime

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from kpiapp import registry
from kpiapp.choices import JobState
from kpiapp.models import AuditEvent, Job, Position
from kpiapp.services import jobs
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import organization_scope


@pytest.fixture
def tasks():
    """Kinds of work for tests, forgotten afterwards."""
    before = dict(registry.JOB_TASKS)
    yield registry.job_task
    registry.JOB_TASKS.clear()
    registry.JOB_TASKS.update(before)


@pytest.fixture
def write_position(tasks):
    """A task whose effect can be counted."""

    @tasks("write")
    def write(job):
        Position.objects.create(code=f"{job.key}-{job.attempt}", name="written")
        return {"written": 1}

    return write


def written():
    return Position.objects.filter(name="written").count()


def test_a_key_is_one_job(scope, write_position):
    first = jobs.enqueue(task="write", key="one", by=scope.hr)
    assert jobs.enqueue(task="write", key="one", by=scope.hr).pk == first.pk
    assert Job.objects.count() == 1
    assert list(AuditEvent.objects.values_list("action", "actor_id")) == [("job.run", scope.hr.pk)]


def test_a_job_is_done_once_however_often_it_is_rung(scope, write_position):
    job = jobs.enqueue(task="write", key="one")
    assert jobs.run(job.pk, scope.organization.pk).state == JobState.DONE
    assert jobs.run(job.pk, scope.organization.pk) is None
    job.refresh_from_db()
    assert (job.attempt, job.result, written()) == (1, {"written": 1}, 1)
    assert jobs.enqueue(task="write", key="one").state == JobState.DONE


def test_again_runs_a_finished_job_once_more_and_leaves_a_queued_one_alone(scope, write_position):
    job = jobs.enqueue(task="write", key="one", again=True)
    assert jobs.enqueue(task="write", key="one", again=True).pk == job.pk
    jobs.run(job.pk, scope.organization.pk)
    again = jobs.enqueue(task="write", key="one", again=True)
    assert (again.pk, again.state) == (job.pk, JobState.QUEUED)
    jobs.run(job.pk, scope.organization.pk)
    assert (Job.objects.get().attempt, written()) == (2, 2)


def test_asked_for_again_while_it_runs_its_work_stands_and_it_runs_once_more(scope, tasks):
    @tasks("busy")
    def busy(job):
        Position.objects.create(code=str(job.attempt), name="written")
        if job.attempt == 1:
            jobs.enqueue(task="busy", key="busy", again=True)

    job = jobs.enqueue(task="busy", key="busy")
    jobs.run(job.pk, scope.organization.pk)
    job.refresh_from_db()
    assert (job.state, written()) == (JobState.QUEUED, 1)
    jobs.run(job.pk, scope.organization.pk)
    job.refresh_from_db()
    assert (job.state, written()) == (JobState.DONE, 2)


def test_a_later_attempt_fences_off_an_earlier_one(scope, tasks):
    @tasks("slow")
    def slow(job):
        Position.objects.create(code="x", name="written")
        Job.objects.filter(pk=job.pk).update(attempt=job.attempt + 1)

    job = jobs.enqueue(task="slow", key="slow")
    jobs.run(job.pk, scope.organization.pk)
    job.refresh_from_db()
    # All that the fenced attempt wrote is gone, the other one's row included here, since both shared a transaction.
    assert (job.state, written()) == (JobState.RUNNING, 0)


def test_a_refusal_is_told_in_its_own_words_and_other_errors_name_themselves(scope, tasks):
    @tasks("refuse")
    def refuse(job):
        Position.objects.create(code="x", name="written")
        raise Refused("The file is empty.")

    @tasks("break")
    def break_down(job):
        raise ZeroDivisionError

    first = jobs.run(jobs.enqueue(task="refuse", key="a").pk, scope.organization.pk)
    assert (first.state, first.error, written()) == (JobState.FAILED, "The file is empty.", 0)
    broken = jobs.enqueue(task="break", key="b")
    with pytest.raises(ZeroDivisionError):
        jobs.run(broken.pk, scope.organization.pk)
    broken.refresh_from_db()
    assert broken.state == JobState.FAILED
    assert "ZeroDivisionError" in broken.error


def test_a_lost_database_puts_the_job_back_and_gives_up_in_the_end(scope, tasks):
    @tasks("unlucky")
    def unlucky(job):
        raise OperationalError("server closed the connection unexpectedly")

    job = jobs.enqueue(task="unlucky", key="u")
    for stops in range(1, jobs.MOST_STOPS):
        assert jobs.run(job.pk, scope.organization.pk) is not None
        job.refresh_from_db()
        assert (job.state, job.stops) == (JobState.QUEUED, stops)
        assert jobs.run(job.pk, scope.organization.pk) is None, "not before its time"
        Job.objects.update(lease_until=timezone.now() - datetime.timedelta(seconds=1))
    jobs.run(job.pk, scope.organization.pk)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert str(jobs.MOST_STOPS) in job.error


def test_a_job_left_by_a_dead_worker_is_taken_over_and_after_five_times_given_up(scope, write_position):
    job = jobs.enqueue(task="write", key="one")
    Job.objects.update(state=JobState.RUNNING, attempt=1, lease_until=timezone.now() + jobs.LEASE)
    assert jobs.run(job.pk, scope.organization.pk).attempt == 2
    Job.objects.update(state=JobState.RUNNING, stops=jobs.MOST_STOPS - 1, lease_until=timezone.now() + jobs.LEASE)
    assert jobs.run(job.pk, scope.organization.pk) is None
    job.refresh_from_db()
    assert (job.state, written()) == (JobState.FAILED, 1)


def test_parts_run_beside_each_other_and_the_end_runs_once(scope, tasks):
    ends = []

    @tasks("whole")
    def whole(job):
        jobs.split(job, task="part", parts=[({"n": n}, 10) for n in range(3)], then="end")

    @tasks("part")
    def part(job):
        Position.objects.create(code=str(job.arguments["n"]), name="written")
        if job.arguments["n"] == 2 and job.arguments.get("bad"):
            raise Refused("no")

    @tasks("end")
    def end(job):
        ends.append(written())
        return {"parts": 3}

    job = jobs.enqueue(task="whole", key="w")
    jobs.run(job.pk, scope.organization.pk)
    parts = list(Job.objects.filter(parent=job).order_by("pk"))
    job.refresh_from_db()
    assert (job.state, job.total_count, len(parts)) == (JobState.WAITING, 30, 3)
    assert jobs.run(job.pk, scope.organization.pk) is None
    Job.objects.filter(pk=parts[2].pk).update(arguments={"n": 2, "bad": True})
    for child in reversed(parts):
        jobs.run(child.pk, scope.organization.pk)
        jobs.run(child.pk, scope.organization.pk)
    job.refresh_from_db()
    assert (job.state, job.done_count) == (JobState.QUEUED, 30)
    jobs.run(job.pk, scope.organization.pk)
    job.refresh_from_db()
    assert (job.state, ends, written()) == (JobState.FAILED, [2], 2)
    assert "1" in job.error


def test_nothing_to_split_still_ends(scope, tasks):
    @tasks("whole")
    def whole(job):
        jobs.split(job, task="part", parts=[], then="end")

    @tasks("end")
    def end(job):
        return {"ended": 1}

    job = jobs.enqueue(task="whole", key="w")
    jobs.run(job.pk, scope.organization.pk)
    jobs.run(job.pk, scope.organization.pk)
    job.refresh_from_db()
    assert (job.state, job.result) == (JobState.DONE, {"ended": 1})


def test_the_sweeper_finds_what_was_forgotten_and_leaves_what_is_at_work(scope, write_position):
    forgotten = jobs.enqueue(task="write", key="forgotten")
    fresh = jobs.enqueue(task="write", key="fresh")
    at_work = jobs.enqueue(task="write", key="at work")
    ended = jobs.enqueue(task="write", key="ended")
    jobs.run(ended.pk, scope.organization.pk)
    Job.objects.filter(pk=forgotten.pk).update(created_at=timezone.now() - datetime.timedelta(minutes=1))
    Job.objects.filter(pk=at_work.pk).update(state=JobState.RUNNING, lease_until=timezone.now() + jobs.LEASE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [jobs.LOCK_SPACE, at_work.pk])
        assert jobs.sweep() == 1
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [jobs.LOCK_SPACE, at_work.pk])
    assert jobs.sweep() == 2, "the worker of the third is gone"
    fresh.refresh_from_db()
    assert fresh.state == JobState.QUEUED


def test_a_job_of_another_company_cannot_be_run_or_seen(scope, binh_minh, write_position):
    job = jobs.enqueue(task="write", key="mine")
    assert jobs.run(job.pk, binh_minh.organization.pk) is None
    with organization_scope(binh_minh.organization):
        assert not Job.objects.exists()
    job.refresh_from_db()
    assert job.attempt == 0


def test_progress_outside_a_committed_row_harms_nothing(scope, write_position):
    job = jobs.enqueue(task="write", key="one")
    jobs.report(job, done=1, total=4)
    assert (job.done_count, job.total_count) == (1, 4)

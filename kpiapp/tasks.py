"""Celery's side of background work: messages carry ids, the rows of Job say what to do."""

from celery import shared_task
from django.utils import timezone

from kpiapp import nightly, queries, registry
from kpiapp.models import ImportBatch, Job, Member
from kpiapp.services import digests, imports, jobs, notifications
from kpiapp.services.refusals import Refused
from kpiapp.spreadsheets import FileRefused


@shared_task
def run_job(organization_id: int, job_id: int) -> None:
    """Do the work of one job, if nobody else does."""
    jobs.run(job_id, organization_id)


@shared_task
def sweep_jobs() -> None:
    """Ring for jobs that were forgotten by a broker or left by a dead worker."""
    jobs.sweep()


@shared_task
def start_nights() -> None:
    """Start the night of every organization whose local clock has passed the hour, once per local date."""
    nightly.start_nights(now=timezone.now())


@shared_task
def start_digests() -> None:
    """Ask for the mails of every organization in which somebody's hour has come."""
    digests.start_digests(now=timezone.now())


registry.job_task(digests.DIGESTS)(digests.plan)
registry.job_task(digests.PART)(digests.write_digests)
registry.job_task(digests.END)(digests.end)
registry.job_task(notifications.URGENT)(digests.write_urgent)


@registry.job_task("import")
def run_import(job: Job) -> dict:
    """Check, apply or undo an uploaded file on behalf of who asked for it."""
    today = timezone.localdate()
    run = imports.Run(
        organization=job.organization,
        by=queries.load_access(Member.objects.filter(pk=job.requested_by_id), today),
        on=today,
        report=lambda done, total: jobs.report(job, done=done, total=total),
    )
    batch = ImportBatch.objects.get(pk=job.arguments["batch"])
    try:
        return imports.STEPS[job.arguments["step"]](batch=batch, run=run).counts
    except (Refused, FileRefused) as refusal:
        raise jobs.JobError(str(refusal)) from refusal

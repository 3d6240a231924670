"""Celery's side of background work: messages carry ids, the rows of Job say what to do."""

from celery import shared_task
from django.utils import timezone

from kpiapp import nightly
from kpiapp.services import jobs


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

"""Work of scorecards that runs in the background."""

from django.utils import timezone

from kpiapp.models import Job, Period
from kpiapp.registry import job_task
from scorecards.services import rollups


@job_task(rollups.TASK)
def refresh(job: Job) -> dict:
    """Roll up the period that the job names, if it still takes entries."""
    period = Period.objects.get(pk=job.arguments["period"])
    if not period.is_open:
        return {"written": 0}
    return {"written": rollups.refresh_rollups(period=period, on=timezone.localdate(), job=job)}

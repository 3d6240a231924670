"""Work of scorecards that runs in the background."""

from django.db import transaction
from django.utils import timezone

from kpiapp import queries
from kpiapp.models import Job, Member, Period
from kpiapp.registry import job_task
from kpiapp.services import jobs
from scorecards import recompute
from scorecards.models import AssignmentDraft
from scorecards.services import drafts, rollups


@job_task(rollups.TASK)
def refresh(job: Job) -> dict:
    """Roll up the period that the job names, if it still takes entries; formulas of cards further down follow first."""
    period = Period.objects.get(pk=job.arguments["period"])
    if not period.is_open:
        return {"written": 0}
    on = timezone.localdate()
    with transaction.atomic():
        recompute.follow_formulas(period_ids=[period.pk], on=on)
    return {"written": rollups.refresh_rollups(period=period, on=on, job=job)}


@job_task(drafts.TASK)
def put_draft(job: Job) -> dict:
    """Put a large assignment grid on cards, on behalf of who filled it."""
    today = timezone.localdate()
    draft = drafts.put_draft(
        draft=AssignmentDraft.objects.get(pk=job.arguments["draft"]),
        by=queries.load_access(Member.objects.filter(pk=job.requested_by_id), today),
        today=today,
        report=lambda done, total: jobs.report(job, done=done, total=total),
    )
    return {"lines": draft.result["lines"]}

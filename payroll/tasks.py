"""Work of pay that runs in the background."""

from django.utils import timezone

from kpiapp import registry
from kpiapp.models import Job, Member, Organization
from kpiapp.registry import job_task
from kpiapp.services import jobs
from payroll.choices import ExportFormat
from payroll.demo.build import fill_with_sample
from payroll.exports import export_run
from payroll.models import PayRun
from payroll.services import exports, runs


@job_task(runs.CALCULATE)
def calculate(job: Job) -> dict:
    """Calculate the run that the job names; the requester is who calculated it."""
    run = PayRun.objects.get(pk=job.arguments["run"])
    runs.calculate(run=run, by=job.requested_by, progress=lambda done, total: jobs.report(job, done=done, total=total))
    return {"run": run.pk}


@job_task(exports.EXPORT)
def export(job: Job) -> dict:
    """Make the file that the job names."""
    run = PayRun.objects.select_related("organization", "period", "made_by", "approved_by").get(pk=job.arguments["run"])
    made = export_run(
        run=run,
        format=ExportFormat(job.arguments["format"]),
        by=job.requested_by,
        progress=lambda done, total: jobs.report(job, done=done, total=total),
    )
    return {"run": run.pk, "export": made.pk}


SAMPLE = "payroll.sample_data"


def request_sample(organization: Organization, owner: Member) -> Job:
    """Fill a new organization with a company to try things on, in the background: it takes some seconds."""
    return jobs.enqueue(task=SAMPLE, key=registry.SAMPLE_KEY, by=owner)


@job_task(SAMPLE)
def sample(job: Job) -> dict:
    """Write the sample company below the owner who asked for it."""
    fill_with_sample(job.organization, owner=job.requested_by, today=timezone.localdate())
    return {}

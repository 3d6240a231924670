"""Work of pay that runs in the background."""

from kpiapp.models import Job
from kpiapp.registry import job_task
from kpiapp.services import jobs
from payroll.choices import ExportFormat
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
    made = export_run(run=run, format=ExportFormat(job.arguments["format"]), by=job.requested_by)
    return {"run": run.pk, "export": made.pk}

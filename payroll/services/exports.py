"""Payroll files: made from locked runs alone, versioned, hashed, logged; every download leaves a trace."""

import hashlib
from pathlib import Path

from django.core.files import File
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from kpiapp.models import Job, Member
from kpiapp.services import audit, jobs
from kpiapp.services.refusals import Refused
from payroll.choices import ExportFormat
from payroll.models import PayExport, PayRun
from payroll.services import verification

EXPORT = "payroll.export"


class ExportRefused(Refused):
    """A payroll file that may not be made; the message says why."""


@transaction.atomic
def request_export(*, run: PayRun, format: ExportFormat, by: Member) -> Job:
    """Have a file made in the background; asking again while it is being made gives the same job."""
    check_locked(run)
    version = _next_version(run)
    return jobs.enqueue(
        task=EXPORT,
        key=f"pay-export-{run.pk}-{version}-{format}",
        arguments={"run": run.pk, "format": str(format)},
        by=by,
    )


@transaction.atomic
def store_export(*, run: PayRun, format: ExportFormat, content: Path, by: Member | None) -> PayExport:
    """Keep and log the file made of a locked run as its next version. Refused when the run is not what was sealed."""
    runs = PayRun.objects.select_for_update(of=("self",)).select_related("organization", "period")
    run = runs.get(pk=run.pk)
    check_locked(run)
    if problems := verification.verify_run(run):
        raise ExportRefused(_("The run was changed behind the application: %(first)s") % {"first": problems[0]})
    version = _next_version(run)
    digest = hashlib.sha256(content.read_bytes()).hexdigest()
    export = PayExport(
        run=run,
        version=version,
        format=format,
        filename=f"payroll_{run.organization.slug}_{run.period.code}_{run.pk}_v{version}.{format.extension}",
        sha256=digest,
        rows=run.people_count,
        total_amount=run.gross_total,
        exported_by=by,
    )
    export.stamp_organization()
    with content.open("rb") as opened:
        export.file.save(digest, File(opened), save=False)
    export.save()
    _record("pay_export.make", export, by)
    return export


@transaction.atomic
def record_download(*, export: PayExport, by: Member) -> None:
    """Log that a file left the house: who, which rows, which sum, which hash."""
    _record("pay_export.download", export, by)


def _record(action: str, export: PayExport, by: Member | None) -> None:
    after = {
        "filename": export.filename,
        "rows": export.rows,
        "total_amount": export.total_amount,
        "sha256": export.sha256,
    }
    audit.record(action=action, target=export.run, by=by, after=after, is_pay=True)


def check_locked(run: PayRun) -> None:
    """Only what can no longer change leaves the house. Raises ExportRefused."""
    if not run.is_locked:
        raise ExportRefused(_("Only a locked run is exported: have it approved and lock it first."))


def _next_version(run: PayRun) -> int:
    return (run.exports.aggregate(last=Max("version"))["last"] or 0) + 1

"""manage.py export_pay: the payroll file of a locked month, logged like one made in the browser."""

import shutil
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from kpiapp.models import Organization
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import organization_scope
from payroll.choices import ExportFormat
from payroll.exports import export_run
from payroll.models import PayRun


class Command(BaseCommand):
    """Write the payroll file of an organization's locked month to a path."""

    help = "Write the payroll file of a locked month (XLSX or CSV) and log it."

    def add_arguments(self, parser):
        """Which organization, which month, which format, where to."""
        parser.add_argument("--organization", required=True, help="slug of the organization")
        parser.add_argument("--period", required=True, help="the month, as YYYY-MM")
        parser.add_argument("--format", required=True, choices=ExportFormat.values)
        parser.add_argument("--out", required=True, type=Path, help="the file to write")

    def handle(self, *, organization, period, format, out, **options):
        """Print rows, total and hash."""
        found = Organization.objects.filter(slug=organization).first()
        if found is None:
            raise CommandError(f"There is no organization “{organization}”.")
        with organization_scope(found):
            runs = PayRun.objects.select_related("organization", "period", "made_by", "approved_by")
            run = next((run for run in runs if run.period.code == period), None)
            if run is None:
                raise CommandError(f"{found.name} has no pay run for {period}.")
            try:
                export = export_run(run=run, format=ExportFormat(format), by=None)
            except Refused as refusal:
                raise CommandError(str(refusal)) from refusal
            with export.file.open("rb") as source, out.open("wb") as target:
                shutil.copyfileobj(source, target)
        self.stdout.write(
            f"{out}: {export.rows} people, total {export.total_amount:f}, version {export.version}, {export.sha256}"
        )

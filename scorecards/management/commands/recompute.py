"""Recompute scores by hand: what the night does, here and now, printing what it did."""

from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kpiapp import nightly
from kpiapp.choices import JobState
from kpiapp.models import Job, Organization, Period
from kpiapp.services import jobs
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import organization_scope


class Command(BaseCommand):
    """`manage.py recompute --organization X --period 2026-11`: the night of one period, in this process."""

    help = "Recompute completion, scores, roll-ups, warnings and tiers of one period, in this process."

    def add_arguments(self, parser):
        """Organization by its address, period by its code."""
        parser.add_argument("--organization", required=True, help="the word in its address, such as an-phat")
        parser.add_argument("--period", required=True, help="2026-11, 2026-Q4, 2026-H2 or 2026")
        parser.add_argument("--full", action="store_true", help="every card, with its entries added up anew")

    def handle(self, *, organization, period, full, **options):
        """Run the job and print its counts; exit 1 when it failed."""
        found = Organization.objects.filter(slug=organization).first()
        if found is None:
            raise CommandError(f"There is no organization “{organization}”.")
        with organization_scope(found):
            named = next((row for row in Period.objects.all() if row.code == period), None)
            if named is None:
                known = ", ".join(row.code for row in Period.objects.all())
                raise CommandError(f"{organization} has no period “{period}”. It has: {known}.")
            try:
                now = timezone.now()
                day = now.astimezone(ZoneInfo(found.time_zone)).date()
                job = nightly.run_now(on=day, now=now, by=None, period=named, full=full, refresh=full)
            except Refused as error:
                raise CommandError(str(error)) from error
        self._work(job)
        for name, count in sorted(job.result.items()):
            if isinstance(count, int):
                self.stdout.write(f"{name.replace('_', ' ')}: {count}")

    def _work(self, job: Job) -> None:
        """Plan, every part, and the end, one after the other; workers that were rung meanwhile help."""
        while True:
            jobs.run(job.pk, job.organization_id)
            with organization_scope(job.organization_id):
                job.refresh_from_db()
                waiting = Job.objects.filter(parent=job, state=JobState.QUEUED).order_by("pk")
                parts = list(waiting.values_list("pk", flat=True))
            if not job.is_live:
                break
            for part in parts:
                jobs.run(part, job.organization_id)
        if job.state == JobState.FAILED:
            raise CommandError(job.error)

"""manage.py verify_pay: recompute every locked run of an organization from its stored inputs."""

from django.core.management.base import BaseCommand, CommandError

from kpiapp.models import Organization
from kpiapp.tenancy import organization_scope
from payroll.choices import RunState
from payroll.models import PayRun
from payroll.services.verification import verify_chain


class Command(BaseCommand):
    """Exit 1 and say what is wrong when a locked run is not what was sealed."""

    help = "Recompute every locked pay run from its inputs and compare hashes, lines and totals."

    def add_arguments(self, parser):
        """Which organization."""
        parser.add_argument("--organization", required=True, help="slug of the organization")

    def handle(self, *, organization, **options):
        """Print how many runs were verified, or every problem."""
        found = Organization.objects.filter(slug=organization).first()
        if found is None:
            raise CommandError(f"There is no organization “{organization}”.")
        with organization_scope(found):
            problems = verify_chain()
            runs = PayRun.objects.filter(state=RunState.LOCKED).count()
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write(f"{runs} locked runs verified")

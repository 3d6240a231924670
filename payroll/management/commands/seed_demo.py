"""Load the demo companies, or say how to sign in to them."""

from django.core.management.base import BaseCommand
from django.db import connections
from django.utils import timezone

from kpiapp.models import Organization, User
from payroll.demo.build import COMPANIES, build_company
from payroll.demo.people import PASSWORD

SHOWN_ROLES = ("employee", "manager", "hr", "payroll.maker", "payroll.approver", "strategy", "owner", "auditor")


class Command(BaseCommand):
    """Demo companies, generated from a seed."""

    help = "Load the two demo companies (for a database that is there to be looked into, never for production)."

    def add_arguments(self, parser):
        """Two switches for the start-up."""
        parser.add_argument("--if-empty", action="store_true", help="Do nothing when there is any organization.")
        parser.add_argument("--show-logins", action="store_true", help="Only print the demo logins.")

    def handle(self, *args, **options):
        """Build, or print."""
        if options["show_logins"]:
            self._show_logins()
            return
        if options["if_empty"] and Organization.objects.exists():
            return
        for name in COMPANIES:
            build_company(name, today=timezone.localdate())
            self.stdout.write(f"Loaded the demo company {name}.")
        with connections["owner"].cursor() as cursor:
            # The planner should know the new rows before the first visitor comes, not a minute later.
            cursor.execute("ANALYZE")

    def _show_logins(self):
        for slug in Organization.objects.filter(is_demo=True).order_by("pk").values_list("slug", flat=True):
            emails = {f"{role}@{slug}.example": role.replace(".", " ") for role in SHOWN_ROLES}
            known = User.objects.filter(email__in=emails).values_list("email", flat=True)
            self.stdout.write(f"  /{slug}/  password “{PASSWORD}”")
            for email in sorted(known, key=list(emails).index):
                self.stdout.write(f"    {emails[email]:<17}{email}")

"""A program on the servers of a test: `build N` makes a company, `night` starts its night, `sweep` keeps sweeping."""

import os
import sys
import time

import django


def main(command: str, *arguments: str) -> None:
    """Set Django up on the servers named in the environment, then do as told."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpiapp.settings")
    django.setup()
    {"build": build, "night": night, "sweep": sweep}[command](*arguments)


def build(people: str) -> None:
    """A company with so many people, ten KPIs each, and running actuals as the bulk path keeps them."""
    from django.core.management import call_command

    call_command("migrate", database="owner", verbosity=0)
    from benchmarks import data
    from kpiapp.tenancy import organization_scope
    from scorecards.models import ScorecardLine
    from scorecards.recompute import refresh_actuals

    organization, _period = data.build(int(people))
    with organization_scope(organization):
        refresh_actuals(line_ids=ScorecardLine.objects.values_list("pk", flat=True))


def night(part_size: str) -> None:
    """Ask for a full night in small parts."""
    from kpiapp.models import Organization
    from kpiapp.services import jobs
    from kpiapp.tenancy import organization_scope

    with organization_scope(Organization.objects.get()):
        arguments = {"on": "2026-11-25", "full": True, "part_size": int(part_size)}
        jobs.enqueue(task="night", key=f"night:{time.time()}", arguments=arguments)


def sweep() -> None:
    """What the beat and a worker do every half minute, every second, through every failure of the servers."""
    from django.db import DatabaseError, InterfaceError, connection

    from kpiapp.services import jobs

    while True:
        try:
            jobs.sweep()
        except (DatabaseError, InterfaceError):
            connection.close()
        time.sleep(1)


if __name__ == "__main__":
    main(*sys.argv[1:])

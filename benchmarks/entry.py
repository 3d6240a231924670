"""Logging one value in a large organization: queries and server time of the request that saves a cell."""

import statistics
import time
from functools import partial

from django.db import connection
from django.test import Client
from django.utils import timezone

from benchmarks import data
from benchmarks.night import first_scores, show
from kpiapp.models import Member, User
from kpiapp.tenancy import organization_scope
from scorecards.models import ScorecardLine

PEOPLE = (50, 5_000)
TIMES = 200


def run(people: int) -> None:
    """The same request in a small and in a large company: how many people there are must not matter."""
    for size in PEOPLE:
        organization, _period = data.build(size, slug=f"of-{size}", around=timezone.localdate())
        first_scores(organization)
        client, line_ids = sign_in(organization)
        for line_id in line_ids:
            save(client, organization, line_id, "7")
        statements: list[str] = []
        with connection.execute_wrapper(partial(note, statements)):
            save(client, organization, line_ids[0], "8")
        seconds = sorted(save(client, organization, line_ids[n % len(line_ids)], str(n)) for n in range(TIMES))
        show(
            "entry.save_one_cell",
            people=size,
            queries=len(statements),
            median_ms=1000 * statistics.median(seconds),
            p95_ms=1000 * seconds[int(0.95 * TIMES)],
            at_most={"queries": 15, "p95_ms": 100},
        )


def note(statements: list[str], execute, sql, *rest):
    """Count a statement and let it pass."""
    statements.append(sql)
    return execute(sql, *rest)


def sign_in(organization) -> tuple[Client, list[int]]:
    """A browser of somebody in the middle of the company, and the lines of their card."""
    with organization_scope(organization):
        member = Member.objects.order_by("pk")[Member.objects.count() // 2]
        user = User.objects.create(email=f"{organization.slug}@example.com", organization_ids=[organization.pk])
        Member.objects.filter(pk=member.pk).update(user=user)
        lines = ScorecardLine.objects.filter(scorecard__member=member).order_by("pk")
        line_ids = list(lines.values_list("pk", flat=True))
    client = Client()
    client.force_login(user)
    return client, line_ids


def save(client: Client, organization, line_id: int, value: str) -> float:
    """Seconds from the request to its answer, middleware and templates included."""
    started = time.perf_counter()
    response = client.post(
        f"/{organization.slug}/scorecards/lines/{line_id}/record/", {"value": value}, headers={"HX-Request": "true"}
    )
    seconds = time.perf_counter() - started
    assert response.status_code == 200, response.content
    return seconds

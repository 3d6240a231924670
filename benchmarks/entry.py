"""Logging one value in a large organization: queries, and the time one web worker takes to save a cell."""

from decimal import Decimal

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from benchmarks import data
from benchmarks.night import first_scores, show
from benchmarks.web import Browser, percentiles, web_worker
from kpiapp.models import Member, Organization, Position, User
from kpiapp.tenancy import organization_scope
from payroll.models import PositionPay
from payroll.services import policies
from scorecards.models import ScorecardLine

PEOPLE = (50, 5_000)
TIMES = 300
LIMITS = {"queries": 15, "p95_ms": 100}


def run(people: int) -> None:
    """The same request in a small and in a large company: how many people there are must not matter."""
    for size in PEOPLE:
        organization, _period = data.build(size, slug=f"of-{size}", around=timezone.localdate())
        first_scores(organization)
        _set_rates(organization)
        user, line_ids = _somebody(organization)
        data.analyse()
        paths = [reverse("scorecards:line_record", args=[organization.slug, pk]) for pk in line_ids]
        queries = _count(user, paths)
        with web_worker() as worker:
            browser = Browser(worker.port, user)
            browser.get(reverse("scorecards:mine", args=[organization.slug]))
            for path in paths:
                browser.post(path, {"value": "7"})
            before = worker.cpu_seconds()
            seconds = [browser.post(paths[n % len(paths)], {"value": str(n)})[0] for n in range(TIMES)]
            cpu = {"worker_cpu_ms": 1000 * (worker.cpu_seconds() - before) / TIMES}
        show("entry.save_one_cell", people=size, **queries, **percentiles(seconds), **cpu, at_most=LIMITS)


def _set_rates(organization: Organization) -> None:
    """Tiers and amounts, so that tiles show a tier and its pay as they do in real companies."""
    with organization_scope(organization):
        policies.start_organization(organization, None)
        PositionPay.objects.create(
            position=Position.objects.get(),
            p1_amount=Decimal(15_000_000),
            p3_target_amount=Decimal(3_300_000),
            valid_from="2026-01-01",
            approved_at=timezone.now(),
        )


def _somebody(organization: Organization) -> tuple[User, list[int]]:
    """Somebody in the middle of the company who can sign in, and the lines of their card."""
    with organization_scope(organization):
        member = Member.objects.order_by("pk")[Member.objects.count() // 2]
        user = User.objects.create(email=f"{organization.slug}@example.com", organization_ids=[organization.pk])
        Member.objects.filter(pk=member.pk).update(user=user)
        lines = ScorecardLine.objects.filter(scorecard__member=member).order_by("pk")
        return user, list(lines.values_list("pk", flat=True))


def _count(user: User, paths: list[str]) -> dict[str, int]:
    """Statements of a first value and of its correction, with all that follows the commit, without BEGIN and COMMIT."""
    client = Client()
    client.force_login(user)
    counted = []
    for path, value in ((paths[0], "7"), (paths[1], "7"), (paths[1], "8")):
        with CaptureQueriesContext(connection) as captured:
            answer = client.post(path, {"value": value}, headers={"HX-Request": "true"})
        assert answer.status_code == 200, answer.content
        counted.append(sum(query["sql"] not in ("BEGIN", "COMMIT") for query in captured))
    # The first one also compiles the rules of the card, once per process.
    return {"queries": counted[1], "queries_of_a_correction": counted[2]}

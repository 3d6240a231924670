"""Every main page of a company of 5,000 people: queries, and how long one web worker takes to answer."""

import datetime
from contextlib import closing
from decimal import Decimal

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from benchmarks import data
from benchmarks.night import show
from benchmarks.web import Browser, percentiles, web_worker
from kpiapp.choices import JobState, Role
from kpiapp.models import AuditEvent, Department, Employment, Job, Member, Period, Position, RoleGrant, User
from kpiapp.tenancy import organization_scope
from payroll.models import PositionPay
from payroll.services import policies, runs
from scorecards.choices import LinkKind, OwnerKind
from scorecards.models import KpiLink, OwnedKpi, Scorecard, ScorecardLine
from scorecards.recompute import apply_links, refresh_actuals, rescore_cards
from scorecards.services.rollups import refresh_rollups
from strategy.choices import MapState
from strategy.models import CauseLink, KpiVersion, Objective, Perspective, StrategyMap

PEOPLE, FEW = 5_000, 50
LIMITS = {"queries": 20, "other_than_in_a_small_company": 0, "p50_ms": 300, "worker_cpu_ms": 300}
OBJECTIVES = 60
BELOW = 500
EVENTS = 20_000
ROUNDS = 40
LONG_AGO = datetime.date(2026, 1, 1)
FAR_END = datetime.date(2100, 1, 1)
ROLES = (Role.OWNER, Role.HR, Role.STRATEGY, Role.PAYROLL_MAKER, Role.AUDITOR)

_MEASURED = """
UPDATE strategy_kpiversion v SET objective_id = o.id
FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM strategy_objective
      WHERE organization_id = %(organization)s AND map_id = %(chart)s) o
WHERE v.organization_id = %(organization)s
  AND o.place = (SELECT count(*) FROM strategy_kpiversion b
                 WHERE b.organization_id = %(organization)s AND b.id <= v.id);
UPDATE strategy_kpidefinition d SET current_id = v.id
FROM strategy_kpiversion v WHERE v.definition_id = d.id AND d.organization_id = %(organization)s
"""


def run(people: int) -> None:
    """One JSON line per page. The promise fixes the sizes of both companies: `people` only makes the large one smaller.

    A page asks the database the same in both, so it asks the same at any size.
    """
    small, large = build(FEW, slug="few"), build(min(people, PEOPLE), slug="pages")
    queries_of_few = {name: count_queries(small[0], path) for name, path in small[1].items()}
    user, paths = large
    with web_worker() as worker:
        browser = Browser(worker.port, user)
        for name, path in paths.items():
            queries = count_queries(user, path)
            for _ in range(3):
                browser.get(path)
            before = worker.cpu_seconds()
            asked = [browser.get(path) for _ in range(ROUNDS)]
            cpu = {"worker_cpu_ms": 1000 * (worker.cpu_seconds() - before) / ROUNDS}
            times, size = percentiles([seconds for seconds, _ in asked]) | cpu, asked[-1][1]
            asks = {"queries": queries, "other_than_in_a_small_company": abs(queries - queries_of_few[name])}
            show("page", page=name, **asks, **times, kilobytes=size / 1000, at_most=LIMITS)


def count_queries(user: User, path: str) -> int:
    """Statements of a page, without BEGIN and COMMIT, of a process that has shown it before."""
    client = Client()
    client.force_login(user)
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    return sum(query["sql"] not in ("BEGIN", "COMMIT") for query in captured)


def build(people: int, slug: str = "pages") -> tuple[User, dict[str, str]]:
    """The company with strategy, scores, pay and history; someone who may open everything; the pages."""
    organization, period = data.build(people, slug=slug, around=timezone.localdate())
    with organization_scope(organization):
        viewer = _viewer(organization)
        chart = _strategy(viewer)
    _measure(organization, chart)
    with organization_scope(organization):
        unit, carried = _department(period)
        refresh_actuals(line_ids=ScorecardLine.objects.values_list("pk", flat=True))
        rescore_cards(card_ids=Scorecard.objects.values_list("pk", flat=True), on=timezone.localdate())
        apply_links(on=timezone.localdate())
        refresh_rollups(period=period, on=timezone.localdate())
        policies.start_organization(organization, None)
        PositionPay.objects.create(
            position=Position.objects.get(),
            p1_amount=Decimal(15_000_000),
            p3_target_amount=Decimal(3_300_000),
            valid_from=LONG_AGO,
            approved_at=timezone.now(),
        )
        pay = runs.create_run(period=period, by=viewer)
        runs.calculate(run=pay, by=viewer, progress=lambda done, total: None)
        _history(viewer)
        line = ScorecardLine.objects.filter(scorecard__member=viewer).order_by("pk").first()
        card = Scorecard.objects.exclude(member=viewer).order_by("-pk").first()
    data.analyse()
    pages = {
        "home": reverse("kpiapp:home", args=[organization.slug]),
        "my scorecard": reverse("scorecards:mine", args=[organization.slug]),
        "a scorecard": reverse("scorecards:card", args=[organization.slug, card.pk]),
        "a line": reverse("scorecards:line", args=[organization.slug, line.pk]),
        "team": reverse("scorecards:team", args=[organization.slug]),
        "approvals": reverse("scorecards:approvals", args=[organization.slug]),
        "changes": reverse("scorecards:changes", args=[organization.slug]),
        "assign": reverse("scorecards:assign", args=[organization.slug]),
        "map": reverse("strategy:map", args=[organization.slug]),
        "library": reverse("strategy:library", args=[organization.slug]),
        "KPIs": reverse("strategy:kpi_list", args=[organization.slug]),
        "people": reverse("kpiapp:people", args=[organization.slug]),
        "departments": reverse("kpiapp:departments", args=[organization.slug]),
        "periods": reverse("kpiapp:periods", args=[organization.slug]),
        "pay runs": reverse("payroll:run_list", args=[organization.slug]),
        "pay run": reverse("payroll:run", args=[organization.slug, pay.pk]),
        "pay rules, people": reverse("payroll:member_rates", args=[organization.slug]),
        "nights": reverse("kpiapp:jobs", args=[organization.slug]),
        "audit": reverse("kpiapp:audit", args=[organization.slug]),
    }
    pages["a department of 500 lines"] = f"{pages['team']}?department={unit.pk}"
    pages["the KPI tree"] = reverse("scorecards:tree", args=[organization.slug])
    pages["a KPI with 500 lines below"] = reverse("scorecards:tree_line", args=[organization.slug, carried.pk])
    pages["loose ends"] = reverse("scorecards:loose_ends", args=[organization.slug])
    pages["team, the last page"] = pages["team"] + "?page=100"
    pages["people, searched"] = pages["people"] + "?q=person+49"
    return viewer.user, pages


def _viewer(organization) -> Member:
    """Somebody in the middle of the company with every role that one person may hold."""
    viewer = Member.objects.order_by("pk")[Member.objects.count() // 2]
    viewer.user = User.objects.create(
        email=f"{organization.slug}@example.com", organization_ids=[organization.pk], language="vi"
    )
    viewer.save(update_fields=["user"])
    first, second = Member.objects.order_by("pk")[:2]
    RoleGrant.objects.bulk_create(
        RoleGrant(
            member=viewer,
            role=role,
            valid_from=LONG_AGO,
            valid_to=FAR_END,
            granted_by=first,
            confirmed_by=second,
            confirmed_at=timezone.now(),
        )
        for role in ROLES
    )
    return viewer


def _department(period: Period) -> tuple[Department, ScorecardLine]:
    """A department of 50 people with ten lines each, and its KPI that 500 people's lines add up into."""
    unit = Department.objects.filter(parent__isnull=False).order_by("pk")[0]
    inside = Member.objects.order_by("pk").values("pk")[: BELOW // data.LINES]
    Employment.objects.filter(member__in=inside).update(department=unit)
    kpi = KpiVersion.objects.order_by("pk")[0]
    ends = []
    for owner in ({"owner_kind": OwnerKind.ORGANIZATION}, {"owner_kind": OwnerKind.DEPARTMENT, "department": unit}):
        card = Scorecard.objects.create(period=period, **owner)
        line = ScorecardLine.objects.create(scorecard=card, kpi=kpi, weight=100, target=BELOW * 500)
        ends.append(OwnedKpi.objects.create(definition=kpi.definition, **owner))
    below = ScorecardLine.objects.filter(kpi=kpi, scorecard__member__isnull=False).order_by("pk")
    below = list(below.values_list("scorecard__member", flat=True)[:BELOW])
    if len(below) < BELOW:
        # In a small company not everybody has it on their card.
        rest = Scorecard.objects.filter(member__isnull=False).exclude(member__in=below)[: BELOW - len(below)]
        ScorecardLine.objects.bulk_create(ScorecardLine(scorecard=one, kpi=kpi, weight=10, target=500) for one in rest)
        below += [one.member_id for one in rest]
    owned = OwnedKpi.objects.bulk_create(
        OwnedKpi(definition=kpi.definition, owner_kind=OwnerKind.MEMBER, member_id=member) for member in below
    )
    KpiLink.objects.bulk_create(
        KpiLink(parent=parent, child=child, kind=LinkKind.CONTRIBUTION, rolls_up=True, valid_from=LONG_AGO)
        for parent, child in [(ends[0], ends[1]), *((ends[1], one) for one in owned)]
    )
    return unit, line


def _strategy(viewer: Member) -> StrategyMap:
    """A published map of many objectives, each with a KPI that is measured, in a chain of causes."""
    lanes = [
        Perspective.objects.create(kind=kind, name=kind, position=position)
        for position, kind in enumerate(("financial", "customer", "process", "learning"))
    ]
    chart = StrategyMap.objects.create(
        name="Plan", vision="…", state=MapState.PUBLISHED, published_at=timezone.now(), published_by=viewer
    )
    objectives = Objective.objects.bulk_create(
        Objective(map=chart, perspective=lanes[n % 4], code=f"O{n}", name=f"Objective number {n}", owner=viewer)
        for n in range(OBJECTIVES)
    )
    CauseLink.objects.bulk_create(
        CauseLink(map=chart, source=objectives[n], target=objectives[n - step])
        for n in range(1, OBJECTIVES)
        for step in (1, 5)
        if n % 4 and n - step >= 0 and n % 4 != (n - step) % 4
    )
    return chart


def _measure(organization, chart: StrategyMap) -> None:
    """Each KPI under an objective of its own. A version is never changed; the data of a benchmark is."""
    with closing(data.superuser()) as side, side.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(_MEASURED, {"organization": organization.pk, "chart": chart.pk})


def _history(viewer: Member) -> None:
    """Decisions and nights of a year."""
    now = timezone.now()
    AuditEvent.objects.bulk_create(
        (
            AuditEvent(
                at=now - datetime.timedelta(minutes=n),
                actor_id=viewer.pk,
                actor_name=viewer.name,
                action="actual.record",
                target_type="scorecards.scorecardline",
                target_id=n,
                target_label="KPI",
                after={"value": "1"},
            )
            for n in range(EVENTS)
        ),
        batch_size=1_000,
    )
    Job.objects.bulk_create(
        Job(key=f"night:{n}", task="night", state=JobState.DONE, finished_at=now, result={"cards": n})
        for n in range(365)
    )

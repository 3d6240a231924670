"""Setting up cards in bulk: 30 KPIs for 70 people in one grid, a pasted block, a whole year; seconds and queries."""

import datetime
import json
import time

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from benchmarks import data
from benchmarks.night import show
from kpiapp import queries
from kpiapp.choices import PeriodKind, Role
from kpiapp.models import Member, Period, RoleGrant, User
from kpiapp.services.periods import fill_fiscal_year
from kpiapp.tenancy import organization_scope
from scorecards.models import DraftRow
from scorecards.services import drafts
from strategy.models import KpiDefinition, KpiVersion

COMPANY, PEOPLE, KPIS, PASTED_ROWS = 500, 70, 30, 200


def run(people: int) -> None:
    """One JSON line per figure; the sizes are fixed by the promise, not by `people`."""
    today = timezone.localdate()
    organization, _period = data.build(COMPANY, slug="bulk", around=today)
    with organization_scope(organization):
        fill_fiscal_year(starts_on=datetime.date(today.year + 1, 1, 1))
        KpiDefinition.objects.update(current=None)
        for version in KpiVersion.objects.all():
            KpiDefinition.objects.filter(pk=version.definition_id).update(current=version)
        user = _strategy_office(organization)
        months = list(Period.objects.filter(kind=PeriodKind.MONTH, starts_on__gt=today).order_by("starts_on")[:12])
    data.analyse()
    client = Client()
    client.force_login(user)
    for name, periods in (("a month", months[:1]), ("a year", months)):
        _one_grid(organization, client, user, name, periods, today)


def _strategy_office(organization) -> User:
    viewer = Member.objects.order_by("-pk").first()
    viewer.user = User.objects.create(email="bulk@example.com", organization_ids=[organization.pk], language="vi")
    viewer.save(update_fields=["user"])
    RoleGrant.objects.create(
        member=viewer, role=Role.STRATEGY, valid_from="2026-01-01", granted_by=Member.objects.first()
    )
    return viewer.user


def _one_grid(organization, client: Client, user: User, name: str, periods, today) -> None:
    """Everything from the choice to the cards, as the pages do it."""
    began = time.perf_counter()
    with organization_scope(organization):
        by = queries.find_member(user, today)
        versions = [kpi.current for kpi in KpiDefinition.objects.select_related("current")[:KPIS]]
        items = [drafts.Item(version, 3, None, 100 + version.pk) for version in versions]
        owners = list(Member.objects.order_by("pk")[:PEOPLE])
        made, (draft, queries_made) = _timed(
            lambda: drafts.create_draft(owners=owners, items=items, periods=periods, by=by)
        )
        rows = list(DraftRow.objects.filter(draft=draft).values_list("pk", flat=True))
    address = reverse("scorecards:draft", args=[organization.slug, draft.pk])
    shown, (page, queries_shown) = _timed(lambda: client.get(address))
    cells = [[row, period.code, "1.234,5"] for row in rows[:PASTED_ROWS] for period in periods]
    pasted, (_answer, queries_pasted) = _timed(
        lambda: client.post(
            reverse("scorecards:draft_cells", args=[organization.slug, draft.pk]),
            json.dumps({"cells": cells}),
            content_type="application/json",
        )
    )
    with organization_scope(organization):
        put, (done, queries_put) = _timed(lambda: drafts.put_draft(draft=draft, by=by, today=today))
    queries_asked = {"made": queries_made, "shown": queries_shown, "pasted": queries_pasted, "put": queries_put}
    show("bulk.grid", over=name, rows=len(rows), made_s=made, shown_s=shown, kilobytes=len(page.content) / 1000)
    show("bulk.paste", over=name, cells=len(cells), seconds=pasted, at_most={"seconds": 2})
    show("bulk.put", over=name, lines=done.result["lines"], seconds=put, queries=queries_asked)
    show(
        "bulk.all", over=name, lines=done.result["lines"], seconds=time.perf_counter() - began, at_most={"seconds": 10}
    )


def _timed(work) -> tuple[float, tuple]:
    """Seconds, and what came back with the number of queries it took."""
    with CaptureQueriesContext(connection) as asked:
        began = time.perf_counter()
        answer = work()
        return time.perf_counter() - began, (answer, len(asked))

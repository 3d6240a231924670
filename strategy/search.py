"""What strategy offers to the command palette: KPIs and objectives."""

import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from kpiapp.models import Member
from kpiapp.permissions import Permission, can
from kpiapp.registry import SearchHit
from strategy import queries
from strategy.visibility import visible_kpis


def find_kpis(member: Member, query: str, on: datetime.date) -> list[SearchHit]:
    """KPIs in use by name or code; none without a query."""
    if not query or not can(member, Permission.KPI_READ):
        return []
    slug = member.organization.slug
    return [
        SearchHit(_("KPIs"), kpi.name, kpi.code, reverse("strategy:kpi", args=[slug, kpi.pk]), "target")
        for kpi in queries.search_kpis(visible_kpis(member, on), query)[: queries.PALETTE_SHOWN]
    ]


def find_objectives(member: Member, query: str, on: datetime.date) -> list[SearchHit]:
    """Objectives by name; none without a query."""
    if not query or not can(member, Permission.STRATEGY_READ):
        return []
    slug = member.organization.slug
    return [
        SearchHit(
            kind=_("Objectives"),
            label=objective.name,
            detail=objective.perspective.label,
            url=reverse("strategy:objective", args=[slug, objective.pk]),
            icon="flag",
        )
        for objective in queries.find_objectives(member, query)
    ]

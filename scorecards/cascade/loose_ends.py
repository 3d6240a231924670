"""What hangs loose in the cascade, as sets: KPIs that nobody carries or that lead nowhere, departments without a card.

Each function is one query whatever the number of rows, for pages and for early warnings alike.
"""

import datetime

from django.db.models import Count, Exists, F, OuterRef, QuerySet

from kpiapp.models import Department, Member, Period
from scorecards import queries
from scorecards.cascade import tree
from scorecards.choices import OwnerKind
from scorecards.models import Scorecard, ScorecardLine
from strategy.choices import KpiState
from strategy.models import KpiDefinition, Objective


def orphan_kpis() -> QuerySet[KpiDefinition]:
    """KPIs in use that serve no objective of the published map; none while there is no such map."""
    published = Objective.objects.published()
    serving = published.filter(pk=OuterRef("current__objective"))
    used = KpiDefinition.objects.filter(~Exists(serving), Exists(published), is_active=True)
    return used.order_by("sort_key")


def kpis_on_cards(on: datetime.date) -> QuerySet[KpiDefinition]:
    """KPIs by which somebody is measured on a day: what is wrong with these is worth a warning."""
    running = ScorecardLine.objects.filter(
        scorecard__period__starts_on__lte=on, scorecard__period__ends_on__gt=on, kpi__definition=OuterRef("pk")
    )
    return KpiDefinition.objects.filter(Exists(running))


def kpis_without_card(period: Period) -> QuerySet[KpiDefinition]:
    """KPIs in use that stand on no card of a period."""
    used = ScorecardLine.objects.filter(scorecard__period=period, kpi__definition=OuterRef("pk"))
    return KpiDefinition.objects.filter(~Exists(used), is_active=True).order_by("sort_key")


def objectives_without_measure() -> QuerySet[Objective]:
    """Objectives of the published map that no active KPI measures; one that is still a draft measures nothing."""
    active = KpiDefinition.objects.filter(is_active=True, state=KpiState.ACTIVE, current__objective=OuterRef("pk"))
    published = Objective.objects.published().select_related("perspective")
    return published.filter(~Exists(active)).order_by("perspective__position", "position", "pk")


def departments_without_card(period: Period) -> QuerySet[Department]:
    """Open departments that have no card in a period; the one at the top stands for the company."""
    cards = Scorecard.objects.filter(period=period, department=OuterRef("pk"))
    return Department.objects.filter(~Exists(cards), is_active=True, parent__isnull=False).order_by("sort_key")


def lines_without_parent(period: Period) -> QuerySet[ScorecardLine]:
    """Lines of departments and people that feed and support nothing above them."""
    up = tree.links_at_end(period).filter(child=OuterRef("owned"))
    below = ScorecardLine.objects.filter(scorecard__period=period).exclude(scorecard__owner_kind=OwnerKind.ORGANIZATION)
    # A line that is in no cascade has no child to look for, so this holds for it too.
    return below.filter(~Exists(up))


def kpis_without_parent(member: Member, period: Period, on: datetime.date) -> QuerySet:
    """By KPI, on how many cards that a member may see it leads nowhere: {definition, name, cards}, the most first."""
    visible = queries.visible_lines(member, on).filter(scorecard__period=period)
    seen = lines_without_parent(period).filter(pk__in=visible.values("pk"))
    grouped = seen.order_by().values(definition=F("kpi__definition"), name=F("kpi__definition__name"))
    return grouped.annotate(cards=Count("pk")).order_by("-cards", "kpi__definition__sort_key")

"""Who may know of which KPI: confidential ones are for those they concern, in every list, search and page."""

import datetime
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from kpiapp import registry
from kpiapp.choices import Scope
from kpiapp.models import Member
from kpiapp.permissions import Permission, scope_of
from strategy.choices import KpiState
from strategy.models import KpiDefinition


def visible_kpis(member: Member, on: datetime.date) -> QuerySet[KpiDefinition]:
    """KPIs a member may know of: all that are open, and confidential ones for those they concern.

    These are the strategy office, auditors, whoever is responsible, enters or approves, whoever is measured by it and
    their managers; and, until it is in use, whoever wrote it.
    """
    if scope_of(member, Permission.KPI_CONFIDENTIAL) == Scope.ALL:
        return KpiDefinition.objects.all()
    return KpiDefinition.objects.filter(Q(is_confidential=False) | _concerns(member, on))


def hidden_kpis(member: Member, on: datetime.date) -> QuerySet[KpiDefinition]:
    """Confidential KPIs of which a member may know nothing but their number."""
    if scope_of(member, Permission.KPI_CONFIDENTIAL) == Scope.ALL:
        return KpiDefinition.objects.none()
    return KpiDefinition.objects.filter(is_confidential=True).exclude(_concerns(member, on))


def _concerns(member: Member, on: datetime.date) -> Q:
    named = Q(current__owner=member.pk) | Q(current__reporter=member.pk) | Q(current__approver=member.pk)
    unfinished = Q(created_by=member.pk) & ~Q(state=KpiState.ACTIVE)
    measured = [Q(pk__in=source(member, on)) for source in registry.MEASURED_KPIS]
    return reduce(or_, [named, unfinished, *measured])


def hidden_events(member: Member, on: datetime.date) -> Q:
    """Events of the audit trail about KPIs of which a member may know nothing."""
    return Q(target_type=KpiDefinition._meta.label_lower, target_id__in=hidden_kpis(member, on).values("pk"))


def usable_kpis(member: Member, on: datetime.date) -> QuerySet[KpiDefinition]:
    """KPIs a member may give to people: in use, no drafts, none that is hidden."""
    return visible_kpis(member, on).filter(is_active=True, state=KpiState.ACTIVE, current__isnull=False)

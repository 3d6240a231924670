"""What the views of KPIs share: which rows are within reach, and what the form may offer."""

from django.shortcuts import get_object_or_404

from kpiapp.choices import Scope
from kpiapp.permissions import Permission, scope_of
from strategy import queries
from strategy.models import KpiDefinition


def editable_or_404(request, pk) -> KpiDefinition:
    """A KPI the member may change, with the people it names."""
    people = ("current__owner", "current__reporter", "current__approver")
    editable = queries.editable_kpis(request.member, request.today)
    return get_object_or_404(editable.select_related("department", "current__objective__map", *people), pk=pk)


def choices_of(request, version=None) -> dict:
    """What the form may offer to this member; the objective a KPI serves already stays choosable."""
    return {
        "objectives": queries.choosable_objectives(request.member, version),
        "departments": queries.editable_departments(request.member, request.today),
        "whole_company": decides(request),
    }


def decides(request) -> bool:
    """Whether the member defines KPIs for the whole company, and may let one be used with a reason."""
    return scope_of(request.member, Permission.KPI_EDIT) == Scope.ALL

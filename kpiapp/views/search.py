"""The command palette: any page, person or KPI."""

from itertools import groupby

from django.shortcuts import render
from django.views.decorators.http import require_safe

from kpiapp import registry
from kpiapp.permissions import open_to_members

QUERY_LENGTH = 100


@require_safe
@open_to_members
def search(request):
    """What every app finds, grouped by kind in the order in which they registered."""
    query = request.GET.get("q", "").strip()[:QUERY_LENGTH]
    hits = [hit for find in registry.SEARCHES for hit in find(request.member, query, request.today)]
    groups = [(kind, list(found)) for kind, found in groupby(hits, key=lambda hit: hit.kind)]
    return render(request, "kpiapp/_search_results.html", {"groups": groups, "query": query})

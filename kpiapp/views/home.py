"""Home: the first page after signing in. Employees land on their scorecard, everybody else on what their roles need."""

from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from kpiapp import home_panels
from kpiapp.permissions import open_to_members


@require_safe
@open_to_members
def home(request):
    """The panels of all roles a member has, with the most pressing step on top; else one's own scorecard."""
    if not home_panels.has_home(request.member):
        return redirect("scorecards:mine", request.organization.slug)
    page = home_panels.page_of(request.member, request.today)
    response = render(request, "kpiapp/home.html", {"page": page})
    if page.has_amounts:
        add_never_cache_headers(response)
    return response

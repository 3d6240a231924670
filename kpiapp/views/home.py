"""Home: the first page after signing in, which for everyone is their own scorecard."""

from django.shortcuts import redirect

from kpiapp.permissions import open_to_members


@open_to_members
def home(request):
    """To one's own scorecard."""
    return redirect("scorecards:mine", request.organization.slug)

"""What a night changed, and why."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from kpiapp.models import Job
from kpiapp.permissions import Permission, requires
from scorecards.moves import nights


@require_safe
@requires(Permission.JOB_READ)
def night_changes(request, pk):
    """Cards that moved, with the lines and entries behind them, warnings opened and closed, and locked differences."""
    night = get_object_or_404(Job.objects.filter(parent=None), pk=pk)
    if "on" not in night.arguments:
        raise Http404
    page, cards = nights.moved_cards(night, request.member, request.today, request.GET.get("page"))
    opened, kinds = nights.warnings_of(night, request.member, request.today)
    context = {
        "night": night,
        "page": page,
        "cards": cards,
        "opened": opened,
        "kinds": kinds,
        "differences": nights.locked_differences(night, request.member, request.today),
    }
    return render(request, "scorecards/night_changes.html", context)

"""What changed since a period was reopened."""

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from kpiapp.choices import ReopeningState
from kpiapp.models import PeriodReopening
from kpiapp.permissions import Permission, requires
from scorecards import queries, reopenings

PAGE = 30


@require_safe
@requires(Permission.CARD_READ)
def reopening(request, pk):
    """The cards one is responsible for whose scores, targets or actuals are not as they were before."""
    rows = PeriodReopening.objects.filter(state=ReopeningState.REOPENED)
    found = get_object_or_404(rows.select_related("period", "asked_by", "decided_by", "locked_by"), pk=pk)
    cards = queries.responsible_cards(request.member, request.today).select_related("score", "member", "department")
    changed = reopenings.changed_cards(found, cards)
    page = Paginator(changed.order_by("owner_kind", "member__sort_key", "pk"), PAGE).get_page(request.GET.get("page"))
    lines = queries.open_lines(request.member, request.today)
    context = {"reopening": found, "page": page, "changes": reopenings.compare(found, list(page), lines)}
    return render(request, "scorecards/reopening.html", context)

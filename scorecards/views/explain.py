"""Why a number is what it is."""

from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from kpiapp.permissions import Permission, requires
from scorecards import explain, queries


@requires(Permission.CARD_READ)
@require_GET
def explain_line(request, pk):
    """The completion of a line."""
    line = get_object_or_404(queries.visible_lines(request.member, request.today), pk=pk)
    return _why(request, explain.explain_line(line, on=request.today, reader=request.member))


@requires(Permission.CARD_READ)
@require_GET
def explain_card(request, pk):
    """The score of a card."""
    card = get_object_or_404(queries.visible_cards(request.member, request.today), pk=pk)
    return _why(request, explain.explain_card(card, reader=request.member, on=request.today))


@requires(Permission.CARD_READ)
@require_GET
def explain_pace(request, pk):
    """What is due of a line by today, and where its pace leads."""
    line = get_object_or_404(queries.visible_lines(request.member, request.today), pk=pk)
    return _why(request, explain.explain_pace(line, on=request.today))


@requires(Permission.CARD_READ)
@require_GET
def explain_card_pace(request, pk):
    """The score of standing exactly on plan today."""
    card = get_object_or_404(queries.visible_cards(request.member, request.today), pk=pk)
    return _why(request, explain.explain_card_pace(card, reader=request.member, on=request.today))


@requires(Permission.CARD_READ)
@require_GET
def explain_weights(request, pk):
    """The weights suggested for a card by the groups of its KPIs."""
    cards = queries.visible_cards(request.member, request.today).select_related(*queries.CARD_PARTS)
    card = get_object_or_404(cards, pk=pk)
    return _why(request, explain.explain_weights(card, reader=request.member, on=request.today))


@requires(Permission.CARD_READ)
@require_GET
def explain_rollup(request, pk):
    """The rolled-up score of an objective, a perspective, a department or the company."""
    found = queries.visible_rollups(request.member, request.today)
    found = found.select_related("period", "objective", "perspective", "department", "organization")
    rollup = get_object_or_404(found, pk=pk)
    return _why(request, explain.explain_rollup(rollup, reader=request.member, on=request.today))


def _why(request, explanation):
    return render(request, "kpiapp/why.html", {"explanation": explanation})

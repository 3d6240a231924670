"""What a KPI does on cards, for the pages of the app below: who has it, what it weighs, who could have it too."""

import re

from django.db.models import Max, Min
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from kpiapp.models import Employment
from kpiapp.permissions import Permission, can, requires
from scorecards import queries
from scorecards.own_scoring import OwnScoringForm, number_or
from strategy.choices import KpiState
from strategy.models import KpiVersion
from strategy.visibility import visible_kpis


@require_POST
@requires(Permission.KPI_READ)
def line_scoring(request, pk):
    """The method of one line while it is typed: the fields it asks for, and its curve. Writes nothing."""
    known = visible_kpis(request.member, request.today).values("pk")
    version = get_object_or_404(KpiVersion, pk=pk, definition__in=known)
    prefix = request.POST.get("prefix", "")
    if not re.fullmatch(r"[a-z0-9-]{0,40}", prefix):
        raise Http404
    numbers = {name: number_or(request.POST.get(f"own_{name}", ""), "en") for name in ("target", "baseline")}
    own = OwnScoringForm(version=version, typed=request.POST, prefix=prefix or None, **numbers)
    return render(request, "scorecards/_own_scoring.html", {"own": own})


@require_safe
@requires(Permission.KPI_READ)
def kpi_beside(request, pk):
    """Its cards of the running period, its weight on the card of whoever is responsible, and others of the position."""
    visible = visible_kpis(request.member, request.today)
    kpi = get_object_or_404(visible.select_related("current__owner"), pk=pk)
    period = queries.period_on(request.today)
    owner = kpi.current.owner
    lines = queries.visible_lines(request.member, request.today).filter(kpi__definition=kpi, scorecard__period=period)
    found = lines.aggregate(low=Min("weight"), high=Max("weight"))
    own = lines.filter(scorecard__member=owner).select_related("scorecard").first() if owner else None
    on_card = []
    if own is not None:
        beside = queries.open_lines(request.member, request.today).filter(scorecard=own.scorecard_id, is_scored=True)
        on_card = list(beside.select_related("kpi").order_by("position", "pk"))
    standing = Employment.objects.on(request.today).filter(member=owner).select_related("position").first()
    holders = Employment.objects.on(request.today).filter(position=standing.position_id) if standing else None
    context = {
        "kpi": kpi,
        "period": period,
        "cards": lines.count(),
        "weights": found,
        "own": own,
        "bar": [{"label": line.kpi.name, "weight": line.weight} for line in on_card],
        "position": standing.position if standing else None,
        "holders": holders.filter(member__is_active=True).count() if holders is not None else 0,
        "may_assign": kpi.is_active and kpi.state == KpiState.ACTIVE and can(request.member, Permission.CARD_EDIT),
    }
    return render(request, "scorecards/_kpi_beside.html", context)

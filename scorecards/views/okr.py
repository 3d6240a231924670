"""The OKR view: objectives with their key results, and the weekly check-in of confidence."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from kpiapp.models import Department
from kpiapp.permissions import Permission, requires
from kpiapp.text import id_in
from scorecards import queries
from scorecards.cascade import okr as reading
from scorecards.forms import ConfidenceForm
from scorecards.services import confidence
from scorecards.views import parts
from strategy import queries as strategy


@requires(Permission.CARD_READ)
@require_GET
def okr(request):
    """Objectives and key results of a period, owner by owner."""
    period = queries.period_on(request.today, request.GET.get("period", ""))
    if period is None:
        return parts.no_card(request, None)
    wanted, aim = id_in(request.GET.get("department", "")), id_in(request.GET.get("objective", ""))
    departments = list(Department.objects.filter(is_active=True).order_by("sort_key"))
    department = next((one for one in departments if one.pk == wanted), None)
    objective = None
    if aim:
        objective = get_object_or_404(strategy.visible_objectives(request.member), pk=aim)
    groups = reading.groups_of(
        request.member,
        period,
        request.today,
        department=department,
        objective=objective.pk if objective else None,
    )
    context = {
        "period": period,
        "periods": reading.shown_periods(request.today),
        "groups": groups,
        "departments": departments,
        "department": department,
        "objective": objective,
        "recordable": set(
            queries.editable_lines(request.member, request.today)
            .filter(scorecard__in=[owner.card_id for owner in groups], scorecard__period__locked_at=None)
            .values_list("pk", flat=True)
        ),
        "scores": range(11),
    }
    return render(request, "scorecards/okr.html", context)


@requires(Permission.ACTUAL_RECORD)
@require_POST
def check_in(request, pk):
    """Say how sure one is about a key result."""
    lines = queries.editable_lines(request.member, request.today).select_related("scorecard__period", "kpi")
    line = get_object_or_404(lines, pk=pk)
    form = ConfidenceForm(request.POST)
    if form.run(confidence.check_in, line=line, on=request.today, by=request.member):
        messages.success(request, _("Checked in."))
    else:
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    url = redirect("scorecards:okr", request.organization.slug)
    url["Location"] += f"?period={line.scorecard.period.code}"
    if department := id_in(request.POST.get("department", "")):
        url["Location"] += f"&department={department}"
    return url

"""Longer periods on the pages of a line and of a KPI, and why each is what it is."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from kpiapp.choices import PeriodKind
from kpiapp.permissions import Permission, requires
from scorecards import queries
from scorecards.cards.longer import WINDOWS, longer_periods
from scorecards.choices import OwnerKind
from scorecards.explain.longer import explain_longer, mode_words, window_name
from scorecards.line_rules import actual_of
from strategy.visibility import visible_kpis

NAMED = ("kpi", "score", "scorecard__period", "scorecard__member", "scorecard__department", "scorecard__organization")


@requires(Permission.CARD_READ)
@require_GET
def line_longer(request, pk):
    """Month, year to date, rolling windows and parts of the year of one line."""
    lines = queries.visible_lines(request.member, request.today).select_related(*NAMED)
    return _part(request, get_object_or_404(lines, pk=pk))


@requires(Permission.CARD_READ)
@require_GET
def kpi_longer(request, pk):
    """The same for a KPI in the latest month: of the company's card, else one's own, else a department's."""
    definition = get_object_or_404(visible_kpis(request.member, request.today), pk=pk)
    lines = queries.visible_lines(request.member, request.today).filter(
        kpi__definition=definition,
        scorecard__period__kind=PeriodKind.MONTH,
        scorecard__period__starts_on__lte=request.today,
    )
    above = lines.exclude(scorecard__owner_kind=OwnerKind.MEMBER)
    own = lines.filter(scorecard__member=request.member)
    order = ("-scorecard__period__starts_on", "-scorecard__owner_kind", "pk")
    found = (above | own).select_related(*NAMED).order_by(*order).first()
    return _part(request, found)


@requires(Permission.CARD_READ)
@require_GET
def explain_window(request, pk, window):
    """Why a longer period is what it is."""
    if window not in WINDOWS:
        raise Http404
    lines = queries.visible_lines(request.member, request.today).select_related(*NAMED)
    line = get_object_or_404(lines, pk=pk, scorecard__period__kind=PeriodKind.MONTH)
    return render(request, "kpiapp/why.html", {"explanation": explain_longer(line, window, on=request.today)})


def _part(request, line):
    context = {"line": line, "windows": [], "actual": actual_of(line) if line else None}
    if line is not None:
        organization = request.organization
        windows = longer_periods(
            line, on=request.today, mode=organization.long_periods, start_month=organization.fiscal_year_start_month
        )
        context["windows"] = [(window, window_name(window.code)) for window in windows]
        context["mode"] = mode_words(organization.long_periods)
        year = next((window for window in windows if window.code == "rolling_12"), None)
        context["months"] = [month.value for month in year.months] if year else []
    return render(request, "scorecards/_longer.html", context)

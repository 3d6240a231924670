"""The quality audit: of one card and one map, live; of the whole company, as the last night found it."""

from django.core.paginator import Paginator
from django.db.models import Case, Count, Q, Value, When
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kpiapp.choices import Scope
from kpiapp.permissions import Permission, can, requires, scope_of
from scorecards import quality, queries
from scorecards.choices import FindingSeverity
from scorecards.models import QualityFinding
from strategy.quality.words import SEVERITIES, what_of, why_of
from strategy.queries import visible_maps
from strategy.visibility import hidden_kpis

PAGE = 30


@require_safe
@requires(Permission.CARD_READ)
def card_quality(request, pk):
    """The audit of a card as it is now: a part of the page where it is edited."""
    card = get_object_or_404(queries.responsible_cards(request.member, request.today), pk=pk)
    return render(
        request, "scorecards/_quality.html", {"panel": quality.card_panel(card, request.member, request.today)}
    )


@require_safe
@requires(Permission.STRATEGY_READ)
def map_quality(request, pk):
    """The audit of a map as it is now: a part of its page and of its editor."""
    chart = get_object_or_404(visible_maps(request.member), pk=pk)
    return render(request, "scorecards/_quality.html", {"panel": quality.map_panel(chart)})


@require_safe
@requires(Permission.CARD_READ)
def company_quality(request):
    """What the last night found in the cards one is responsible for, the map, the KPIs and the departments."""
    period = queries.period_on(request.today, request.GET.get("period", ""))
    reach = Q(scorecard__in=queries.responsible_cards(request.member, request.today).values("pk"))
    if can(request.member, Permission.STRATEGY_EDIT) or scope_of(request.member, Permission.CARD_READ) == Scope.ALL:
        reach |= Q(scorecard=None)
    rows = QualityFinding.objects.filter(reach, period=period)
    rows = rows.exclude(kpi__in=hidden_kpis(request.member, request.today).values("pk"))
    counts = {(code, severity): n for code, severity, n in _counted(rows)}
    severity = request.GET.get("severity", "")
    code = request.GET.get("code", "")
    severity = severity if severity in FindingSeverity.values else ""
    code = code if code in {known for known, _severity in counts} else ""
    shown = rows.filter(**({"severity": severity} if severity else {}), **({"code": code} if code else {}))
    page = Paginator(shown.select_related(*PARTS).order_by(ORDER, "code", "pk"), PAGE)
    page = page.get_page(request.GET.get("page"))
    context = {
        "period": period,
        "page": page,
        "items": [_item(row, request.organization.slug) for row in page],
        "severity": severity,
        "code": code,
        "severities": [
            (value, SEVERITIES[value], sum(n for (_code, one), n in counts.items() if one == value))
            for value in FindingSeverity.values
        ],
        "codes": sorted((found, why_of(found), _sum(counts, found)) for found in {one for one, _severity in counts}),
    }
    return render(request, "scorecards/quality.html", context)


PARTS = ("scorecard__member", "scorecard__department", "scorecard__organization", "department", "map", "kpi")
ORDER = Case(*(When(severity=value, then=Value(place)) for place, value in enumerate(FindingSeverity.values)))


def _counted(rows):
    return rows.order_by().values_list("code", "severity").annotate(Count("pk"))


def _sum(counts, code) -> int:
    return sum(n for (one, _severity), n in counts.items() if one == code)


def _item(row: QualityFinding, slug: str) -> dict:
    if row.scorecard:
        state = "card" if row.scorecard.is_agreed else "card_edit"
        title, url = row.scorecard.owner_name, reverse(f"scorecards:{state}", args=[slug, row.scorecard_id])
    elif row.department:
        title, url = row.department.name, f"{reverse('scorecards:assign', args=[slug])}?department={row.department_id}"
    elif row.map:
        title, url = row.map.name, reverse("strategy:map", args=[slug])
    else:
        title, url = row.kpi.name, reverse("strategy:kpi", args=[slug, row.kpi_id])
    what, why = what_of(row.code, row.numbers), why_of(row.code)
    return {
        "severity": row.severity,
        "label": SEVERITIES[row.severity],
        "title": title,
        "url": url,
        "what": what,
        "why": why,
    }

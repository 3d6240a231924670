"""The library that ships: search it, take one KPI or a whole ready card from it."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from kpiapp.permissions import Permission, can, requires
from strategy import catalogue, queries
from strategy.choices import Group, PerspectiveKind
from strategy.services import kpis

PAGE_SIZE = 25
QUERY_LENGTH = 100
NAMED = ("position", "department", "individual")


@require_safe
@requires(Permission.KPI_READ)
def library(request):
    """KPIs by words, ready card, perspective and group; htmx gets the results alone."""
    chosen = {name: request.GET.get(name, "")[:QUERY_LENGTH] for name in ("q", "template", "perspective", "group")}
    found = catalogue.search_library(
        chosen["q"], template=chosen["template"], perspective=chosen["perspective"], group=chosen["group"]
    )
    template = catalogue.library_templates().get(chosen["template"])
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "chosen": chosen,
        "is_filtered": any(chosen.values()),
        "template": template,
        "weights": {kpi.code: weight for kpi, weight in template.items} if template else {},
        "page": page,
        "used": queries.used_origins((kpi.code for kpi in page), request.member, request.today),
        "templates": _templates_by_kind(),
        "perspectives": [choice for choice in PerspectiveKind.choices if choice[0] != PerspectiveKind.OWN],
        "groups": Group.choices,
        "may_define": can(request.member, Permission.KPI_EDIT),
    }
    return render(request, "strategy/_library_results.html" if request.htmx else "strategy/library.html", context)


@require_POST
@requires(Permission.KPI_EDIT)
def kpi_use(request):
    """Copy one KPI into the organization, and go on to giving it to people."""
    kpi = catalogue.library_kpis().get(request.POST.get("code", ""))
    if kpi is None:
        raise Http404
    copy = kpis.copy_from_library(
        kpi=kpi,
        language=request.organization.language,
        department=queries.home_department(request.member, request.today),
        by=request.member,
    )
    return HttpResponseRedirect(reverse("scorecards:assign", args=[request.organization.slug]) + f"?kpi={copy.pk}")


@require_POST
@requires(Permission.KPI_EDIT)
def template_use(request):
    """Copy what is missing of a ready card, and go on to giving it to people."""
    template = catalogue.library_templates().get(request.POST.get("template", ""))
    if template is None:
        raise Http404
    copies = kpis.copy_template(
        template=template,
        language=request.organization.language,
        department=queries.home_department(request.member, request.today),
        by=request.member,
    )
    sentence = ngettext("%(count)d KPI is ready to be given.", "%(count)d KPIs are ready to be given.", len(copies))
    messages.success(request, sentence % {"count": len(copies)})
    address = reverse("scorecards:assign", args=[request.organization.slug])
    query = urlencode([*(("kpi", copy.pk) for copy in copies), ("from", template.code)])
    return HttpResponseRedirect(f"{address}?{query}")


def _templates_by_kind() -> list[tuple[str, list[catalogue.LibraryTemplate]]]:
    templates = catalogue.library_templates().values()
    return [(kind, [template for template in templates if template.kind == kind]) for kind in NAMED]

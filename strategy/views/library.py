"""The library that ships: search it, take one KPI or a whole ready card from it."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from kpiapp.permissions import Permission, can, requires
from strategy import catalogue, queries
from strategy.choices import Group, KpiState, PerspectiveKind
from strategy.models import KpiDefinition
from strategy.services import library as library_copies
from strategy.smarter import judging, words

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
    """Copy one KPI into the organization, and go on: to giving it to people, or to what keeps it a draft."""
    kpi = catalogue.library_kpis().get(request.POST.get("code", ""))
    if kpi is None:
        raise Http404
    was_here = KpiDefinition.objects.filter(origin=kpi.code, is_active=True, state=KpiState.ACTIVE).exists()
    copy = library_copies.copy_from_library(kpi=kpi, **_taking(request))
    slug = request.organization.slug
    if copy.state != KpiState.ACTIVE:
        messages.warning(request, _("Copied as a draft: some letters are open."))
        return redirect("strategy:kpi", slug, copy.pk)
    if not was_here:
        _tell_what_is_open(request, copy)
    return redirect(reverse("scorecards:assign", args=[slug]) + f"?kpi={copy.pk}")


@require_POST
@requires(Permission.KPI_EDIT)
def template_use(request):
    """Copy what is missing of a ready card, and go on to giving it to people, or to what keeps it from them."""
    template = catalogue.library_templates().get(request.POST.get("template", ""))
    if template is None:
        raise Http404
    copies = library_copies.copy_template(template=template, **_taking(request))
    drafts = [copy for copy in copies if copy.state != KpiState.ACTIVE]
    slug = request.organization.slug
    if drafts:
        tell_of_drafts(request, len(drafts))
        return redirect(reverse("strategy:kpi_list", args=[slug]) + "?state=draft")
    sentence = ngettext("%(count)d KPI is ready to be given.", "%(count)d KPIs are ready to be given.", len(copies))
    messages.success(request, sentence % {"count": len(copies)})
    query = urlencode([*(("kpi", copy.pk) for copy in copies), ("from", template.code)])
    return redirect(reverse("scorecards:assign", args=[slug]) + f"?{query}")


def tell_of_drafts(request, count: int) -> None:
    """Say that copies wait for the strategy office, and where they are."""
    sentence = ngettext(
        "%(count)d KPI is a draft: letters are open. Mend it, or send it to the strategy office under “Our KPIs”.",
        "%(count)d KPIs are drafts: letters are open. Mend them, or send them to the strategy office under “Our KPIs”.",
        count,
    )
    messages.warning(request, sentence % {"count": count})


def _taking(request) -> dict:
    department = queries.home_department(request.member, request.today)
    language = request.organization.language
    return {"language": language, "department": department, "by": request.member, "on": request.today}


def _tell_what_is_open(request, copy: KpiDefinition) -> None:
    """Used as it is, with the letters that are open: they are noted in the audit trail, too."""
    findings = judging.judge(copy, copy.current, request.today)
    open_letters = words.panel_of(findings, copy.current.unit).open
    if open_letters:
        shown = " · ".join(letter.sentence for letter in open_letters)
        messages.warning(request, _("In use as it is. Still open: %(letters)s.") % {"letters": shown})


def _templates_by_kind() -> list[tuple[str, list[catalogue.LibraryTemplate]]]:
    templates = catalogue.library_templates().values()
    return [(kind, [template for template in templates if template.kind == kind]) for kind in NAMED]

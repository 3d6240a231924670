"""Own ready-made cards: the list, and the page where one is written."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kpiapp.permissions import Permission, can, requires
from strategy.forms.templates import TemplateForm
from strategy.models import CardTemplate, CardTemplateItem
from strategy.services import templates
from strategy.visibility import usable_kpis, visible_kpis


@require_safe
@requires(Permission.KPI_READ)
def template_list(request):
    """All of them, with their KPIs as far as one may know of them."""
    known = visible_kpis(request.member, request.today)
    items = CardTemplateItem.objects.filter(definition__in=known.values("pk")).select_related("definition")
    by_template: dict[int, list[CardTemplateItem]] = {}
    for item in items:
        by_template.setdefault(item.template_id, []).append(item)
    rows = [(one, by_template.get(one.pk, [])) for one in CardTemplate.objects.select_related("position")]
    may_define = can(request.member, Permission.KPI_EDIT)
    return render(request, "strategy/template_list.html", {"rows": rows, "may_define": may_define})


@requires(Permission.KPI_EDIT)
def template_new(request):
    """A new one by hand."""
    return _form(request, None)


@requires(Permission.KPI_EDIT)
def template_edit(request, pk):
    """Change one; cards made from it stay as they are."""
    return _form(request, get_object_or_404(CardTemplate, pk=pk))


def _form(request, template: CardTemplate | None):
    initial = {} if template is None else {"name": template.name, "position": template.position_id}
    form = TemplateForm(
        request.POST if request.method == "POST" else None,
        kpis=usable_kpis(request.member, request.today).order_by("sort_key"),
        items=template.items.all() if template else (),
        initial=initial,
    )
    if request.method == "POST" and form.run(templates.save_template, template=template, by=request.member):
        messages.success(request, _("Kept. Give it to people from the assign page."))
        return redirect("strategy:template_list", request.organization.slug)
    context = {"form": form, "template": template}
    return render(request, "strategy/template_form.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.KPI_EDIT)
def template_remove(request, pk):
    """Take one away."""
    templates.remove_template(template=get_object_or_404(CardTemplate, pk=pk), by=request.member)
    messages.success(request, _("Removed. Cards made from it stay as they are."))
    return redirect("strategy:template_list", request.organization.slug)

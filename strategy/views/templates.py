"""Own ready-made cards: the list, and the page where one is written. A confidential KPI stands there as its code."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kpiapp.permissions import Permission, can, requires
from strategy.forms.templates import TemplateForm
from strategy.models import CardTemplate, CardTemplateItem
from strategy.services import templates
from strategy.visibility import hidden_kpis, usable_kpis


@require_safe
@requires(Permission.KPI_READ)
def template_list(request):
    """All of them with their KPIs; what is out of use can be brought back by who may."""
    hidden = set(hidden_kpis(request.member, request.today).values_list("pk", flat=True))
    by_template: dict[int, list[CardTemplateItem]] = {}
    for item in CardTemplateItem.objects.select_related("definition"):
        item.is_hidden = item.definition_id in hidden
        by_template.setdefault(item.template_id, []).append(item)
    may_write = can(request.member, Permission.TEMPLATE_EDIT)
    found = CardTemplate.objects.filter(**({} if may_write else {"is_active": True}))
    rows = [
        (one, by_template.get(one.pk, []))
        for one in found.order_by("-is_active", "sort_key").select_related("position")
    ]
    return render(request, "strategy/template_list.html", {"rows": rows, "may_write": may_write})


@requires(Permission.TEMPLATE_EDIT)
def template_new(request):
    """A new one by hand."""
    return _form(request, None)


@requires(Permission.TEMPLATE_EDIT)
def template_edit(request, pk):
    """Change one; cards made from it stay as they are."""
    return _form(request, get_object_or_404(CardTemplate, pk=pk))


def _form(request, template: CardTemplate | None):
    initial = {} if template is None else {"name": template.name, "position": template.position_id}
    form = TemplateForm(
        request.POST if request.method == "POST" else None,
        kpis=usable_kpis(request.member, request.today).order_by("sort_key"),
        items=template.items.select_related("definition__current__definition") if template else (),
        hidden=hidden_kpis(request.member, request.today) if template else (),
        initial=initial,
    )
    if request.method == "POST" and form.run(templates.save_template, template=template, by=request.member):
        messages.success(request, _("Kept. It can be assigned from the assign page."))
        return redirect("strategy:template_list", request.organization.slug)
    context = {"form": form, "template": template}
    return render(request, "strategy/template_form.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.TEMPLATE_EDIT)
def template_retire(request, pk):
    """Offer one no longer."""
    templates.retire_template(template=get_object_or_404(CardTemplate, pk=pk), by=request.member)
    messages.success(request, _("Out of use. Cards made from it stay as they are."))
    return redirect("strategy:template_list", request.organization.slug)


@require_POST
@requires(Permission.TEMPLATE_EDIT)
def template_restore(request, pk):
    """Offer one again."""
    templates.restore_template(template=get_object_or_404(CardTemplate, pk=pk), by=request.member)
    messages.success(request, _("Back in use."))
    return redirect("strategy:template_list", request.organization.slug)

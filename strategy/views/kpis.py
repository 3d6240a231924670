"""The KPIs of an organization: list, card, form with its live parts, versions."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kpiapp.choices import Scope
from kpiapp.forms import ReasonForm
from kpiapp.permissions import Permission, can, requires, scope_of
from kpiapp.queries import find_people
from strategy import queries, wording
from strategy.choices import Group
from strategy.forms.kpis import KpiForm, KpiRevisionForm
from strategy.forms.people import person_label
from strategy.models import KpiDefinition, Perspective
from strategy.services import kpis
from strategy.views.pages import form_page

PAGE_SIZE = 50
PEOPLE_SHOWN = 10
FILTERS = ("q", "perspective", "department", "group", "state")


@require_safe
@requires(Permission.KPI_READ)
def kpi_list(request):
    """KPIs by words and filters; htmx gets the results alone."""
    chosen = {name: request.GET.get(name, "")[:100] for name in FILTERS}
    found = queries.search_kpis(
        chosen["q"],
        perspective=chosen["perspective"],
        department=chosen["department"],
        group=chosen["group"],
        state=chosen["state"],
    )
    context = {
        "chosen": chosen,
        "is_filtered": any(chosen.values()),
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "perspectives": Perspective.objects.all(),
        "departments": queries.departments_with_kpis(),
        "groups": Group.choices,
        "may_define": can(request.member, Permission.KPI_EDIT),
    }
    return render(request, "strategy/_kpi_results.html" if request.htmx else "strategy/kpi_list.html", context)


@require_safe
@requires(Permission.KPI_READ)
def kpi(request, pk):
    """The card of a KPI in words, and what changed from version to version."""
    definition = get_object_or_404(KpiDefinition.objects.select_related("department"), pk=pk)
    versions = queries.kpi_versions(definition)
    history = [
        (newer, wording.version_changes(older, newer) if older else [])
        for newer, older in zip(versions, [*versions[1:], None], strict=True)
    ]
    current = versions[0]
    context = {
        "kpi": definition,
        "version": current,
        "history": history,
        "method_words": wording.method_words(current),
        "aggregation_words": wording.aggregation_words(current),
        "target_words": wording.target_words(current),
        "may_edit": queries.editable_kpis(request.member, request.today).filter(pk=pk).exists(),
        "may_assign": definition.is_active and can(request.member, Permission.CARD_EDIT),
    }
    return render(request, "strategy/kpi.html", context)


@requires(Permission.KPI_EDIT)
def kpi_new(request):
    """Four fields, and the rest behind "More"."""
    initial = {"department": queries.home_department(request.member, request.today)}
    initial["objective"] = request.GET.get("objective")
    form = KpiForm(request.POST or None, initial=initial, **_choices(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = kpis.create_kpi(
                fields=form.fields_of_version(), department=form.cleaned_data["department"], by=request.member
            )
        except kpis.KpiRefused as refusal:
            form.show_problems(refusal.problems)
        else:
            messages.success(request, _("Saved. Give it to people next."))
            return redirect("strategy:kpi", request.organization.slug, made.pk)
    return _form_page(request, form, None)


@requires(Permission.KPI_EDIT)
def kpi_edit(request, pk):
    """A new version; cards that exist keep theirs."""
    definition = _editable(request, pk)
    initial = {"department": definition.department_id, "owner": definition.current.owner}
    form = KpiRevisionForm(
        request.POST or None, initial=initial, version=definition.current, **_choices(request, definition.current)
    )
    if request.method == "POST" and form.is_valid():
        try:
            kpis.revise_kpi(
                definition=definition,
                fields=form.fields_of_version(),
                department=form.cleaned_data["department"],
                reason=form.cleaned_data["reason"],
                by=request.member,
            )
        except kpis.KpiRefused as refusal:
            form.show_problems(refusal.problems)
        else:
            messages.success(request, _("Saved. Cards that exist keep the version they have."))
            return redirect("strategy:kpi", request.organization.slug, pk)
    return _form_page(request, form, definition)


@require_POST
@requires(Permission.KPI_EDIT)
def kpi_scoring(request):
    """The part of the form that depends on direction, aggregation and method; writes nothing."""
    form = KpiForm(typed=request.POST, **_choices(request))
    return render(request, "strategy/_kpi_scoring.html", {"form": form, "is_live": True})


@require_safe
@requires(Permission.STRATEGY_READ)
def kpi_people(request):
    """People whose name, code or address fits what is being typed."""
    text = request.GET.get("owner", "")[:100]
    found = find_people(text=text, department=None, left=False, on=request.today)[:PEOPLE_SHOWN] if text else []
    people = [(person_label(person), person.standing[0].position.name if person.standing else "") for person in found]
    return render(request, "strategy/_people_options.html", {"people": people})


@requires(Permission.KPI_EDIT)
def kpi_retire(request, pk):
    """Take a KPI out of use."""
    definition = _editable(request, pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.run(kpis.retire_kpi, definition=definition, by=request.member):
        messages.success(request, _("Out of use. Cards that have it keep it."))
        return redirect("strategy:kpi", request.organization.slug, pk)
    title = _("Take “%(name)s” out of use") % {"name": definition.name}
    lead = _("No new card can have it; cards that have it keep it. It can be brought back.")
    return form_page(request, form, title=title, lead=lead, submit=_("Take out of use"), back="kpi", pk=pk, danger=True)


@require_POST
@requires(Permission.KPI_EDIT)
def kpi_restore(request, pk):
    """Bring a retired KPI back."""
    kpis.restore_kpi(definition=_editable(request, pk), by=request.member)
    messages.success(request, _("Back in use."))
    return redirect("strategy:kpi", request.organization.slug, pk)


def _editable(request, pk) -> KpiDefinition:
    editable = queries.editable_kpis(request.member, request.today)
    return get_object_or_404(editable.select_related("department", "current__owner"), pk=pk)


def _choices(request, version=None) -> dict:
    """What the form may offer to this member; the objective a KPI serves already stays choosable."""
    return {
        "objectives": queries.choosable_objectives(request.member, version),
        "departments": queries.editable_departments(request.member, request.today),
        "whole_company": scope_of(request.member, Permission.KPI_EDIT) == Scope.ALL,
    }


def _form_page(request, form: KpiForm, definition: KpiDefinition | None):
    problems = form.errors or (form.params is not None and form.params.errors)
    context = {"form": form, "kpi": definition}
    return render(request, "strategy/kpi_form.html", context, status=422 if problems else 200)

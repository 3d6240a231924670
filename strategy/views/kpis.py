"""The KPIs of an organization: list, card, form with its live parts, versions."""

import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kpiapp.forms import ReasonForm
from kpiapp.permissions import Permission, can, requires
from kpiapp.services.periods import add_months, fiscal_year_start
from kpiapp.services.refusals import Refused
from kpiapp.views.pages import form_page
from strategy import queries
from strategy.choices import Group, KpiState
from strategy.forms.kpis import KpiForm, KpiRevisionForm
from strategy.models import KpiDefinition, Perspective
from strategy.services import kpi_states, kpis
from strategy.services.library import taken_as_it_is
from strategy.services.plans import PlanRefused
from strategy.views.kpi_live import live_context
from strategy.views.kpi_parts import choices_of, editable_or_404, kpi_page
from strategy.views.plan_parts import SentPlan, sent_plan
from strategy.visibility import visible_kpis

PAGE_SIZE = 50
FILTERS = ("q", "perspective", "department", "group", "state")


@require_safe
@requires(Permission.KPI_READ)
def kpi_list(request):
    """KPIs by words and filters; htmx gets the results alone."""
    chosen = {name: request.GET.get(name, "")[:100] for name in FILTERS}
    found = queries.search_kpis(
        visible_kpis(request.member, request.today),
        chosen["q"],
        perspective=chosen["perspective"],
        department=chosen["department"],
        group=chosen["group"],
        state=chosen["state"],
    )
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    may_define = can(request.member, Permission.KPI_EDIT)
    shows_drafts = may_define and chosen["state"] in ("draft", "waiting")
    context = {
        "chosen": chosen,
        "tickable": _tickable(request, page) if shows_drafts else (),
        "decides": kpi_states.decides(request.member),
        "usual_reason": taken_as_it_is() if any(kpi.origin for kpi in page) else "",
        "is_filtered": any(chosen.values()),
        "page": page,
        "perspectives": Perspective.objects.all(),
        "departments": queries.departments_with_kpis(),
        "groups": Group.choices,
        "may_define": may_define,
    }
    return render(request, "strategy/_kpi_results.html" if request.htmx else "strategy/kpi_list.html", context)


def _tickable(request, page) -> set[int]:
    """Drafts of a page that the member may activate or send: one that waits is for who decides."""
    states = [KpiState.DRAFT, KpiState.WAITING] if kpi_states.decides(request.member) else [KpiState.DRAFT]
    editable = queries.editable_kpis(request.member, request.today)
    return set(editable.filter(pk__in=[kpi.pk for kpi in page], state__in=states).values_list("pk", flat=True))


@require_safe
@requires(Permission.KPI_READ)
def kpi(request, pk):
    """The card of a KPI in words, its thread, and what changed from version to version."""
    return kpi_page(request, pk)


@requires(Permission.KPI_EDIT)
def kpi_new(request):
    """Four fields, and the rest behind "More"; or seven questions, one at a time, over the same fields."""
    if _is_shown_again(request):
        return _form_page(request, KpiForm(typed=request.POST, **choices_of(request)), None)
    year = fiscal_year_start(request.today, request.organization.fiscal_year_start_month)
    initial = {
        "department": queries.home_department(request.member, request.today),
        "objective": request.GET.get("objective"),
        # What can be known without asking; the page shows it, and everything can be changed there.
        "owner": request.member,
        "source": _("Typed in on the scorecard"),
        "due_on": add_months(year, 12) - datetime.timedelta(days=1),
        "reevaluate_on": add_months(year, 12) - datetime.timedelta(days=1),
    }
    form, plan = KpiForm(request.POST or None, initial=initial, **choices_of(request)), sent_plan(request)
    if request.method == "POST" and all([form.is_valid(), plan.may_be_kept]):
        try:
            with transaction.atomic():
                made = kpis.create_kpi(
                    fields=form.fields_of_version(),
                    department=form.cleaned_data["department"],
                    confidential=form.cleaned_data["confidential"],
                    state=KpiState.DRAFT,
                    by=request.member,
                )
                plan.keep(made, by=request.member)
        except kpis.KpiRefused as refusal:
            form.show_problems(refusal.problems)
        except PlanRefused as refusal:
            plan.show(refusal)
        else:
            _activate_if_ready(request, made)
            return redirect("strategy:kpi", request.organization.slug, made.pk)
    return _form_page(request, form, None, plan)


@requires(Permission.KPI_EDIT)
def kpi_edit(request, pk):
    """A new version; cards that exist keep theirs."""
    definition = editable_or_404(request, pk)
    choices = choices_of(request, definition.current)
    if _is_shown_again(request):
        return _form_page(
            request, KpiRevisionForm(typed=request.POST, version=definition.current, **choices), definition
        )
    initial = {"department": definition.department_id, "confidential": definition.is_confidential}
    form = KpiRevisionForm(request.POST or None, initial=initial, version=definition.current, **choices)
    plan = sent_plan(request)
    if request.method == "POST" and all([form.is_valid(), plan.may_be_kept]):
        try:
            with transaction.atomic():
                revised = kpis.revise_kpi(
                    definition=definition,
                    fields=form.fields_of_version(),
                    department=form.cleaned_data["department"],
                    confidential=form.cleaned_data["confidential"],
                    reason=form.cleaned_data["reason"],
                    by=request.member,
                )
                plan.keep(revised, by=request.member)
        except kpis.KpiRefused as refusal:
            form.show_problems(refusal.problems)
        except PlanRefused as refusal:
            plan.show(refusal)
        else:
            if definition.state == KpiState.ACTIVE:
                messages.success(request, _("Saved. Cards that exist keep the version they have."))
            else:
                _activate_if_ready(request, definition)
            return redirect("strategy:kpi", request.organization.slug, pk)
    return _form_page(request, form, definition, plan)


def _is_shown_again(request) -> bool:
    """Whether a button was pressed that changes the page and keeps nothing: another layout, another shape."""
    return "layout" in request.POST or "plan-use" in request.POST


def _activate_if_ready(request, definition: KpiDefinition) -> None:
    """Saved by the main button, a draft that lacks nothing is used at once; any other stays a draft, and it is said."""
    if "draft" in request.POST:
        messages.success(request, _("Saved as a draft. Nobody is measured by it yet."))
        return
    try:
        kpi_states.activate_kpi(definition=definition, by=request.member, on=request.today)
    except Refused:
        messages.warning(
            request,
            _("Saved as a draft. Fill in what SMARTER still lacks, or say why it is used as it is."),
        )
    else:
        messages.success(request, _("Saved. Assign it next."))


@requires(Permission.KPI_EDIT)
def kpi_retire(request, pk):
    """Take a KPI out of use."""
    definition = editable_or_404(request, pk)
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
    kpis.restore_kpi(definition=editable_or_404(request, pk), by=request.member)
    messages.success(request, _("Back in use."))
    return redirect("strategy:kpi", request.organization.slug, pk)


def _form_page(request, form: KpiForm, definition: KpiDefinition | None, plan: SentPlan | None = None):
    """The page of the form, filled as it is; 422 when something has to be mended."""
    plan = plan or sent_plan(request)
    problems = form.errors or (form.params is not None and form.params.errors) or plan.is_refused
    is_guided = (request.POST.get("layout") or request.POST.get("guided") or request.GET.get("guided")) == "guided"
    context = {
        **live_context(request, form.fields_shown(), definition),
        "form": form,
        "kpi": definition,
        "plan": plan.field,
        "is_guided": is_guided,
    }
    return render(request, "strategy/kpi_form.html", context, status=422 if problems else 200)

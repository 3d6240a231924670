"""A KPI's target month by month: the page of a year, and the field that answers while one types."""

import datetime

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from kpiapp.models import Member
from kpiapp.models.period import year_label
from kpiapp.permissions import Permission, can, requires
from kpiapp.queries import visible_members
from kpiapp.services.refusals import Refused
from kpiapp.text import id_in
from strategy import plans, queries
from strategy.forms.plan import PlanPersonForm
from strategy.models import KpiDefinition, KpiPlan
from strategy.services import plans as service
from strategy.views.plan_parts import chosen_year, field_for, open_years, typed_field
from strategy.visibility import visible_kpis


@requires(Permission.KPI_READ)
@require_http_methods(["GET", "POST"])
def kpi_plan(request, pk):
    """The plan of a KPI for a fiscal year, for everybody or (`member`) for one person; who may change the KPI plans."""
    definition = get_object_or_404(_kpis(request).select_related("current", "department"), pk=pk)
    may_edit = _may_edit(request, definition)
    picker = PlanPersonForm(request.GET if "person" in request.GET else None)
    if may_edit and picker.is_valid() and picker.cleaned_data["person"]:
        year = chosen_year(request, request.GET.get("year", ""))
        return redirect(f"{request.path}?{_query(year, picker.cleaned_data['person'])}")
    member = _person(request, may_edit=may_edit)
    starts_on = chosen_year(request, request.GET.get("year", "") or request.POST.get("plan-year", ""))
    plan = plans.plan_of(definition.pk, starts_on, member)
    if request.method == "POST":
        if not may_edit:
            raise Http404
        field = field_for(request, definition, starts_on, member)
        field.read(request.POST)
        if "plan-keep" in request.POST and field.is_valid() and _kept(request, definition, starts_on, member, field):
            return redirect(f"{request.path}?{_query(starts_on, member)}")
        status = 422 if "plan-keep" in request.POST else 200
        return _page(request, definition, plan, member, field, status=status)
    field = field_for(request, definition, starts_on, member, plan=plan, with_figures=may_edit)
    return _page(request, definition, plan, member, field, picker=picker)


@require_POST
@requires(Permission.KPI_EDIT)
def kpi_plan_drop(request, pk):
    """Take the plan of a year back, for everybody or for one person; its versions stay to be brought back."""
    definition, member, starts_on = _asked_for(request, pk)
    service.drop_plan(definition=definition, starts_on=starts_on, member=member, by=request.member)
    messages.success(request, _("The plan is taken back. Below, “Bring back” undoes that."))
    return _to_plan(request, pk, starts_on, member)


@require_POST
@requires(Permission.KPI_EDIT)
def kpi_plan_restore(request, pk):
    """Let a former version of a plan hold again."""
    definition, member, starts_on = _asked_for(request, pk)
    number = request.POST.get("number", "")
    versions = KpiPlan.objects.filter(definition=definition, member=member, starts_on=starts_on, total__isnull=False)
    plan = get_object_or_404(versions, number=id_in(number[:9]))
    try:
        service.bring_back(plan=plan, by=request.member)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Version %(number)d holds again.") % {"number": plan.number})
    return _to_plan(request, pk, starts_on, member)


@require_POST
@requires(Permission.KPI_EDIT)
def target_months(request):
    """The field alone, after something in it was typed or chosen; inside the KPI's own form, too. Writes nothing."""
    field = typed_field(request)
    context = {"plan": field, "may_plan": True, "is_opened": "plan-total" not in request.POST}
    return render(request, "strategy/_target_months.html", context)


def _asked_for(request, pk) -> tuple[KpiDefinition, Member | None, datetime.date]:
    """The KPI somebody may plan, for whom, and the year: 404 out of reach."""
    editable = queries.editable_kpis(request.member, request.today).filter(current__isnull=False)
    definition = get_object_or_404(editable.select_related("current"), pk=pk)
    return definition, _person(request, may_edit=True), chosen_year(request, request.POST.get("plan-year", ""))


def _to_plan(request, pk, starts_on: datetime.date, member: Member | None):
    response = redirect("strategy:kpi_plan", request.organization.slug, pk)
    response["Location"] += f"?{_query(starts_on, member)}"
    return response


def _kept(request, definition, starts_on, member, field) -> bool:
    try:
        service.keep_plan(
            definition=definition, starts_on=starts_on, draft=field.draft(), by=request.member, member=member
        )
    except Refused as refusal:
        field.error = str(refusal)
        return False
    messages.success(request, _("Saved. Cards that are set up from now on take these targets."))
    return True


def _page(request, definition, plan, member, field, *, picker=None, status=200):
    starts_on = field.year.starts_on
    may_edit = _may_edit(request, definition)
    people = visible_members(request.member, Permission.CARD_READ, request.today)
    assignable = may_edit and can(request.member, Permission.CARD_EDIT)
    given = plans.plans_of_people(definition.pk, starts_on, people) if field.is_total else []
    context = {
        "kpi": definition,
        "version": definition.current,
        "plan": field,
        "kept": plan,
        "person": member,
        "may_plan": may_edit,
        "year_name": _year_name(request, starts_on),
        "years": [(year, _year_name(request, year), _query(year, member)) for year in open_years(request)],
        "given": given,
        "given_total": sum((one.total for one in given), 0),
        "whole": plan if member is None else plans.plan_of(definition.pk, starts_on),
        "history": plans.versions_of(definition.pk, starts_on, member),
        "assignable": assignable,
        "picker": picker or PlanPersonForm(),
    }
    return render(request, "strategy/kpi_plan.html", context, status=status)


def _kpis(request):
    return visible_kpis(request.member, request.today).filter(current__isnull=False)


def _may_edit(request, definition) -> bool:
    return queries.editable_kpis(request.member, request.today).filter(pk=definition.pk).exists()


def _person(request, *, may_edit: bool) -> Member | None:
    """Whose plan is asked for, among the people within reach; 404 for anybody else."""
    pk = request.GET.get("member", "") or request.POST.get("plan-member", "")
    if not pk:
        return None
    permission = Permission.CARD_EDIT if may_edit else Permission.CARD_READ
    reach = visible_members(request.member, permission, request.today)
    return get_object_or_404(reach, pk=id_in(pk))


def _year_name(request, starts_on: datetime.date) -> str:
    return year_label(starts_on.year, request.organization.fiscal_year_start_month)


def _query(starts_on: datetime.date, member: Member | None) -> str:
    return f"year={starts_on.year}" + (f"&member={member.pk}" if member else "")

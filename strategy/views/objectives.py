"""Objectives and links: the page of an objective, and the plain forms that change a map."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kpiapp.permissions import Permission, can, requires
from kpiapp.services.refusals import Refused
from kpiapp.text import id_in
from strategy import foundations, initiatives, queries
from strategy.choices import LinkStrength, MapState
from strategy.forms.maps import LinkForm, NewLinkForm, NewObjectiveForm, ObjectiveForm
from strategy.models import CauseLink, Objective, Perspective
from strategy.services import links, objectives
from strategy.views.editor import editor_page


@require_safe
@requires(Permission.STRATEGY_READ)
def objective(request, pk):
    """What an objective is, what measures it, what drives it and what it drives."""
    shown = get_object_or_404(queries.visible_objectives(request.member), pk=pk)
    periods = queries.periods_to_show(request.today)
    period = queries.chosen_period(periods, request.GET.get("period", ""))
    all_links = list(queries.links_of(shown))
    # A draft's copy is measured by what measures the published one; what is new there, by nothing yet.
    measured = shown.stands_for or shown
    is_new_in_draft = shown.map.draft_of_id is not None and shown.stands_for_id is None
    context = {
        "objective": shown,
        "measured": measured,
        "period": period,
        "periods": periods,
        "score": queries.objective_scores([measured.pk], period).get(measured.pk, queries.NO_SCORE),
        "kpis": queries.objective_kpis(measured, request.member, request.today),
        "drives": [link for link in all_links if link.source_id == shown.pk],
        "driven_by": [link for link in all_links if link.target_id == shown.pk],
        "may_edit": can(request.member, Permission.STRATEGY_EDIT)
        and shown.map.state != MapState.ARCHIVED
        and shown.retired_at is None,
        "is_draft": shown.map.state == MapState.DRAFT,
        "may_define": can(request.member, Permission.KPI_EDIT) and shown.retired_at is None and not is_new_in_draft,
        "initiatives": _initiatives(request, shown),
        "risks": foundations.risks_of(measured),
        "may_plan": can(request.member, Permission.INITIATIVE_PLAN),
        "may_judge": can(request.member, Permission.STRATEGY_EDIT) and not is_new_in_draft,
    }
    return render(request, "strategy/objective.html", context)


def _initiatives(request, shown: Objective) -> list[initiatives.InitiativeView]:
    found = initiatives.list_initiatives(on=request.today, objective=shown.stands_for_id or shown.pk)
    return initiatives.views_of(found, request.today)


@require_POST
@requires(Permission.STRATEGY_EDIT)
def objective_new(request, pk):
    """Add an objective to a lane."""
    strategy_map = get_object_or_404(queries.editable_maps(request.member), pk=pk)
    form = NewObjectiveForm(request.POST)
    if not form.run(objectives.add_objective, strategy_map=strategy_map, by=request.member):
        return editor_page(request, strategy_map, as_list=True, status=422, new=form)
    return _back_to_list(request, pk)


@requires(Permission.STRATEGY_EDIT)
def objective_edit(request, pk):
    """Rename, describe, give it an owner; its links stand beside."""
    shown = _editable(request, pk)
    initial = {"name": shown.name, "owner": shown.owner, "description": shown.description, "theme": shown.theme}
    form = ObjectiveForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.run(objectives.edit_objective, objective=shown, by=request.member):
        return redirect("strategy:map_edit", request.organization.slug, shown.map_id)
    return _edit_page(request, shown, form, NewLinkForm(source=shown))


@require_POST
@requires(Permission.STRATEGY_EDIT)
def objective_move(request, pk):
    """One place earlier or later in its lane, or to the end of another lane."""
    shown = _editable(request, pk)
    row = [other.pk for other in queries.ordered_lanes(shown.map)[shown.perspective_id]]
    places = {"earlier": row.index(shown.pk) - 1, "later": row.index(shown.pk) + 1}
    lane, place = shown.perspective, places.get(request.POST.get("to", ""))
    if place is None:
        lane = get_object_or_404(Perspective.objects.filter(is_active=True), pk=id_in(request.POST.get("lane", "")))
        place = len(queries.ordered_lanes(shown.map)[lane.pk])
    try:
        objectives.move_objective(objective=shown, perspective=lane, position=place, by=request.member)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return _back_to_list(request, shown.map_id)


@require_POST
@requires(Permission.STRATEGY_EDIT)
def objective_remove(request, pk):
    """Take an objective off the map."""
    shown = _editable(request, pk)
    try:
        objectives.remove_objective(objective=shown, at=timezone.now(), by=request.member)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return _back_to_list(request, shown.map_id)


@require_POST
@requires(Permission.STRATEGY_EDIT)
def link_new(request, pk):
    """Say what an objective drives."""
    shown = _editable(request, pk)
    form = NewLinkForm(request.POST, source=shown)
    if not form.run(links.link_objectives, source=shown, by=request.member):
        return _edit_page(request, shown, _filled(shown), form)
    return redirect("strategy:objective_edit", request.organization.slug, pk)


@require_POST
@requires(Permission.STRATEGY_EDIT)
def link_edit(request, pk):
    """How strong a link is, and how long its effect takes."""
    link = _editable_link(request, pk)
    form = LinkForm(request.POST)
    if form.run(links.change_link, link=link, by=request.member):
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("The lag has to be a whole number of months, from 0 to 60."))
    return redirect("strategy:objective_edit", request.organization.slug, link.source_id)


@require_POST
@requires(Permission.STRATEGY_EDIT)
def link_remove(request, pk):
    """Take a link off the map."""
    link = _editable_link(request, pk)
    links.unlink(link=link, by=request.member)
    return redirect("strategy:objective_edit", request.organization.slug, link.source_id)


def _back_to_list(request, pk: int):
    return redirect(reverse("strategy:map_edit", args=[request.organization.slug, pk]) + "?as=list")


def _editable(request, pk) -> Objective:
    editable = Objective.objects.standing().filter(map__in=queries.editable_maps(request.member))
    return get_object_or_404(editable.select_related("map", "perspective", "owner"), pk=pk)


def _editable_link(request, pk) -> CauseLink:
    editable = CauseLink.objects.standing().filter(map__in=queries.editable_maps(request.member))
    return get_object_or_404(editable.select_related("map", "source", "target"), pk=pk)


def _filled(shown: Objective) -> ObjectiveForm:
    return ObjectiveForm(initial={name: getattr(shown, name) for name in ObjectiveForm.base_fields})


def _edit_page(request, shown: Objective, form: ObjectiveForm, link_form: NewLinkForm):
    all_links = list(queries.links_of(shown))
    context = {
        "objective": shown,
        "form": form,
        "link_form": link_form,
        "drives": [link for link in all_links if link.source_id == shown.pk],
        "driven_by": [link for link in all_links if link.target_id == shown.pk],
        "strengths": LinkStrength.choices,
        "lanes": Perspective.objects.filter(is_active=True).exclude(pk=shown.perspective_id),
    }
    return render(
        request, "strategy/objective_edit.html", context, status=422 if form.errors or link_form.errors else 200
    )

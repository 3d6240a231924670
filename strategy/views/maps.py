"""The strategy map: the drawing, its list, and the map as a whole."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kpiapp.permissions import Permission, can, requires
from kpiapp.views.pages import form_page
from strategy import initiatives, queries
from strategy.catalogue import example_maps
from strategy.choices import MapState
from strategy.forms.maps import ExampleForm, MapForm
from strategy.maps import drawing
from strategy.services import maps

PAPERS = {"a4": "A4", "a3": "A3"}


@require_safe
@requires(Permission.STRATEGY_READ)
def strategy_map(request):
    """The published map (or, for its editors, a draft) with the colours of a period; drawn for a sheet on request."""
    visible = list(queries.visible_maps(request.member))
    chosen = {str(strategy_map.pk): strategy_map for strategy_map in visible}
    shown = chosen.get(request.GET.get("map", "")) or next(iter(visible), None)
    may_edit = can(request.member, Permission.STRATEGY_EDIT)
    if shown is None:
        return render(request, "strategy/map_empty.html", {"example": ExampleForm(), "may_edit": may_edit})
    periods = queries.periods_to_show(request.today)
    period = queries.chosen_period(periods, request.GET.get("period", ""))
    view = queries.map_view(shown, period)
    notes = initiatives.notes_of([item.objective for item in view.objectives], request.today)
    paper = request.GET.get("paper", "") if request.GET.get("paper", "") in PAPERS else ""
    context = {
        "map": shown,
        "maps": visible,
        "paper": paper,
        "papers": PAPERS,
        "view": view,
        "notes": notes,
        "picture": drawing.draw(view, notes=notes, on_paper=bool(paper)),
        "periods": periods,
        "period": period,
        "highlight": request.GET.get("theme", "") if request.GET.get("theme", "") in view.themes else "",
        "may_strategy": may_edit,
        "may_edit": may_edit and shown.state != MapState.ARCHIVED,
        "is_draft": shown.state == MapState.DRAFT,
    }
    return render(request, "strategy/map.html", context)


@requires(Permission.STRATEGY_EDIT)
def map_new(request):
    """Begin an empty map, or one of the examples."""
    form = MapForm(request.POST or None)
    if request.method == "POST" and form.run(maps.create_map, by=request.member):
        return redirect("strategy:map_edit", request.organization.slug, form.result.pk)
    return _new_map_page(request, form, ExampleForm())


def _new_map_page(request, form: MapForm, example: ExampleForm):
    status = 422 if form.errors or example.errors else 200
    return render(request, "strategy/map_new.html", {"form": form, "example": example}, status=status)


@require_POST
@requires(Permission.STRATEGY_EDIT)
def map_example(request):
    """Begin with a published map, as a draft of its own beside whatever maps there are."""
    form = ExampleForm(request.POST)
    if not form.is_valid():
        return _new_map_page(request, MapForm(), form)
    loaded = maps.load_example_map(
        example=example_maps()[form.cleaned_data["example"]],
        language=request.organization.language,
        with_measures=form.cleaned_data["with_measures"],
        initiatives_from=request.today if form.cleaned_data["with_initiatives"] else None,
        by=request.member,
    )
    messages.success(request, _("Loaded as a draft. Change it into your own, then publish it."))
    return redirect("strategy:map_edit", request.organization.slug, loaded.pk)


@requires(Permission.STRATEGY_EDIT)
def map_describe(request, pk):
    """Name, vision, mission and values."""
    shown = get_object_or_404(queries.editable_maps(request.member), pk=pk)
    initial = {name: getattr(shown, name) for name in MapForm.base_fields}
    form = MapForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.run(maps.describe_map, strategy_map=shown, by=request.member):
        return redirect("strategy:map_edit", request.organization.slug, shown.pk)
    return form_page(request, form, title=shown.name, submit=_("Save"), back="map_edit", pk=pk)

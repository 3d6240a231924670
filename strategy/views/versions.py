"""Drafts and versions of the map: open a draft, see what it changes, publish it; what was published before."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kpiapp.models import Member
from kpiapp.permissions import Permission, requires
from kpiapp.services.refusals import Refused
from kpiapp.text import id_in
from strategy import queries
from strategy.choices import MapState
from strategy.forms.maps import PublishForm
from strategy.maps import differences, drawing, snapshots
from strategy.models import MapVersion, Objective, StrategyMap
from strategy.services import publishing

PAGE_SIZE = 20


@require_POST
@requires(Permission.STRATEGY_EDIT)
def map_draft(request, pk):
    """Open the draft of the published map, made where there is none; at one objective, when that is asked for."""
    published = get_object_or_404(StrategyMap.objects.filter(state=MapState.PUBLISHED), pk=pk)
    draft = publishing.open_draft(strategy_map=published, by=request.member)
    if wanted := id_in(request.POST.get("objective", "")):
        copy = get_object_or_404(Objective.objects.standing().filter(map=draft), stands_for=wanted)
        return redirect("strategy:objective_edit", request.organization.slug, copy.pk)
    return redirect("strategy:map_edit", request.organization.slug, draft.pk)


@requires(Permission.STRATEGY_EDIT)
def map_publish(request, pk):
    """What publishing changes for everybody, and the button."""
    draft = get_object_or_404(queries.editable_maps(request.member), pk=pk)
    plan = publishing.plan_of(draft)
    form = PublishForm(request.POST if request.method == "POST" else None, asks=bool(plan and plan.leaving))
    if request.method == "POST" and form.run(
        publishing.publish_map, strategy_map=draft, at=timezone.now(), by=request.member
    ):
        messages.success(request, _("Published. Everybody sees this map now."))
        return redirect("strategy:map", request.organization.slug)
    context = {
        "map": draft,
        "form": form,
        "leaving": plan.leaving if plan else [],
        "told": told_differences(plan.before, plan.after) if plan else None,
        "objectives": draft.objectives.standing().count(),
    }
    return render(request, "strategy/map_publish.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.STRATEGY_EDIT)
def map_discard(request, pk):
    """Throw a draft away."""
    draft = get_object_or_404(queries.editable_maps(request.member), pk=pk)
    try:
        publishing.discard_draft(strategy_map=draft, by=request.member)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("strategy:map_edit", request.organization.slug, pk)
    messages.success(request, _("The draft is thrown away. Everybody still sees the published map."))
    return redirect("strategy:map", request.organization.slug)


def told_differences(before: dict, after: dict) -> list[differences.Told]:
    """What two contents differ in, in words."""
    people = {one["owner"] for one in [*before["objectives"], *after["objectives"]] if one["owner"]}
    names = dict(Member.objects.filter(pk__in=people).values_list("pk", "name"))
    return differences.tell(differences.compare(before, after), before, after, names)


@require_safe
@requires(Permission.STRATEGY_READ)
def map_versions(request):
    """All publications of the map, the newest first."""
    published = StrategyMap.objects.filter(state=MapState.PUBLISHED).first()
    found = MapVersion.objects.filter(map=published).select_related("published_by").defer("content")
    context = {
        "map": published,
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "older": queries.visible_maps(request.member).filter(state=MapState.ARCHIVED),
        "draft": queries.editable_maps(request.member).filter(draft_of=published).first() if published else None,
    }
    return render(request, "strategy/map_versions.html", context)


@require_safe
@requires(Permission.STRATEGY_READ)
def map_version(request, pk):
    """The map as it was published one time."""
    version = get_object_or_404(MapVersion.objects.select_related("map", "published_by"), pk=pk)
    view = snapshots.view_of(version.content)
    picture = drawing.draw(view, marks=drawing.Marks({}, {}))
    context = {"version": version, "view": view, "picture": picture}
    return render(request, "strategy/map_version.html", context)


@require_safe
@requires(Permission.STRATEGY_READ)
def map_compare(request):
    """What two publications differ in, in words and marked on one drawing; editors compare with the draft, too."""
    published = get_object_or_404(StrategyMap.objects.filter(state=MapState.PUBLISHED))
    versions = list(MapVersion.objects.filter(map=published).select_related("published_by").defer("content"))
    draft = queries.editable_maps(request.member).filter(draft_of=published).first()
    by_name = {str(version.pk): version for version in versions}
    after = request.GET.get("to", "draft" if draft else "")
    newest = versions[0] if versions else None
    to = None if after == "draft" and draft else by_name.get(after, newest)
    earlier = (version for version in versions if to is None or version.number < to.number)
    since = by_name.get(request.GET.get("from", "")) or next(earlier, None)
    context = {"versions": versions, "draft": draft, "since": since, "to": to, "to_draft": to is None and draft}
    plan = publishing.plan_of(draft) if context["to_draft"] else None
    old = since.content if since else plan.before if plan else None
    new = plan.after if plan else to.content if to else None
    if old and new:
        found = differences.compare(old, new)
        view = snapshots.view_of(differences.union_of(old, new))
        context |= {
            "told": told_differences(old, new),
            "view": view,
            "picture": drawing.draw(view, marks=drawing.Marks(*found.marks())),
        }
    return render(request, "strategy/map_compare.html", context)

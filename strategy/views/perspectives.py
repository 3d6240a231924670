"""The lanes of the map: renamed, reordered, added, taken away."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kpiapp.permissions import Permission, requires
from kpiapp.services.refusals import Refused
from strategy.forms.maps import PerspectiveForm
from strategy.models import Perspective
from strategy.services import perspectives


@requires(Permission.STRATEGY_EDIT)
def perspective_list(request):
    """All lanes, and a new one."""
    form = PerspectiveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.run(perspectives.add_perspective, by=request.member):
        return redirect("strategy:perspectives", request.organization.slug)
    return _page(request, form)


@require_POST
@requires(Permission.STRATEGY_EDIT)
def perspective_change(request, pk):
    """Another name or another place for a lane, or away with it."""
    lane = get_object_or_404(Perspective.objects.filter(is_active=True), pk=pk)
    do = request.POST.get("do", "")
    try:
        if do in ("up", "down"):
            perspectives.move_perspective(perspective=lane, up=do == "up", by=request.member)
        elif do == "remove":
            perspectives.remove_perspective(perspective=lane, by=request.member)
        else:
            name = request.POST.get("name", "")[: Perspective._meta.get_field("name").max_length]
            perspectives.rename_perspective(perspective=lane, name=name, by=request.member)
            messages.success(request, _("Saved."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("strategy:perspectives", request.organization.slug)


def _page(request, form: PerspectiveForm):
    context = {"form": form, "lanes": Perspective.objects.filter(is_active=True)}
    return render(request, "strategy/perspectives.html", context, status=422 if form.errors else 200)

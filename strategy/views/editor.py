"""The map editor: a draft as a drawing that is changed in place, and as lists with plain forms."""

import json

from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from kpiapp.permissions import Permission, requires
from kpiapp.services.refusals import Refused
from strategy import queries
from strategy.choices import LinkStrength, MapState
from strategy.forms.maps import CommandForm
from strategy.maps import drawing
from strategy.models import StrategyMap
from strategy.services import editor, objectives


@require_safe
@requires(Permission.STRATEGY_EDIT)
def map_edit(request, pk):
    """The draft as a drawing, or as lists."""
    shown = get_object_or_404(queries.editable_maps(request.member), pk=pk)
    return editor_page(request, shown, as_list=request.GET.get("as") == "list")


@require_POST
@requires(Permission.STRATEGY_EDIT)
def map_command(request, pk):
    """One step of the editor; the answer is the drawing as it is then, with what was done or why it was refused."""
    shown = get_object_or_404(queries.editable_maps(request.member), pk=pk)
    form = CommandForm(request.POST)
    done, refused = None, ""
    if form.is_valid():
        arguments = dict(form.cleaned_data)
        try:
            done = editor.run_command(
                strategy_map=shown, do=arguments.pop("do"), arguments=arguments, at=timezone.now(), by=request.member
            )
        except Refused as refusal:
            refused = str(refusal)
        shown.refresh_from_db()
    else:
        refused = " ".join(sentence for sentences in form.errors.values() for sentence in sentences)
    context = {
        "picture": drawing.draw(queries.map_view(shown, None), scored=False),
        "done": done,
        "undo": json.dumps(done.undo) if done else "",
        "refused": refused,
    }
    return render(request, "strategy/_map_canvas.html", context, status=422 if refused else 200)


@require_POST
@requires(Permission.STRATEGY_EDIT)
def map_arrange(request, pk):
    """Let the drawing choose the order again."""
    shown = get_object_or_404(queries.editable_maps(request.member), pk=pk)
    objectives.arrange_map(strategy_map=shown, by=request.member)
    return redirect("strategy:map_edit", request.organization.slug, shown.pk)


def editor_page(request, shown: StrategyMap, *, as_list: bool, status: int = 200, **context):
    """The editor of a draft; `context` brings back what was typed and refused."""
    view = queries.map_view(shown, None)
    context |= {
        "map": shown,
        "view": view,
        "as_list": as_list,
        "picture": None if as_list else drawing.draw(view, scored=False),
        "strengths": LinkStrength.choices,
        "is_first": not StrategyMap.objects.filter(state=MapState.PUBLISHED).exists(),
    }
    return render(request, "strategy/map_edit.html", context, status=status)

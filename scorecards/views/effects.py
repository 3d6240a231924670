"""Panels that say who would move before anything is saved: a change asked for, a draft, a new version of a KPI."""

from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kpiapp.permissions import Permission, requires
from kpiapp.services.refusals import Refused
from scorecards import queries
from scorecards.cards.weights import Weights
from scorecards.choices import ChangeState
from scorecards.forms import ChangeForm, line_forms
from scorecards.models import card_rules
from scorecards.moves.effects import effect_of
from scorecards.recompute import Changes
from scorecards.services import changes as change_services
from scorecards.services import dated


def panel(request, *, changes=None, card_ids=(), problem="", hint=""):
    """The panel: an effect, or why there is none."""
    effect = None
    if changes is not None:
        effect = effect_of(changes, card_ids=card_ids, member=request.member, on=request.today)
    context = {"effect": effect, "problem": problem, "hint": hint}
    return render(request, "scorecards/_effect.html", context)


@requires(Permission.CHANGE_REQUEST)
@require_POST
@never_cache
def change_effect(request, pk):
    """What a change that is being typed would do to the score of its card."""
    lines = queries.changeable_lines(request.member, request.today)
    line = get_object_or_404(lines.select_related("kpi", "scorecard__period"), pk=pk)
    form = ChangeForm(request.POST, line=line)
    form.fields["reason"].required = False
    if not form.is_valid() or not form.changes():
        return panel(request, hint=_("Type a new value, and see here what it does to the score."))
    try:
        proposal = change_services.propose_change(
            line=line,
            changes=form.changes(),
            effective_on=form.cleaned_data["effective_on"],
            mode=form.cleaned_data["mode"],
        )
    except Refused as refusal:
        return panel(request, problem=str(refusal))
    return _proposal_panel(request, proposal, line)


@requires(Permission.CARD_READ)
@require_safe
@never_cache
def request_effect(request, pk):
    """What a request that waits would do, for whoever decides on it."""
    shown = queries.visible_changes(request.member, request.today).filter(state=ChangeState.REQUESTED)
    change = get_object_or_404(shown.select_related("line__kpi", "line__scorecard__period", "requested_by"), pk=pk)
    return _proposal_panel(request, change_services.proposal_of(change), change.line)


def _proposal_panel(request, proposal: dated.Proposal, line):
    return panel(request, changes=dated.changes_of(proposal), card_ids=[line.scorecard_id])


def live_hint() -> str:
    """What to do on the page of a draft to see what it changes."""
    return _("Type weights and targets, and see here what they do to the score.")


@requires(Permission.CARD_EDIT)
@require_POST
@never_cache
def card_effect(request, pk):
    """What the weights and targets that are being typed come to, and what they would do to the score of a draft."""
    card = get_object_or_404(queries.editable_cards(request.member, request.today), pk=pk)
    lines = queries.card_with_lines(card, request.member, request.today)
    forms = line_forms([line for line in lines if not line.is_hidden], request.POST)
    typed = {pk: form.values() for pk, form in forms.items() if form.is_valid()}
    for line in lines:
        values = typed.get(line.pk, {})
        line.weight = values.get("weight", line.weight)
        if any(name in values and values[name] != getattr(line, name) for name in ("method", "params")):
            values["kpi_id"] = line.kpi_id  # names the rule anew
    context = {"card": card, "weights": Weights(lines, card_rules()), "hint": live_hint()}
    if len(typed) == len(forms):
        changes = Changes(typed)
        context["effect"] = effect_of(changes, card_ids=[card.pk], member=request.member, on=request.today)
    return render(request, "scorecards/_card_live.html", context)

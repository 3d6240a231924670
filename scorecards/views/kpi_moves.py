"""A new version of a KPI and the cards: what it would change while it is typed, and moving cards over to it."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from kpiapp.permissions import Permission, requires
from scorecards import queries
from scorecards.cards.weights import total_weight
from scorecards.forms import MoveForm
from scorecards.moves import kpi_moves
from scorecards.moves.effects import effect_of
from scorecards.services.kpi_moves import move_cards
from strategy.forms.kpis import KpiRevisionForm
from strategy.models import KpiVersion
from strategy.queries import editable_kpis
from strategy.services.formulas import formula_problem
from strategy.services.kpis import complete_fields
from strategy.views.kpi_parts import choices_of


def _kpi(request, pk):
    editable = editable_kpis(request.member, request.today)
    return get_object_or_404(editable.select_related("current__owner"), pk=pk)


@requires(Permission.KPI_EDIT)
@require_POST
@never_cache
def kpi_effect(request, pk):
    """What the version that is being typed would make of the cards that have the KPI, if they went over to it."""
    definition = _kpi(request, pk)
    form = KpiRevisionForm(request.POST, version=definition.current, **choices_of(request, definition.current))
    if not form.is_valid():
        return render(request, "scorecards/_kpi_effect.html", {"hint": _("Fill in the fields first.")})
    fields = complete_fields(form.fields_of_version())
    if problem := formula_problem(fields, definition):
        return render(request, "scorecards/_kpi_effect.html", {"hint": problem})
    known = {field.name for field in KpiVersion._meta.get_fields()}
    version = KpiVersion(definition=definition, **{name: fields[name] for name in fields if name in known})
    lines = list(kpi_moves.open_lines(definition))
    effect = effect_of(
        kpi_moves.changes_to(version, lines),
        card_ids=[line.scorecard_id for line in lines],
        member=request.member,
        on=request.today,
    )
    card = kpi_moves.card_now(version, reader=request.member, on=request.today)
    context = {
        "effect": effect,
        "past": kpi_moves.past_of(definition, version, reader=request.member, on=request.today),
        "card": card,
        **_weights(request, card, definition),
    }
    return render(request, "scorecards/_kpi_effect.html", context)


def _weights(request, card, definition) -> dict:
    if card is None:
        return {}
    lines = [line for line in queries.card_with_lines(card, request.member, request.today) if line.is_scored]
    own = next((line.weight for line in lines if line.kpi.definition_id == definition.pk), None)
    bar = [{"label": line.kpi.name, "weight": line.weight} for line in lines]
    return {"own_weight": own, "total": total_weight(lines), "bar": bar}


@requires(Permission.KPI_EDIT)
@require_http_methods(["GET", "POST"])
@never_cache
def kpi_move(request, pk):
    """Cards of open periods on an earlier version, what the current one makes of them, and moving them."""
    definition = _kpi(request, pk)
    lines = list(kpi_moves.movable(kpi_moves.lines_behind(definition), request.member, request.today))
    agreed = sum(line.scorecard.is_agreed for line in lines)
    form = MoveForm(request.POST or None, needs_reason=bool(agreed))
    if request.method == "POST" and form.run(move_cards, definition=definition, by=request.member, today=request.today):
        _tell(request, form.result)
        return redirect("strategy:kpi", request.organization.slug, pk)
    context = {
        "kpi": definition,
        "form": form,
        "agreed": agreed,
        "drafts": len(lines) - agreed,
        "effect": effect_of(
            kpi_moves.changes_to(definition.current, lines),
            card_ids=[line.scorecard_id for line in lines],
            member=request.member,
            on=request.today,
        ),
    }
    return render(request, "scorecards/kpi_move.html", context, status=422 if form.errors else 200)


def _tell(request, moved) -> None:
    if moved.drafts:
        text = ngettext("%(count)d draft has the new version.", "%(count)d drafts have the new version.", moved.drafts)
        messages.success(request, text % {"count": moved.drafts})
    if moved.requests:
        text = ngettext(
            "Asked for %(count)d agreed card. A second person decides.",
            "Asked for %(count)d agreed cards. A second person decides.",
            moved.requests,
        )
        messages.success(request, text % {"count": moved.requests})
    for sentence in moved.refused[:5]:
        messages.warning(request, sentence)

"""What the strategy stands on: the SWOT board, and the risks of objectives."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kpiapp.permissions import Permission, can, requires
from kpiapp.views.pages import form_page
from strategy import foundations as reads
from strategy.choices import MapState
from strategy.forms.initiatives import RiskForm, SwotForm, SwotObjectiveForm
from strategy.models import Objective, Risk, StrategyMap, SwotItem
from strategy.services import context, publishing


@require_safe
@requires(Permission.STRATEGY_READ)
def foundations(request):
    """Vision, mission, values, the four quarters, and the matrix of risks."""
    return _page(request)


def _page(request, form: SwotForm | None = None):
    kind = form.data.get("kind", "") if form is not None else ""
    risks = reads.open_risks(request.member)
    shown = {
        "map": StrategyMap.objects.filter(state=MapState.PUBLISHED).first(),
        "board": reads.board(),
        "refused": {kind: form} if form is not None else {},
        "risks": risks,
        "matrix": reads.risk_matrix(risks),
        "scale": reads.SCALE,
        "may_edit": can(request.member, Permission.STRATEGY_EDIT),
    }
    return render(request, "strategy/foundations.html", shown, status=422 if form is not None else 200)


@require_POST
@requires(Permission.STRATEGY_EDIT)
def swot_new(request):
    """One more sentence on the board."""
    form = SwotForm(request.POST)
    if not form.run(context.add_swot, by=request.member):
        return _page(request, form)
    return redirect("strategy:foundations", request.organization.slug)


@require_POST
@requires(Permission.STRATEGY_EDIT)
def swot_remove(request, pk):
    """Take a sentence off the board."""
    context.remove_swot(item=get_object_or_404(SwotItem, pk=pk), by=request.member)
    return redirect("strategy:foundations", request.organization.slug)


@requires(Permission.STRATEGY_EDIT)
def swot_answer(request, pk):
    """Turn a sentence into an objective of the draft."""
    item = get_object_or_404(SwotItem, pk=pk)
    form = SwotObjectiveForm(request.POST or None, initial={"name": item.text[:200]})
    if request.method == "POST" and form.is_valid():
        draft = _draft(request)
        if draft is None:
            form.add_error(None, _("Begin a strategy map first: an objective stands on one."))
        elif form.run(context.turn_into_objective, item=item, strategy_map=draft, by=request.member):
            messages.success(request, _("It stands on the draft of the map. Publish the draft when it is ready."))
            return redirect("strategy:map_edit", request.organization.slug, draft.pk)
    return form_page(
        request, form, title=_("Turn into an objective"), lead=item.text, submit=_("Add to the map"), back="foundations"
    )


def _draft(request) -> StrategyMap | None:
    """The draft that changes the published map, made when there is none; else the newest draft."""
    published = StrategyMap.objects.filter(state=MapState.PUBLISHED).first()
    if published is not None:
        return publishing.open_draft(strategy_map=published, by=request.member)
    return StrategyMap.objects.filter(state=MapState.DRAFT).order_by("-pk").first()


@requires(Permission.STRATEGY_EDIT)
def risk_new(request, pk):
    """What may keep an objective from being reached."""
    objective = get_object_or_404(Objective.objects.published(), pk=pk)
    form = RiskForm(request.POST or None, initial={"likelihood": 3, "impact": 3})
    if request.method == "POST" and form.run(
        context.add_risk, objective=objective, on=request.today, by=request.member
    ):
        return redirect("strategy:objective", request.organization.slug, pk)
    return form_page(request, form, title=_("New risk"), lead=objective.name, submit=_("Save"), back="objective", pk=pk)


@requires(Permission.STRATEGY_EDIT)
def risk_edit(request, pk):
    """Judge it anew."""
    risk = get_object_or_404(Risk.objects.select_related("objective", "owner"), pk=pk)
    initial = {name: getattr(risk, name) for name in RiskForm.base_fields}
    form = RiskForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.run(context.change_risk, risk=risk, on=request.today, by=request.member):
        return redirect("strategy:objective", request.organization.slug, risk.objective_id)
    return form_page(
        request,
        form,
        title=_("Risk"),
        lead=risk.objective.name,
        submit=_("Save"),
        back="objective",
        pk=risk.objective_id,
    )


@require_POST
@requires(Permission.STRATEGY_EDIT)
def risk_close(request, pk):
    """No risk any more, or again one."""
    risk = get_object_or_404(Risk.objects.select_related("objective", "owner"), pk=pk)
    context.close_risk(risk=risk, on=None if risk.closed_on else request.today, by=request.member)
    return redirect("strategy:objective", request.organization.slug, risk.objective_id)

"""Pages of cards: one's own, anyone's, all of a period, and the page where a draft is edited."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kpiapp.permissions import Permission, requires
from kpiapp.queries import employment_on
from kpiapp.services.refusals import Refused
from scorecards import queries
from scorecards.cards import team
from scorecards.cards.weights import Weights
from scorecards.forms import ReasonForm, line_forms, own_scorings
from scorecards.models import card_rules
from scorecards.services import scorecards as cards
from scorecards.views import parts
from scorecards.views.effects import live_hint
from strategy.services import templates

PAGE = 50


@requires(Permission.CARD_READ)
@require_GET
@never_cache  # one's own card estimates one's pay
def mine(request):
    """Home: one's own card of the running month."""
    period = queries.period_on(request.today, request.GET.get("period", ""))
    if period is None:
        return parts.no_card(request, None)
    card = queries.own_card(request.member, period)
    if card is None:
        return parts.no_card(request, period, queries.periods_like(period))
    return render(request, "scorecards/card.html", parts.card_context(request, card, period))


@requires(Permission.CARD_READ)
@require_GET
@never_cache
def card(request, pk):
    """Anyone's card, to read or to fill in, as permissions say."""
    cards_here = queries.visible_cards(request.member, request.today).select_related(*queries.CARD_PARTS)
    card = get_object_or_404(cards_here, pk=pk)
    return render(request, "scorecards/card.html", parts.card_context(request, card, card.period))


@requires(Permission.CARD_READ)
@require_GET
def card_history(request, pk, code):
    """The same owner's card in another period."""
    card = get_object_or_404(queries.visible_cards(request.member, request.today), pk=pk)
    period = queries.period_on(request.today, code)
    other = queries.sibling_card(card, period, request.member, request.today) if period else None
    if other is None:
        messages.info(request, _("There is no card in that period."))
    return redirect("scorecards:card", request.organization.slug, (other or card).pk)


@requires(Permission.CARD_READ)
@require_GET
def team_list(request):
    """The cards of a period one may see, filtered, with the way from company to department to person."""
    period = queries.period_on(request.today, request.GET.get("period", ""))
    if period is None:
        return parts.no_card(request, None)
    filters = team.Filters.read(request.GET, request.member)
    found = team.filtered(queries.cards_of_period(request.member, period, request.today), filters, request.today)
    context = {
        "period": period,
        "periods": queries.periods_like(period),
        "filters": filters,
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        **team.overview(request.member, period, filters, request.today),
    }
    return render(request, "scorecards/_team_list.html" if request.htmx else "scorecards/team.html", context)


@requires(Permission.CARD_EDIT)
@require_http_methods(["GET", "POST"])
@never_cache  # scores and what they would become
def card_edit(request, pk):
    """Weights, baselines and targets of a draft, saved together."""
    here = queries.editable_cards(request.member, request.today).select_related(*queries.CARD_PARTS)
    card = get_object_or_404(here, pk=pk)
    lines = queries.card_with_lines(card, request.member, request.today)
    forms = line_forms([line for line in lines if not line.is_hidden], request.POST)
    is_sent = request.method == "POST"
    # Every form is asked, so that all that is wrong is shown at once.
    invalid = bool(is_sent and [form for form in forms.values() if not form.is_valid()])
    if is_sent and not invalid:
        changes = {pk: form.values() for pk, form in forms.items()}
        if _done(request, cards.update_lines, card=card, changes=changes, by=request.member, today=request.today):
            return _after_edit(request, card)
    weights = Weights(lines, card_rules())
    suggested = weights.suggested
    context = {
        "card": card,
        "period": card.period,
        "pairs": [(line, forms.get(line.pk), suggested.get(line.pk)) for line in lines],
        "weights": weights,
        **own_scorings((form.own.version.name, form) for form in forms.values()),
        "hint": live_hint(),
        "rights": queries.rights_on(card, request.member, request.today),
    }
    return render(request, "scorecards/card_edit.html", context, status=422 if invalid else 200)


def _after_edit(request, card):
    """Where the pressed button leads: balance, suggest, hand in and agree follow a save in one click."""
    step = request.POST.get("then")
    slug, arguments = request.organization.slug, {"card": card, "by": request.member}
    if step in ("balance", "suggest"):
        service = cards.balance_weights if step == "balance" else cards.suggest_card_weights
        _done(request, service, today=request.today, **arguments)
        return redirect("scorecards:card_edit", slug, card.pk)
    if step == "submit" and not _done(request, cards.submit_card, **arguments):
        return redirect("scorecards:card_edit", slug, card.pk)
    if step == "agree":
        card = get_object_or_404(queries.agreeable_cards(request.member, request.today), pk=card.pk)
        if not _done(request, cards.agree_card, card=card, by=request.member):
            return redirect("scorecards:card_edit", slug, card.pk)
    messages.success(request, _("Saved."))
    return redirect("scorecards:card", slug, card.pk)


@requires(Permission.TEMPLATE_EDIT)
@require_POST
def card_keep(request, pk):
    """Keep the KPIs and weights of a card as a ready-made card of the company's own, and go on to name it."""
    card = get_object_or_404(queries.visible_cards(request.member, request.today), pk=pk)
    lines = queries.open_lines(request.member, request.today).filter(scorecard=card, is_scored=True)
    lines = list(lines.select_related("kpi__definition").order_by("position", "pk"))
    standing = employment_on(card.member, request.today) if card.member else None
    position = standing.position if standing else None
    try:
        kept = templates.save_template(
            name=templates.free_name(position.name if position else card.owner_name),
            position=position,
            items=[(line.kpi.definition, line.weight) for line in lines],
            by=request.member,
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("scorecards:card", request.organization.slug, pk)
    messages.success(request, _("Kept as a ready-made card. Give it a name people find it by."))
    return redirect("strategy:template_edit", request.organization.slug, kept.pk)


def _done(request, service, **arguments) -> bool:
    """Call a service; a refusal becomes a message, and False."""
    try:
        service(**arguments)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return False
    return True


@requires(Permission.CARD_EDIT)
@require_POST
def card_submit(request, pk):
    """Hand a draft in for agreement."""
    card = get_object_or_404(queries.editable_cards(request.member, request.today), pk=pk)
    if _done(request, cards.submit_card, card=card, by=request.member):
        messages.success(request, _("Handed in. Your manager is asked to agree."))
    return redirect("scorecards:card", request.organization.slug, pk)


@requires(Permission.CARD_AGREE)
@require_POST
def card_decide(request, pk):
    """Agree a card, or return it with a reason."""
    card = get_object_or_404(queries.agreeable_cards(request.member, request.today), pk=pk)
    if "agree" in request.POST:
        if _done(request, cards.agree_card, card=card, by=request.member):
            messages.success(request, _("Agreed: weights and targets are frozen now."))
    else:
        reason = ReasonForm(request.POST)
        text = reason.cleaned_data["reason"] if reason.is_valid() else ""
        if _done(request, cards.return_card, card=card, reason=text, by=request.member):
            messages.success(request, _("Returned with your reason."))
    return redirect("scorecards:card", request.organization.slug, pk)


@requires(Permission.CARD_EDIT)
@require_POST
def line_remove(request, pk):
    """Take a KPI off a draft."""
    lines = queries.visible_lines(request.member, request.today).select_related("scorecard", "kpi")
    line = get_object_or_404(lines, pk=pk)
    if not queries.editable_cards(request.member, request.today).filter(pk=line.scorecard_id).exists():
        raise Http404
    _done(request, cards.remove_line, line=line, by=request.member, today=request.today)
    return redirect("scorecards:card_edit", request.organization.slug, line.scorecard_id)

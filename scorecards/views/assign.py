"""Giving KPIs to people, positions and departments: choose, look at the weights, assign."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kpiapp.models import Department, Member, Position
from kpiapp.permissions import Permission, requires
from kpiapp.services.refusals import Refused
from scorecards import assignment, queries
from scorecards.forms import LineForm
from scorecards.services import scorecards as cards
from strategy import catalogue
from strategy.models import KpiDefinition
from strategy.services import kpis

CARDS_SHOWN = 50


@requires(Permission.CARD_EDIT)
@require_http_methods(["GET", "POST"])
def assign(request):
    """Which KPIs, for whom, in which periods: one grid of weight, baseline and target for all of them."""
    data = request.POST if request.method == "POST" else request.GET
    if request.method == "POST" and "template" in request.POST and "assign" not in request.POST:
        return _use_template(request)
    choice = _choice(request, data)
    if choice["period"] is None:
        return render(request, "scorecards/no_card.html", {"period": None})
    cards_before = assignment.cards_after(choice["owners"], choice["period"], [])
    free = 100 - max((card.before for card in cards_before), default=0)
    weights = _template_weights(data.get("from", ""), choice["kpis"])
    items = assignment.suggested(choice["kpis"], free, weights)
    pairs = [(item, _form(request, item)) for item in items]
    if request.method == "POST" and "assign" in request.POST and all(form.is_valid() for _item, form in pairs):
        done = _assign(request, choice, pairs)
        if done is not None:
            return done
    typed = [(item.version.definition_id, _weight(form, item)) for item, form in pairs]
    after = assignment.cards_after(choice["owners"], choice["period"], typed)
    context = {
        **choice,
        **_offers(request),
        "pairs": [(item, form, _without(data, item.version.definition_id)) for item, form in pairs],
        "after": after[:CARDS_SHOWN],
        "more": max(len(after) - CARDS_SHOWN, 0),
        "from": data.get("from", ""),
    }
    invalid = any(form.errors for _item, form in pairs)
    return render(request, "scorecards/assign.html", context, status=422 if invalid else 200)


def _form(request, item) -> LineForm:
    initial = {"weight": item.weight, "baseline": item.baseline, "target": item.target}
    posted = request.POST if "assign" in request.POST or "recount" in request.POST else None
    return LineForm(posted, prefix=f"kpi-{item.version.definition_id}", initial=initial)


def _without(data, definition_id: int) -> str:
    """The address of the same choice without one KPI."""
    query = data.copy()
    query.setlist("kpi", [value for value in data.getlist("kpi") if value != str(definition_id)])
    for name in [
        name for name in query if name not in ("kpi", "period", "member", "position", "inside", "department", "from")
    ]:
        del query[name]
    return query.urlencode()


def _weight(form, item):
    typed = form.cleaned_data.get("weight") if form.is_bound and form.is_valid() else None
    return item.weight if typed is None else typed


def _numbers(data, name) -> list[int]:
    return [int(value) for value in data.getlist(name) if value.isdigit()]


def _choice(request, data) -> dict:
    """What the address or the form names, narrowed to what the member may reach; oneself when nobody is named."""
    member, today = request.member, request.today
    kpis_chosen = KpiDefinition.objects.filter(pk__in=_numbers(data, "kpi"), is_active=True).select_related("current")
    people = assignment.assignable_people(member, today)
    departments = assignment.assignable_departments(member, today)
    by_pk = {person.pk: person for person in people.filter(pk__in=_numbers(data, "member"))}
    position = Position.objects.filter(pk__in=_numbers(data, "position")).first()
    inside = Department.objects.filter(pk__in=_numbers(data, "inside")).first()
    unit = departments.filter(pk__in=_numbers(data, "department")).first()
    owners = assignment.owners_chosen(
        member, today, members=list(by_pk.values()), position=position, department=inside, unit=unit
    )
    if not owners and not (position or inside):
        owners = list(Member.objects.filter(pk=member.pk))
    periods = [p for code in data.getlist("period") if code and (p := queries.period_on(today, code))]
    periods = [period for period in periods if period.is_open] or list(filter(None, [queries.period_on(today)]))
    return {
        "kpis": list(kpis_chosen.order_by("sort_key")),
        "owners": owners,
        "position": position,
        "inside": inside,
        "unit": unit,
        "chosen_members": set(by_pk),
        "chosen_periods": {period.pk for period in periods},
        "periods_chosen": periods,
        "period": periods[0] if periods else None,
    }


def _offers(request) -> dict:
    """What the page lets one choose from."""
    member, today = request.member, request.today
    others = assignment.may_assign_others(member)
    return {
        "may_assign_others": others,
        "all_kpis": KpiDefinition.objects.filter(is_active=True, current__isnull=False).order_by("sort_key"),
        "templates": list(catalogue.library_templates().values()),
        "people": assignment.assignable_people(member, today) if others else [],
        "departments": assignment.assignable_departments(member, today) if others else [],
        "positions": assignment.assignable_positions(member, today) if others else [],
        "all_departments": Department.objects.filter(is_active=True).order_by("sort_key") if others else [],
        "open_periods": queries.open_periods(today),
        "can_use_templates": queries.scope_of(member, Permission.KPI_EDIT) is not None,
    }


def _use_template(request):
    """Copy a ready card's KPIs into the company, then show them with their weights."""
    query = request.POST.copy()
    template = catalogue.library_templates().get(query.get("template", ""))
    if template is None or queries.scope_of(request.member, Permission.KPI_EDIT) is None:
        messages.error(request, _("Choose one of the ready-made cards."))
        return redirect("scorecards:assign", request.organization.slug)
    copied = kpis.copy_template(template=template, language=get_language() or "en", by=request.member)
    query.setlist("kpi", [str(definition.pk) for definition in copied])
    query["from"] = template.code
    for name in ("template", "csrfmiddlewaretoken"):
        query.pop(name, None)
    response = redirect("scorecards:assign", request.organization.slug)
    response["Location"] += f"?{query.urlencode()}"
    return response


def _template_weights(code: str, definitions) -> dict | None:
    """Weights of a ready card by definition, when the KPIs on the page are its copies."""
    template = catalogue.library_templates().get(code)
    if template is None:
        return None
    by_origin = {kpi.code: weight for kpi, weight in template.items}
    return {definition.pk: by_origin[definition.origin] for definition in definitions if definition.origin in by_origin}


def _assign(request, choice, pairs):
    """Put the lines on the cards and go where one can see them; None when it was refused."""
    drafts = [
        cards.Draft(
            owner,
            period,
            item.version,
            form.cleaned_data["weight"],
            form.cleaned_data["target"],
            form.cleaned_data["baseline"],
        )
        for owner in choice["owners"]
        for period in choice["periods_chosen"]
        for item, form in pairs
    ]
    try:
        done = cards.put_lines(drafts=drafts, by=request.member, today=request.today)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return None
    for refused in done.refused[:5]:
        messages.warning(request, refused)
    count = len(done.cards)
    if count:
        text = ngettext("%(count)d card set up.", "%(count)d cards set up.", count) % {"count": count}
        messages.success(request, text)
    slug = request.organization.slug
    if count == 1:
        return redirect("scorecards:card", slug, done.cards[0].pk)
    response = redirect("scorecards:team", slug)
    response["Location"] += f"?period={choice['period'].code}"
    return response

"""Giving KPIs to people, positions and departments: choose, look at the weights, assign, or open them in a grid."""

from dataclasses import dataclass, field

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kpiapp.decimals import HUNDRED, ZERO
from kpiapp.models import Department, Member, Period, Position
from kpiapp.permissions import Permission, can, requires
from kpiapp.services.refusals import Refused
from kpiapp.text import id_in, ids_in
from scorecards import queries
from scorecards.assigning import assignment
from scorecards.forms import LineForm, own_scorings
from scorecards.services import drafts
from scorecards.services import scorecards as cards
from scorecards.services.scorecards import owner_fields
from strategy import catalogue, plans
from strategy import queries as strategy_queries
from strategy.choices import KpiState
from strategy.models import CardTemplate, CardTemplateItem, KpiDefinition
from strategy.services import library
from strategy.views.library import tell_of_drafts
from strategy.visibility import usable_kpis

CARDS_SHOWN = 50
UNKNOWN_SHOWN = 5
# Buttons that write something; every other one shows the page anew.
ASSIGN, GRID = "assign", "grid"
WHEN = [
    ("now", gettext_lazy("This month")),
    ("rest", gettext_lazy("Rest of the year")),
    ("year", gettext_lazy("Whole year")),
    ("next", gettext_lazy("Next year")),
]


@dataclass
class Choice:
    """What the address or the form names, narrowed to what the member may reach."""

    kpis: list[KpiDefinition]
    members: list[Member]
    position: Position | None
    inside: Department | None
    unit: Department | None
    when: assignment.PeriodChoice
    template: str
    owners: list = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    # The running period, when its cards are agreed and a later one is offered instead.
    agreed: Period | None = None

    @property
    def periods(self) -> list[Period]:
        """The periods whose cards get the KPIs."""
        return self.when.periods


@requires(Permission.CARD_EDIT)
@require_http_methods(["GET", "POST"])
def assign(request):
    """Which KPIs, for whom, in which periods: the numbers to begin with, and a grid to adjust them."""
    data = request.POST if request.method == "POST" else request.GET
    if request.method == "POST" and "use" in request.POST:
        data = _with_ready_card(request)
    data = _without_offered(data)
    choice = _choice(request, data)
    if not choice.periods:
        return render(request, "scorecards/no_card.html", {"period": None})
    before = assignment.cards_after(choice.owners, choice.periods[0], [])
    if before and all(card.is_agreed for card in before) and not {"when", "period"} & data.keys():
        before = _begin_later(choice, before)
    free = HUNDRED - max((card.before for card in before), default=ZERO)
    items = assignment.suggested(choice.kpis, free, _template_weights(choice.template, choice.kpis))
    pairs = [(item, _form(data, item)) for item in items]
    step = next((name for name in (ASSIGN, GRID) if name in request.POST), "")
    # Every form is asked, so that all that is wrong is shown at once.
    invalid = bool(step and [form for _item, form in pairs if not form.is_valid()])
    if step and not invalid:
        done = _open_grid(request, choice, pairs) if step == GRID else _assign(request, choice, pairs)
        if done is not None:
            return done
    return render(request, "scorecards/assign.html", _page(request, choice, pairs), status=422 if invalid else 200)


def _without_offered(data):
    """What was sent, without a time that the page offered by itself: for other people another one may be right."""
    is_offered = data.get("when") == "pick" and data.getlist("period") == [data.get("offered")]
    if not is_offered or {ASSIGN, GRID} & data.keys():
        return data
    data = data.copy()
    del data["when"], data["period"]
    return data


def _begin_later(choice: Choice, before: list[assignment.CardAfter]) -> list[assignment.CardAfter]:
    """Where nobody chose a time and the running cards take nothing any more: the next ones that do."""
    later = assignment.first_free_month(choice.owners, choice.periods[0])
    if later is None:
        return before
    choice.agreed = choice.periods[0]
    choice.when = assignment.PeriodChoice("pick", [later], choice.when.usual)
    return assignment.cards_after(choice.owners, later, [])


def _page(request, choice: Choice, pairs) -> dict:
    typed = [(item.version.definition_id, _weight(form, item)) for item, form in pairs]
    after = assignment.cards_after(choice.owners, choice.periods[0], typed)
    member, today = request.member, request.today
    others = assignment.may_assign_others(member)
    open_periods = queries.open_periods(today)
    return {
        "choice": choice,
        "pairs": pairs,
        **own_scorings((item.version.name, form) for item, form in pairs),
        "planned": _planned(choice),
        "after": after[:CARDS_SHOWN],
        "more": max(len(after) - CARDS_SHOWN, 0),
        "cards": len(choice.owners) * len(choice.periods),
        "is_many": len(choice.owners) > 1 or len(choice.periods) > 1,
        "unknown": choice.unknown[:UNKNOWN_SHOWN],
        "more_unknown": max(len(choice.unknown) - UNKNOWN_SHOWN, 0),
        "may_assign_others": others,
        "all_kpis": _assignable_kpis(request),
        "templates": list(catalogue.library_templates().values()),
        "own_templates": CardTemplate.objects.filter(is_active=True),
        "departments": assignment.assignable_departments(member, today) if others else [],
        "positions": assignment.assignable_positions(member, today) if others else [],
        "all_departments": Department.objects.filter(is_active=True).order_by("sort_key") if others else [],
        "open_periods": open_periods,
        "when_choices": [(name, label) for name, label in WHEN if name in choice.when.usual],
        "picked": {period.pk for period in choice.periods},
        "can_use_templates": can(member, Permission.KPI_EDIT),
        "drafts": _begun_grids(member, open_periods),
    }


def _begun_grids(member, open_periods):
    """Grids that wait to be put on cards, with what their periods are called."""
    names, begun = {period.code: period.label for period in open_periods}, drafts.open_drafts(member)
    for draft in begun:
        draft.labels = [names.get(code, code) for code in draft.periods]
    return begun


def _planned(choice: Choice) -> set[int]:
    """KPIs whose target is planned month by month for the periods that were chosen."""
    versions = [definition.current for definition in choice.kpis]
    return {definition for definition, _member, _period in plans.planned_targets(versions, choice.periods)}


def _form(data, item) -> LineForm:
    """What was typed for a KPI, or its suggested numbers when it has just been chosen."""
    initial = {"weight": item.weight, "baseline": item.baseline, "target": item.target}
    prefix = f"kpi-{item.version.definition_id}"
    sent = data if f"{prefix}-weight" in data else None
    return LineForm(sent, version=item.version, prefix=prefix, initial=initial)


def _weight(form, item):
    typed = form.cleaned_data.get("weight") if form.is_bound and form.is_valid() else None
    return item.weight if typed is None else typed


def _numbers(data, name) -> list[int]:
    without = data.get(f"drop_{name}", "")
    return ids_in(value for value in data.getlist(name) if value != without)


def _assignable_kpis(request):
    return usable_kpis(request.member, request.today).order_by("sort_key")


def _choice(request, data) -> Choice:
    """Oneself when nobody is named."""
    member, today = request.member, request.today
    pool = _assignable_kpis(request).select_related("current")
    pasted_kpis, unknown_kpis = assignment.kpis_named(pool, data.get("kpi_list", ""))
    chosen_kpis = {kpi.pk: kpi for kpi in [*pool.filter(pk__in=_numbers(data, "kpi")), *pasted_kpis]}
    people = assignment.assignable_people(member, today)
    pasted, unknown = assignment.people_named(people, f"{data.get('person', '')}\n{data.get('people_list', '')}")
    members = {person.pk: person for person in [*people.filter(pk__in=_numbers(data, "member")), *pasted]}
    when = assignment.choose_periods(request.organization, today, data.get("when", ""), data.getlist("period"))
    choice = Choice(
        kpis=sorted(chosen_kpis.values(), key=lambda kpi: kpi.sort_key),
        members=list(members.values()),
        position=Position.objects.filter(pk__in=_numbers(data, "position")).first(),
        inside=Department.objects.filter(pk__in=_numbers(data, "inside")).first(),
        unit=assignment.assignable_departments(member, today).filter(pk__in=_numbers(data, "department")).first(),
        when=when,
        template=data.get("from", ""),
        unknown=[*unknown, *unknown_kpis],
    )
    choice.owners = assignment.owners_chosen(
        member,
        today,
        members=choice.members,
        position=choice.position,
        department=choice.inside,
        unit=choice.unit,
    )
    if not choice.owners and not (choice.position or choice.inside or choice.unknown):
        choice.owners = list(Member.objects.filter(pk=member.pk))
    return choice


def _with_ready_card(request):
    """What was sent, with the KPIs of the ready-made card that was chosen: one of our own, or of the library."""
    data = request.POST.copy()
    code = data.get("template", "")
    usable = CardTemplate.objects.filter(is_active=True)
    own = usable.filter(pk=_own_template(code)).first()
    template = catalogue.library_templates().get(code)
    if own is not None:
        ids = CardTemplateItem.objects.filter(template=own).values_list("definition_id", flat=True)
    elif template is not None and can(request.member, Permission.KPI_EDIT):
        copies = library.copy_template(
            template=template,
            language=get_language() or "en",
            department=strategy_queries.home_department(request.member, request.today),
            by=request.member,
            on=request.today,
        )
        ids = [copy.pk for copy in copies if copy.state == KpiState.ACTIVE]
        if len(ids) < len(copies):
            tell_of_drafts(request, len(copies) - len(ids))
    else:
        messages.error(request, _("Choose one of the ready-made cards."))
        return data
    data.setlist("kpi", [str(pk) for pk in ids])
    data["from"] = code
    for name in [name for name in data if name.startswith("kpi-")]:
        del data[name]
    return data


def _own_template(code: str) -> int | None:
    """The id of a ready-made card of our own, "own-12"."""
    return id_in(code.removeprefix("own-")) if code.startswith("own-") else None


def _template_weights(code: str, definitions) -> dict | None:
    """Weights of a ready card by definition, when the KPIs on the page are its own, or copies of them."""
    if own := _own_template(code):
        items = CardTemplateItem.objects.filter(template=own)
        return dict(items.values_list("definition_id", "weight"))
    template = catalogue.library_templates().get(code)
    if template is None:
        return None
    by_origin = {kpi.code: weight for kpi, weight in template.items}
    return {definition.pk: by_origin[definition.origin] for definition in definitions if definition.origin in by_origin}


def _open_grid(request, choice: Choice, pairs):
    """A grid of everybody chosen; None when it was refused."""
    items = [drafts.Item(item.version, **form.values()) for item, form in pairs]
    try:
        draft = drafts.create_draft(owners=choice.owners, items=items, periods=choice.periods, by=request.member)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return None
    return redirect("scorecards:draft", request.organization.slug, draft.pk)


def _assign(request, choice: Choice, pairs):
    """Put the lines on the cards and go where one can see them; None when it was refused."""
    if _line_count(choice, pairs) > drafts.LINES_AT_ONCE:
        messages.info(request, _("These are many lines: look at them here, then put them on the cards."))
        return _open_grid(request, choice, pairs)
    planned = plans.planned_targets([item.version for item, _form in pairs], choice.periods)
    typed = [(item, form.values()) for item, form in pairs]
    lines = [
        cards.Draft(
            owner,
            period,
            item.version,
            data["weight"],
            plans.default_target(planned, item.version, owner_fields(owner)["member_id"], period, data["target"]),
            data["baseline"],
            data.get("method", ""),
            data.get("params"),
        )
        for owner in choice.owners
        for period in choice.periods
        for item, data in typed
    ]
    try:
        done = cards.put_lines(drafts=lines, by=request.member, today=request.today)
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
    response["Location"] += f"?period={choice.periods[0].code}"
    return response


def _line_count(choice: Choice, pairs) -> int:
    """How many lines an assignment would write."""
    return len(choice.owners) * len(choice.periods) * len(pairs)

"""Initiatives: the list with its timeline, one of them, and the forms that change it."""

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kpiapp.decimals import ZERO
from kpiapp.models import Member
from kpiapp.permissions import Permission, can, requires
from kpiapp.text import ids_in
from strategy import initiatives as reads
from strategy import timeline
from strategy.choices import INITIATIVE_TRANSITIONS, InitiativeState
from strategy.forms.initiatives import BookingForm, InitiativeForm, MilestoneForm, ProgressForm
from strategy.models import Initiative, Milestone
from strategy.services import initiatives

PAGE = 25


@require_safe
@requires(Permission.STRATEGY_READ)
def initiative_list(request):
    """What is under way, on a timeline and in a table."""
    state, query = request.GET.get("state", "open"), request.GET.get("q", "")
    owner = request.member if request.GET.get("owner") == "me" else None
    found = reads.list_initiatives(on=request.today, query=query, state=state, owner=owner)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    views = reads.views_of(page.object_list, request.today)
    places = {view.initiative.pk: place for place, view in enumerate(views)}
    waits = [
        timeline.Wait(places[earlier.pk], place, earlier in view.held_up_by)
        for place, view in enumerate(views)
        for earlier in view.waits_for
        if earlier.pk in places
    ]
    drawn = timeline.draw([_stretch(view) for view in views], request.today, waits)
    context = {
        "page": page,
        "views": views,
        "timeline": drawn,
        "rows": list(zip(views, drawn.bars, strict=True)),
        "state": state,
        "query": query,
        "is_mine": owner is not None,
        "states": [("open", _("Open")), ("late", _("Late")), *InitiativeState.choices, ("all", _("All"))],
        "may_plan": can(request.member, Permission.INITIATIVE_PLAN),
    }
    return render(request, "strategy/initiative_list.html", context)


def _stretch(view: reads.InitiativeView) -> timeline.Stretch:
    one = view.initiative
    return timeline.Stretch(one.starts_on, one.due_on, int(view.progress), [m.due_on for m in view.milestones])


@require_safe
@requires(Permission.STRATEGY_READ)
def initiative(request, pk):
    """What it is, how far it has come, its milestones, and what it is for."""
    shown = get_object_or_404(Initiative.objects.select_related("owner"), pk=pk)
    return _page(request, shown)


def _page(
    request,
    shown: Initiative,
    *,
    progress: ProgressForm | None = None,
    milestone: MilestoneForm | None = None,
    booking: BookingForm | None = None,
):
    (view,) = reads.views_of([shown], request.today)
    may_report = reads.reportable_initiatives(request.member, request.today).filter(pk=shown.pk).exists()
    may_plan = may_report and reads.plannable_initiatives(request.member, request.today).filter(pk=shown.pk).exists()
    steps = {shown.state, *INITIATIVE_TRANSITIONS[InitiativeState(shown.state)]}
    progress = progress or ProgressForm(
        initial={name: getattr(shown, name) for name in ProgressForm.base_fields}, has_milestones=bool(view.milestones)
    )
    progress.fields["state"].choices = [(state, label) for state, label in InitiativeState.choices if state in steps]
    bookings = list(shown.bookings.select_related("booked_by"))
    context = {
        "initiative": shown,
        "bookings": bookings,
        "carried_over": shown.spent_amount - sum((one.amount for one in bookings), ZERO),
        "booking_form": booking or BookingForm(initial={"booked_on": request.today}),
        "followers": Initiative.objects.filter(waits__waits_for=shown).order_by("starts_on", "pk"),
        "view": view,
        "milestones": [(one, view.days_late(one)) for one in view.milestones],
        "kpis": reads.served_kpis(shown),
        "progress_form": progress,
        "milestone_form": milestone or MilestoneForm(initial={"due_on": shown.due_on}),
        "may_report": may_report,
        "may_plan": may_plan,
    }
    refused = any(form is not None and form.errors for form in (progress, milestone, booking))
    return render(request, "strategy/initiative.html", context, status=422 if refused else 200)


@requires(Permission.INITIATIVE_PLAN)
def initiative_new(request):
    """Plan one."""
    initial = {
        "starts_on": request.today,
        "owner": request.member,
        "objectives": ids_in([request.GET.get("objective", "")]),
    }
    form = InitiativeForm(request.POST or None, initial=initial)
    if request.method == "POST" and _runs(request, form, initiatives.plan_initiative):
        return redirect("strategy:initiative", request.organization.slug, form.result.pk)
    return _form_page(request, form, _("New initiative"), "initiatives")


@requires(Permission.INITIATIVE_PLAN)
def initiative_edit(request, pk):
    """Change what it is and what it is for."""
    shown = get_object_or_404(reads.plannable_initiatives(request.member, request.today), pk=pk)
    initial = {name: getattr(shown, name) for name in initiatives.FIELDS}
    initial["objectives"] = list(shown.objective_links.values_list("objective", flat=True))
    initial["kpis"] = list(shown.kpi_links.values_list("kpi", flat=True))
    initial["waits_for"] = list(shown.waits.values_list("waits_for", flat=True))
    form = InitiativeForm(request.POST or None, initial=initial, initiative=shown)
    if request.method == "POST" and _runs(request, form, initiatives.change_initiative, initiative=shown):
        return redirect("strategy:initiative", request.organization.slug, pk)
    return _form_page(request, form, shown.name, "initiative", pk)


def _form_page(request, form: InitiativeForm, title: str, back: str, *arguments):
    back_url = reverse(f"strategy:{back}", args=[request.organization.slug, *arguments])
    context = {"form": form, "title": title, "back_url": back_url}
    return render(request, "strategy/initiative_form.html", context, status=422 if form.errors else 200)


def _runs(request, form: InitiativeForm, service, **arguments) -> bool:
    """Whether it went through; an owner beyond one's reach is refused beside the field."""
    if not form.is_valid():
        return False
    reach = reads.people_planned_for(request.member, request.today)
    owner: Member | None = form.cleaned_data["owner"]
    if reach is not None and (owner is None or not reach.filter(pk=owner.pk).exists()):
        form.add_error("owner", _("Choose yourself or somebody of your team."))
        return False
    return form.run(service, by=request.member, **arguments)


@require_POST
@requires(Permission.INITIATIVE_REPORT)
def initiative_report(request, pk):
    """Progress and state."""
    shown = _reportable(request, pk)
    form = ProgressForm(request.POST, has_milestones=shown.milestones.exists())
    if not form.run(initiatives.report_progress, initiative=shown, on=request.today, by=request.member):
        return _page(request, shown, progress=form)
    return redirect("strategy:initiative", request.organization.slug, pk)


@require_POST
@requires(Permission.INITIATIVE_REPORT)
def booking_new(request, pk):
    """What it cost on a day."""
    shown = _reportable(request, pk)
    form = BookingForm(request.POST)
    if not form.run(initiatives.book_spending, initiative=shown, on=request.today, by=request.member):
        return _page(request, shown, booking=form)
    return redirect("strategy:initiative", request.organization.slug, pk)


@require_POST
@requires(Permission.INITIATIVE_REPORT)
def milestone_new(request, pk):
    """Add a step."""
    shown = _reportable(request, pk)
    form = MilestoneForm(request.POST)
    if not form.run(initiatives.add_milestone, initiative=shown, by=request.member):
        return _page(request, shown, milestone=form)
    return redirect("strategy:initiative", request.organization.slug, pk)


@require_POST
@requires(Permission.INITIATIVE_REPORT)
def milestone_tick(request, pk):
    """Reached today, or not after all."""
    step = _milestone(request, pk)
    reached = request.today if request.POST.get("reached") else None
    initiatives.tick_milestone(milestone=step, on=reached, by=request.member)
    return redirect("strategy:initiative", request.organization.slug, step.initiative_id)


@require_POST
@requires(Permission.INITIATIVE_REPORT)
def milestone_remove(request, pk):
    """Take a step off."""
    step = _milestone(request, pk)
    initiatives.remove_milestone(milestone=step, by=request.member)
    return redirect("strategy:initiative", request.organization.slug, step.initiative_id)


def _reportable(request, pk) -> Initiative:
    reachable = reads.reportable_initiatives(request.member, request.today)
    return get_object_or_404(reachable.select_related("owner"), pk=pk)


def _milestone(request, pk) -> Milestone:
    reachable = reads.reportable_initiatives(request.member, request.today)
    return get_object_or_404(Milestone.objects.filter(initiative__in=reachable).select_related("initiative"), pk=pk)

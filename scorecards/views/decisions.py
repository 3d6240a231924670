"""What waits for a second person: entries, cards, and changes of what was agreed."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kpiapp.permissions import Permission, requires
from kpiapp.services.refusals import Refused
from kpiapp.text import ids_in
from scorecards import queries
from scorecards.choices import CardState
from scorecards.forms import ChangeForm, ReasonForm
from scorecards.models import Actual
from scorecards.services import actuals, dated
from scorecards.services import changes as change_services

PAGE = 50


@requires(Permission.ACTUAL_APPROVE)
@require_http_methods(["GET", "POST"])
def approvals(request):
    """Entries of others that wait: approved in bulk, returned one by one; and cards that wait for agreement."""
    waiting = queries.approvable_actuals(request.member, request.today)
    if request.method == "POST":
        chosen = ids_in(request.POST.getlist("entry"))
        done = actuals.approve_actuals(actuals=waiting.filter(pk__in=chosen), by=request.member)
        messages.success(
            request, ngettext("%(count)d entry approved.", "%(count)d entries approved.", done) % {"count": done}
        )
        return redirect("scorecards:approvals", request.organization.slug)
    page = Paginator(queries.by_owner(waiting).values_list("pk", flat=True), PAGE).get_page(request.GET.get("page"))
    # Thousands may wait: sorted as ids alone, and only what is shown is read with all that stands in a row.
    page.object_list = queries.with_owners(Actual.objects.filter(pk__in=list(page.object_list)))
    cards = queries.agreeable_cards(request.member, request.today).filter(state=CardState.SUBMITTED)
    context = {
        "page": page,
        "cards": cards.select_related("period", "member", "department", "organization", "submitted_by"),
        "changes_waiting": queries.decidable_changes(request.member, request.today).count(),
        "reason_form": ReasonForm(),
    }
    return render(request, "scorecards/approvals.html", context)


@requires(Permission.ACTUAL_APPROVE)
@require_POST
def entry_return(request, pk):
    """Send an entry back, with a reason."""
    actual = get_object_or_404(queries.approvable_actuals(request.member, request.today), pk=pk)
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        actuals.return_actual(actual=actual, reason=reason, by=request.member, today=request.today)
        messages.success(request, _("Returned with your reason. It no longer counts until it is corrected."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("scorecards:approvals", request.organization.slug)


@requires(Permission.CARD_READ)
@require_GET
def changes(request):
    """Requests to change what was agreed: those that wait for me first, then all I may see."""
    mine = queries.decidable_changes(request.member, request.today).values_list("pk", flat=True)
    shown = queries.visible_changes(request.member, request.today).select_related(
        "line__kpi",
        "line__scorecard__period",
        "line__scorecard__member",
        "line__scorecard__department",
        "line__scorecard__organization",
        "requested_by",
        "decided_by",
    )
    context = {
        "page": Paginator(shown, PAGE).get_page(request.GET.get("page")),
        "decidable": set(mine),
        "reason_form": ReasonForm(),
    }
    return render(request, "scorecards/changes.html", context)


@requires(Permission.CARD_READ)
@require_POST
def change_decide(request, pk):
    """Approve, refuse or withdraw a request; each only by the one who may."""
    slug, by = request.organization.slug, request.member
    try:
        if "withdraw" in request.POST:
            own = queries.visible_changes(by, request.today).filter(requested_by=by)
            change_services.withdraw_change(request=get_object_or_404(own, pk=pk), by=by)
            messages.success(request, _("Request withdrawn."))
            return redirect("scorecards:changes", slug)
        change = get_object_or_404(queries.decidable_changes(by, request.today), pk=pk)
        note = request.POST.get("reason", "")
        if "approve" in request.POST:
            change_services.approve_change(request=change, by=by, today=request.today, note=note)
            messages.success(request, _("Approved and rescored."))
        else:
            change_services.refuse_change(request=change, by=by, note=note)
            messages.success(request, _("Refused with your reason."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("scorecards:changes", slug)


@requires(Permission.CHANGE_REQUEST)
@require_http_methods(["GET", "POST"])
def change_new(request, pk):
    """Ask for new values of an agreed line."""
    lines = queries.with_numbers(queries.changeable_lines(request.member, request.today))
    line = get_object_or_404(lines, pk=pk)
    period = line.scorecard.period
    initial = {"effective_on": min(max(request.today, period.starts_on), period.last_day)}
    form = ChangeForm(request.POST or None, line=line, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_services.request_change(
                line=line,
                changes=form.changes(),
                reason=form.cleaned_data["reason"],
                effective_on=form.cleaned_data["effective_on"],
                mode=form.cleaned_data["mode"],
                by=request.member,
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Asked for. A second person decides."))
            return redirect("scorecards:changes", request.organization.slug)
    context = {
        "line": line,
        "card": line.scorecard,
        "period": period,
        "form": form,
        "weight": dated.weight_today(line),
        "segments": dated.segments_of([line])[line.pk],
    }
    return render(request, "scorecards/change_new.html", context, status=422 if request.method == "POST" else 200)


@requires(Permission.CHANGE_REQUEST)
@require_POST
def wipe_out(request, pk):
    """Ask that a severe violation makes a line count 0; a second person decides."""
    lines = queries.waivable_lines(request.member, request.today)
    line = get_object_or_404(lines.select_related("scorecard__period"), pk=pk)
    form = ReasonForm(request.POST)
    try:
        change_services.wipe_out_line(
            line=line,
            reason=form.cleaned_data["reason"] if form.is_valid() else "",
            effective_on=min(max(request.today, line.scorecard.period.starts_on), line.scorecard.period.last_day),
            by=request.member,
        )
        messages.success(request, _("Asked for. A second person decides."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("scorecards:line", request.organization.slug, pk)

"""Steps of a KPI or of many: activate, send, give back, review, and what to do about a changed origin."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from kpiapp.permissions import Permission, can, requires
from kpiapp.services.refusals import Refused
from kpiapp.text import ids_in
from strategy import queries
from strategy.choices import KpiState
from strategy.services import kpi_states, kpis, origins
from strategy.views.kpi_parts import editable_or_404, gaps_of, kpi_page


def _step(request, pk, service: Callable, done: str, **arguments):
    """Do one step and go back to the KPI; a refusal shows the page again with what was typed."""
    definition = editable_or_404(request, pk)
    try:
        service(definition=definition, by=request.member, **arguments)
    except Refused as refusal:
        return kpi_page(request, pk, status=422, refused=str(refusal), reason=arguments.get("reason", ""))
    messages.success(request, done)
    return redirect("strategy:kpi", request.organization.slug, pk)


def _reason(request) -> str:
    return request.POST.get("reason", "")[:1000]


@require_POST
@requires(Permission.KPI_EDIT)
def kpi_activate(request, pk):
    """Let a draft be given to people."""
    done = _("Activated. Assign it next.")
    return _step(request, pk, kpi_states.activate_kpi, done, on=request.today, reason=_reason(request))


@require_POST
@requires(Permission.KPI_EDIT)
def kpi_fill(request, pk):
    """Fill in all that keeps a draft back, use it, and go on to give it to people."""
    definition, by = editable_or_404(request, pk), request.member
    form = gaps_of(request, definition, request.POST)
    if definition.state == KpiState.ACTIVE or not form.is_valid():
        return kpi_page(request, pk, status=422, gaps=form)
    try:
        kpis.revise_kpi(
            definition=definition,
            fields={**kpis.fields_of(definition.current), **form.cleaned_data},
            department=definition.department,
            by=by,
        )
        kpi_states.activate_kpi(definition=definition, by=by, on=request.today)
    except kpis.KpiRefused as refusal:
        for field, sentence in refusal.problems:
            form.add_error(field if field in form.fields else None, sentence)
        return kpi_page(request, pk, status=422, gaps=form)
    except Refused as refusal:
        # What was filled in is kept; what is open still is asked for anew.
        return kpi_page(request, pk, status=422, refused=str(refusal))
    messages.success(request, _("Filled in and in use. Assign it next."))
    if not can(by, Permission.CARD_EDIT):
        return redirect("strategy:kpi", request.organization.slug, pk)
    return redirect(reverse("scorecards:assign", args=[request.organization.slug]) + f"?kpi={pk}")


@require_POST
@requires(Permission.KPI_EDIT)
def kpi_send(request, pk):
    """Ask the strategy office to activate a draft as it is."""
    done = _("Sent to the strategy office.")
    return _step(request, pk, kpi_states.send_kpi, done, on=request.today, reason=_reason(request))


@require_POST
@requires(Permission.KPI_EDIT)
def kpi_steps(request):
    """Activate the ticked drafts, or send them to the strategy office, all for one reason."""
    chosen = ids_in(request.POST.getlist("kpi"))
    editable = list(queries.editable_kpis(request.member, request.today).filter(pk__in=chosen).order_by("sort_key"))
    if not editable:
        raise Http404
    is_sent = "send" in request.POST
    service = kpi_states.send_kpi if is_sent else kpi_states.activate_kpi
    done, refused = 0, ""
    for definition in editable:
        try:
            service(definition=definition, by=request.member, on=request.today, reason=_reason(request))
        except Refused as refusal:
            refused = f"{definition.name}: {refusal}"
        else:
            done += 1
    if refused:
        messages.error(request, refused)
    sentence = (
        ngettext(
            "%(count)d KPI was sent to the strategy office.", "%(count)d KPIs were sent to the strategy office.", done
        )
        if is_sent
        else ngettext("%(count)d KPI was activated.", "%(count)d KPIs were activated.", done)
    )
    if done:
        messages.success(request, sentence % {"count": done})
    state = KpiState.DRAFT if is_sent else KpiState.WAITING
    return redirect(reverse("strategy:kpi_list", args=[request.organization.slug]) + f"?state={state}")


@require_POST
@requires(Permission.KPI_EDIT)
def kpi_return(request, pk):
    """Give a KPI that waits back to who wrote it."""
    return _step(request, pk, kpi_states.return_kpi, _("Given back."), reason=_reason(request))


@require_POST
@requires(Permission.KPI_EDIT)
def kpi_review(request, pk):
    """Somebody looked at it today."""
    return _step(request, pk, kpi_states.review_kpi, _("Reviewed today."), on=request.today)


@require_POST
@requires(Permission.KPI_EDIT)
def kpi_origin(request, pk):
    """Take over what the library changed, or keep one's own."""
    if "take" in request.POST:
        return _step(
            request, pk, origins.take_over, _("Taken over as a new version. Cards keep the version they have.")
        )
    return _step(request, pk, origins.keep_own, _("Kept as it is."))

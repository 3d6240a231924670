"""Periods: open, locked, reopened."""

from itertools import groupby

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kpiapp.choices import PeriodKind, ReopeningState
from kpiapp.fiscal_years import fiscal_year_start
from kpiapp.forms import ReasonForm
from kpiapp.models import Period, PeriodReopening
from kpiapp.permissions import Permission, can, open_to_members, requires
from kpiapp.services import periods as service
from kpiapp.services.refusals import Refused
from kpiapp.views.pages import form_page

REOPENED_SHOWN = 20


@require_safe
@open_to_members
def periods(request):
    """All periods by fiscal year, newest year first."""
    return _page(request)


@require_POST
@requires(Permission.PERIOD_LOCK)
def period_lock(request, pk):
    """Close a period, or list everything that keeps it open."""
    period = get_object_or_404(Period, pk=pk)
    try:
        service.lock_period(period=period, on=request.today, by=request.member)
    except service.PeriodBlocked as blocked:
        return _page(request, blocked=period, blockers=blocked.blockers, status=422)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(period)s is locked.") % {"period": period.label})
    return redirect("kpiapp:periods", request.organization.slug)


@requires(Permission.PERIOD_REOPEN)
def period_reopen(request, pk):
    """Ask to open a locked period again, with a reason."""
    period = get_object_or_404(Period, pk=pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.run(service.ask_to_reopen, period=period, by=request.member):
        messages.info(request, _("%(period)s opens once a second person has confirmed it.") % {"period": period.label})
        return redirect("kpiapp:periods", request.organization.slug)
    title = _("Reopen %(period)s") % {"period": period.label}
    lead = _(
        "Scores of this period may change again. A second person (HR or the strategy office) has to confirm it; all "
        "scores are kept as they were, so that everybody sees what changed. A month that is paid keeps its pay: "
        "corrections belong into the next open month."
    )
    return form_page(request, form, title=title, lead=lead, submit=_("Ask to reopen"), back="periods")


@require_POST
@requires(Permission.PERIOD_REOPEN)
def reopening_confirm(request, pk):
    """Be the second person: the period takes entries again."""
    return _decide(request, pk, service.confirm_reopening, _("%(period)s takes entries again."))


@require_POST
@requires(Permission.PERIOD_REOPEN)
def reopening_decline(request, pk):
    """Leave it locked."""
    return _decide(request, pk, service.decline_reopening, _("%(period)s stays locked."))


def _decide(request, pk, decide, done: str):
    reopening = get_object_or_404(PeriodReopening.objects.select_related("period"), pk=pk)
    try:
        decide(reopening=reopening, by=request.member)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done % {"period": reopening.period.label})
    return redirect("kpiapp:periods", request.organization.slug)


@require_POST
@requires(Permission.PERIOD_LOCK)
def period_next_year(request):
    """Create the periods of the next fiscal year."""
    service.open_next_year(organization=request.organization, by=request.member)
    return redirect("kpiapp:periods", request.organization.slug)


def _page(request, *, blocked=None, blockers=(), status=200):
    start_month = request.organization.fiscal_year_start_month

    def year(period):
        return fiscal_year_start(period.starts_on, start_month)

    kinds = list(PeriodKind)
    rows = Period.objects.select_related("locked_by")
    rows = sorted(rows, key=lambda row: (year(row), kinds.index(row.kind), row.starts_on))
    reopenings = PeriodReopening.objects.exclude(state=ReopeningState.DECLINED)
    reopenings = list(reopenings.select_related("period", "asked_by", "decided_by"))
    waiting = [one for one in reopenings if one.state == ReopeningState.WAITING]
    years = [(start, list(group)) for start, group in groupby(rows, key=year)]
    context = {
        "years": years[::-1],
        "current_year": fiscal_year_start(request.today, start_month),
        "may_lock": can(request.member, Permission.PERIOD_LOCK),
        "may_reopen": can(request.member, Permission.PERIOD_REOPEN),
        "waiting": [(one, service.may_confirm(one, request.member)) for one in waiting],
        "asked": {one.period_id for one in waiting},
        "reopened": [one for one in reopenings if one.state == ReopeningState.REOPENED][:REOPENED_SHOWN],
        "blocked": blocked,
        "blockers": blockers,
    }
    return render(request, "kpiapp/periods.html", context, status=status)

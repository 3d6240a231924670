"""Periods: open, locked, reopened."""

from itertools import groupby

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kpiapp.choices import PeriodKind
from kpiapp.fiscal_years import fiscal_year_start
from kpiapp.forms import ReasonForm
from kpiapp.models import Period
from kpiapp.permissions import Permission, can, open_to_members, requires
from kpiapp.services import periods as service
from kpiapp.services.refusals import Refused
from kpiapp.views.pages import form_page


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


@requires(Permission.PERIOD_LOCK)
def period_reopen(request, pk):
    """Open a locked period again, with a reason."""
    period = get_object_or_404(Period, pk=pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.run(service.reopen_period, period=period, by=request.member):
        messages.success(request, _("%(period)s takes entries again.") % {"period": period.label})
        return redirect("kpiapp:periods", request.organization.slug)
    title = _("Reopen %(period)s") % {"period": period.label}
    lead = _("Scores of this period may change again. The reason stays in the audit trail.")
    return form_page(request, form, title=title, lead=lead, submit=_("Reopen"), back="periods")


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
    years = [(start, list(group)) for start, group in groupby(rows, key=year)]
    context = {
        "years": years[::-1],
        "current_year": fiscal_year_start(request.today, start_month),
        "may_lock": can(request.member, Permission.PERIOD_LOCK),
        "blocked": blocked,
        "blockers": blockers,
    }
    return render(request, "kpiapp/periods.html", context, status=status)

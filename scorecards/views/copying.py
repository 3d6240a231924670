"""Copying what stood on cards of one period, or several, to others, with growth: opens in the assignment grid."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from kpiapp.models import Department
from kpiapp.permissions import Permission, requires
from kpiapp.services.refusals import Refused
from scorecards import queries
from scorecards.assigning import assignment
from scorecards.forms import CopyForm
from scorecards.services import copying


@requires(Permission.CARD_EDIT)
@require_http_methods(["GET", "POST"])
def copy(request):
    """Whom, from which periods to which, and by how much targets grow; the grid then shows it before it is saved."""
    member, today = request.member, request.today
    others = assignment.may_assign_others(member)
    form = CopyForm(
        request.POST or None,
        spans=assignment.spans_of(request.organization, today),
        departments=Department.objects.filter(is_active=True).order_by("sort_key"),
        others=others,
        start=_usual(today),
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        owners = assignment.owners_copied(member, today, who=data["who"], person=data["person"], inside=data["inside"])
        try:
            pairs = copying.pairs_of(data["sources"], data["targets"])
            draft = copying.copy_periods(
                owners=owners, pairs=pairs, growth_percent=data["growth"], by=member, today=today
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            return redirect("scorecards:draft", request.organization.slug, draft.pk)
    context = {"form": form, "may_assign_others": others}
    return render(request, "scorecards/copy.html", context, status=422 if request.method == "POST" else 200)


def _usual(today) -> tuple[str, str]:
    """From the running period to the one after it."""
    running = queries.period_on(today)
    if running is None:
        return "", ""
    later = (period for period in queries.periods_like(running) if period.starts_on > running.starts_on)
    following = next(later, running)
    return running.code, following.code

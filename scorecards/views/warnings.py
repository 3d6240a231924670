"""Early warnings: one's own, the team's, all of them; answered, put off and handed over where they stand."""

from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kpiapp.permissions import Permission, requires
from scorecards.choices import WarningState
from scorecards.forms import WarningAnswerForm, WarningOwnerForm
from scorecards.models import clock_days, ladder
from scorecards.services import reminders as service
from scorecards.services import warning_answers
from scorecards.settings_forms import ClocksForm, LadderForm
from scorecards.warnings import lists as warning_lists
from scorecards.warnings import queries as warning_queries

PAGE = 25


@require_safe
@requires(Permission.CARD_READ)
def warnings(request):
    """The open warnings one may see, by whose they are, kind, owner and whether their day has passed."""
    filters = warning_lists.Filters.read(request.GET, request.member)
    found = warning_lists.filtered(request.member, filters, request.today)
    page = Paginator(warning_lists.folded(found, filters.folds_by), PAGE).get_page(request.GET.get("page"))
    cards = warning_lists.cards_counted(found)
    context = {
        "page": page,
        "items": warning_lists.lines_of(list(page), request.member, filters, request.today, cards),
        "filters": filters,
        "until": request.today + warning_lists.USUAL,
        **warning_lists.offers(request.member, filters, request.today),
    }
    return render(request, "scorecards/warnings.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.CARD_READ)
def warning(request, pk):
    """One warning with the form that answers it, or puts it off."""
    row = get_object_or_404(warning_queries.open_warnings(request.member, request.today), pk=pk)
    item = warning_lists.items_of([row], request.member, request.today)[0]
    form = WarningAnswerForm(request.POST or None, initial={"until": request.today + warning_lists.USUAL})
    if request.method == "POST":
        row = get_object_or_404(warning_queries.answerable_warnings(request.member, request.today), pk=pk)
        put_off = request.POST.get("do") == "snooze"
        service = warning_answers.snooze_warning if put_off else warning_answers.answer_warning
        if "all" in request.POST:
            service = partial(warning_answers.answer_all, like=_like(request, row), put_off=put_off)
        if form.run(service, warning=row, on=request.today, by=request.member):
            text = (
                _("Put off until %(day)s.") if put_off else _("Answered. It comes back on %(day)s if it still holds.")
            )
            messages.success(request, text % {"day": warning_lists.day(form.result.due_on)})
            return redirect("scorecards:warnings", request.organization.slug)
    owners = warning_queries.possible_owners(item.warning, request.today)
    owner_form = WarningOwnerForm(owners=owners, initial={"to": item.warning.owner_id}) if item.may_assign else None
    context = {"item": item, "form": form, "owner_form": owner_form}
    return render(request, "scorecards/warning.html", context, status=422 if form.errors else 200)


def _like(request, row):
    """All that is open of a kind on a card, as far as it may be answered."""
    answerable = warning_queries.answerable_warnings(request.member, request.today)
    return answerable.filter(kind=row.kind, scorecard=row.scorecard_id, state=WarningState.OPEN).order_by("pk")


@require_http_methods(["GET", "POST"])
@requires(Permission.PERIOD_LOCK)
def reminders(request):
    """When people are reminded of values that are missing, and how long there is to act on a warning."""
    steps = {who: ", ".join(map(str, days)) for who, days in ladder().items()}
    sets_clocks = "clocks" in request.POST
    form = LadderForm(request.POST if request.POST and not sets_clocks else None, initial=steps)
    clocks = ClocksForm(request.POST if sets_clocks else None, initial=clock_days())
    if request.method == "POST":
        sent, save = (clocks, service.set_clocks) if sets_clocks else (form, service.set_ladder)
        if sent.run(save, by=request.member):
            messages.success(request, _("Saved. It holds from the next night on."))
            return redirect("scorecards:reminders", request.organization.slug)
    status = 422 if form.errors or clocks.errors else 200
    return render(request, "scorecards/reminders.html", {"form": form, "clocks": clocks}, status=status)


@require_http_methods(["POST"])
@requires(Permission.CARD_READ)
def warning_assign(request, pk):
    """Hand a warning to somebody else."""
    rows = warning_queries.assignable_warnings(request.member, request.today)
    row = get_object_or_404(rows.select_related(*warning_queries.PARTS), pk=pk)
    form = WarningOwnerForm(request.POST, owners=warning_queries.possible_owners(row, request.today))
    if form.run(warning_answers.assign_warning, warning=row, by=request.member):
        messages.success(request, _("%(name)s owns it now, and was told.") % {"name": form.result.owner.name})
    else:
        messages.error(request, " ".join(error for errors in form.errors.values() for error in errors))
    return redirect("scorecards:warning", request.organization.slug, pk)

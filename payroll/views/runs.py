"""Pay runs: the month's steps from calculating to the locked file."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kpiapp.forms import ReasonForm
from kpiapp.permissions import Permission, can, requires
from kpiapp.services.refusals import Refused
from payroll import explain, queries, summaries
from payroll.choices import ExportFormat, RunState
from payroll.forms import ExportForm, StartForm
from payroll.models import PayExport
from payroll.services import access_log, exports, runs

PAGE_SIZE = 50


@require_safe
@requires(Permission.PAY_RUN_READ)
@never_cache
def run_list(request):
    """All runs, the newest first, and the month to run next."""
    page = Paginator(queries.visible_runs(request.member), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "months": summaries.months_to_run(request.today),
        "may_edit": can(request.member, Permission.PAY_RUN_EDIT),
        "shown": {run.pk for run in page if queries.sees_totals(request.member, run)},
    }
    return render(request, "payroll/run_list.html", context)


@require_safe
@requires(Permission.PAY_RUN_READ)
@never_cache
def run(request, pk):
    """One run: its steps, who needs a look, totals and lines; amounts for who reads everybody's pay."""
    found = _visible(request, pk)
    access_log.record_read(action=access_log.RUN, target=found, by=request.member)
    return _run_page(request, found, ReasonForm())


@require_safe
@requires(Permission.PAY_RUN_READ)
@never_cache
def explain_run(request, pk):
    """What the totals of a calculated run sum up, and against what they are compared; for who may read them."""
    found = get_object_or_404(queries.visible_runs(request.member).exclude(state=RunState.DRAFT), pk=pk)
    if not queries.sees_totals(request.member, found):
        raise Http404
    summary = summaries.summary(found, reader=request.member)
    explanation = explain.explain_run(found, summary, reader=request.member)
    return render(request, "payroll/why_run.html", {"run": found, "explanation": explanation})


@require_POST
@requires(Permission.PAY_RUN_EDIT)
def start(request):
    """The first click of the month: create the run and have it calculated."""
    form = StartForm(request.POST)
    if not form.run(runs.create_run, by=request.member):
        messages.error(request, _("Choose the month to pay."))
        return redirect("payroll:run_list", request.organization.slug)
    return _take(request, form.result.pk, runs.request_calculation)


@require_POST
@requires(Permission.PAY_RUN_EDIT)
def calculate(request, pk):
    """Calculate in the background; clicking again changes nothing."""
    return _take(request, pk, runs.request_calculation)


@require_POST
@requires(Permission.PAY_RUN_EDIT)
def submit(request, pk):
    """Send for approval."""
    return _take(request, pk, runs.submit, _("Sent for approval."))


@require_POST
@requires(Permission.PAY_RUN_RETURN)
def return_run(request, pk):
    """Take back from approval, with what has to be changed."""
    found, form = _visible(request, pk), ReasonForm(request.POST)
    if not form.run(runs.return_run, run=found, by=request.member):
        return _run_page(request, found, form, status=422)
    messages.success(request, _("The run was returned. Approvals no longer count."))
    return redirect("payroll:run", request.organization.slug, pk)


@require_POST
@requires(Permission.PAY_RUN_APPROVE)
def approve(request, pk):
    """Approve what another person made."""
    return _take(request, pk, runs.approve, _("Approved."))


@require_POST
@requires(Permission.PAY_RUN_APPROVE)
def lock(request, pk):
    """Make final, and have the file made at once."""

    def lock_and_export(*, run, by):
        exports.request_export(run=runs.lock(run=run, by=by), format=ExportFormat.XLSX, by=by)

    return _take(request, pk, lock_and_export, _("Locked. The file is being made."))


@require_POST
@requires(Permission.PAY_EXPORT)
def export(request, pk):
    """Have the file made in a format."""
    form = ExportForm(request.POST)

    def ask(*, run, by):
        if not form.run(exports.request_export, run=run, by=by):
            raise Refused(" ".join(form.non_field_errors()) or _("Choose XLSX or CSV."))

    return _take(request, pk, ask, _("The file is being made."))


@require_POST
@requires(Permission.PAY_EXPORT)
@never_cache
def download(request, pk):
    """Hand a file out, and log that it left."""
    found = get_object_or_404(PayExport.objects.filter(run__in=queries.visible_runs(request.member)), pk=pk)
    exports.record_download(export=found, by=request.member)
    return FileResponse(found.file.open("rb"), as_attachment=True, filename=found.filename)


def _visible(request, pk):
    return get_object_or_404(queries.visible_runs(request.member), pk=pk)


def _take(request, pk, step, done: str = ""):
    """Take a step of a run and go back to its page, with what was done or why not."""
    try:
        step(run=_visible(request, pk), by=request.member)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        if done:
            messages.success(request, done)
    return redirect("payroll:run", request.organization.slug, pk)


def _run_page(request, found, form, status=200):
    text, flag = request.GET.get("q", ""), request.GET.get("flag", "")
    lines = summaries.find_lines(found, text=text, flag=flag)
    context = {
        "run": found,
        "steps": summaries.steps(found),
        "summary": summaries.summary(found, reader=request.member),
        "is_busy": summaries.is_busy(found),
        "page": Paginator(lines, PAGE_SIZE).get_page(request.GET.get("page")),
        "q": text,
        "flag": flag,
        "exports": found.exports.select_related("exported_by") if found.is_locked else (),
        "export_job": summaries.export_at_work(found) if found.is_locked else None,
        "return_form": form,
        "may_edit": can(request.member, Permission.PAY_RUN_EDIT),
        "may_approve": can(request.member, Permission.PAY_RUN_APPROVE) and request.member.pk not in found.worked_on,
        "may_lock": can(request.member, Permission.PAY_RUN_APPROVE),
        "may_return": can(request.member, Permission.PAY_RUN_RETURN)
        and found.state in (RunState.SUBMITTED, RunState.APPROVED),
        "may_export": can(request.member, Permission.PAY_EXPORT),
        "sees_pay": queries.sees_all_pay(request.member),
        "sees_totals": queries.sees_totals(request.member, found),
    }
    return never_cache(render)(request, "payroll/run.html", context, status=status)

"""Background work: nights and everything else that runs by itself, with its progress and its errors in words."""

import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from kpiapp import nightly, registry
from kpiapp.models import Job
from kpiapp.permissions import Permission, can, open_to_members, requires
from kpiapp.services import digests
from kpiapp.services.refusals import Refused

PAGE_SIZE = 25
# Failed mails older than this are nobody's concern any more.
FAILED_MAILS_SHOWN = datetime.timedelta(days=7)


def _label(row) -> str:
    return str(row[1])


@require_safe
@requires(Permission.JOB_READ)
def job_list(request):
    """Nights and other work, newest first; what follows every entry by itself only when asked for."""
    chosen = request.GET.get("task", "")
    every = Job.objects.filter(parent=None)
    counts = dict(every.order_by().values_list("task").annotate(Count("pk")))
    rows = every.filter(task=chosen) if chosen in counts else every.exclude(task__in=registry.QUIET_JOBS)
    if chosen == "all":
        rows = every
    now = timezone.now()
    context = {
        "chosen": chosen if chosen in counts or chosen == "all" else "",
        "tasks": sorted(((task, registry.JOB_LABELS.get(task, task), n) for task, n in counts.items()), key=_label),
        "quiet": sum(counts.get(task, 0) for task in registry.QUIET_JOBS),
        "every": sum(counts.values()),
        "failed_mails": digests.failed_mails(now - FAILED_MAILS_SHOWN, now),
        "page": Paginator(rows.select_related("requested_by"), PAGE_SIZE).get_page(request.GET.get("page")),
        "may_run": can(request.member, Permission.JOB_RUN),
        "last_night": Job.objects.filter(task=nightly.NIGHT, parent=None, finished_at__isnull=False).first(),
    }
    return render(request, "kpiapp/jobs.html", context)


@require_safe
@open_to_members
def job(request, pk):
    """One job. Progress alone, for pages that wait for it, is for every member; the page for those who may read it."""
    row = get_object_or_404(Job.objects.select_related("requested_by"), pk=pk)
    if request.htmx and not request.htmx.boosted:
        response = render(request, "kpiapp/_job.html", {"job": row})
        if not row.is_live:
            # Whatever page waited for it shows what came of it.
            response["HX-Refresh"] = "true"
        return response
    if not can(request.member, Permission.JOB_READ) and row.requested_by_id != request.member.pk:
        raise Http404
    parts = Job.objects.filter(parent=row).order_by("pk")
    return render(request, "kpiapp/job.html", {"job": row, "parts": Paginator(parts, PAGE_SIZE).get_page(1)})


@require_POST
@requires(Permission.JOB_RUN)
def job_run(request):
    """A night at once: every card of the open periods."""
    try:
        started = nightly.run_now(on=request.today, now=timezone.now(), by=request.member)
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect("kpiapp:jobs", request.organization.slug)
    return redirect("kpiapp:job", request.organization.slug, started.pk)

"""Background work: nights and everything else that runs by itself, with its progress and its errors in words."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from kpiapp import nightly
from kpiapp.models import Job
from kpiapp.permissions import Permission, can, open_to_members, requires
from kpiapp.services.refusals import Refused

PAGE_SIZE = 25


@require_safe
@requires(Permission.JOB_READ)
def job_list(request):
    """Nights and other work, newest first."""
    rows = Job.objects.filter(parent=None).select_related("requested_by")
    context = {
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
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

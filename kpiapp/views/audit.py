"""The audit trail: who decided what, when, and why."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from kpiapp import queries, registry
from kpiapp.audit_export import audit_csv
from kpiapp.forms import AuditFilter
from kpiapp.permissions import Permission, requires
from kpiapp.services import audit as service

PAGE_SIZE = 50
EXPORT_ROWS = 50_000


@require_safe
@requires(Permission.AUDIT_READ)
def audit(request):
    """The events that fit the filters, newest first, by id so that pages hold still while events arrive."""
    form = _filter(request.GET)
    visible = queries.visible_events(request.member, request.today)
    events = queries.filter_events(visible, form.cleaned_data if form.is_valid() else {})
    before = request.GET.get("before", "")
    if before.isdecimal():
        events = events.filter(pk__lt=int(before[:18]))
    rows = queries.readable_events(request.member, events[: PAGE_SIZE + 1])
    context = {
        "form": form,
        "events": rows[:PAGE_SIZE],
        "older": rows[PAGE_SIZE - 1].pk if len(rows) > PAGE_SIZE else None,
        "is_later_page": bool(before),
        "is_filtered": any(form.cleaned_data.values()) if form.is_valid() else True,
    }
    return render(request, "kpiapp/audit.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.AUDIT_READ)
def audit_export(request):
    """The same events as a CSV file; taking it is itself an event."""
    form = _filter(request.POST)
    filters = form.cleaned_data if form.is_valid() else {}
    events = queries.filter_events(queries.visible_events(request.member, request.today), filters)[:EXPORT_ROWS]
    content, rows = audit_csv(queries.readable_events(request.member, events), request.organization.csv_sign)
    service.record(
        action="audit.export",
        target=request.organization,
        by=request.member,
        after={"rows": rows, "filters": {name: str(value) for name, value in filters.items() if value}},
    )
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{request.today.isoformat()}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _filter(data) -> AuditFilter:
    nouns = sorted(registry.AUDIT_NOUNS.items(), key=lambda item: str(item[1]))
    return AuditFilter(data, actions=nouns)

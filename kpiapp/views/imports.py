"""Imports: upload, match columns, look at the dry run, apply, take back."""

import tempfile
from pathlib import Path

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kpiapp import queries, registry
from kpiapp.choices import ImportState, JobState, RowOutcome
from kpiapp.exports import Column, Kind, csv_lines, write_xlsx
from kpiapp.imports.forms import ColumnsForm, UploadForm
from kpiapp.permissions import Permission, can, requires
from kpiapp.services import imports
from kpiapp.services.import_fields import FieldKind, ImportField
from kpiapp.services.refusals import Refused
from kpiapp.spreadsheets import FileRefused
from kpiapp.text import search_key

PAGE_SIZE = 50
FILES_SHOWN = 20
LIVE_JOBS = (JobState.QUEUED, JobState.RUNNING, JobState.WAITING)


def _handlers(member) -> list[imports.ImportHandler]:
    handlers = sorted(registry.IMPORT_HANDLERS.values(), key=lambda handler: handler.order)
    return [handler for handler in handlers if can(member, handler.permission)]


def _visible(request):
    handlers = _handlers(request.member)
    found = queries.visible_imports(request.member, {handler.kind: handler.permission for handler in handlers})
    return found.select_related("created_by", "job")


def _run(request) -> imports.Run:
    return imports.Run(request.organization, request.member, request.today)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.IMPORT_ACTUALS)
def import_list(request):
    """Upload a file, and see what was imported before."""
    handlers = _handlers(request.member)
    form = UploadForm(request.POST or None, request.FILES or None, handlers=handlers)
    if request.method == "POST" and form.is_valid():
        file, handler = form.cleaned_data["file"], imports.handler_of(form.cleaned_data["kind"])
        try:
            batch = imports.upload(handler=handler, file=file, filename=file.name, by=request.member)
        except FileRefused as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect("kpiapp:import_columns", request.organization.slug, batch.pk)
    page = Paginator(_visible(request), FILES_SHOWN).get_page(request.GET.get("page"))
    for batch in page:
        batch.handler = imports.handler_of(batch.kind)
    context = {"form": form, "handlers": handlers, "page": page}
    return render(request, "kpiapp/import_list.html", context, status=422 if form.errors else 200)


@require_safe
@requires(Permission.IMPORT_ACTUALS)
def import_template(request, kind, format):
    """An empty table with the right titles and one example."""
    handler = next((handler for handler in _handlers(request.member) if handler.kind == kind), None)
    if handler is None or format not in ("csv", "xlsx"):
        raise Http404
    columns = [_column(item, Kind.TEXT) for item in handler.fields]
    rows = [{item.name: item.example for item in handler.fields}]
    name = f"{slugify(search_key(str(handler.label)))}.{format}"
    if format == "csv":
        lines = csv_lines(columns, rows, request.organization.csv_sign)
        return FileResponse(lines, as_attachment=True, filename=name, content_type="text/csv")
    return _workbook(handler, name, columns, rows)


@require_safe
@requires(Permission.IMPORT_ACTUALS)
def import_current(request, kind):
    """What is there, as the same file that changes it: a workbook, whose numbers are numbers in every language."""
    handler = next((handler for handler in _handlers(request.member) if handler.kind == kind), None)
    if handler is None or not handler.has_current:
        raise Http404
    kinds = {FieldKind.DECIMAL: Kind.DECIMAL, FieldKind.DATE: Kind.DATE}
    columns = [_column(item, kinds.get(item.kind, Kind.TEXT)) for item in handler.fields]
    name = f"{slugify(search_key(str(handler.label)))}-{request.today.isoformat()}.xlsx"
    return _workbook(handler, name, columns, handler.current(_run(request)))


def _column(item: ImportField, kind: Kind) -> Column:
    def value(row):
        cell = row.get(item.name)
        return str(item.choices[cell]) if cell in item.choices else cell

    return Column(str(item.label), value, kind=kind, places=2, width=max(14, len(str(item.label)) + 4))


def _workbook(handler, name: str, columns, rows) -> FileResponse:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write_xlsx(path, str(handler.label)[:31], columns, rows)
        return FileResponse(path.open("rb"), as_attachment=True, filename=name)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.IMPORT_ACTUALS)
def import_columns(request, pk):
    """Which column of the file is what; then the dry run."""
    batch = get_object_or_404(_visible(request), pk=pk)
    handler = imports.handler_of(batch.kind)
    form = ColumnsForm(request.POST or None, batch=batch, handler=handler, language=request.organization.language)
    if request.method == "POST" and form.is_valid():
        try:
            batch = imports.choose_columns(batch=batch, columns=form.columns(), numbers=form.cleaned_data["numbers"])
            imports.work_on(batch=batch, step="check", run=_run(request))
        except Refused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            return redirect("kpiapp:import", request.organization.slug, pk)
    titles = batch.options["titles"]
    samples = [dict(zip(titles, row, strict=False)) for row in batch.options.get("samples", [])]
    table = [[row.get(title, "") for title in titles] for row in samples]
    context = {"batch": batch, "handler": handler, "form": form, "titles": titles, "table": table}
    return render(request, "kpiapp/import_columns.html", context, status=422 if form.errors else 200)


@require_safe
@requires(Permission.IMPORT_ACTUALS)
def import_page(request, pk):
    """What the dry run found, or what the import did: counts, and every row with its errors."""
    batch = get_object_or_404(_visible(request), pk=pk)
    handler = imports.handler_of(batch.kind)
    outcome = request.GET.get("outcome", "")
    rows = batch.rows.filter(outcome=outcome) if outcome in RowOutcome.values else batch.rows.all()
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = [item for item in handler.fields if item.name in batch.columns]
    for row in page:
        row.cells = [(item.label, row.values.get(item.name, "")) for item in shown]
    context = {
        "batch": batch,
        "handler": handler,
        "shown": shown,
        "page": page,
        "outcome": outcome,
        "tiles": [(kind.value, kind.label, batch.counts.get(kind.value, 0)) for kind in RowOutcome],
        "changing": batch.counts.get(RowOutcome.CREATE, 0) + batch.counts.get(RowOutcome.UPDATE, 0),
        "failed": batch.counts.get(RowOutcome.ERROR, 0),
        "is_working": bool(batch.job and batch.job.state in LIVE_JOBS),
        "states": ImportState,
    }
    response = render(request, "kpiapp/import_page.html", context)
    if request.htmx and not context["is_working"]:
        # The page asked for progress, and the work has ended: what it may do next has changed.
        response["HX-Refresh"] = "true"
    return response


@require_POST
@requires(Permission.IMPORT_ACTUALS)
def import_step(request, pk, step):
    """Apply what was checked, check it again, or take it back."""
    batch = get_object_or_404(_visible(request), pk=pk)
    if step not in imports.STEPS:
        raise Http404
    try:
        imports.work_on(batch=batch, step=step, run=_run(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("kpiapp:import", request.organization.slug, pk)


@require_safe
@requires(Permission.IMPORT_ACTUALS)
def import_errors(request, pk):
    """The rows that could not be taken, under the titles of the file, with what to correct: mend and upload again."""
    batch = get_object_or_404(_visible(request), pk=pk)
    columns = [Column(title, lambda row, name=name: row.values.get(name, "")) for name, title in batch.columns.items()]
    columns.append(Column(_("Row"), lambda row: str(row.number)))
    columns.append(Column(_("What to correct"), lambda row: " ".join(row.errors)))
    rows = list(batch.rows.filter(outcome=RowOutcome.ERROR))
    lines = csv_lines(columns, rows, request.organization.csv_sign)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = slugify(search_key(Path(batch.filename).stem)) or "rows"
    response["Content-Disposition"] = f'attachment; filename="{name}-errors.csv"'
    return response

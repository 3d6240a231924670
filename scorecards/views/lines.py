"""Logging progress: a cell, a pasted block, a row's details with its entries, notes and files."""

from django.contrib import messages
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from kpiapp.permissions import Permission, requires
from kpiapp.services.refusals import Refused
from kpiapp.text import ids_in
from scorecards import queries
from scorecards.cards import rows
from scorecards.cards.formula_views import views_of
from scorecards.choices import ActualSource
from scorecards.forms import EntryForm, EvidenceForm, NoteForm, ReasonForm, read_block, read_cells
from scorecards.models import Actual, Evidence, Scorecard
from scorecards.services import actuals, evidence, grid, scorecards
from scorecards.views import parts

COLUMNS = (rows.VALUE, rows.NUMERATOR, rows.DENOMINATOR)


def _type(request, block, source):
    """Read and store typed cells; the result, and every error by cell."""
    cells, errors = read_cells(block)
    lines = queries.editable_lines(request.member, request.today)
    result = grid.type_cells(lines=lines, cells=cells, by=request.member, today=request.today, source=source)
    return result, {**result.errors, **errors}


@requires(Permission.ACTUAL_RECORD)
@require_POST
def line_record(request, pk):
    """One typed cell: the answer is its row, the total and the tiles."""
    block = [(pk, column, request.POST[column]) for column in COLUMNS if column in request.POST]
    result, errors = _type(request, block, ActualSource.TYPED)
    card = result.lines[pk].scorecard if pk in result.lines else _card_of(request, pk)
    typed = {(line, column): text for line, column, text in block}
    response = parts.saved_parts(request, card, changed=set(typed) - set(errors), errors=errors, typed=typed, main=pk)
    if result.stored:
        parts.with_toast(response, _("Saved."), undo=result.stored, slug=request.organization.slug)
    elif result.withdrawn:
        parts.with_toast(response, _("Your entry of today is withdrawn."))
    return response


def _card_of(request, line_pk) -> Scorecard:
    """The card of a line one may record for, or 404."""
    line = get_object_or_404(queries.editable_lines(request.member, request.today), pk=line_pk)
    return Scorecard.objects.select_related(*queries.CARD_PARTS).get(pk=line.scorecard_id)


@requires(Permission.ACTUAL_RECORD)
@require_POST
def card_paste(request, pk):
    """A block from a spreadsheet: good cells are stored, bad ones come back with what was pasted and why."""
    reachable = Scorecard.objects.filter(
        lines__in=queries.editable_lines(request.member, request.today).values("pk")
    ).distinct()
    card = get_object_or_404(reachable, pk=pk)
    block = read_block(request.POST.getlist("cell"), request.POST.getlist("value"))
    on_card = set(card.lines.values_list("pk", flat=True))
    block = [cell for cell in block if cell[0] in on_card]
    result, errors = _type(request, block, ActualSource.PASTED)
    typed = {(line, column): text for line, column, text in block}
    response = parts.saved_parts(request, card, changed=set(typed) - set(errors), errors=errors, typed=typed)
    saved = len(typed) - len(errors)
    text = ngettext("%(count)d value saved.", "%(count)d values saved.", saved) % {"count": saved}
    if errors:
        bad = ngettext("%(count)d needs a look.", "%(count)d need a look.", len(errors)) % {"count": len(errors)}
        return parts.with_toast(
            response, f"{text} {bad}", kind="warning", undo=result.stored, slug=request.organization.slug
        )
    return parts.with_toast(response, text, undo=result.stored, slug=request.organization.slug)


@requires(Permission.ACTUAL_RECORD)
@require_POST
def entries_withdraw(request):
    """Undo: take back entries one made oneself."""
    ids = ids_in(request.GET.get("ids", "").split(","))
    own = Actual.objects.filter(
        pk__in=ids,
        entered_by=request.member,
        line__in=queries.editable_lines(request.member, request.today).values("pk"),
    ).select_related("line__scorecard__period")
    chosen = list(own)
    if not chosen:
        raise Http404
    card = chosen[0].line.scorecard
    changed = {(actual.line_id, column) for actual in chosen for column in COLUMNS}
    try:
        actuals.withdraw_actuals(actuals=chosen, by=request.member, today=request.today)
    except Refused as refusal:
        return _answer(request, chosen[0].line, str(refusal), kind="error", card=card, changed=set())
    return _answer(request, chosen[0].line, _("Taken back."), card=card, changed=changed)


def _line(request, pk, *, record: bool = False):
    """A line one may read (or record for), with all its row shows; else 404."""
    reach = queries.editable_lines if record else queries.visible_lines
    return get_object_or_404(queries.with_numbers(reach(request.member, request.today)), pk=pk)


def _details(request, line, **forms) -> dict:
    rights = queries.rights_on(line.scorecard, request.member, request.today)
    row = next(
        row
        for row in rows.rows_of(line.scorecard, reader=request.member, on=request.today, can_record=rights["record"])
        if row.line.pk == line.pk
    )
    calculated = [row.line] if row.formula is not None else []
    formula = views_of(calculated, reader=request.member, on=request.today).get(row.line.pk)
    return {
        "row": row,
        "formula": formula,
        "line": row.line,
        "card": line.scorecard,
        "period": line.scorecard.period,
        "rights": rights,
        "entries": queries.entries_of(line),
        "is_own": line.scorecard.member_id == request.member.pk,
        "form": EntryForm(line=line, today=request.today),
        "note_form": NoteForm(),
        "evidence_form": EvidenceForm(),
        "reason_form": ReasonForm(),
        **forms,
    }


@requires(Permission.CARD_READ)
@require_GET
def line(request, pk):
    """The details of a row: what the KPI means, every entry, files, what can be done."""
    template = "scorecards/_line_drawer.html" if request.htmx else "scorecards/line.html"
    return render(request, template, _details(request, _line(request, pk)))


def _answer(request, line, text, *, kind="success", card=None, changed=None):
    """After a change in the details: the parts that follow for htmx, the page again otherwise."""
    if not request.htmx:
        (messages.error if kind == "error" else messages.success)(request, text)
        return redirect("scorecards:line", request.organization.slug, line.pk)
    changed = {(line.pk, column) for column in COLUMNS} if changed is None else changed
    drawer = ""
    if request.htmx.target == "drawer":
        context = _details(request, _line(request, line.pk))
        drawer = render_to_string("scorecards/_line_drawer.html", context, request)
    response = parts.saved_parts(request, card or line.scorecard, changed=changed, drawer=drawer)
    return parts.with_toast(response, text, kind=kind)


def _refused(request, line, refusal, **forms):
    """The details again, with what was typed and why it was not taken."""
    template = "scorecards/_line_drawer.html" if request.htmx else "scorecards/line.html"
    context = _details(request, _line(request, line.pk), refusal=refusal, **forms)
    return render(request, template, context, status=422)


@requires(Permission.ACTUAL_RECORD)
@require_POST
def entry_add(request, pk):
    """An entry with its own day and note."""
    line = _line(request, pk, record=True)
    form = EntryForm(request.POST, request.FILES, line=line, today=request.today)
    if not form.is_valid():
        return _refused(request, line, "", form=form)
    try:
        actuals.record_actual(line=line, by=request.member, today=request.today, **form.cleaned_data)
    except Refused as refusal:
        return _refused(request, line, str(refusal), form=form)
    return _answer(request, line, _("Saved."))


def _entry(request, pk) -> Actual:
    reach = queries.editable_lines(request.member, request.today).values("pk")
    return get_object_or_404(Actual.objects.filter(line__in=reach).select_related("line__scorecard__period"), pk=pk)


@requires(Permission.ACTUAL_RECORD)
@require_POST
def entry_correct(request, pk):
    """Another number in the place of an entry; the day stays."""
    actual = _entry(request, pk)
    line = _line(request, actual.line_id, record=True)
    typed = {**request.POST.dict(), "on": actual.on.isoformat()}
    form = EntryForm(typed, request.FILES, line=line, today=request.today)
    if not form.is_valid():
        words = [error for errors in form.errors.values() for error in errors]
        return _refused(request, line, " ".join(words))
    values = {name: value for name, value in form.cleaned_data.items() if name != "on"}
    try:
        actuals.correct_actual(actual=actual, by=request.member, today=request.today, **values)
    except Refused as refusal:
        return _refused(request, line, str(refusal))
    return _answer(request, line, _("Corrected. The old entry stays readable."))


@requires(Permission.ACTUAL_RECORD)
@require_POST
def line_note(request, pk):
    """Cause and action of a red KPI, kept with its last entry: the same numbers again, with the note."""
    line = _line(request, pk, record=True)
    form = NoteForm(request.POST)
    last = queries.entries_of(line).filter(state__in=queries.LIVE_STATES).first()
    if last is None:
        return _refused(request, line, _("Enter a value first: the note belongs to it."), note_form=form)
    if not form.is_valid():
        return _refused(request, line, "", note_form=form)
    numbers = {name: getattr(last, name) for name in COLUMNS}
    try:
        actuals.correct_actual(actual=last, by=request.member, today=request.today, note=form.text(), **numbers)
    except Refused as refusal:
        return _refused(request, line, str(refusal), note_form=form)
    return _answer(request, line, _("Noted."))


@requires(Permission.ACTUAL_RECORD)
@require_POST
def evidence_add(request, pk):
    """A file beside an entry."""
    actual = _entry(request, pk)
    form = EvidenceForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, actual.line, _("Choose a file first."), evidence_form=form)
    try:
        evidence.attach_file(actual=actual, file=form.cleaned_data["file"], by=request.member)
    except Refused as refusal:
        return _refused(request, actual.line, str(refusal))
    return _answer(request, actual.line, _("File attached."), changed=set())


@requires(Permission.CARD_READ)
@require_GET
def evidence_file(request, pk):
    """A file, to those who may read the card it belongs to; always as a download, never shown by the browser."""
    reach = queries.visible_lines(request.member, request.today).values("pk")
    found = get_object_or_404(Evidence.objects.filter(actual__line__in=reach), pk=pk)
    response = FileResponse(found.file.open("rb"), as_attachment=True, filename=found.filename)
    response["Content-Type"] = found.content_type
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@requires(Permission.CARD_READ)
@require_POST
def line_waive(request, pk):
    """A KPI that does not apply in this period, with a reason."""
    line = get_object_or_404(
        queries.waivable_lines(request.member, request.today).select_related("scorecard__period"), pk=pk
    )
    form = ReasonForm(request.POST)
    try:
        scorecards.waive_line(
            line=line,
            reason=form.cleaned_data["reason"] if form.is_valid() else "",
            by=request.member,
            today=request.today,
        )
    except Refused as refusal:
        return _refused(request, line, str(refusal), reason_form=form)
    return _answer(request, line, _("Waived: it no longer counts in this period."))

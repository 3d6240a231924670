"""Imports: a file is uploaded, its columns are matched, a dry run says what would happen, it is applied, undone.

A handler (registered in kpiapp.registry.IMPORT_HANDLERS) knows one kind of rows; everything else is here, once.
"""

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.core.files import File
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from kpiapp.choices import ImportState, RowOutcome
from kpiapp.models import ImportBatch, ImportMapping, ImportRow, Member
from kpiapp.services import audit, jobs
from kpiapp.services.import_changes import BATCH
from kpiapp.services.import_fields import (
    HEADER_ROWS,
    RowRefused,
    decode,
    encode,
    find_header,
    guess_columns,
    header_hash,
    parse_cell,
    text_of,
    titles_of,
)
from kpiapp.services.import_files import FILES_KEPT
from kpiapp.services.import_handlers import ImportHandler, Row, Run, handler_of
from kpiapp.services.refusals import Refused
from kpiapp.spreadsheets import FileRefused, Line, check_size, look_at, read_lines
from kpiapp.tenancy import current_organization_id

SAMPLES = 4
# From here on somebody would have to wait for an answer: a worker does it, with progress.
ROWS_AT_ONCE = 500
BYTES_AT_ONCE = 60_000
# The first of the two keys of the advisory lock under which files of an organization are written.
_WRITE_LOCK = 7303


# --- upload and mapping ---------------------------------------------------------------------------------------


@transaction.atomic
def upload(*, handler: ImportHandler, file: File, filename: str, by: Member | None) -> ImportBatch:
    """Store a file after a first look at it, and guess its columns. Raises FileRefused."""
    check_size(file.size)
    batch = ImportBatch(kind=handler.kind, filename=filename[-255:], created_by=by, sha256=_digest(file))
    batch.file.save(f"{secrets.token_hex(12)}.upload", file, save=False)
    try:
        lines = look_at(batch.file.path, count=HEADER_ROWS + SAMPLES)
    except FileRefused:
        batch.file.delete(save=False)
        raise
    header = find_header(lines, handler.fields)
    titles = titles_of(header)
    samples = [line for line in lines if line.number > header.number][:SAMPLES]
    batch.options = {
        "header": header.number,
        "titles": titles,
        "samples": [[text_of(cell) for cell in line.cells] for line in samples],
    }
    batch.columns = _remembered(handler, titles) or guess_columns(titles, handler.fields)
    batch.save()
    return batch


@transaction.atomic
def open_table(
    *, handler: ImportHandler, file: File, filename: str, titles: Sequence[str], by: Member | None
) -> ImportBatch:
    """A batch for rows made from a file by a mapping, whose titles are the names of fields. Follow with `check`."""
    names = [item.name for item in handler.fields]
    if unknown := [title for title in titles if title not in names]:
        raise Refused(
            _("“%(name)s” is no field. There are: %(known)s.") % {"name": unknown[0], "known": ", ".join(names)}
        )
    batch = ImportBatch(kind=handler.kind, filename=filename[-255:], created_by=by, sha256=_digest(file))
    batch.columns = {title: title for title in titles}
    batch.options = {"header": 0, "titles": list(titles)}
    batch.file.save(f"{secrets.token_hex(12)}.upload", file)
    return batch


def _digest(file: File) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _remembered(handler: ImportHandler, titles: Sequence[str]) -> dict[str, str]:
    mapping = ImportMapping.objects.filter(kind=handler.kind, header_hash=header_hash(handler.kind, titles)).first()
    names = {item.name for item in handler.fields}
    columns = mapping.columns if mapping else {}
    return {name: title for name, title in columns.items() if name in names and title in titles}


@transaction.atomic
def choose_columns(*, batch: ImportBatch, columns: Mapping[str, str], numbers: str) -> ImportBatch:
    """Say which column feeds which field, and remember it for the next file with the same header.

    `numbers` is the language whose way of writing numbers the file follows. Raises Refused.
    """
    batch = _lock(batch, ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED)
    handler = handler_of(batch.kind)
    titles = batch.options["titles"]
    columns = {name: title for name, title in columns.items() if title in titles}
    _check_complete(handler, columns)
    repeated = [title for title, count in Counter(columns.values()).items() if count > 1]
    if repeated:
        raise Refused(_("“%(title)s” is chosen twice. A column feeds one field.") % {"title": repeated[0]})
    batch.columns, batch.options = columns, {**batch.options, "numbers": numbers}
    batch.state, batch.error = ImportState.UPLOADED, ""
    batch.save()
    ImportMapping.objects.update_or_create(
        kind=batch.kind, header_hash=header_hash(batch.kind, titles), defaults={"columns": columns}
    )
    return batch


def _check_complete(handler: ImportHandler, columns: Mapping[str, str]) -> None:
    for item in handler.fields:
        if item.required and item.name not in columns:
            raise Refused(_("Choose the column for “%(field)s”.") % {"field": item.label}, field=item.name)


# --- dry run --------------------------------------------------------------------------------------------------


@transaction.atomic
def check(*, batch: ImportBatch, run: Run, lines: Iterable[Line] | None = None) -> ImportBatch:
    """The dry run: what every row would do, with errors in words; nothing but the batch is written.

    `lines` replaces the rows of the file by ones made from it, with the same titles. Raises FileRefused, and Refused
    when a column is missing.
    """
    batch = _lock(batch, ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED)
    handler = handler_of(batch.kind)
    _check_complete(handler, batch.columns)
    source = read_lines(batch.file.path) if lines is None else lines
    with override(run.language):
        rows = list(_parsed(batch, handler, source, run))
        _plan(handler, rows, run)
    ImportRow.objects.filter(batch=batch).delete()
    ImportRow.objects.bulk_create(
        [
            ImportRow(
                batch=batch,
                number=row.number,
                values={name: encode(value) for name, value in row.values.items()},
                outcome=row.outcome,
                errors=row.errors,
            )
            for row in rows
        ],
        batch_size=BATCH,
    )
    batch.counts, batch.state, batch.error = _counts(rows), ImportState.CHECKED, ""
    batch.save()
    return batch


def _parsed(batch: ImportBatch, handler: ImportHandler, lines: Iterable[Line], run: Run) -> Iterator[Row]:
    titles = batch.options["titles"]
    language = batch.options.get("numbers") or run.organization.language
    places = [(item, titles.index(title)) for item in handler.fields if (title := batch.columns.get(item.name))]
    for line in lines:
        if line.number <= batch.options["header"]:
            continue
        row = Row(line.number, {})
        for item, place in places:
            cell = line.cells[place] if place < len(line.cells) else None
            try:
                value = parse_cell(item, cell, language)
            except RowRefused as refused:
                row.values[item.name] = text_of(cell)[:200]
                row.errors.append(_of_column(titles[place], str(refused)))
                continue
            if value is not None:
                row.values[item.name] = value
            elif item.required:
                row.errors.append(_of_column(titles[place], _("this is empty. Fill it in.")))
        yield row


def _of_column(title: str, sentence: str) -> str:
    return _("Column “%(title)s”: %(sentence)s") % {"title": title, "sentence": sentence}


def _plan(handler: ImportHandler, rows: Sequence[Row], run: Run) -> Any:
    """Give every row its outcome; returns what the handler knows."""
    good = [row for row in rows if not row.errors]
    known = handler.prepare(good, run)
    first: dict[Hashable, int] = {}
    for row in good:
        key = handler.key(row)
        if key in first:
            row.errors.append(handler.repeated(first[key]))
            continue
        try:
            row.outcome = handler.plan(row, known)
        except RowRefused as refused:
            row.errors.append(str(refused))
            continue
        first[key] = row.number
    _refuse_orphans(handler, good, known)
    for row in rows:
        if row.errors:
            row.outcome = RowOutcome.ERROR
    return known


def _refuse_orphans(handler: ImportHandler, rows: Sequence[Row], known: Any) -> None:
    """Refuse rows that need another row of the file which has an error, and those that need them, and so on."""
    while True:
        there = {handler.key(row) for row in rows if not row.errors}
        orphans = [
            (row, sentence)
            for row in rows
            if not row.errors
            for key, sentence in handler.needs(row, known)
            if key not in there
        ]
        if not orphans:
            return
        for row, sentence in orphans:
            if not row.errors:
                row.errors.append(sentence)


def _counts(rows: Iterable) -> dict[str, int]:
    counted = Counter(row.outcome for row in rows)
    return {str(outcome.value): counted.get(outcome.value, 0) for outcome in RowOutcome}


# --- apply and undo -------------------------------------------------------------------------------------------


@transaction.atomic
def apply(*, batch: ImportBatch, run: Run) -> ImportBatch:
    """Write the good rows; what no longer fits since the dry run becomes an error too. Raises Refused."""
    batch = _lock(batch, ImportState.CHECKED)
    _wait_for_others()
    handler = handler_of(batch.kind)
    fields = {item.name: item for item in handler.fields}
    stored = list(batch.rows.exclude(outcome=RowOutcome.ERROR))
    rows = [
        Row(kept.number, {name: decode(fields[name], text) for name, text in kept.values.items()}) for kept in stored
    ]
    with override(run.language):
        known = _plan(handler, rows, run)
        handler.apply([row for row in rows if row.outcome in (RowOutcome.CREATE, RowOutcome.UPDATE)], known, run)
    changed = [kept for kept, row in zip(stored, rows, strict=True) if row.outcome != kept.outcome or row.undo]
    # Written anew: updating thousands of JSON values one by one takes ten times as long.
    ImportRow.objects.filter(pk__in=[kept.pk for kept in changed]).delete()
    for kept, row in zip(stored, rows, strict=True):
        kept.outcome, kept.errors, kept.undo, kept.pk = row.outcome, row.errors, row.undo, None
    ImportRow.objects.bulk_create(changed, batch_size=BATCH)
    failed_before = batch.counts.get(RowOutcome.ERROR, 0)
    batch.counts = _counts(rows)
    batch.counts[RowOutcome.ERROR.value] += failed_before
    batch.state, batch.applied_at = ImportState.APPLIED, timezone.now()
    batch.save()
    audit.record(
        action="import.apply",
        target=batch,
        by=run.by,
        after={"kind": batch.kind, "file": batch.filename, "sha256": batch.sha256, **batch.counts},
    )
    return batch


@transaction.atomic
def undo(*, batch: ImportBatch, run: Run) -> ImportBatch:
    """Take an applied import back as a whole. Raises Refused with what stands in the way."""
    batch = _lock(batch, ImportState.APPLIED)
    _wait_for_others()
    rows = list(batch.rows.filter(outcome__in=[RowOutcome.CREATE, RowOutcome.UPDATE]))
    handler_of(batch.kind).undo(rows, run)
    batch.state, batch.undone_at = ImportState.UNDONE, timezone.now()
    batch.save()
    audit.record(action="import.undo", target=batch, by=run.by, before=batch.counts, after={"file": batch.filename})
    return batch


@transaction.atomic
def fail(*, batch: ImportBatch, error: str) -> ImportBatch:
    """Remember why a file could not be read."""
    batch = _lock(batch, ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED)
    batch.state, batch.error = ImportState.FAILED, error
    batch.save()
    return batch


def _lock(batch: ImportBatch, *states: str) -> ImportBatch:
    """The batch, locked, when it is in one of these states: of two clicks at once, the second is refused."""
    batch = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if batch.state not in states:
        raise Refused(
            _("This import is “%(state)s” by now. Reload the page to see it.") % {"state": batch.get_state_display()}
        )
    return batch


def _wait_for_others() -> None:
    """Files of an organization are written one after the other: two may bring the same new code."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_WRITE_LOCK, current_organization_id()])


# What a job may be asked to do with a batch.
STEPS: dict[str, Callable[..., ImportBatch]] = {"check": check, "apply": apply, "undo": undo}


def work_on(*, batch: ImportBatch, step: str, run: Run) -> ImportBatch:
    """Do a step at once when it is small, else hand it to a worker and let the page show its progress.

    Raises Refused; a file that cannot be read leaves the batch failed with the reason.
    """
    if step == "check" and not batch.file:
        raise Refused(_("The file was deleted after %(days)d days. Upload it again.") % {"days": FILES_KEPT.days})
    rows = sum(batch.counts.values())
    is_small = batch.file.size <= BYTES_AT_ONCE if step == "check" else rows <= ROWS_AT_ONCE
    if is_small:
        try:
            return STEPS[step](batch=batch, run=run)
        except FileRefused as refusal:
            return fail(batch=batch, error=str(refusal))
    batch.job = jobs.enqueue(
        task="import",
        key=f"import/{batch.pk}/{step}",
        arguments={"batch": batch.pk, "step": step},
        by=run.by,
        again=True,
    )
    batch.save(update_fields=["job"])
    return batch

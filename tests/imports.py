"""Bringing a table into a company, as tests need it again and again."""

from django.core.files.base import ContentFile

from kpiapp.models import ImportBatch
from kpiapp.services import imports
from tests.cast import STORY_DAY, Cast


def run_of(cast: Cast, member=None) -> imports.Run:
    """An import by HR (or another member) on the day of the story."""
    return imports.Run(cast.organization, cast.acting(member or cast.hr), STORY_DAY)


def checked(
    cast: Cast, kind: str, text: str, *, by=None, columns: dict | None = None, numbers: str = ""
) -> ImportBatch:
    """A CSV uploaded, its columns matched, and its dry run done."""
    run = run_of(cast, by)
    file = ContentFile(text.encode(), name="data.csv")
    batch = imports.upload(handler=imports.handler_of(kind), file=file, filename="data.csv", by=run.by)
    batch = imports.choose_columns(batch=batch, columns=columns or batch.columns, numbers=numbers)
    return imports.check(batch=batch, run=run)


def applied(cast: Cast, kind: str, text: str, **options) -> ImportBatch:
    """A CSV uploaded, checked and applied."""
    batch = checked(cast, kind, text, **options)
    return imports.apply(batch=batch, run=run_of(cast, options.get("by")))


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    """New, changed, unchanged, errors."""
    return tuple(batch.counts[name] for name in ("create", "update", "same", "error"))


def errors(batch: ImportBatch) -> dict[int, list[str]]:
    """Sentences by row."""
    return {row.number: row.errors for row in batch.rows.filter(outcome="error")}

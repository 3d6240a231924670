"""Uploaded tables, CSV and XLSX, as rows of text, numbers and dates. No models; the reading runs in a child process."""

import datetime
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

Cell = str | Decimal | datetime.date | None

MAX_BYTES = 10 * 1024 * 1024
MEMORY_MEGABYTES = 280
# A first look happens while somebody waits; a whole file is read in the background.
LOOK_SECONDS, READ_SECONDS = 5, 120
READER = Path(__file__).with_name("spreadsheet_reader.py")

REASONS = {
    "empty": gettext_noop("The file is empty. Choose a file with a header row and at least one row below it."),
    "encrypted": gettext_noop("The file is protected by a password. Save it without one and upload it again."),
    "old_excel": gettext_noop("This is an old Excel file (.xls). Save it as .xlsx or CSV and upload it again."),
    "xlsb": gettext_noop("This is a binary Excel file (.xlsb). Save it as .xlsx or CSV and upload it again."),
    "not_text": gettext_noop(
        "This is neither a CSV nor an Excel file. Save the table as .xlsx or CSV and upload it again."
    ),
    "web_page": gettext_noop("This is a web page, not a table. Save the table as .xlsx or CSV and upload it again."),
    "not_a_workbook": gettext_noop("This archive is no Excel file. Upload the .xlsx or CSV file itself."),
    "no_sheet": gettext_noop("The workbook has no visible sheet. Show the sheet to import and upload the file again."),
    "damaged": gettext_noop("The file is damaged or cut off. Save it as .xlsx or CSV again, then upload it."),
    "unpacks_too_big": gettext_noop(
        "The file unpacks to more than is allowed. Keep only the sheet to import and save it again."
    ),
    "too_many_rows": gettext_noop("The table has more than 100,000 rows. Split it into several files."),
    "gap": gettext_noop("There are thousands of empty rows between others. Delete what stands far below the table."),
    "too_many_columns": gettext_noop("The table has more than 200 columns. Keep only the columns to import."),
    "long_cell": gettext_noop(
        "A cell holds more than 32,767 characters: is a quotation mark left open? Mend it and upload again."
    ),
    "too_big": gettext_noop("The file is larger than 10 MB. Split it, or save it as CSV."),
    "unreadable": gettext_noop(
        "The file could not be read within the limits. Save only the table as CSV and upload it again."
    ),
}


class FileRefused(ValueError):
    """A file that cannot be read; the message is a sentence that says what to do."""

    def __init__(self, code: str):
        self.code = code
        super().__init__(_(REASONS[code]))


@dataclass(frozen=True)
class Line:
    """One row as the spreadsheet counts it, starting at 1."""

    number: int
    cells: list[Cell]


def check_size(size: int) -> None:
    """Refuse a file by its size alone, before a byte of it is read."""
    if size > MAX_BYTES:
        raise FileRefused("too_big")
    if not size:
        raise FileRefused("empty")


def read_lines(path: str | Path, *, seconds: int = READ_SECONDS) -> Iterator[Line]:
    """Every row of a file that holds anything. Raises FileRefused."""
    path = Path(path)
    check_size(path.stat().st_size)
    with _reader(path, seconds) as lines:
        next(lines)
        for number, row in lines:
            yield Line(number, [_cell(cell) for cell in row])


def look_at(path: str | Path, *, count: int) -> list[Line]:
    """The first rows of a file. Raises FileRefused."""
    found = []
    for line in read_lines(path, seconds=LOOK_SECONDS):
        found.append(line)
        if len(found) == count:
            break
    if not found:
        raise FileRefused("empty")
    return found


@contextmanager
def _reader(path: Path, seconds: int) -> Iterator[Iterator]:
    """Start the child and hand out what it writes, line by line; it never outlives this block."""
    command = [sys.executable, "-I", str(READER), str(path), str(MEMORY_MEGABYTES), str(seconds)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env={}
    )
    try:
        yield _answers(process)
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def _answers(process: subprocess.Popen) -> Iterator:
    for line in process.stdout:
        if not line.endswith(b"\n"):
            break
        answer = json.loads(line)
        if isinstance(answer, dict):
            if "refused" in answer:
                raise FileRefused(answer["refused"])
            if "end" in answer:
                return
        yield answer
    # The child died before it said that it was done: a limit, or a file nobody can read.
    raise FileRefused("unreadable")


def _cell(cell) -> Cell:
    if isinstance(cell, dict):
        return Decimal(cell["n"]) if "n" in cell else datetime.date.fromisoformat(cell["d"])
    return cell.strip() if cell else None

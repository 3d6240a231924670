"""Files for other programs: column specs in, streamed CSV or XLSX out. Text can never act as a formula."""

import csv
import datetime
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter

from kpiapp.decimals import plain, quantize

_FORMULA_START = re.compile(r"^[\s\u00a0\ufeff]*[=+\-@]|^[\t\r\n]")
_EXCEL_DAY = "dd/mm/yyyy"
# A workbook says when it was made; equal data must give equal bytes, so all say the same.
_MADE_AT = datetime.datetime(2000, 1, 1)  # noqa: DTZ001  (a file format's local time)


class Kind(StrEnum):
    """What a cell holds. Codes, account and tax numbers are TEXT: they keep leading zeros and all digits."""

    TEXT = "text"
    WHOLE = "whole"
    DECIMAL = "decimal"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its header, where a row's value comes from, what it holds, and how it is shown."""

    header: str
    value: Callable[[Any], Any]
    kind: Kind = Kind.TEXT
    places: int = 0
    width: int = 14


@dataclass(frozen=True, slots=True)
class Sheet:
    """A second sheet of labels and values, such as totals and signatures; a value is text, a number or a date."""

    title: str
    rows: Sequence[tuple[str, Any]]
    places: int = 0


def safe_text(text: str) -> str:
    """Text that no spreadsheet runs: each line that starts like a formula gets an apostrophe in front.

    Full-width signs and leading blanks do not help an attacker; a number is never passed through here.
    """
    lines = re.split(r"(\r\n|\r|\n)", text)
    guarded = "".join(
        part if index % 2 or not _FORMULA_START.match(unicodedata.normalize("NFKC", part)) else f"'{part}"
        for index, part in enumerate(lines)
    )
    return f"'{guarded}" if text[:1] in ("\t", "\r", "\n") and not guarded.startswith("'") else guarded


def csv_lines(
    columns: Sequence[Column], rows: Iterable[Any], delimiter: str = ",", *, is_raw: bool = False
) -> Iterator[bytes]:
    """CSV as Excel reads it: UTF-8 with a byte order mark, CRLF, plain numbers, days as dd/mm/yyyy.

    Strict raw is for machines: texts stand as they are, and a spreadsheet could take one for a formula.
    """
    as_text = str if is_raw else safe_text
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    yield b"\xef\xbb\xbf"
    for cells in _with_header(columns, rows, as_text):
        writer.writerow(cells)
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()


def write_csv(
    target: BinaryIO, columns: Sequence[Column], rows: Iterable[Any], delimiter: str, *, is_raw: bool = False
) -> None:
    """The lines of `csv_lines` into an open binary file."""
    for line in csv_lines(columns, rows, delimiter, is_raw=is_raw):
        target.write(line)


def write_xlsx(
    path: Path, title: str, columns: Sequence[Column], rows: Iterable[Any], extra: Sheet | None = None
) -> None:
    """A workbook in constant memory: numbers as numbers, days as days, all else text; no formula, link or macro."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(path.parent),
    }
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"created": _MADE_AT})
        sheet = book.add_worksheet(title)
        formats = _Formats(book)
        for index, column in enumerate(columns):
            sheet.set_column(index, index, column.width)
            sheet.write_string(0, index, safe_text(column.header), formats.header(column.kind))
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows, start=1):
            for index, column in enumerate(columns):
                _write(sheet, number, index, column.value(row), column.kind, formats.cell(column.kind, column.places))
        if extra:
            _write_pairs(book.add_worksheet(extra.title), extra, formats)


class _Formats:
    """One format object per look, made when it is first needed."""

    def __init__(self, book):
        self.book, self.made = book, {}

    def header(self, kind: Kind):
        return self._get({"bold": True, "bottom": 1, "align": "left" if kind in (Kind.TEXT, Kind.DATE) else "right"})

    def cell(self, kind: Kind, places: int):
        number = "#,##0" + ("." + "0" * places if places else "")
        return self._get({"num_format": {Kind.TEXT: "@", Kind.DATE: _EXCEL_DAY}.get(kind, number)})

    def _get(self, look: dict):
        key = tuple(sorted(look.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format(look)
        return self.made[key]


def _write(sheet, row: int, column: int, value: Any, kind: Kind, look) -> None:
    if value is None or value == "":
        return
    if kind == Kind.TEXT:
        sheet.write_string(row, column, safe_text(str(value)), look)
    elif kind == Kind.DATE:
        sheet.write_datetime(row, column, value, look)
    else:
        sheet.write_number(row, column, value, look)


def _write_pairs(sheet, extra: Sheet, formats: _Formats) -> None:
    sheet.set_column(0, 0, 32)
    sheet.set_column(1, 1, 40)
    for row, (label, value) in enumerate(extra.rows):
        sheet.write_string(row, 0, safe_text(label), formats.cell(Kind.TEXT, 0))
        if isinstance(value, Decimal):
            _write(sheet, row, 1, value, Kind.DECIMAL, formats.cell(Kind.DECIMAL, extra.places))
        elif isinstance(value, int):
            _write(sheet, row, 1, value, Kind.WHOLE, formats.cell(Kind.WHOLE, 0))
        elif isinstance(value, datetime.date):
            _write(sheet, row, 1, value, Kind.DATE, formats.cell(Kind.DATE, 0))
        else:
            _write(sheet, row, 1, value, Kind.TEXT, formats.cell(Kind.TEXT, 0))


def _with_header(columns: Sequence[Column], rows: Iterable[Any], as_text: Callable[[str], str]) -> Iterator[list[str]]:
    yield [as_text(column.header) for column in columns]
    for row in rows:
        yield [_csv_cell(column, column.value(row), as_text) for column in columns]


def _csv_cell(column: Column, value: Any, as_text: Callable[[str], str]) -> str:
    if value is None or value == "":
        return ""
    if column.kind == Kind.TEXT:
        return as_text(str(value))
    if column.kind == Kind.DATE:
        return value.strftime("%d/%m/%Y")
    return str(value) if isinstance(value, int) else plain(quantize(value, column.places))

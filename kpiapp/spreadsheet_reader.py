"""The child process that opens uploaded files, under limits of memory and time: hostile input dies here, not in us.

Run as a script: `python -I spreadsheet_reader.py PATH MEGABYTES SECONDS`. Writes one JSON value per line: first what
the file is, then each row as [number, cells] (text, {"n": number}, {"d": date}, null), last {"end": true}, or
{"refused": …} when it had to stop.
Formulas are never computed: their stored results are read. Nothing outside the file is opened.
"""

import csv
import datetime
import io
import json
import re
import resource
import sys
import unicodedata
import zipfile
from collections.abc import Iterator
from decimal import Context, Decimal
from pathlib import Path

MAX_ROWS = 100_000
MAX_COLUMNS = 200
MAX_GAP = 5_000  # empty rows in a row: a cell far below the table is a slip
MAX_CELL = 32_767  # characters, the limit of spreadsheets themselves
MAX_ENTRIES = 200
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 100
# Spreadsheets keep numbers as binary fractions and show 15 digits: 0.1 + 0.2 is 0.3 there, and here.
SHOWN_DIGITS = Context(prec=15)
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TONES = "\u0300\u0301\u0303\u0309\u0323"
VOWELS = set("aăâeêioôơuưyAĂÂEÊIOÔƠUƯY")
QUOTED = re.compile(r'"[^"]*"')


class Refused(Exception):
    """The file will not be read; the argument is a code that kpiapp.spreadsheets puts into words."""


def rows_of(path: Path) -> Iterator:
    """What the file is, then its rows. What it is called plays no part: its first bytes decide."""
    head = path.read_bytes()[:8]
    if head.startswith(ZIP):
        yield from _workbook_rows(path)
    elif head.startswith(OLE):
        raise Refused("encrypted" if "EncryptedPackage".encode("utf-16-le") in path.read_bytes() else "old_excel")
    else:
        yield from _text_rows(path.read_bytes())


# --- text ---------------------------------------------------------------------------------------


def _text_rows(data: bytes) -> Iterator:
    if not data.strip():
        raise Refused("empty")
    encoding = _encoding_of(data)
    text = unicodedata.normalize("NFC", data.decode(encoding))
    if "\0" in text:
        raise Refused("not_text")
    if text.lstrip()[:200].lower().startswith(("<!doctype", "<html", "<table", "<?xml")):
        raise Refused("web_page")
    delimiter = _delimiter_of(text)
    yield {"kind": "csv", "encoding": encoding, "delimiter": delimiter}
    csv.field_size_limit(MAX_CELL)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise Refused("long_cell") from error


def _encoding_of(data: bytes) -> str:
    """Marks first, then UTF-8, then what the zero bytes or the Vietnamese letters give away."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if data.startswith(b"\xef\xbb\xbf"):
        return _decodable(data, "utf-8-sig")
    sample = data[:4000]
    if sample[1::2].count(0) > len(sample) // 4:
        return _decodable(data, "utf-16-le")
    if sample[0::2].count(0) > len(sample) // 4:
        return _decodable(data, "utf-16-be")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "windows-1258" if _is_vietnamese(data) else _decodable(data, "windows-1252")
    return "utf-8"


def _decodable(data: bytes, encoding: str) -> str:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused("not_text") from error
    return encoding


def _is_vietnamese(data: bytes) -> bool:
    """In windows-1258 tones are characters of their own and follow a vowel; read so, western text has them astray."""
    try:
        text = data.decode("windows-1258")
    except UnicodeDecodeError:
        return False
    tones = [index for index, character in enumerate(text) if character in TONES]
    return bool(tones) and all(index and text[index - 1] in VOWELS for index in tones)


def _delimiter_of(text: str) -> str:
    """The sign that every one of the first rows has most of, outside quotes; a comma when in doubt."""
    lines = [line for line in QUOTED.sub("", text[:20_000]).splitlines()[:20] if line]
    return max((",", ";", "\t", "|"), key=lambda delimiter: min(line.count(delimiter) for line in lines))


# --- workbooks ----------------------------------------------------------------------------------


def _workbook_rows(path: Path) -> Iterator:
    _check_archive(path)
    import openpyxl  # only here: text files need none of it

    # Opened here: given a path, openpyxl judges by its ending, and an upload is stored under a name of ours.
    file = path.open("rb")
    book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    sheet = next((sheet for sheet in book.worksheets if sheet.sheet_state == "visible"), None)
    if sheet is None:
        raise Refused("no_sheet")
    # What a sheet says about its size is not to be trusted.
    sheet.reset_dimensions()
    yield {"kind": "xlsx", "sheet": sheet.title, "sheets": len(book.worksheets)}
    for row in sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=True):
        yield [_cell(value) for value in row]


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise Refused("damaged") from error
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(packed, 1):
        raise Refused("unpacks_too_big")
    names = {entry.filename for entry in entries}
    if "xl/workbook.xml" not in names:
        raise Refused("xlsb" if "xl/workbook.bin" in names else "not_a_workbook")


def _cell(value):
    if value is None or isinstance(value, str):
        return unicodedata.normalize("NFC", value[: MAX_CELL + 1]) if value else None
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime.datetime):
        return {"d": value.date().isoformat()}
    if isinstance(value, datetime.date):
        return {"d": value.isoformat()}
    if isinstance(value, int):
        return {"n": str(value)}
    if isinstance(value, datetime.time | datetime.timedelta):
        return str(value)
    return {"n": format(SHOWN_DIGITS.create_decimal(Decimal(repr(value))), "f")}


# --- the process --------------------------------------------------------------------------------


def _checked(rows: Iterator) -> Iterator:
    """What the file is, then (number, cells) of every row that holds anything, until one breaks a limit."""
    yield next(rows)
    last = 0
    for number, row in enumerate(rows, start=1):
        if number > MAX_ROWS:
            raise Refused("too_many_rows")
        if number - last > MAX_GAP:
            raise Refused("gap")
        if not any(row):
            continue
        last, cells = number, list(row)
        while cells[-1] in (None, ""):
            cells.pop()
        if len(cells) > MAX_COLUMNS:
            raise Refused("too_many_columns")
        if any(isinstance(cell, str) and len(cell) > MAX_CELL for cell in cells):
            raise Refused("long_cell")
        yield number, cells


def main(path: str, megabytes: str, seconds: str) -> None:
    """Read one file under limits and write its rows; a limit that is hit ends the process."""
    resource.setrlimit(resource.RLIMIT_AS, (int(megabytes) * 1024 * 1024,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds),) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n")
    try:
        for row in _checked(rows_of(Path(path))):
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
        out.write('{"end": true}\n')
    except Refused as refused:
        out.write(json.dumps({"refused": refused.args[0]}) + "\n")
    out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])

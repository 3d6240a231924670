"""Reading uploaded tables: encodings, signs, cells, and a dozen hostile files that must end in a sentence."""

import datetime
import os
import subprocess
import sys
import unicodedata
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.conf import settings

from kpiapp.spreadsheets import FileRefused, look_at, read_lines

HEAD = (
    '<?xml version="1.0"?>{doctype}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<dimension ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>'
)


def written(tmp_path, data: bytes, name: str = "data.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def workbook(tmp_path, *rows, name="data.xlsx") -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / name)
    return tmp_path / name


def crafted(tmp_path, rows: str, *, doctype: str = "", dimension: str = "A1", extra: dict | None = None) -> Path:
    """A workbook whose sheet is this XML, with entries added."""
    source = workbook(tmp_path, ["a"], name="plain.xlsx")
    path = tmp_path / "crafted.xlsx"
    with zipfile.ZipFile(source) as plain, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in plain.infolist():
            data = plain.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                data = HEAD.format(doctype=doctype, dimension=dimension, rows=rows).encode()
            target.writestr(entry.filename, data)
        for filename, data in (extra or {}).items():
            target.writestr(filename, data)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "windows-1258"])
def test_vietnamese_text_is_read_in_every_common_encoding(tmp_path, encoding):
    text = "Mã,Họ tên\nNV001,Lê Thị Đào\n"
    data = (decomposed_tones(text) if encoding == "windows-1258" else text).encode(encoding)
    lines = list(read_lines(written(tmp_path, data)))
    assert [line.cells for line in lines] == [["Mã", "Họ tên"], ["NV001", "Lê Thị Đào"]]


def decomposed_tones(text: str) -> str:
    """As windows-1258 writes it: vowels composed, the five tones as characters behind them."""
    out = []
    for character in text:
        parts = unicodedata.normalize("NFD", character)
        tones = [mark for mark in parts if mark in "\u0300\u0301\u0303\u0309\u0323"]
        base = unicodedata.normalize("NFC", "".join(mark for mark in parts if mark not in tones))
        out.append(base + "".join(tones))
    return "".join(out)


def test_western_text_is_not_taken_for_vietnamese(tmp_path):
    lines = list(read_lines(written(tmp_path, "code,name\n1,José Così\n".encode("windows-1252"))))
    assert lines[1].cells == ["1", "José Così"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_even_when_values_contain_another(tmp_path, delimiter):
    rows = [["code", "amount, VND"], ["1", "1,5"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert [line.cells for line in read_lines(written(tmp_path, text.encode()))] == rows


def test_rows_keep_the_numbers_a_spreadsheet_shows_and_blank_ones_are_left_out(tmp_path):
    lines = list(read_lines(written(tmp_path, b"code,name\n\n,\n1,An\n")))
    assert [(line.number, line.cells) for line in lines] == [(1, ["code", "name"]), (4, ["1", "An"])]


def test_workbook_cells_are_text_numbers_and_dates_as_shown(tmp_path):
    path = workbook(tmp_path, ["text", 0.1 + 0.2, 12, datetime.date(2026, 11, 20), None, "end"])
    assert next(iter(read_lines(path))).cells == [
        "text",
        Decimal("0.3"),
        Decimal(12),
        datetime.date(2026, 11, 20),
        None,
        "end",
    ]


def test_a_workbook_is_known_by_its_bytes_not_by_its_name(tmp_path):
    uploaded = workbook(tmp_path, ["a", "b"]).rename(tmp_path / "0f3a.upload")
    assert [line.cells for line in read_lines(uploaded)] == [["a", "b"]]


def test_a_look_reads_only_the_first_rows(tmp_path):
    path = written(tmp_path, b"code\n" + b"1\n" * 90_000)
    assert len(look_at(path, count=20)) == 20


# --- hostile files ------------------------------------------------------------------------------


def zip_bomb(tmp_path):
    return crafted(tmp_path, "", extra={"xl/media/x.bin": b"\0" * 90_000_000})


def unpacked_too_big(tmp_path):
    return crafted(tmp_path, "", extra={f"xl/media/{n}.bin": b"\0" * 15_000_000 for n in range(8)})


def many_entries(tmp_path):
    return crafted(tmp_path, "", extra={f"xl/media/{n}.txt": b"x" for n in range(300)})


def billion_laughs(tmp_path):
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]>'
    return crafted(tmp_path, '<row r="1"><c r="A1" t="inlineStr"><is><t>&l9;</t></is></c></row>', doctype=doctype)


def external_entity(tmp_path):
    doctype = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    return crafted(tmp_path, '<row r="1"><c r="A1" t="inlineStr"><is><t>&f;</t></is></c></row>', doctype=doctype)


def far_row(tmp_path):
    return crafted(tmp_path, '<row r="999999999"><c r="A999999999"><v>1</v></c></row>', dimension="A1:XFD1048576")


def too_many_rows(tmp_path):
    return written(tmp_path, b"1\n" * 100_001)


def deep_nesting(tmp_path):
    depth = 400_000
    return crafted(tmp_path, '<row r="1"><c r="A1" t="inlineStr">' + "<is>" * depth + "</is>" * depth + "</c></row>")


def png_named_xlsx(tmp_path):
    return written(tmp_path, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "data.xlsx")


def truncated(tmp_path):
    return written(tmp_path, workbook(tmp_path, *[["a"] * 20] * 200).read_bytes()[:4000], "cut.xlsx")


def encrypted(tmp_path):
    body = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(500)
    return written(tmp_path, body, "secret.xlsx")


def old_xls(tmp_path):
    return written(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "Workbook".encode("utf-16-le"), "a.xls")


def million_columns(tmp_path):
    return written(tmp_path, b"a," * 1_000_000 + b"\n")


def far_column(tmp_path):
    return crafted(tmp_path, '<row r="1"><c r="ZZZZZZZ1"><v>1</v></c></row>')


def null_bytes(tmp_path):
    return written(tmp_path, b"code,name\n1,\0\0\0\n" * 50)


def endless_line(tmp_path):
    return written(tmp_path, b'code,name\n1,"' + b"x" * (9 * 1024 * 1024))


def too_large(tmp_path):
    return written(tmp_path, b"x" * (10 * 1024 * 1024 + 1))


def web_page(tmp_path):
    return written(tmp_path, b"<html><table><tr><td>1</td></tr></table></html>", "report.xls")


def other_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("../../etc/passwd", "root")
    return tmp_path / "a.xlsx"


HOSTILE = {
    zip_bomb: "unpacks_too_big",
    unpacked_too_big: "unpacks_too_big",
    many_entries: "unpacks_too_big",
    billion_laughs: "unreadable",
    external_entity: "unreadable",
    far_row: "gap",
    too_many_rows: "too_many_rows",
    deep_nesting: None,
    png_named_xlsx: "not_text",
    truncated: "damaged",
    encrypted: "encrypted",
    old_xls: "old_excel",
    million_columns: "too_many_columns",
    far_column: None,
    null_bytes: "not_text",
    endless_line: "long_cell",
    too_large: "too_big",
    web_page: "web_page",
    other_archive: "not_a_workbook",
}


@pytest.mark.parametrize(("make", "code"), HOSTILE.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_hostile_file_ends_in_a_sentence_within_five_seconds(tmp_path, make, code):
    path = make(tmp_path)
    started = sum(os.times()[:4])
    # What is read before the refusal does no harm; what matters is that it ends, and how.
    refusal = None
    try:
        for line in read_lines(path):
            assert all(cell is None or len(str(cell)) < 100 for cell in line.cells)
    except FileRefused as error:
        refusal = error
    # Of this process and the reader's: how busy the machine is plays no part.
    assert sum(os.times()[:4]) - started < 5
    if code:
        assert refusal is not None
        assert refusal.code == code
        assert str(refusal).endswith(".")


LARGEST_READER = """
import resource, sys
from django.conf import settings
settings.configure(USE_I18N=False)
from kpiapp.spreadsheets import FileRefused, read_lines
for path in sys.argv[1:]:
    try:
        for line in read_lines(path):
            pass
    except FileRefused:
        pass
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_no_hostile_file_takes_300_megabytes(tmp_path):
    paths = []
    for make in HOSTILE:
        folder = tmp_path / make.__name__
        folder.mkdir()
        paths.append(str(make(folder)))
    # A process of its own, since the system remembers the largest of all children a process ever had.
    command = [sys.executable, "-c", LARGEST_READER, *paths]
    largest = subprocess.run(command, capture_output=True, text=True, check=True, cwd=settings.BASE_DIR).stdout
    assert int(largest) < 300_000  # kilobytes


def test_formula_cells_are_text_or_their_stored_result_never_run(tmp_path):
    path = written(tmp_path, b"code,note\n1,=cmd|'/c calc'!A0\n")
    assert list(read_lines(path))[1].cells == ["1", "=cmd|'/c calc'!A0"]
    rows = (
        '<row r="1"><c r="A1"><f>1+1</f><v>7</v></c><c r="B1"><f>WEBSERVICE("http://127.0.0.1/")</f></c>'
        '<c r="C1"><v>3</v></c></row>'
    )
    assert next(iter(read_lines(crafted(tmp_path, rows)))).cells == [Decimal(7), None, Decimal(3)]

"""Files for other programs: types of cells, escaping, and the same bytes for the same data."""

import csv
import datetime
import io
from decimal import Decimal
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from kpiapp.exports import Column, Kind, Sheet, csv_lines, safe_text, write_xlsx

COLUMNS = [
    Column("Code", lambda row: row[0]),
    Column("Name", lambda row: row[1]),
    Column("Day", lambda row: row[2], Kind.DATE),
    Column("Amount", lambda row: row[3], Kind.DECIMAL),
    Column("Score", lambda row: row[4], Kind.DECIMAL, 2),
    Column("Count", lambda row: row[5], Kind.WHOLE),
]
ROWS = [
    ("0007", '=HYPERLINK("http://evil.example")', datetime.date(2026, 11, 1), Decimal(-1234567), Decimal("84.6"), 3),
    ("00000000012345678901", "Lê Thị Lan, “Sales”", None, None, None, 0),
]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM", "\t=1", "  =1", "\u00a0=1", "＝1+1", "＋1", "－1", "＠A1", "\ufeff=1", "\r=1"],
)
def test_text_that_could_run_gets_an_apostrophe(text):
    assert safe_text(text).startswith("'")


def test_each_line_of_a_text_is_looked_at():
    assert safe_text("fine\n=1+1\r\n-2") == "fine\n'=1+1\r\n'-2"


@pytest.mark.parametrize("text", ["", "Lan", "0007", "a=b", "1-2", "é+"])
def test_harmless_text_stays_as_it_is(text):
    assert safe_text(text) == text


def test_csv_has_a_mark_crlf_plain_numbers_and_vietnamese_days():
    raw = b"".join(csv_lines(COLUMNS, ROWS))
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == 3
    read = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert read[1] == ["0007", '\'=HYPERLINK("http://evil.example")', "01/11/2026", "-1234567", "84.6", "3"]
    assert read[2] == ["00000000012345678901", "Lê Thị Lan, “Sales”", "", "", "", "0"]


def test_csv_takes_another_delimiter():
    assert b"".join(csv_lines(COLUMNS[:2], ROWS[:1], ";")).startswith(b"\xef\xbb\xbfCode;Name\r\n")


def test_strict_raw_csv_keeps_texts_as_they_are_and_all_else_alike():
    guarded, raw = (b"".join(csv_lines(COLUMNS, ROWS, is_raw=is_raw)).decode() for is_raw in (False, True))
    assert "'=HYPERLINK" in guarded
    assert "'=HYPERLINK" not in raw
    assert guarded.replace("'=", "=") == raw


def test_xlsx_cells_have_their_types_and_formats(tmp_path):
    path = tmp_path / "file.xlsx"
    write_xlsx(path, "People", COLUMNS, ROWS, Sheet("Totals", [("People", 2), ("Sum", Decimal(7)), ("By", "=x")]))
    book = load_workbook(path)
    sheet = book["People"]
    assert sheet.freeze_panes == "A2"
    code, name, day, amount, score, number = sheet[2]
    assert (code.value, code.data_type, code.number_format) == ("0007", "s", "@")
    assert (name.value, name.data_type, name.hyperlink) == ('\'=HYPERLINK("http://evil.example")', "s", None)
    assert (day.value.date(), day.number_format) == (datetime.date(2026, 11, 1), "dd/mm/yyyy")
    assert (amount.value, amount.data_type, amount.number_format) == (-1234567, "n", "#,##0")
    assert (score.number_format, number.value) == ("#,##0.00", 3)
    assert sheet["A3"].value == "00000000012345678901"
    assert sheet["D3"].value is None
    assert [[cell.value for cell in row] for row in book["Totals"]] == [["People", 2], ["Sum", 7], ["By", "'=x"]]


def test_xlsx_holds_no_formula_link_or_macro(tmp_path):
    path = tmp_path / "file.xlsx"
    write_xlsx(path, "People", COLUMNS, ROWS)
    with ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if "vba" in name.lower() or "external" in name.lower()]
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
        assert b"hyperlink " not in archive.read("xl/worksheets/sheet1.xml")


def test_equal_data_gives_equal_bytes(tmp_path):
    for name in ("one.xlsx", "two.xlsx"):
        write_xlsx(tmp_path / name, "People", COLUMNS, ROWS)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()

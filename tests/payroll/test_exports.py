"""The payroll file: what stands in it, that it adds up, that it is the same every time, and who took it."""

import csv
import datetime
import hashlib
import io
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from kpiapp.models import AuditEvent, Member
from payroll import tasks
from payroll.choices import ExportFormat
from payroll.exports import export_run
from payroll.models import PayExport, PayRun
from payroll.services import exports, runs
from tests.payroll.conftest import ignore_progress


@pytest.fixture
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def full(locked, _files):
    """The locked run with what its file needs loaded."""
    return PayRun.objects.select_related("organization", "period", "made_by", "approved_by").get(pk=locked.pk)


def sheet_rows(export):
    with export.file.open("rb") as opened:
        book = load_workbook(opened, read_only=True)
        return [[[cell.value for cell in row] for row in sheet.rows] for sheet in book.worksheets]


def test_xlsx_has_every_person_once_and_sums_to_the_run(full, approver):
    export = export_run(run=full, format=ExportFormat.XLSX, by=approver)
    lines, totals = sheet_rows(export)
    header, people = lines[0], lines[1:]
    gross = header.index("Gross") if "Gross" in header else 13
    assert len(people) == full.people_count == export.rows
    assert sum(Decimal(row[gross]) for row in people) == full.gross_total == export.total_amount
    assert people[0][0] == 1
    assert {row[1] for row in people} == set(full.lines.values_list("employee_code", flat=True))
    assert full.sha256 in [row[1] for row in totals]


def test_csv_says_the_same_as_the_lines(full, month, approver):
    export = export_run(run=full, format=ExportFormat.CSV, by=approver)
    with export.file.open("rb") as opened:
        rows = list(csv.reader(io.StringIO(opened.read().decode("utf-8-sig"))))
    lan = next(row for row in rows if row[1] == month.lan.code)
    assert lan[5:14] == ["15000000", "1.1", "1500000", "3300000", "84.6", "C+", "0.7", "2310000", "18810000"]


@pytest.mark.parametrize(("chosen", "sign"), [("semicolon", ";"), ("tab", "\t")])
def test_csv_has_the_delimiter_the_company_chose(full, month, approver, tmp_path, chosen, sign):
    type(month.organization).objects.filter(pk=month.organization.pk).update(csv_delimiter=chosen)
    call_command("export_pay", organization="an-phat", period="2026-11", format="csv", out=tmp_path / "pay.csv")
    rows = list(csv.reader(io.StringIO((tmp_path / "pay.csv").read_bytes().decode("utf-8-sig")), delimiter=sign))
    assert {len(row) for row in rows} == {15}
    assert len(rows) == 1 + full.people_count


@pytest.mark.usefixtures("_files")
def test_strict_raw_csv_is_for_machines_and_named_like_any_csv(month, maker, approver):
    Member.objects.filter(pk=month.lan.pk).update(name="=1+1")
    run = lock_month(month, maker, approver)
    for format, name in ((ExportFormat.CSV, "'=1+1"), (ExportFormat.CSV_RAW, "=1+1")):
        export = export_run(run=run, format=format, by=approver)
        assert export.filename.endswith(f"_v{export.version}.csv")
        with export.file.open("rb") as opened:
            rows = list(csv.reader(io.StringIO(opened.read().decode("utf-8-sig"))))
        assert name in [row[2] for row in rows]


def lock_month(month, maker, approver) -> PayRun:
    """The month's run, locked, with what its file needs loaded."""
    run = runs.create_run(period=month.period, by=maker)
    runs.calculate(run=run, by=maker, progress=ignore_progress)
    runs.submit(run=run, by=maker)
    runs.approve(run=run, by=approver)
    runs.lock(run=run, by=approver)
    return PayRun.objects.select_related("organization", "period", "made_by", "approved_by").get(pk=run.pk)


@pytest.mark.parametrize(
    ("zone", "hour", "day"), [("Asia/Ho_Chi_Minh", 18, 3), ("Asia/Ho_Chi_Minh", 16, 2), ("America/New_York", 3, 1)]
)
@pytest.mark.usefixtures("_files")
def test_the_day_of_the_lock_is_the_companys_own(approved, approver, monkeypatch, zone, hour, day):
    at = datetime.datetime(2026, 12, 2, hour, tzinfo=datetime.UTC)
    monkeypatch.setattr("payroll.services.runs.timezone.now", lambda: at)
    runs.lock(run=approved, by=approver)
    run = PayRun.objects.select_related("organization", "period", "made_by", "approved_by").get(pk=approved.pk)
    run.organization.time_zone = zone
    totals = sheet_rows(export_run(run=run, format=ExportFormat.XLSX, by=approver))[1]
    days = [row[1] for row in totals if isinstance(row[1], datetime.datetime)]
    assert days == [datetime.datetime(2026, 12, day)]  # noqa: DTZ001  (a file's plain day)


def test_the_name_says_which_file_and_making_it_again_is_a_new_version(full, approver):
    first, second = (export_run(run=full, format=ExportFormat.XLSX, by=approver) for _round in range(2))
    assert first.filename == f"payroll_an-phat_2026-11_{full.pk}_v1.xlsx"
    assert second.filename == f"payroll_an-phat_2026-11_{full.pk}_v2.xlsx"
    assert first.sha256 == second.sha256
    with second.file.open("rb") as opened:
        assert hashlib.sha256(opened.read()).hexdigest() == second.sha256


@pytest.mark.usefixtures("_files")
def test_a_name_that_is_a_formula_is_only_text(month, maker, approver):
    Member.objects.filter(pk=month.lan.pk).update(name='=HYPERLINK("http://evil.example")')
    run = lock_month(month, maker, approver)
    people = sheet_rows(export_run(run=run, format=ExportFormat.XLSX, by=approver))[0]
    assert '\'=HYPERLINK("http://evil.example")' in [row[2] for row in people]


def test_the_job_makes_the_file_for_whoever_asked(full, approver):
    job = exports.request_export(run=full, format=ExportFormat.CSV, by=approver)
    assert exports.request_export(run=full, format=ExportFormat.CSV, by=approver).pk == job.pk
    tasks.export(job)
    assert PayExport.objects.get().exported_by_id == approver.pk


def test_the_job_says_how_many_people_are_written_of_how_many(full, approver, monkeypatch):
    monkeypatch.setattr("payroll.exports.LINES_PER_REPORT", 4)
    told = []
    for format in ExportFormat:
        export_run(run=full, format=format, by=approver, progress=lambda done, total: told.append((done, total)))
    assert told == [(4, 10), (8, 10), (10, 10)] * 3
    job = exports.request_export(run=full, format=ExportFormat.CSV, by=approver)
    tasks.export(job)
    assert (job.done_count, job.total_count) == (10, 10)


def test_making_and_downloading_leave_a_trace_with_rows_sum_and_hash(full, approver):
    export = export_run(run=full, format=ExportFormat.XLSX, by=approver)
    exports.record_download(export=export, by=approver)
    for action in ("pay_export.make", "pay_export.download"):
        event = AuditEvent.objects.get(action=action)
        assert event.is_pay
        assert event.after["rows"] == 10
        assert Decimal(event.after["total_amount"]) == full.gross_total
        assert event.after["sha256"] == export.sha256


def test_the_command_writes_the_same_bytes(full, approver, tmp_path):
    export = export_run(run=full, format=ExportFormat.XLSX, by=approver)
    out, said = tmp_path / "pay.xlsx", io.StringIO()
    call_command("export_pay", organization="an-phat", period="2026-11", format="xlsx", out=out, stdout=said)
    assert hashlib.sha256(out.read_bytes()).hexdigest() == export.sha256
    assert f"10 people, total {full.gross_total:f}" in said.getvalue()


def test_the_command_refuses_in_words(approved, tmp_path):
    asked = {"format": "csv", "out": tmp_path / "x.csv"}
    with pytest.raises(CommandError):
        call_command("export_pay", organization="an-phat", period="2026-11", **asked)
    with pytest.raises(CommandError, match="no pay run"):
        call_command("export_pay", organization="an-phat", period="2026-10", **asked)
    with pytest.raises(CommandError, match="no organization"):
        call_command("export_pay", organization="nobody", period="2026-11", **asked)
    assert not (tmp_path / "x.csv").exists()

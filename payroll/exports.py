"""The payroll file: its columns, its sheet of totals and signatures, and how it is made."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from kpiapp.decimals import currency_places
from kpiapp.exports import Column, Kind, Sheet, write_csv, write_xlsx
from kpiapp.models import Member
from payroll.choices import ExportFormat
from payroll.models import PayExport, PayLine, PayRun
from payroll.services import exports as service

# Told how many people are written, of how many.
Progress = Callable[[int, int], None]
LINES_PER_REPORT = 200


def register_columns(currency: str) -> Sequence[Column]:
    """The register, one person a row, headers in the current language. Made anew for each file: rows are counted."""
    places, number = currency_places(currency), count(1)

    def money(header: str, field: str) -> Column:
        return Column(header, lambda line: getattr(line, field), Kind.DECIMAL, places, 16)

    def factor(header: str, field: str) -> Column:
        return Column(header, lambda line: getattr(line, field), Kind.DECIMAL, 4, 10)

    def text(header: str, field: str, width: int) -> Column:
        return Column(header, lambda line: getattr(line, field), width=width)

    return (
        Column(_("No."), lambda line: next(number), Kind.WHOLE, width=6),
        text(_("Employee code"), "employee_code", 14),
        text(_("Full name"), "employee_name", 28),
        text(_("Department"), "department_name", 26),
        text(_("Position"), "position_name", 26),
        money(_("P1 position"), "p1_amount"),
        factor("k2", "p2_coefficient"),
        money(_("P2 person"), "p2_amount"),
        money(_("KPI pay at target"), "p3_target_amount"),
        Column(_("KPI score, %"), lambda line: line.score_percent, Kind.DECIMAL, 2, 12),
        text(_("Tier"), "tier_code", 8),
        factor("k3", "tier_coefficient"),
        money(_("P3 performance"), "p3_amount"),
        money(_("Gross"), "gross_amount"),
        Column(_("Note"), lambda line: line.get_flag_display(), width=40),
    )


def totals_sheet(run: PayRun) -> Sheet:
    """Totals, what the run is sealed with, and who prepared, checked and approves it."""
    locked_on = timezone.localtime(run.locked_at, ZoneInfo(run.organization.time_zone)).date()
    rows = [
        (_("Company"), run.organization.name),
        (_("Period"), run.period.code),
        (_("Currency"), run.organization.currency),
        (_("People"), run.people_count),
        (_("P1 position"), run.p1_total),
        (_("P2 person"), run.p2_total),
        (_("P3 performance"), run.p3_total),
        (_("Gross"), run.gross_total),
        (_("Locked on"), locked_on),
        ("SHA-256", run.sha256),
        ("", ""),
        (pgettext("signature", "Prepared by"), run.made_by.name),
        (pgettext("signature", "Approved by"), run.approved_by.name),
        (pgettext("signature", "Chief accountant"), "…………………………"),
        (pgettext("signature", "Director"), "…………………………"),
    ]
    return Sheet(_("Totals"), rows, currency_places(run.organization.currency))


def write_register(path: Path, run: PayRun, format: ExportFormat, progress: Progress | None = None) -> None:
    """The register of a run as a file, in the organization's language and with its delimiter.

    The same run gives the same bytes.
    """
    organization = run.organization
    with override(organization.language):
        columns = register_columns(organization.currency)
        lines: Iterable[PayLine] = run.lines.order_by("sort_key", "pk").iterator(chunk_size=2000)
        if progress:
            lines = _told(lines, run.people_count, progress)
        if format == ExportFormat.XLSX:
            write_xlsx(path, _("Payroll"), columns, lines, totals_sheet(run))
        else:
            with path.open("wb") as target:
                write_csv(target, columns, lines, organization.csv_sign, is_raw=format == ExportFormat.CSV_RAW)


def _told(lines: Iterable[PayLine], total: int, progress: Progress) -> Iterator[PayLine]:
    """The lines as they come, with a word on how far they are."""
    for done, line in enumerate(lines, 1):
        yield line
        if done == total or done % LINES_PER_REPORT == 0:
            progress(done, total)


def export_run(*, run: PayRun, format: ExportFormat, by: Member | None, progress: Progress | None = None) -> PayExport:
    """Write the file of a locked run and keep it as the run's next version. Raises ExportRefused."""
    service.check_locked(run)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"register.{format.extension}"
        write_register(path, run, format, progress)
        return service.store_export(run=run, format=format, content=path, by=by)

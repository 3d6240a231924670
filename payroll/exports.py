"""The payroll file: its columns, its sheet of totals and signatures, and how it is made."""

import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from kpiapp.decimals import currency_places
from kpiapp.exports import Column, Kind, Sheet, write_csv, write_xlsx
from kpiapp.models import Member
from payroll.choices import ExportFormat
from payroll.models import PayExport, PayRun
from payroll.services import exports as service


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
    rows = [
        (_("Company"), run.organization.name),
        (_("Period"), run.period.code),
        (_("Currency"), run.organization.currency),
        (_("People"), run.people_count),
        (_("P1 position"), run.p1_total),
        (_("P2 person"), run.p2_total),
        (_("P3 performance"), run.p3_total),
        (_("Gross"), run.gross_total),
        (_("Locked on"), run.locked_at.date()),
        ("SHA-256", run.sha256),
        ("", ""),
        (pgettext("signature", "Prepared by"), run.made_by.name),
        (pgettext("signature", "Approved by"), run.approved_by.name),
        (pgettext("signature", "Chief accountant"), "…………………………"),
        (pgettext("signature", "Director"), "…………………………"),
    ]
    return Sheet(_("Totals"), rows, currency_places(run.organization.currency))


def write_register(path: Path, run: PayRun, format: ExportFormat) -> None:
    """The register of a run as a file, in the organization's language: the same bytes for the same run."""
    with override(run.organization.language):
        columns = register_columns(run.organization.currency)
        lines = run.lines.order_by("sort_key", "pk").iterator(chunk_size=2000)
        if format == ExportFormat.XLSX:
            write_xlsx(path, _("Payroll"), columns, lines, totals_sheet(run))
        else:
            with path.open("wb") as target:
                write_csv(target, columns, lines)


def export_run(*, run: PayRun, format: ExportFormat, by: Member | None) -> PayExport:
    """Write the file of a locked run and keep it as the run's next version. Raises ExportRefused."""
    service.check_locked(run)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"register.{format}"
        write_register(path, run, format)
        return service.store_export(run=run, format=format, content=path, by=by)

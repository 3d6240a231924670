"""The audit trail as a CSV file that opens in a spreadsheet without running anything."""

import csv
import io
import json
from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp.models import AuditEvent

# A cell that begins with one of these would be read as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def audit_csv(events: Iterable[AuditEvent]) -> tuple[bytes, int]:
    """UTF-8 with a mark so that spreadsheets see it, one row per event; returns the bytes and how many rows."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_("When"), _("Who"), _("What"), _("About"), _("Before"), _("After"), _("Reason")])
    rows = 0
    for event in events:
        writer.writerow([_harmless(cell) for cell in _cells(event)])
        rows += 1
    return b"\xef\xbb\xbf" + text.getvalue().encode(), rows


def _cells(event: AuditEvent) -> list[str]:
    return [
        timezone.localtime(event.at).isoformat(timespec="seconds"),
        event.actor_name,
        event.action,
        event.target_label,
        _plain(event.before),
        _plain(event.after),
        event.reason,
    ]


def _plain(values: dict) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True) if values else ""


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell

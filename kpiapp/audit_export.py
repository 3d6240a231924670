"""The audit trail as a CSV file, in words."""

import json
from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp.exports import Column, csv_lines
from kpiapp.models import AuditEvent


def audit_csv(events: Iterable[AuditEvent], delimiter: str) -> tuple[bytes, int]:
    """One row per event; returns the bytes and how many rows."""
    columns = [
        Column(_("When"), lambda event: timezone.localtime(event.at).isoformat(timespec="seconds")),
        Column(_("Who"), lambda event: event.actor_name),
        Column(_("What"), lambda event: event.action),
        Column(_("About"), lambda event: event.target_label),
        Column(_("Before"), lambda event: _plain(event.before)),
        Column(_("After"), lambda event: _plain(event.after)),
        Column(_("Reason"), lambda event: event.reason),
    ]
    rows = list(events)
    return b"".join(csv_lines(columns, rows, delimiter)), len(rows)


def _plain(values: dict) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True) if values else ""

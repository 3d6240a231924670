"""What notifications about KPIs say: only of those their reader may know of, and no confidential name in a mail."""

import datetime
from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.inbox import of_targets
from kpiapp.models import Member, Notification
from kpiapp.registry import NotificationKind, Told
from strategy.models import KpiDefinition, KpiNote
from strategy.visibility import visible_kpis

KPI_ASKED, KPI_ANSWERED = "kpi.asked", "kpi.answered"
KPI_SENT, KPI_RETURNED, KPI_ACTIVATED = "kpi.sent", "kpi.returned", "kpi.activated"


def about_notes(notifications: Sequence[Notification], reader: Member, on: datetime.date) -> dict[int, Told]:
    """A question was asked, or answered."""
    visible = visible_kpis(reader, on)
    notes = KpiNote.objects.filter(pk__in=of_targets(notifications), definition__in=visible.values("pk"))
    by_id = notes.select_related("definition").in_bulk()
    found = {}
    for one in notifications:
        note = by_id.get(one.target_id)
        if note is None:
            continue
        asked = one.kind == KPI_ASKED
        sentence = _("%(name)s asks about %(kpi)s.") if asked else _("%(name)s answered your question about %(kpi)s.")
        found[one.pk] = _told(sentence, one, note.definition, reader, note.text[:200], anchor=f"#note-{note.pk}")
    return found


def about_states(notifications: Sequence[Notification], reader: Member, on: datetime.date) -> dict[int, Told]:
    """A KPI waits to be activated, was given back, or is in use."""
    kpis = visible_kpis(reader, on).filter(pk__in=of_targets(notifications)).in_bulk()
    sentences = {
        KPI_SENT: _("%(name)s wants to use %(kpi)s although letters are open. Activate it or give it back."),
        KPI_RETURNED: _("%(name)s gave %(kpi)s back. See why, and mend it."),
        KPI_ACTIVATED: _("%(name)s activated %(kpi)s: it can be assigned now."),
    }
    return {
        one.pk: _told(sentences[one.kind], one, kpis[one.target_id], reader, one.facts.get("reason", ""))
        for one in notifications
        if one.target_id in kpis
    }


def _told(sentence: str, one: Notification, kpi: KpiDefinition, reader: Member, detail: str, anchor: str = "") -> Told:
    name = one.actor.name if one.actor else _("The system")
    mail = sentence % {"name": name, "kpi": _("a confidential KPI")} if kpi.is_confidential else ""
    url = reverse("strategy:kpi", args=[reader.organization.slug, kpi.pk]) + anchor
    return Told(sentence % {"name": name, "kpi": kpi.name}, url, detail=detail, mail_text=mail)


KINDS = {
    KPI_ASKED: NotificationKind(gettext_lazy("Question to answer"), "circle-help", about_notes, waits=True),
    KPI_ANSWERED: NotificationKind(gettext_lazy("Question answered"), "message-square", about_notes),
    KPI_SENT: NotificationKind(gettext_lazy("KPI to activate"), "send", about_states, waits=True),
    KPI_RETURNED: NotificationKind(gettext_lazy("KPI given back"), "undo-2", about_states, waits=True),
    KPI_ACTIVATED: NotificationKind(gettext_lazy("KPI activated"), "check", about_states),
}

"""What notifications of the core app say."""

import datetime
from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.choices import ReopeningState
from kpiapp.inbox import of_targets
from kpiapp.models import Member, Notification, PeriodReopening
from kpiapp.permissions import Permission, can
from kpiapp.registry import NotificationKind, Told

PERIOD_REOPEN = "period.reopen"


def about_reopening(notifications: Sequence[Notification], reader: Member, on: datetime.date) -> dict[int, Told]:
    """Somebody wants to reopen a locked period, and needs a second person."""
    if not can(reader, Permission.PERIOD_REOPEN):
        return {}
    rows = PeriodReopening.objects.filter(pk__in=of_targets(notifications), state=ReopeningState.WAITING)
    waiting = rows.select_related("period", "asked_by").in_bulk()
    url = reverse("kpiapp:periods", args=[reader.organization.slug])
    found = {}
    for one in notifications:
        if reopening := waiting.get(one.target_id):
            names = {"name": reopening.asked_by.name, "period": reopening.period.label}
            sentence = _("%(name)s asks to reopen %(period)s. Confirm it or decline.") % names
            found[one.pk] = Told(sentence, url, detail=reopening.reason[:200])
    return found


KINDS = {
    PERIOD_REOPEN: NotificationKind(gettext_lazy("Period to reopen"), "lock-open", about_reopening, waits=True),
}

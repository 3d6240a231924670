"""What notifications say to their reader: made when they are read, by the apps that registered their kinds."""

import datetime
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from kpiapp import registry
from kpiapp.models import Member, Notification
from kpiapp.registry import NotificationKind, Told


@dataclass(frozen=True)
class Item:
    """A notification with its words; without `is_there` its thing is gone, or no longer the reader's to see."""

    notification: Notification
    kind: NotificationKind | None
    told: Told
    is_there: bool


def items_of(notifications: Sequence[Notification], reader: Member, on: datetime.date) -> list[Item]:
    """Notifications in words, in their order; each kind asks a fixed number of questions."""
    groups: dict[Callable, list[Notification]] = defaultdict(list)
    for one in notifications:
        if kind := registry.NOTIFICATIONS.get(one.kind):
            groups[kind.describe].append(one)
    words: dict[int, Told] = {}
    for describe, group in groups.items():
        words.update(describe(group, reader, on))
    gone = Told(_("This is done, gone, or no longer yours to see."))
    return [
        Item(one, registry.NOTIFICATIONS.get(one.kind), words.get(one.pk, gone), one.pk in words)
        for one in notifications
    ]


def of_targets(notifications: Sequence[Notification]) -> set[Any]:
    """The ids of what notifications are about."""
    return {one.target_id for one in notifications}

"""Telling people: written in the transaction of what happened, once per person, kind and target while unread."""

import datetime
import json
from collections.abc import Collection, Iterable, Sequence

from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp import registry
from kpiapp.models import Member, Notification, NotificationPreference
from kpiapp.services import jobs
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import current_organization_id

# The task that mails one thing at once.
URGENT = "notifications.urgent"

# Whoever has no login, has left, or does it themselves is told nothing. A reminder tells again of what is unread, once
# per step; anything else is told once until it is read.
_TELL = """
INSERT INTO kpiapp_notification AS n (organization_id, member_id, kind, target_type, target_id, actor_id, facts,
                                      is_urgent, step_on, told_at)
SELECT m.organization_id, m.id, %(kind)s, %(target_type)s, p.target_id, %(actor)s, %(facts)s::jsonb, %(urgent)s,
       p.step_on, %(now)s
FROM (SELECT DISTINCT * FROM unnest(%(members)s::bigint[], %(targets)s::bigint[], %(steps)s::date[])
      AS u (member_id, target_id, step_on)) p
JOIN kpiapp_member m ON m.organization_id = %(organization)s AND m.id = p.member_id
LEFT JOIN kpiapp_notificationpreference f ON f.organization_id = m.organization_id AND f.member_id = m.id
WHERE NOT %(kind)s = ANY(coalesce(f.silenced, '{}')) AND m.is_active AND m.user_id IS NOT NULL
  AND m.id IS DISTINCT FROM %(actor)s AND NOT EXISTS (
    SELECT 1 FROM kpiapp_notification o
    WHERE o.organization_id = m.organization_id AND o.member_id = m.id AND o.kind = %(kind)s
      AND o.target_type = %(target_type)s AND o.target_id = p.target_id AND o.step_on >= p.step_on)
ON CONFLICT (organization_id, member_id, kind, target_type, target_id) WHERE read_at IS NULL
DO UPDATE SET step_on = excluded.step_on, told_at = excluded.told_at, facts = excluded.facts, mailed_at = NULL
WHERE n.step_on < excluded.step_on
RETURNING n.id
"""


def notify(
    *,
    to: Iterable[Member | int | None],
    kind: str,
    target: models.Model,
    by: Member | None,
    facts: dict | None = None,
    urgent: bool = False,
) -> int:
    """Tell people about a thing; how many were told. `by` is who did it, and is not told themselves.

    `facts` are ids and reasons for the sentence that is made when it is read; no amounts.
    """
    ids = [getattr(person, "pk", person) for person in to if person is not None]
    pairs = [(member_id, target.pk, None) for member_id in ids]
    return _tell(kind, target._meta.label_lower, pairs, actor=by.pk if by else None, facts=facts, urgent=urgent)


def remind(
    *, kind: str, model: type[models.Model], steps: Sequence[tuple[int, int, datetime.date]], facts: dict | None = None
) -> int:
    """Remind many at once, each (member id, target id, day on which the step was due); how many were.

    A step is told once, however often it is asked for, and again tells of what is still unread.
    """
    return _tell(kind, model._meta.label_lower, steps, facts=facts)


def _tell(
    kind: str,
    target_type: str,
    pairs: Sequence[tuple[int, int, datetime.date | None]],
    *,
    actor: int | None = None,
    facts: dict | None = None,
    urgent: bool = False,
) -> int:
    if kind not in registry.NOTIFICATIONS:
        raise LookupError(f"No app has registered the notification {kind!r}.")
    if not pairs:
        return 0
    parameters = {
        "organization": current_organization_id(),
        "kind": kind,
        "target_type": target_type,
        "members": [pair[0] for pair in pairs],
        "targets": [pair[1] for pair in pairs],
        "steps": [pair[2] for pair in pairs],
        "actor": actor,
        "facts": json.dumps(facts or {}),
        "urgent": urgent,
        "now": timezone.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_TELL, parameters)
        told = [row[0] for row in cursor.fetchall()]
    if urgent:
        for key in told:
            jobs.enqueue(task=URGENT, key=f"mail:{key}", arguments={"notification": key})
    return len(told)


def settle(*, kinds: Collection[str], targets: Sequence[models.Model]) -> int:
    """What waited is done: nobody has to read it any more."""
    if not targets:
        return 0
    unread = Notification.objects.filter(
        kind__in=kinds,
        target_type=targets[0]._meta.label_lower,
        target_id__in=[target.pk for target in targets],
        read_at=None,
    )
    return unread.update(read_at=timezone.now())


@transaction.atomic
def set_preference(
    *, member: Member, rhythm: str, hour: int, weekday: int, not_mailed: Sequence[str], silenced: Sequence[str]
) -> NotificationPreference:
    """How somebody wants to hear of things; what waits cannot be silenced. Their own business: no audit."""
    waiting = [kind for kind in silenced if kind in registry.NOTIFICATIONS and registry.NOTIFICATIONS[kind].waits]
    if waiting:
        raise Refused(_("What waits for you stays in the app. You may keep it out of your mail."))
    values = {
        "rhythm": rhythm,
        "hour": hour,
        "weekday": weekday,
        "not_mailed": sorted({*not_mailed, *silenced}),
        "silenced": sorted(silenced),
    }
    preference, _is_new = NotificationPreference.objects.update_or_create(member=member, defaults=values)
    return preference


def mark_read(*, notifications: models.QuerySet[Notification]) -> int:
    """Read, by the person they were for. A mark on one's own list is no decision, so the audit trail has none."""
    return notifications.filter(read_at=None).update(read_at=timezone.now())

"""The audit trail: one event for every decision, written in the decision's own transaction."""

from collections.abc import Mapping

from django.utils import timezone

from kpiapp.models import AuditEvent, Member


def record(
    *, action: str, target, by: Member | None, before=None, after=None, reason: str = "", is_pay: bool = False
) -> AuditEvent:
    """Write who did what to which row, with what changed and why. `by` is None when the system itself acted.

    `action` is "noun.verb" such as "card.agree"; before and after are plain mappings of what changed. Amounts of
    pay go in only with is_pay=True, which hides the event from those who may not read pay.
    """
    return AuditEvent.objects.create(
        at=timezone.now(),
        actor_id=by.pk if by else None,
        actor_name=by.name if by else "",
        action=action,
        target_type=target._meta.label_lower,
        target_id=target.pk,
        target_label=str(target)[:300],
        before=before or {},
        after=after or {},
        reason=reason,
        is_pay=is_pay,
    )


def record_changes(
    *, action: str, target, by: Member | None, before: Mapping, after: Mapping, reason: str = ""
) -> None:
    """The event of what differs between two mappings of the same names; none when nothing does."""
    changed = [name for name in after if name not in before or before[name] != after[name]]
    if changed:
        record(
            action=action,
            target=target,
            by=by,
            before={name: before[name] for name in changed if name in before},
            after={name: after[name] for name in changed},
            reason=reason,
        )

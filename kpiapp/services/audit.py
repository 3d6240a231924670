"""The audit trail: one event for every decision, written in the decision's own transaction."""

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

"""Who let a KPI be given to people, as the audit trail has it."""

from kpiapp.models import AuditEvent
from strategy.models import KpiDefinition, KpiVersion


def activation_of(version: KpiVersion) -> AuditEvent | None:
    """The decision by which the KPI was in use with this version; None where it needed none, as on import."""
    events = AuditEvent.objects.filter(
        target_type=KpiDefinition._meta.label_lower, target_id=version.definition_id, action="kpi.activate"
    )
    following = KpiVersion.objects.filter(definition=version.definition_id, number=version.number + 1).first()
    return (events.filter(at__lt=following.created_at) if following else events).order_by("-id").first()

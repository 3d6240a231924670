"""Who read what others are paid, kept so that the people concerned can see it."""

from django.db.models import Q, QuerySet

from kpiapp.models import AuditEvent, Member
from kpiapp.permissions import Permission, can
from kpiapp.services import audit
from payroll import queries
from payroll.models import PayLine, PayRun

LINE, RUN, RATES, FILE = "pay.read", "pay_run.read", "pay_rate.read", "pay_export.download"


def record_read(*, action: str, target, by: Member) -> None:
    """Log that somebody opened the pay of others. Lists are the daily work of those who make and approve runs."""
    if not queries.sees_all_pay(by) or target == by:
        return
    works_on_pay = can(by, Permission.PAY_RUN_EDIT) or can(by, Permission.PAY_RUN_APPROVE)
    if action == LINE or not works_on_pay:
        audit.record(action=action, target=target, by=by)


def reads_of(member: Member) -> QuerySet[AuditEvent]:
    """The times when others opened a member's pay: their line, a run or the rates with them in it, a file of it."""
    runs = PayLine.objects.filter(member=member.pk).values("run")
    own = Q(action=LINE, target_type=Member._meta.label_lower, target_id=member.pk)
    lists = Q(action__in=[RUN, FILE], target_type=PayRun._meta.label_lower, target_id__in=runs)
    return AuditEvent.objects.filter(own | lists | Q(action=RATES)).exclude(actor_id=member.pk).order_by("-id")

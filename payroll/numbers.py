"""Numbers of pay that people ask about. Payroll officers answer; nobody sees pay by being asked about it."""

import datetime
from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from kpiapp.choices import Role
from kpiapp.models import Member
from kpiapp.queries import grants_in_force
from kpiapp.registry import NumberKind, NumberNamed
from payroll import queries
from scorecards.models import Scorecard


def pay_lines(ids: Sequence[int], reader: Member, on: datetime.date) -> dict[int, NumberNamed]:
    """Lines of pay that the reader may see, without their amounts."""
    return {
        line.pk: NumberNamed(
            _("the pay of %(name)s, %(period)s") % {"name": line.employee_name, "period": line.run.period.label},
            reverse("payroll:explain_line", args=[line.organization.slug, line.pk]),
        )
        for line in queries.visible_lines(reader).filter(pk__in=ids)
    }


def estimates(ids: Sequence[int], reader: Member, on: datetime.date) -> dict[int, NumberNamed]:
    """What a running month would bring: the person's own, and that it was asked about for who may read all pay."""
    cards = Scorecard.objects.filter(pk__in=ids).select_related("member", "period", "organization")
    found = {}
    for card in cards.exclude(member=None):
        is_own = card.member_id == reader.pk
        if is_own or queries.sees_all_pay(reader):
            label = _("the estimated KPI pay of %(name)s, %(period)s")
            url = reverse("payroll:explain_estimate", args=[card.organization.slug, card.pk]) if is_own else ""
            found[card.pk] = NumberNamed(label % {"name": card.owner_name, "period": card.period.label}, url)
    return found


def payroll_officers(pk: int, on: datetime.date) -> list[int]:
    """Those who make the pay runs."""
    grants = grants_in_force(on).filter(role=Role.PAYROLL_MAKER, member__is_active=True)
    return sorted(set(grants.values_list("member_id", flat=True)))


KINDS = {
    "pay_line": NumberKind(pay_lines, payroll_officers, is_pay=True),
    "estimate": NumberKind(estimates, payroll_officers, is_pay=True),
}

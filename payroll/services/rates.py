"""What positions pay and what differs by person, by date: proposed by one, in force once another has approved it."""

import datetime
from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp.models import Member, Position
from kpiapp.services import audit
from payroll.models import MemberPay, PositionPay
from payroll.services.policies import PolicyRefused, check_open, close_before

Rate = PositionPay | MemberPay
AMOUNTS: dict[type[Rate], tuple[str, ...]] = {
    PositionPay: ("p1_amount", "p3_target_amount"),
    MemberPay: ("p2_coefficient", "p1_amount", "p3_target_amount"),
}


@transaction.atomic
def propose_position_pay(
    *, position: Position, p1_amount: Decimal, p3_target_amount: Decimal, valid_from: datetime.date, by: Member
) -> PositionPay | None:
    """P1 and KPI pay at target of a position from a day on; None when they are so already. Raises PolicyRefused."""
    new = PositionPay(position=position, p1_amount=p1_amount, p3_target_amount=p3_target_amount)
    return _propose(new, valid_from, by)


@transaction.atomic
def propose_member_pay(
    *,
    member: Member,
    p2_coefficient: Decimal,
    p1_amount: Decimal | None,
    p3_target_amount: Decimal | None,
    valid_from: datetime.date,
    by: Member,
) -> MemberPay | None:
    """A person's P2 coefficient, and own amounts where they differ from the position's (None: the position's).

    Returns None when they are so already. Raises PolicyRefused, also for one's own pay.
    """
    if member.pk == by.pk:
        raise PolicyRefused(_("Nobody sets their own pay: ask another payroll officer."))
    new = MemberPay(
        member=member, p2_coefficient=p2_coefficient, p1_amount=p1_amount, p3_target_amount=p3_target_amount
    )
    return _propose(new, valid_from, by)


def target_of(rate: Rate) -> Position | Member:
    """Whose rate it is."""
    return rate.position if isinstance(rate, PositionPay) else rate.member


def amounts_of(rate: Rate) -> dict[str, Decimal | None]:
    """What a rate says, by the names of its columns."""
    return {name: getattr(rate, name) for name in AMOUNTS[type(rate)]}


def may_approve(rate: Rate, by: Member) -> bool:
    """Whether somebody may be the second person: neither who proposed it nor whose pay it is."""
    return by.pk != rate.made_by_id and not (isinstance(rate, MemberPay) and rate.member_id == by.pk)


@transaction.atomic
def approve_rates(*, rates: Iterable[Rate], by: Member) -> int:
    """Put proposed rates in force from their days on; all or none. Raises PolicyRefused."""
    return sum(1 for rate in rates if _approve(rate, by))


@transaction.atomic
def withdraw_rates(*, rates: Iterable[Rate], by: Member) -> int:
    """Take proposals back before they are approved; how many there were."""
    count = 0
    for rate in rates:
        _record("pay_rate.withdraw", rate, by, before=_said(rate), after={})
        rate.delete()
        count += 1
    return count


def _propose(new: Rate, valid_from: datetime.date, by: Member) -> Rate | None:
    """Store a proposal; typed again for the same day it takes the place of the one that waits."""
    if any(amount is not None and amount < 0 for amount in amounts_of(new).values()):
        raise PolicyRefused(_("Amounts and coefficients of pay are 0 or more."))
    check_open(valid_from)
    rows = _rows_like(new)
    current = rows.in_force(valid_from).first()
    if current and amounts_of(current) == amounts_of(new):
        return None
    rows.waiting().filter(valid_from=valid_from).delete()
    new.valid_from, new.made_by = valid_from, by
    new.save()
    _record("pay_rate.propose", new, by, before=amounts_of(current) if current else {}, after=_said(new))
    return new


def _approve(rate: Rate, by: Member) -> Rate:
    """The rate ends the one before; one of the very same day gives way to it."""
    if not may_approve(rate, by):
        names = {"name": target_of(rate).name}
        if rate.made_by_id == by.pk:
            raise PolicyRefused(_("You proposed the rate of %(name)s: another person has to approve it.") % names)
        raise PolicyRefused(_("Nobody approves their own pay: ask another payroll approver."))
    check_open(rate.valid_from)
    rows = _rows_like(rate).select_for_update()
    current = rows.in_force(rate.valid_from).first()
    before = amounts_of(current) if current else {}
    if current and current.valid_from == rate.valid_from:
        rate.valid_to = current.valid_to
        current.delete()
    else:
        later = rows.exclude(approved_at=None).filter(valid_from__gt=rate.valid_from).order_by("valid_from").first()
        rate.valid_to = later.valid_from if later else None
        close_before(current, rate)
    rate.approved_by, rate.approved_at = by, timezone.now()
    rate.save(update_fields=["valid_to", "approved_by", "approved_at"])
    _record("pay_rate.approve", rate, by, before=before, after=_said(rate))
    return rate


def _rows_like(rate: Rate):
    """All rates of the same position or person."""
    return type(rate).objects.filter(**{"position" if isinstance(rate, PositionPay) else "member": target_of(rate)})


def _said(rate: Rate) -> dict:
    return {**amounts_of(rate), "valid_from": rate.valid_from}


def _record(action: str, rate: Rate, by: Member, *, before: dict, after: dict) -> None:
    audit.record(action=action, target=target_of(rate), by=by, before=before, after=after, is_pay=True)

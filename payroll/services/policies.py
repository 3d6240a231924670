"""Rules of pay: tier tables, which count once a second person has approved them."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from kpiapp.decimals import HUNDRED, ONE, plain
from kpiapp.models import Member, Organization
from kpiapp.services import audit
from kpiapp.services.refusals import Refused
from payroll import queries, recompute
from payroll.models import Tier, TierTable

# From which percent which coefficient: the table in common use, with letters for its steps.
DEFAULT_STEPS = (
    ("A+", "120", "1.2"),
    ("A", "110", "1.1"),
    ("B+", "100", "1.0"),
    ("B", "90", "0.8"),
    ("C+", "80", "0.7"),
    ("C", "70", "0.5"),
    ("D", "0", "0"),
)
# The table of a new organization also holds for months it brings along.
ALWAYS = datetime.date(2000, 1, 1)


class PolicyRefused(Refused):
    """A rule of pay that cannot be stored as it is; the message says what to change."""


def start_organization(organization: Organization, owner: Member | None) -> None:
    """Give a new organization the default tier table, in force at once."""
    with override(organization.language):
        table = TierTable.objects.create(name=_("Default tiers"), valid_from=ALWAYS)
    Tier.objects.bulk_create(
        Tier(table=table, code=code, at_least=Decimal(at_least), coefficient=Decimal(coefficient))
        for code, at_least, coefficient in DEFAULT_STEPS
    )
    table.approved_at = timezone.now()
    table.save(update_fields=["approved_at"])


def tier_warnings(steps: Sequence[tuple[str, Decimal, Decimal]]) -> list[str]:
    """Sentences about a table that is allowed but unusual."""
    falls = any(lower[2] > higher[2] for higher, lower in pairwise(steps))
    sentences = []
    if falls:
        sentences.append(_("A lower score earns a higher coefficient somewhere. Is that meant?"))
    if all(coefficient < ONE for _code, at_least, coefficient in steps if at_least <= HUNDRED):
        sentences.append(_("Meeting every target earns less than the whole KPI pay. Is that meant?"))
    return sentences


def check_steps(steps: Sequence[tuple[str, Decimal, Decimal]]) -> None:
    """Refuse a table (code, at least %, coefficient) with a gap, two answers, or a coefficient below 0."""
    if len(steps) < 2:
        raise PolicyRefused(_("A tier table needs at least two rows."), field="steps")
    bounds = [at_least for _code, at_least, _coefficient in steps]
    if any(lower >= higher for higher, lower in pairwise(bounds)):
        raise PolicyRefused(_("Each row starts lower than the row above it: sort them from the top."), field="steps")
    if bounds[-1] != 0:
        raise PolicyRefused(_("The last row starts at 0, so that every score has a tier."), field="steps")
    codes = [code for code, _at_least, _coefficient in steps]
    if len(set(codes)) < len(codes) or not all(codes):
        raise PolicyRefused(_("Every row has a name of its own."), field="steps")
    if any(coefficient < 0 for _code, _at_least, coefficient in steps):
        raise PolicyRefused(_("A coefficient is 0 or more."), field="steps")


@transaction.atomic
def create_tier_table(
    *, name: str, valid_from: datetime.date, steps: Sequence[tuple[str, Decimal, Decimal]], by: Member
) -> TierTable:
    """Propose a tier table; it counts once another person has approved it. Raises PolicyRefused."""
    check_steps(steps)
    check_open(valid_from)
    table = TierTable.objects.create(name=name, valid_from=valid_from, made_by=by)
    Tier.objects.bulk_create(
        Tier(table=table, code=code, at_least=at_least, coefficient=coefficient)
        for code, at_least, coefficient in steps
    )
    audit.record(
        action="tier_table.create",
        target=table,
        by=by,
        after={
            "valid_from": valid_from,
            "steps": [f"{code} ≥ {plain(at_least)} %: × {plain(coefficient)}" for code, at_least, coefficient in steps],
        },
    )
    return table


@transaction.atomic
def approve_tier_table(*, table: TierTable, by: Member) -> TierTable:
    """Put a table in force from its day on and end the one before; the next night brings the tiers of cards up to date.

    Raises PolicyRefused for its own maker.
    """
    table = TierTable.objects.select_for_update().get(pk=table.pk)
    if table.approved_at:
        raise PolicyRefused(_("This table is approved already."))
    if table.made_by_id == by.pk:
        raise PolicyRefused(_("You made this table: another person has to approve it."))
    check_open(table.valid_from)
    approved = TierTable.objects.select_for_update().exclude(approved_at=None)
    if approved.filter(valid_from=table.valid_from).exists():
        raise PolicyRefused(_("Another table starts on that very day: make one with another day."))
    close_before(approved.on(table.valid_from).first(), table)
    later = approved.filter(valid_from__gt=table.valid_from).order_by("valid_from").first()
    table.valid_to = later.valid_from if later else None
    table.approved_by, table.approved_at = by, timezone.now()
    table.save(update_fields=["valid_to", "approved_by", "approved_at"])
    recompute.mark_cards(valid_from=table.valid_from, valid_to=table.valid_to)
    audit.record(
        action="tier_table.approve",
        target=table,
        by=by,
        after={"valid_from": table.valid_from, "approved_by": by.name},
    )
    return table


def close_before(current, following) -> None:
    """End the row in force on the day its follower begins."""
    if current:
        current.valid_to = following.valid_from
        current.save(update_fields=["valid_to"])


def check_open(valid_from: datetime.date) -> None:
    """Refuse a day that a locked month has paid."""
    closed_until = queries.pay_closed_until()
    if closed_until and valid_from < closed_until:
        day = date_format(closed_until, "DATE_FORMAT")
        raise PolicyRefused(
            _("Pay is locked up to then: choose %(day)s or a later day.") % {"day": day}, field="valid_from"
        )

"""A grid that a manager of the demo company has begun: the team's cards of this month for the next, 5 % higher."""

import datetime
from decimal import Decimal

from kpiapp import queries
from kpiapp.choices import PeriodKind
from kpiapp.models import Member, Period
from scorecards.assigning import assignment
from scorecards.services import copying

GROWTH_PERCENT = Decimal(5)


def begin_a_grid(slug: str, today: datetime.date) -> None:
    """Nothing is on a card by it: the manager finds it under “Assign KPIs”."""
    manager = queries.load_access(Member.objects.filter(email=f"manager@{slug}.example"), today)
    months = Period.objects.filter(kind=PeriodKind.MONTH, ends_on__gt=today).order_by("starts_on")[:2]
    if manager is None or len(months) < 2:
        return
    owners = assignment.owners_copied(manager, today, who="team", person=None, inside=None)
    pairs = copying.pairs_of(months[:1], months[1:])
    copying.copy_periods(owners=owners, pairs=pairs, growth_percent=GROWTH_PERCENT, by=manager, today=today)

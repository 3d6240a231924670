"""How a total typed into the grid lies over its periods: as planned, by working days, as last year, or equally."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from kpiapp.fiscal_years import MONTHS_OF_A_YEAR, add_months
from kpiapp.models import Period, working_calendar
from kpiapp.splitting import SplitError, equal_shares, shape_of
from scorecards.assigning.draft_grid import cards_of
from scorecards.choices import SpreadBy
from scorecards.models import DraftRow, LineScore
from scorecards.offers.histories import past_results
from scorecards.scoring import NotScorable, value_of
from strategy import plans

# (owner, KPI, first day) → what was reached
Figures = dict[tuple, Decimal]


class Shares:
    """Shares of periods for many rows; everything is read once, in at most two queries."""

    def __init__(self, rows: Sequence[DraftRow], periods: Sequence[Period], by: str) -> None:
        self.by = by
        self.periods = {period.code: period for period in periods}
        if by == SpreadBy.PLAN:
            self.planned = plans.planned_targets([row.kpi for row in rows], periods)
        elif by == SpreadBy.WORKING_DAYS:
            self.calendar = working_calendar()
        elif by == SpreadBy.LAST_YEAR:
            self.own, self.general = _own_figures(rows, periods), _general_figures(rows, periods)

    def of(self, row: DraftRow, codes: Sequence[str]) -> list[Decimal]:
        """The share of each period of a row; equal ones where there is no plan, or nothing is known of last year."""
        periods = [self.periods[code] for code in codes]
        shares: list[Decimal] = []
        if self.by == SpreadBy.PLAN:
            shares = self._planned(row, periods)
        elif self.by == SpreadBy.WORKING_DAYS:
            shares = [self.calendar.working_days(period.starts_on, period.ends_on) for period in periods]
        elif self.by == SpreadBy.LAST_YEAR:
            shares = self._last_year(row, periods)
        return shares if any(shares) else equal_shares(len(periods))

    def _planned(self, row: DraftRow, periods: Sequence[Period]) -> list[Decimal]:
        definition = row.kpi.definition_id
        found = [plans.target_for(self.planned, definition, row.member_id, period.pk) for period in periods]
        known = [target for target in found if target is not None]
        # Half a plan is no shape: it would leave months empty that nobody has planned as zero.
        return known if len(known) == len(periods) and min(known, default=0) >= 0 else []

    def _last_year(self, row: DraftRow, periods: Sequence[Period]) -> list[Decimal]:
        definition, before = row.kpi.definition_id, [_year_before(period) for period in periods]
        for figures, whose in ((self.own, row.owner_key), (self.general, None)):
            try:
                return shape_of([figures.get((whose, definition, day)) for day in before])
            except SplitError:
                continue
        return []


def _year_before(period: Period) -> datetime.date:
    return add_months(period.starts_on, -MONTHS_OF_A_YEAR)


def _own_figures(rows: Sequence[DraftRow], periods: Sequence[Period]) -> Figures:
    """What the rows' owners reached a year before, by their cards; a query."""
    scores = LineScore.objects.filter(
        line__scorecard__in=cards_of(rows).values("pk"),
        line__kpi__definition__in={row.kpi.definition_id for row in rows},
        line__scorecard__period__kind__in={period.kind for period in periods},
        line__scorecard__period__starts_on__in=[_year_before(period) for period in periods],
        quantity__isnull=False,
    ).values_list(
        "line__scorecard__owner_kind",
        "line__scorecard__member",
        "line__scorecard__department",
        "line__kpi__definition",
        "line__scorecard__period__starts_on",
        "quantity",
        "divisor",
        "line__kpi__factor",
    )
    found: Figures = {}
    for kind, member, department, definition, day, quantity, divisor, factor in scores:
        try:
            found[(kind, member, department), definition, day] = value_of(quantity, divisor, factor)
        except NotScorable:
            continue
    return found


def _general_figures(rows: Sequence[DraftRow], periods: Sequence[Period]) -> Figures:
    """What the KPIs reached a year before for whom their targets are judged by; a query."""
    definitions = sorted({row.kpi.definition_id for row in rows})
    past = past_results(definitions, max((period.starts_on for period in periods), default=datetime.date.min))
    return {(None, definition, one.starts_on): one.value for definition, found in past.items() for one in found}

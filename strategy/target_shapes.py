"""A year's target laid over its months: which shares a shape gives, and what moves when one month is changed.

The arithmetic is kpiapp.splitting's; here a KPI's kind decides whether a target is a total that is split, a level that
is held or climbed to, or a mean that is kept. Pure, and open to whoever plans many people at once.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from kpiapp.calendars import WorkingCalendar
from kpiapp.decimals import VALUE_PLACES, ZERO, quantize
from kpiapp.fiscal_years import add_months, months_of_year
from kpiapp.splitting import (
    NO_PINS,
    WRONG_END,
    WRONG_SUM,
    Event,
    Held,
    Pins,
    SplitError,
    equal_shares,
    level_path,
    readable_unit,
    shape_of,
    split_held,
    split_mean,
    unit_of,
    whole_of,
    with_events,
)
from strategy.choices import SHAPES_OF, TargetAggregation, TargetShape

MONTHS_OF_A_QUARTER, QUARTERS_OF_A_YEAR = 3, 4
# Totals that quarters (0 to 3) hold, whatever moves around them.
Quarters = Mapping[int, Decimal]


@dataclass(frozen=True)
class PlanYear:
    """What a split knows of its year: the months, the company's calendar, and the figures of the year before."""

    starts_on: datetime.date
    calendar: WorkingCalendar = field(default_factory=WorkingCalendar)
    figures: Mapping[datetime.date, Decimal] = field(default_factory=dict)

    @property
    def months(self) -> list[datetime.date]:
        """First days of the months."""
        return months_of_year(self.starts_on)

    def last_year(self) -> list[Decimal | None]:
        """What was reached in each month a year before; None where nothing is known."""
        return [self.figures.get(add_months(month, -12)) for month in self.months]


def split_target(
    *,
    total: Decimal,
    year: PlanYear,
    shape: str,
    aggregation: str,
    decimals: int = 0,
    baseline: Decimal | None = None,
    pins: Pins = NO_PINS,
    events: Sequence[Event] = (),
    current: Sequence[Decimal | None] = (),
    quarters: Quarters = NO_PINS,
    in_round_numbers: bool = False,
) -> list[Decimal]:
    """Targets of the months of a year (places 0 to 11 in `pins` and `events`); the year's target holds exactly.

    So do the totals of `quarters` (places 0 to 3). Large totals are split in steps that are easy to read when
    `in_round_numbers`, else in those of `decimals`.
    `aggregation` says how months make the year (TargetAggregation); `current` are the months as they stand, whose
    proportions the shape "by hand" keeps. Raises SplitError with the reason when it cannot be.
    """
    count = len(year.months)
    if aggregation == TargetAggregation.SUM:
        weights = with_events(_weights(shape, year, current, pins), events)
        given = (*pins.values(), *quarters.values())
        in_steps = in_round_numbers and total
        unit = readable_unit(total, count, decimals, *given) if in_steps else unit_of(decimals, total, *given)
        return split_held(total, weights, [held_quarter(*one) for one in quarters.items()], pins=pins, unit=unit)
    unit = unit_of(decimals, total, *pins.values())
    places = max(0, -int(unit.as_tuple().exponent))
    if shape == TargetShape.LINEAR:
        return level_path(total, count, baseline=baseline, pins=pins, places=places)
    if shape == TargetShape.OWN and current:
        return [pins.get(place, total if value is None else value) for place, value in enumerate(current)]
    if aggregation == TargetAggregation.AVG:
        return split_mean(total, equal_shares(count), pins=pins, unit=unit)
    return level_path(total, count, pins=pins, places=places)


def _weights(shape: str, year: PlanYear, current: Sequence[Decimal | None], pins: Pins) -> list[Decimal]:
    months = year.months
    if shape == TargetShape.WORKING_DAYS:
        return [year.calendar.working_days(month, add_months(month, 1)) for month in months]
    if shape == TargetShape.DAYS:
        return [Decimal((add_months(month, 1) - month).days) for month in months]
    if shape == TargetShape.LAST_YEAR:
        return shape_of(year.last_year())
    if shape == TargetShape.OWN:
        own = [abs(value or ZERO) for value in current]
        # Months that were all emptied have no proportions left.
        if any(value for place, value in enumerate(own) if place not in pins):
            return own
    return equal_shares(len(months))


def change_month(
    *,
    total: Decimal,
    place: int,
    values: Sequence[Decimal | None],
    pinned: Sequence[int],
    year: PlanYear,
    decimals: int = 0,
    quarters: Quarters = NO_PINS,
) -> list[Decimal]:
    """The months of a total after one was changed by hand: the others move in their proportions, so the year stays.

    Pinned months and the totals of `quarters` stay, too; an empty month has no share. Raises SplitError.
    """
    known = [ZERO if value is None else value for value in values]
    return split_target(
        total=total,
        year=year,
        shape=TargetShape.OWN,
        aggregation=TargetAggregation.SUM,
        decimals=decimals,
        pins={held: known[held] for held in (*pinned, place)},
        current=known,
        quarters=quarters,
        in_round_numbers=True,
    )


def year_value(values: Sequence[Decimal], aggregation: str) -> Decimal:
    """What months come to in the longer period, six places: their sum, the last of them, or their mean."""
    whole = whole_of(values, aggregation)
    return quantize(whole, VALUE_PLACES) if aggregation == TargetAggregation.AVG else whole


def held_quarter(place: int, total: Decimal) -> Held:
    """A quarter of the year (0 to 3) that holds its total."""
    return Held(place * MONTHS_OF_A_QUARTER, (place + 1) * MONTHS_OF_A_QUARTER, total)


def quarter_total(values: Sequence[Decimal], place: int) -> Decimal:
    """What the months of a quarter (0 to 3) add up to."""
    return sum(values[place * MONTHS_OF_A_QUARTER : (place + 1) * MONTHS_OF_A_QUARTER], ZERO)


def refuse_broken_year(
    total: Decimal, values: Sequence[Decimal], aggregation: str, quarters: Quarters = NO_PINS
) -> None:
    """Raises SplitError when months do not come to the year's target, or to that of a quarter that holds its own.

    A mean may differ, and is shown.
    """
    for place, held in quarters.items():
        months = quarter_total(values, place)
        if aggregation == TargetAggregation.SUM and months != held:
            raise SplitError("sum", WRONG_SUM, pinned=months, total=held)
    reached = year_value(values, aggregation)
    if aggregation == TargetAggregation.AVG or reached == total:
        return
    if aggregation == TargetAggregation.SUM:
        raise SplitError("sum", WRONG_SUM, pinned=reached, total=total)
    raise SplitError("end", WRONG_END, pinned=reached, total=total)


def usual_shape(aggregation: str) -> TargetShape:
    """The shape a plan begins with."""
    return SHAPES_OF[TargetAggregation(aggregation)][0]

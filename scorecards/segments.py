"""Segments of a line as the scoring kernel takes them: who holds when, for how many working days, on which entries."""

import datetime
from bisect import bisect_right
from collections.abc import Callable, Sequence
from decimal import Decimal

from kpiapp.calendars import WorkingCalendar
from kpiapp.models import Period
from scorecards.line_rules import rule_of
from scorecards.models import Actual, LineSegment, ScorecardLine
from scorecards.scoring import (
    Entry,
    KpiRule,
    Lateness,
    Pair,
    Segment,
    Source,
    aggregate,
    charges_lateness,
    due_on,
    lateness_of,
)
from strategy.choices import Aggregation, TargetAggregation
from strategy.models import KpiVersion

# What a segment is scored by; a change of the weight alone splits nothing.
SCORED_BY = ("kpi_id", "target", "baseline", "method", "params")
VALUES = (*SCORED_BY, "weight")


def first_segment(line: ScorecardLine, period: Period) -> LineSegment:
    """A line that never changed, as the one segment of its period (not saved)."""
    return LineSegment(
        line=line,
        starts_on=period.starts_on,
        kpi=line.kpi,
        weight=line.weight,
        target=line.target,
        baseline=line.baseline,
        method=line.method,
        params=line.params,
    )


def without_repeats(segments: Sequence[LineSegment], names: Sequence[str] = VALUES) -> list[LineSegment]:
    """Segments in order, without those that go on with the same values."""
    kept: list[LineSegment] = []
    for segment in segments:
        if not kept or any(getattr(kept[-1], name) != getattr(segment, name) for name in names):
            kept.append(segment)
    return kept


def days_of(starts: Sequence[datetime.date], ends_on: datetime.date, calendar: WorkingCalendar) -> list[Decimal]:
    """Working days of segments by their first days; calendar days in a period without a working day."""
    bounds = list(zip(starts, [*starts[1:], ends_on], strict=True))
    days = [calendar.working_days(first, end) for first, end in bounds]
    return days if any(days) else [Decimal((end - first).days) for first, end in bounds]


def entry_of(actual: Actual, aggregation: str) -> Entry:
    """A stored entry as a KPI aggregates it."""
    value = actual.numerator if aggregation == Aggregation.RATIO else actual.value
    return Entry(value, actual.denominator, actual.on, actual.pk)


def parts_of(version: KpiVersion) -> dict[str, str]:
    """How the two parts of a ratio are aggregated, as the kernel takes it."""
    return {"numerator_agg": version.numerator_agg or "sum", "denominator_agg": version.denominator_agg or "sum"}


def asks_others(line: ScorecardLine, version: KpiVersion) -> bool:
    """Whether what a line reached comes from other lines rather than from its own entries."""
    return line.takes_children or version.aggregation == Aggregation.FORMULA


def grows(version: KpiVersion) -> bool | None:
    """Whether a formula adds up over time: as its targets do over longer periods. Others say so by their kind."""
    return version.target_aggregation == TargetAggregation.SUM if version.aggregation == Aggregation.FORMULA else None


def lateness_in(
    rule: KpiRule,
    version: KpiVersion,
    period: Period,
    actuals: Sequence[Actual],
    source: Source | None = None,
    ends_on: datetime.date | None = None,
) -> Lateness | None:
    """When what a line has reached before `ends_on` (else in its period) was due and was reached; None when that is
    of no matter to the rule.

    `actuals` are its live entries in the order of their days; without them, a line is asked by its `source`.
    """
    if not charges_lateness(rule):
        return None
    due, ends_on = due_on(rule, period.starts_on, period.ends_on), ends_on or period.ends_on
    day = datetime.timedelta(days=1)
    if source is not None:
        days = [due + day * number for number in range((ends_on - due).days)] or [ends_on - day]
        return lateness_of(rule, due, days, lambda last: source(period.starts_on, last + day))
    given = [entry for actual in actuals if (entry := entry_of(actual, version.aggregation)).on < ends_on]

    def reached(last: datetime.date) -> Pair | None:
        return aggregate(version.aggregation, [entry for entry in given if entry.on <= last], **parts_of(version))

    return lateness_of(rule, due, sorted({entry.on for entry in given}), reached)


def kernel_segments(
    segments: Sequence[LineSegment],
    period: Period,
    actuals: Sequence[Actual],
    calendar: WorkingCalendar,
    source: Callable[[KpiVersion], Source | None] = lambda version: None,
) -> list[Segment]:
    """What `score_segments` takes: stored segments (with their KPI versions) and the live entries of the line.

    `source` says by a version where the actual comes from when not from these entries.
    """
    kept = without_repeats(sorted(segments, key=lambda segment: segment.starts_on), SCORED_BY)
    starts = [segment.starts_on for segment in kept]
    entries: list[list[Entry]] = [[] for _ in kept]
    for actual in actuals:
        place = max(0, bisect_right(starts, actual.on) - 1)
        entries[place].append(entry_of(actual, kept[place].kpi.aggregation))
    ends, days_each = [*starts[1:], period.ends_on], days_of(starts, period.ends_on, calendar)
    rules = [rule_of(segment.kpi, segment.method, segment.params) for segment in kept]
    return [
        Segment(
            starts_on=segment.starts_on,
            ends_on=end,
            days=days,
            rule=rule,
            target=segment.target,
            baseline=segment.baseline,
            aggregation=segment.kpi.aggregation,
            **parts_of(segment.kpi),
            entries=given,
            source=source(segment.kpi),
            late=lateness_in(rule, segment.kpi, period, actuals, source(segment.kpi), end),
            grows=grows(segment.kpi),
        )
        for segment, rule, end, days, given in zip(kept, rules, ends, days_each, entries, strict=True)
    ]

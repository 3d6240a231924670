"""A line that changed inside its period, part by part: what its row says at a glance, and "Why?" in full."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from django.utils.formats import date_format

from kpiapp.calendars import WorkingCalendar
from scorecards.line_rules import absence_on
from scorecards.models import ScorecardLine
from scorecards.recompute.segments import GivenSegments, given_segments
from scorecards.scoring import RuleCode, RuleError, Trace, score_segments


class Part(NamedTuple):
    """Days that are scored together: the target that held last in them, and the completion (1 = target)."""

    first: datetime.date
    last: datetime.date
    target: Decimal | None
    completion: Decimal | None

    @property
    def span(self) -> str:
        """From which day to which, as short as it can be said."""
        last = date_format(self.last, "MONTH_DAY_FORMAT")
        same = (self.first.year, self.first.month) == (self.last.year, self.last.month)
        first = str(self.first.day) if same else date_format(self.first, "MONTH_DAY_FORMAT")
        return last if self.first == self.last else f"{first}–{last}"


def parts_of(lines: Sequence[ScorecardLine], on: datetime.date, calendar: WorkingCalendar) -> dict[int, list[Part]]:
    """The parts of those lines (loaded with their cards and periods) that have any, scored by the kernel.

    A fixed number of queries, and none where no line has changed inside its period.
    """
    changed = {line.pk: line for line in lines if line.in_segments and not line.waived_reason}
    if not changed:
        return {}
    found = given_segments(changed, calendar)
    return {pk: _parts(line, found[pk], on) for pk, line in changed.items()}


def _parts(line: ScorecardLine, given: GivenSegments, on: datetime.date) -> list[Part]:
    trace, absence = Trace(), absence_on(line, line.scorecard.period, on)
    try:
        score_segments(given.segments, absence=absence, carried=given.carried, trace=trace)
    except RuleError:
        return []
    return [_part(step.operands, step.result, given) for step in trace.steps if step.rule is RuleCode.SEGMENT]


def _part(operands: dict, completion: Decimal | None, given: GivenSegments) -> Part:
    first, end = (datetime.date.fromisoformat(str(operands[name])) for name in ("starts_on", "ends_on"))
    target = next(segment.target for segment in reversed(given.segments) if segment.starts_on < end)
    return Part(first, end - datetime.timedelta(days=1), target, completion)

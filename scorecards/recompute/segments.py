"""The few lines that are scored in segments: read apart from the others, scored by the same kernel."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from kpiapp.calendars import WorkingCalendar
from kpiapp.models.calendar import working_calendar
from scorecards.choices import LIVE_STATES
from scorecards.models import Actual, LineSegment, ScorecardLine
from scorecards.recompute.gather import carried_pairs
from scorecards.recompute.reached import Reached
from scorecards.scoring import NOT_SCORABLE, MissingPolicy, RuleError, Segment, Source, score_segments
from scorecards.scoring.aggregation import Pair
from scorecards.scoring.lines import CompiledLine, Scored
from scorecards.segments import asks_others, kernel_segments
from strategy.models import KpiVersion

# The bit of a row's flags that says so.
SEGMENTED = 16
_FLAGS = 6


class GivenSegments(NamedTuple):
    """What a line in segments is scored from."""

    segments: list[Segment]
    carried: Pair | None


def read_segments(
    line_ids: Sequence[int],
    proposed: Mapping[int, Sequence[LineSegment]] | None = None,
    given: Mapping[int, KpiVersion] | None = None,
) -> dict[int, GivenSegments]:
    """Segments with their entries by line, stored or proposed; a fixed number of queries.

    `given` versions stand in for the stored ones of the lines that others add up or calculate with.
    """
    lines = ScorecardLine.objects.select_related("scorecard__period").in_bulk(list(line_ids))
    return given_segments(lines, working_calendar(), proposed, given)


def given_segments(
    lines: Mapping[int, ScorecardLine],
    calendar: WorkingCalendar,
    proposed: Mapping[int, Sequence[LineSegment]] | None = None,
    given: Mapping[int, KpiVersion] | None = None,
) -> dict[int, GivenSegments]:
    """The same of lines that are at hand with their periods."""
    rows = _segments_of(lines, proposed or {})
    entries: dict[int, list[Actual]] = defaultdict(list)
    for actual in Actual.objects.filter(line__in=lines, state__in=LIVE_STATES).order_by("on", "pk"):
        entries[actual.line_id].append(actual)
    source = _sources(lines, rows, given)
    found = {
        pk: kernel_segments(rows[pk], line.scorecard.period, entries[pk], calendar, partial(source, line))
        for pk, line in lines.items()
    }
    carrying = [
        pk for pk, parts in found.items() if any(p.rule.missing_policy is MissingPolicy.CARRY_FORWARD for p in parts)
    ]
    carried = carried_pairs(carrying) if carrying else {}
    return {pk: GivenSegments(parts, carried.get(pk)) for pk, parts in found.items()}


def _segments_of(
    lines: Iterable[int], proposed: Mapping[int, Sequence[LineSegment]]
) -> dict[int, Sequence[LineSegment]]:
    stored: dict[int, list[LineSegment]] = defaultdict(list)
    wanted = [pk for pk in lines if not proposed.get(pk)]
    for segment in LineSegment.objects.filter(line__in=wanted).select_related("kpi"):
        stored[segment.line_id].append(segment)
    return {pk: proposed.get(pk) or stored[pk] for pk in lines}


def _sources(
    lines: Mapping[int, ScorecardLine],
    rows: Mapping[int, Sequence[LineSegment]],
    given: Mapping[int, KpiVersion] | None,
) -> Callable[[ScorecardLine, KpiVersion], Source | None]:
    """Where lines without entries of their own find what they reached; those of all lines are read at once."""
    versions = {
        pk: asking
        for pk, line in lines.items()
        if (asking := [segment.kpi for segment in rows[pk] if asks_others(line, segment.kpi)])
    }
    book = Reached(versions, given) if versions else None

    def source(line: ScorecardLine, version: KpiVersion) -> Source | None:
        return book.source(line.pk, version) if book and asks_others(line, version) else None

    return source


class SegmentBook(dict):
    """By line (as rows name it), the function that scores it; all of the rows are read when the first one asks."""

    def __init__(
        self,
        rows: Sequence[str],
        proposed: Mapping[int, Sequence[LineSegment]] | None = None,
        given: Mapping[int, KpiVersion] | None = None,
    ):
        super().__init__()
        self._rows, self._proposed, self.versions = rows, proposed, given

    def __missing__(self, line_id: str) -> CompiledLine:
        """Every line in segments at once."""
        fields = (row.split("\t", _FLAGS + 1) for row in self._rows)
        wanted = [int(row[1]) for row in fields if int(row[_FLAGS]) & SEGMENTED]
        for pk, given in read_segments(wanted, self._proposed, self.versions).items():
            self[str(pk)] = _compiled(given)
        return self[line_id]


def _compiled(given: GivenSegments) -> CompiledLine:
    """A function like that of a plain line; what it scores stands in the segments."""

    def line(a, b=None, target=None, baseline=None, absence="late") -> Scored:
        try:
            return score_segments(given.segments, absence=absence, carried=given.carried)
        except RuleError as error:
            return f"{NOT_SCORABLE}rule_{error.field}"[:53], None, None

    return line

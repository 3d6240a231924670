"""The few lines that are scored in segments: read apart from the others, scored by the same kernel."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kpiapp.models.calendar import working_calendar
from scorecards.choices import LIVE_STATES
from scorecards.models import Actual, LineSegment, ScorecardLine
from scorecards.recompute.gather import carried_pairs
from scorecards.scoring import NOT_SCORABLE, MissingPolicy, RuleError, Segment, score_segments
from scorecards.scoring.aggregation import Pair
from scorecards.scoring.lines import CompiledLine, Scored
from scorecards.segments import kernel_segments

# The bit of a row's flags that says so.
SEGMENTED = 16
_FLAGS = 6


class GivenSegments(NamedTuple):
    """What a line in segments is scored from."""

    segments: list[Segment]
    carried: Pair | None


def read_segments(
    line_ids: Sequence[int], proposed: Mapping[int, Sequence[LineSegment]] | None = None
) -> dict[int, GivenSegments]:
    """Segments with their entries by line, stored or proposed; a fixed number of queries."""
    lines = ScorecardLine.objects.filter(pk__in=line_ids).select_related("scorecard__period")
    rows: dict[int, list[LineSegment]] = defaultdict(list)
    given = proposed or {}
    for segment in LineSegment.objects.filter(line__in=[pk for pk in line_ids if pk not in given]).select_related(
        "kpi"
    ):
        rows[segment.line_id].append(segment)
    entries: dict[int, list[Actual]] = defaultdict(list)
    for actual in Actual.objects.filter(line__in=line_ids, state__in=LIVE_STATES).order_by("on", "pk"):
        entries[actual.line_id].append(actual)
    calendar = working_calendar()
    found = {
        line.pk: kernel_segments(given.get(line.pk) or rows[line.pk], line.scorecard.period, entries[line.pk], calendar)
        for line in lines
    }
    carrying = [
        pk for pk, parts in found.items() if any(p.rule.missing_policy is MissingPolicy.CARRY_FORWARD for p in parts)
    ]
    carried = carried_pairs(carrying) if carrying else {}
    return {pk: GivenSegments(parts, carried.get(pk)) for pk, parts in found.items()}


class SegmentBook(dict):
    """By line (as rows name it), the function that scores it; all of the rows are read when the first one asks."""

    def __init__(self, rows: Sequence[str], proposed: Mapping[int, Sequence[LineSegment]] | None = None):
        super().__init__()
        self._rows, self._proposed = rows, proposed

    def __missing__(self, line_id: str) -> CompiledLine:
        """Every line in segments at once."""
        fields = (row.split("\t", _FLAGS + 1) for row in self._rows)
        wanted = [int(row[1]) for row in fields if int(row[_FLAGS]) & SEGMENTED]
        for pk, given in read_segments(wanted, self._proposed).items():
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

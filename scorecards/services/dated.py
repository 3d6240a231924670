"""What a change of an agreed line makes of it and of its card: from a day on, or for the whole period."""

import copy
import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from kpiapp.decimals import HUNDRED, plain
from kpiapp.models import Period
from kpiapp.models.calendar import working_calendar
from scorecards.choices import ChangeMode
from scorecards.models import LineSegment, ScorecardLine
from scorecards.recompute import Changes
from scorecards.scoring import weights_by_days
from scorecards.segments import SCORED_BY, days_of, first_segment, without_repeats
from scorecards.services.scorecards import balanced


@dataclass
class Proposal:
    """Lines of a card as a change would leave them (nothing is saved), with all their segments by line."""

    lines: list[ScorecardLine]
    segments: dict[int, list[LineSegment]] = field(default_factory=dict)

    @property
    def other_weights(self) -> dict[str, str]:
        """New weights of the lines beside the first, by KPI, for the audit."""
        return {line.kpi.told_name: plain(line.weight) for line in self.lines[1:]}


def segments_of(lines: Sequence[ScorecardLine]) -> dict[int, list[LineSegment]]:
    """Stored segments by line, in order, with their KPI versions; one query."""
    found: dict[int, list[LineSegment]] = defaultdict(list)
    for segment in LineSegment.objects.filter(line__in=lines).select_related("kpi").order_by("starts_on"):
        found[segment.line_id].append(segment)
    return found


def holds_from(line: ScorecardLine) -> datetime.date | None:
    """The first day of the last change of a line; None when it never changed inside its period."""
    starts = LineSegment.objects.filter(line=line).order_by("-starts_on").values_list("starts_on", flat=True).first()
    return starts if starts and starts > line.scorecard.period.starts_on else None


def weights_today(lines: Sequence[ScorecardLine]) -> dict[int, Decimal]:
    """The weights that hold since the last change, by line; a line itself carries the mean by days. One query."""
    last = LineSegment.objects.filter(line__in=lines).order_by("line_id", "-starts_on").distinct("line_id")
    dated = dict(last.values_list("line_id", "weight"))
    return {line.pk: dated.get(line.pk, line.weight) for line in lines}


def weight_today(line: ScorecardLine) -> Decimal:
    """The same of one line."""
    return weights_today([line])[line.pk]


def propose(*, line: ScorecardLine, values: Mapping, effective_on: datetime.date, mode: str) -> Proposal:
    """What new values make of a line (load its KPI and period) and, with a new weight, of the others of its card."""
    card, period = line.scorecard, line.scorecard.period
    lines = [copy.copy(line)]
    if "weight" in values:
        others = card.lines.filter(is_scored=True).exclude(pk=line.pk).select_related("kpi__definition")
        lines += others.order_by("position", "pk")
    stored = segments_of(lines)
    timelines = {one.pk: stored[one.pk] or [first_segment(one, period)] for one in lines}
    changes: dict[int, dict] = {line.pk: {name: values[name] for name in values if name != "kpi"}}
    if "kpi" in values:
        changes[line.pk]["kpi_id"] = values["kpi"].pk
    if "weight" in values and len(lines) > 1:
        rest = balanced([timelines[one.pk][-1].weight for one in lines[1:]], HUNDRED - values["weight"])
        changes |= {one.pk: {"weight": weight} for one, weight in zip(lines[1:], rest, strict=True)}
    dated = mode == ChangeMode.SEGMENTS and effective_on > period.starts_on
    proposal = Proposal(lines)
    for one in lines:
        timeline = _changed(timelines[one.pk], changes.get(one.pk, {}), effective_on if dated else None)
        for segment in timeline:
            if "kpi" in values and one.pk == line.pk and segment.kpi_id == values["kpi"].pk:
                segment.kpi = values["kpi"]
        for name, value in changes.get(one.pk, {}).items():
            setattr(one, name, value)
        timeline = without_repeats(timeline)
        one.in_segments = len(without_repeats(timeline, SCORED_BY)) > 1
        proposal.segments[one.pk] = timeline if len(timeline) > 1 else []
    if "weight" in values:
        _spread_weights(proposal, period)
    return proposal


def _changed(timeline: Sequence[LineSegment], values: Mapping, since: datetime.date | None) -> list[LineSegment]:
    """Copies of segments with new values since a day, which is not before the last of them; or in all of them."""
    copies = [copy.copy(segment) for segment in timeline]
    touched = copies
    if since is not None:
        if copies[-1].starts_on < since:
            copies.append(copy.copy(copies[-1]))
            copies[-1].starts_on = since
        touched = copies[-1:]
    for segment in touched:
        for name, value in values.items():
            if name in (*SCORED_BY, "weight"):
                setattr(segment, name, value)
    return copies


def _spread_weights(proposal: Proposal, period: Period) -> None:
    """Give each line the mean by days of the weights of its segments; they stay 100 together."""
    dated, calendar = [], working_calendar()
    for line in proposal.lines:
        segments = proposal.segments[line.pk] or [first_segment(line, period)]
        days = days_of([segment.starts_on for segment in segments], period.ends_on, calendar)
        dated.append([(count, segment.weight) for count, segment in zip(days, segments, strict=True)])
    by_card = sorted(range(len(dated)), key=lambda place: (proposal.lines[place].position, proposal.lines[place].pk))
    weights = weights_by_days([dated[place] for place in by_card])
    for place, weight in zip(by_card, weights, strict=True):
        proposal.lines[place].weight = weight


def save(proposal: Proposal) -> None:
    """Write what was proposed: the values of the lines and their segments."""
    ids = [line.pk for line in proposal.lines]
    LineSegment.objects.filter(line__in=ids).delete()
    LineSegment.objects.bulk_create(
        LineSegment(line_id=pk, starts_on=segment.starts_on, **{name: getattr(segment, name) for name in _COLUMNS})
        for pk, segments in proposal.segments.items()
        for segment in segments
    )
    ScorecardLine.objects.bulk_update(proposal.lines, [*_LINE_COLUMNS, "in_segments"])


_COLUMNS = ("kpi_id", "weight", "target", "baseline", "method", "params")
_LINE_COLUMNS = ("kpi", "weight", "target", "baseline", "method", "params", "wiped_out_reason", "wiped_out_by")


def changes_of(proposal: Proposal) -> Changes:
    """A proposal as a preview takes it."""
    return Changes.of_lines(proposal.lines, proposal.segments)

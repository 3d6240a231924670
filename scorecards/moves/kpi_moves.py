"""Cards on an earlier version of a KPI: which ones may move to another version, and what that would do to them."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet

from kpiapp import registry
from kpiapp.decimals import divide, round_percent
from kpiapp.models import Member
from scorecards import queries
from scorecards.models import LineSegment, Scorecard, ScorecardLine
from scorecards.recompute import Changes, preview_cards
from strategy.models import KpiDefinition, KpiVersion

# What stands for a version that is not saved.
NEW = "new"
DAYS_BACK = 366


def open_lines(definition: KpiDefinition) -> QuerySet[ScorecardLine]:
    """Lines of a KPI, of any version, on cards of periods that are not locked, with what a preview needs."""
    lines = ScorecardLine.objects.filter(kpi__definition=definition, scorecard__period__locked_at=None)
    return lines.select_related("kpi", "scorecard__period")


def lines_behind(definition: KpiDefinition) -> QuerySet[ScorecardLine]:
    """Those of them that are not on the current version."""
    return open_lines(definition).exclude(kpi=definition.current_id)


def movable(lines: QuerySet[ScorecardLine], member: Member, on: datetime.date) -> QuerySet[ScorecardLine]:
    """Lines a member may move: on drafts they may edit at once, on agreed cards by asking."""
    drafts = queries.editable_cards(member, on).exclude(agreed_at__isnull=False)
    agreed = queries.changeable_lines(member, on)
    return lines.filter(Q(scorecard__in=drafts.values("pk")) | Q(pk__in=agreed.values("pk")))


def changes_to(version: KpiVersion, lines: Sequence[ScorecardLine]) -> Changes:
    """What lines would be with another version, saved or not, for the whole period: all their segments go over."""
    key = str(version.pk or NEW)
    changes = Changes(versions={} if version.pk else {NEW: version})
    for line in lines:
        changes.lines[line.pk] = {"kpi_id": key, "method": line.method, "params": line.params}
    parts: dict[int, list[LineSegment]] = {line.pk: [] for line in lines if line.in_segments}
    for segment in LineSegment.objects.filter(line__in=list(parts)).order_by("starts_on"):
        segment.kpi = version
        parts[segment.line_id].append(segment)
    changes.segments |= parts
    return changes


@dataclass
class Past:
    """What somebody would have scored over the last twelve months: the mean of the cards with the KPI."""

    member: Member
    cards: int
    before: Decimal
    after: Decimal
    note: str


def past_of(definition: KpiDefinition, version: KpiVersion, *, reader: Member, on: datetime.date) -> Past | None:
    """The last year of whoever is responsible, scored with a version; None without such cards or the right to read."""
    if version.owner_id is None:
        return None
    seen = queries.visible_cards(reader, on)
    lines = list(
        ScorecardLine.objects.filter(
            kpi__definition=definition,
            scorecard__in=seen.filter(member=version.owner_id).values("pk"),
            scorecard__period__ends_on__lte=on,
            scorecard__period__starts_on__gte=on - datetime.timedelta(days=DAYS_BACK),
        )
        .select_related("kpi", "scorecard__period", "scorecard__member")
        .order_by("scorecard__period__starts_on")
    )
    moves = preview_cards(card_ids=[line.scorecard_id for line in lines], on=on, changes=changes_to(version, lines))
    pairs = [(move.before, move.after) for move in moves.values() if move.before is not None and move.after is not None]
    if not pairs:
        return None
    before, after = (
        round_percent(divide(sum(side, Decimal(0)), Decimal(len(pairs)))) for side in zip(*pairs, strict=True)
    )
    last = lines[-1].scorecard
    notes = [source([(last.pk, before, after)], reader, on).get(last.pk) for source in registry.SCORE_NOTES]
    return Past(last.member, len(pairs), before, after, " ".join(note.text for note in notes if note))


def card_now(version: KpiVersion, *, reader: Member, on: datetime.date) -> Scorecard | None:
    """The card of whoever is responsible in the running period, when the reader may see it."""
    period = queries.period_on(on)
    if version.owner_id is None or period is None:
        return None
    cards = queries.visible_cards(reader, on).filter(member=version.owner_id, period=period)
    return cards.select_related("member", "period").first()

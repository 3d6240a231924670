"""What a night changed and why: cards whose score moved, the lines that moved them, the entries behind these."""

import datetime
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce

from kpiapp import registry
from kpiapp.models import Job, Member
from scorecards import queries
from scorecards.choices import WarningKind
from scorecards.models import Actual, CardScore, EarlyWarning, LineScore, Scorecard
from scorecards.warnings import queries as warning_queries

PAGE = 20
ENTRIES_SHOWN = 3
WARNINGS_SHOWN = 50


@dataclass
class MovedLine:
    """A line before and after, and the entries made since the night before."""

    score: LineScore
    entries: list[Actual] = field(default_factory=list)

    @property
    def more(self) -> int:
        """Entries that are not shown."""
        return max(0, len(self.entries) - ENTRIES_SHOWN)

    @property
    def shown(self) -> list[Actual]:
        """The latest entries."""
        return self.entries[:ENTRIES_SHOWN]


@dataclass
class MovedCard:
    """A card before and after, with what moved it and what others say about the move (its tier)."""

    score: CardScore
    lines: list[MovedLine]
    notes: list[str]

    @property
    def difference(self) -> Decimal | None:
        """Points won or lost; None where one side has no score."""
        before, now = self.score.previous_percent, self.score.night_percent
        return None if before is None or now is None else now - before


def moved_cards(night: Job, member: Member, on: datetime.date, page: str | None) -> tuple[Page, list[MovedCard]]:
    """A page of the cards that a night reported as changed, largest loss first, as far as a member may see them."""
    scores = (
        CardScore.objects.filter(changed_by_id=night.pk, scorecard__in=queries.visible_cards(member, on).values("pk"))
        .select_related("scorecard__member", "scorecard__department", "scorecard__organization", "scorecard__period")
        .order_by(Coalesce("night_percent", Decimal(0)) - Coalesce("previous_percent", Decimal(0)), "pk")
    )
    found = Paginator(scores, PAGE).get_page(page)
    ids = [score.pk for score in found]
    lines: dict[int, list[MovedLine]] = defaultdict(list)
    open_lines = queries.open_lines(member, on).values("pk")
    moved = LineScore.objects.filter(scorecard__in=ids, changed_by_id=night.pk, line__in=open_lines)
    moved = moved.select_related("line__kpi")
    for score in moved.order_by("scorecard_id", "line__position", "pk"):
        lines[score.scorecard_id].append(MovedLine(score))
    _add_entries([line for group in lines.values() for line in group], night)
    notes: dict[int, list[str]] = defaultdict(list)
    changes = [(score.pk, score.previous_percent, score.night_percent) for score in found]
    for source in registry.SCORE_NOTES:
        for key, note in source(changes, member, on).items():
            if note.is_change:
                notes[key].append(note.text)
    return found, [MovedCard(score, lines[score.pk], notes[score.pk]) for score in found]


def _add_entries(lines: list[MovedLine], night: Job) -> None:
    """Entries made, or decided on, between the night before and this one."""
    by_line = {line.score.pk: line for line in lines}
    before = Job.objects.filter(task=night.task, parent=None, pk__lt=night.pk, started_at__isnull=False)
    since = before.order_by("-pk").values_list("started_at", flat=True).first()
    entries = Actual.objects.filter(line__in=by_line, entered_at__lte=night.started_at or night.created_at)
    if since is not None:
        entries = entries.filter(entered_at__gt=since)
    for entry in entries.select_related("entered_by").order_by("-entered_at", "-pk"):
        by_line[entry.line_id].entries.append(entry)


def warnings_of(night: Job, member: Member, on: datetime.date) -> tuple[list[EarlyWarning], list[tuple[str, int, int]]]:
    """Warnings that a night opened (the first ones), and per kind how many it opened and closed."""
    day = datetime.date.fromisoformat(night.arguments["on"])
    seen = warning_queries.visible_warnings(member, on)
    counts = seen.filter(Q(opened_on=day) | Q(closed_on=day)).order_by().values_list("kind")
    counted = counts.annotate(opened=Count("pk", filter=Q(opened_on=day)), closed=Count("pk", filter=Q(closed_on=day)))
    opened = seen.filter(opened_on=day, closed_on=None).select_related(
        "scorecard__member",
        "scorecard__department",
        "scorecard__organization",
        "line__kpi",
        "owner",
        "objective",
        "kpi",
    )
    kinds = [(str(WarningKind(kind).label), new, gone) for kind, new, gone in counted.order_by("kind")]
    return list(opened.order_by("kind", "scorecard_id", F("line_id"))[:WARNINGS_SHOWN]), kinds


def locked_differences(night: Job, member: Member, on: datetime.date) -> list[dict]:
    """Cards of locked periods whose entries would give another score today; nothing was written."""
    rows = night.result.get("differences", [])
    cards = queries.visible_cards(member, on).filter(pk__in=[row["card"] for row in rows])
    by_id: dict[int, Scorecard] = cards.select_related("member", "department", "organization", "period").in_bulk()
    return [
        {"card": by_id[row["card"]], "stored": _number(row["stored"]), "computed": _number(row["computed"])}
        for row in rows
        if row["card"] in by_id
    ]


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)

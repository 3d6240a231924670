"""Objectives and their KPIs read as objectives and key results: owner by owner, with progress and confidence."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, Subquery

from kpiapp import queries as people
from kpiapp.decimals import HUNDRED, ONE, ZERO, divide
from kpiapp.models import Department, Employment, Member, Period
from scorecards.cascade import tree
from scorecards.choices import Confidence, OwnerKind
from scorecards.line_rules import actual_of
from scorecards.models import ConfidenceNote, ScorecardLine
from strategy.models import Objective

MOST_RESULTS = 300
HISTORY = 8


@dataclass(frozen=True)
class KeyResult:
    """A KPI of an objective on one owner's card."""

    line: ScorecardLine

    @property
    def actual(self) -> Decimal | None:
        """The actual so far."""
        return actual_of(self.line)

    @property
    def way(self) -> Decimal | None:
        """The way from baseline to target that is done, 0 to 100; the completion where no baseline is set."""
        line, actual = self.line, self.actual
        if actual is None:
            return None
        if line.baseline is not None and line.target is not None and line.baseline != line.target:
            done = divide(actual - line.baseline, line.target - line.baseline)
        else:
            score = getattr(line, "score", None)
            if score is None or score.completion is None:
                return None
            done = score.completion
        return min(max(done, ZERO), ONE) * HUNDRED

    @property
    def confidence(self) -> Confidence | None:
        """What the latest check-in says."""
        score = self.line.confidence_score  # type: ignore[attr-defined]
        return None if score is None else Confidence.of(score)

    @property
    def history(self) -> list[Decimal]:
        """Earlier check-ins, the oldest first."""
        return [Decimal(score) for score in reversed(self.line.confidence_history)]  # type: ignore[attr-defined]


@dataclass
class ObjectiveGroup:
    """An objective with its key results on one owner's card."""

    objective: Objective
    results: list[KeyResult] = field(default_factory=list)


@dataclass
class OwnerGroup:
    """An owner with the objectives they work on."""

    name: str
    kind: str
    card_id: int
    objectives: list[ObjectiveGroup] = field(default_factory=list)


def groups_of(
    member: Member,
    period: Period,
    on: datetime.date,
    *,
    department: Department | None = None,
    objective: int | None = None,
) -> list[OwnerGroup]:
    """Owners with objectives and key results: the company, departments and oneself, or a department's people.

    With an objective, everybody's key results of it.
    """
    lines = tree.lines_in(member, period, on).filter(kpi__objective__isnull=False)
    if objective is not None:
        lines = lines.filter(kpi__objective=objective)
    elif department is not None:
        here = Employment.objects.on(min(on, period.last_day)).filter(
            department__in=people.department_subtree(department).values("pk")
        )
        lines = lines.filter(Q(scorecard__department=department) | Q(scorecard__member__in=here.values("member")))
    else:
        lines = lines.filter(~Q(scorecard__owner_kind=OwnerKind.MEMBER) | Q(scorecard__member=member.pk))
    latest = ConfidenceNote.objects.filter(line=OuterRef("pk")).order_by("-on", "-pk")
    lines = lines.select_related("kpi__objective__perspective").annotate(
        confidence_score=Subquery(latest.values("score")[:1]),
        confidence_note=Subquery(latest.values("note")[:1]),
        confidence_on=Subquery(latest.values("on")[:1]),
        confidence_history=ArraySubquery(latest.values("score")[:HISTORY]),
    )
    order = ("scorecard__owner_kind", "scorecard__department__sort_key", "scorecard__member__sort_key")
    return _grouped(lines.order_by(*order, "kpi__objective__perspective__position", "kpi__objective", "position", "pk"))


def _grouped(lines) -> list[OwnerGroup]:
    owners: dict[int, OwnerGroup] = {}
    aims: dict[tuple[int, int], ObjectiveGroup] = {}
    for line in lines[:MOST_RESULTS]:
        card = line.scorecard
        owner = owners.setdefault(card.pk, OwnerGroup(card.owner_name, card.owner_kind, card.pk))
        key = (card.pk, line.kpi.objective_id)
        if key not in aims:
            aims[key] = ObjectiveGroup(line.kpi.objective)
            owner.objectives.append(aims[key])
        aims[key].results.append(KeyResult(line))
    return sorted(owners.values(), key=lambda owner: tree.OWNER_ORDER[OwnerKind(owner.kind)])


def shown_periods(on: datetime.date) -> Sequence[Period]:
    """Periods that have begun, of every length, oldest first; the last two years."""
    since = on.replace(year=on.year - 2, day=1)
    return list(Period.objects.filter(starts_on__lte=on, starts_on__gte=since).order_by("starts_on", "ends_on"))

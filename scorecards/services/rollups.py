"""Rolled-up scores of a period: objectives, perspectives, departments, the organization; written only when changed.

SQL adds up weights and weighted completions of the latest scores; the quotient and its rounding are the kernel's. Cards
that are still drafts count nowhere.
"""

import datetime
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from django.db import connection, transaction
from django.urls import reverse

from kpiapp import registry
from kpiapp.decimals import EXACT, HUNDRED, ZERO, divide, round_completion
from kpiapp.models import Department, Job, Period
from kpiapp.services import jobs
from kpiapp.tenancy import current_organization_id
from scorecards.choices import CardState, OwnerKind, RollupKind
from scorecards.models import RollupScore, Scorecard
from scorecards.recompute import StoredCard
from scorecards.scoring import Child, RollUp, roll_up, status_of
from strategy.models import Objective

TASK = "rollups"
# Entries of these many seconds share one roll-up.
GATHER_SECONDS = 2

# Lines of departments and of the organization speak for an objective; only where there are none do members' lines.
_OBJECTIVES = """
SELECT v.objective_id, c.owner_kind = 'member' AS is_member, count(*), sum(l.weight * s.completion), sum(l.weight)
FROM scorecards_scorecard c
JOIN scorecards_scorecardline l ON l.organization_id = c.organization_id AND l.scorecard_id = c.id
JOIN scorecards_linescore s ON s.organization_id = l.organization_id AND s.line_id = l.id
JOIN strategy_kpiversion v ON v.organization_id = l.organization_id AND v.id = l.kpi_id
WHERE c.organization_id = %(organization)s AND c.period_id = %(period)s AND c.state <> 'draft'
  AND v.objective_id IS NOT NULL AND s.completion IS NOT NULL AND l.is_scored AND l.weight > 0
GROUP BY v.objective_id, is_member
"""

# A company filled a moment ago has no statistics yet: nested loops, chosen for one row, then took ten minutes.
_PLAN_FOR_THE_NEW = """
SELECT set_config('enable_nestloop', 'off', true) FROM kpiapp_organization
WHERE id = %(organization)s AND created_at > now() - interval '1 day'
"""

# People count where they stand on the day, with the mean of their cards.
_MEMBERS = """
SELECT e.department_id, count(*), sum(s.percent)
FROM scorecards_scorecard c
JOIN scorecards_cardscore s ON s.organization_id = c.organization_id AND s.scorecard_id = c.id
JOIN kpiapp_employment e ON e.organization_id = c.organization_id AND e.member_id = c.member_id
    AND e.valid_from <= %(on)s AND (e.valid_to IS NULL OR e.valid_to > %(on)s)
WHERE c.organization_id = %(organization)s AND c.period_id = %(period)s AND c.state <> 'draft'
  AND s.percent IS NOT NULL
GROUP BY e.department_id
"""


class Total(NamedTuple):
    """What a mean is made of: number of parts, Σ(weight × completion), Σ weight."""

    parts: int
    weighted: Decimal
    weight: Decimal

    def completion(self) -> Decimal | None:
        """The weighted mean with six places, as the kernel's roll_up gives it for the parts one by one."""
        return round_completion(divide(self.weighted, self.weight)) if self.weight else None

    def plus(self, other: "Total") -> "Total":
        """Both together."""
        return Total(
            self.parts + other.parts, EXACT.add(self.weighted, other.weighted), EXACT.add(self.weight, other.weight)
        )


# (kind, objective, perspective, department) → (completion, parts)
Rolled = dict[tuple[str, int | None, int | None, int | None], tuple[Decimal | None, int]]


@transaction.atomic
def refresh_rollups(*, period: Period, on: datetime.date, job: Job | None = None) -> int:
    """Roll a period's scores up as of a day; number of rows written."""
    with connection.cursor() as cursor:
        cursor.execute(_PLAN_FOR_THE_NEW, {"organization": current_organization_id()})
    objectives = _objectives(period)
    rolled: Rolled = {(RollupKind.OBJECTIVE, key, None, None): value for key, value in objectives.items()}
    for perspective_id, value in _perspectives(objectives).items():
        rolled[RollupKind.PERSPECTIVE, None, perspective_id, None] = value
    own = _own_cards(period)
    departments = _departments(own, _member_totals(period, min(on, period.last_day)))
    for department_id, value in departments.items():
        rolled[RollupKind.DEPARTMENT, None, None, department_id] = value
    rolled[RollupKind.ORGANIZATION, None, None, None] = _organization(own, departments)
    return _write(period, rolled, job)


def _objectives(period: Period) -> dict[int, tuple[Decimal | None, int]]:
    totals: dict[int, dict[bool, Total]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_OBJECTIVES, {"organization": current_organization_id(), "period": period.pk})
        for objective_id, is_member, *total in cursor.fetchall():
            totals[objective_id][is_member] = Total(*total)
    chosen = {key: found.get(False) or found[True] for key, found in totals.items()}
    return {key: (total.completion(), total.parts) for key, total in chosen.items()}


def _perspectives(objectives: dict[int, tuple[Decimal | None, int]]) -> dict[int, tuple[Decimal | None, int]]:
    """Mean of the objectives of the published map, lane by lane."""
    lanes: dict[int, list[Child]] = defaultdict(list)
    published = Objective.objects.published().order_by("pk")
    for objective_id, perspective_id in published.values_list("pk", "perspective_id"):
        completion, _ = objectives.get(objective_id, (None, 0))
        lanes[perspective_id].append(Child(completion))
    results = {key: roll_up(RollUp.AVG, children) for key, children in lanes.items()}
    return {key: (result.completion, result.children_scored) for key, result in results.items()}


def _own_cards(period: Period) -> dict[int | None, Decimal]:
    """Completions of the cards of departments by department, and of the organization under None."""
    cards = Scorecard.objects.filter(period=period, score__percent__isnull=False)
    cards = cards.exclude(state=CardState.DRAFT).exclude(owner_kind=OwnerKind.MEMBER)
    return {key: _fraction(percent) for key, percent in cards.values_list("department_id", "score__percent")}


def _member_totals(period: Period, on: datetime.date) -> dict[int, Total]:
    parameters = {"organization": current_organization_id(), "period": period.pk, "on": on}
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, parameters)
        return {key: Total(n, _fraction(total), Decimal(n)) for key, n, total in cursor.fetchall()}


def _departments(own: dict, members: dict[int, Total]) -> dict[int, tuple[Decimal | None, int]]:
    """A department's own card, else the mean of the cards of everyone in it and below it."""
    parents = dict(Department.objects.values_list("pk", "parent_id"))
    totals = {key: Total(0, ZERO, ZERO) for key in parents}
    for department_id, total in members.items():
        above: int | None = department_id
        seen = set()
        while above is not None and above not in seen:
            seen.add(above)
            totals[above] = totals[above].plus(total)
            above = parents[above]
    return {key: (own[key], 1) if key in own else (total.completion(), total.parts) for key, total in totals.items()}


def _organization(own: dict, departments: dict[int, tuple[Decimal | None, int]]) -> tuple[Decimal | None, int]:
    """The organization's own card, else the mean of the departments at the top."""
    if None in own:
        return own[None], 1
    tops = Department.objects.filter(parent=None).order_by("pk").values_list("pk", flat=True)
    result = roll_up(RollUp.AVG, [Child(departments[key][0]) for key in tops])
    return result.completion, result.children_scored


def _fraction(percent: Decimal) -> Decimal:
    return EXACT.divide(percent, HUNDRED)


def _write(period: Period, rolled: Rolled, job: Job | None) -> int:
    """Add, change and remove rows so that they are what was rolled up; nothing else is touched."""
    fields = ("kind", "objective_id", "perspective_id", "department_id")
    stored = {
        tuple(getattr(row, name) for name in fields): row
        for row in RollupScore.objects.filter(period=period).select_for_update().order_by("pk")
    }
    new, changed = [], []
    for key, (completion, parts) in rolled.items():
        percent = None if completion is None else EXACT.multiply(completion, HUNDRED)
        status = status_of(completion).value
        row = stored.pop(tuple(str(part) if index == 0 else part for index, part in enumerate(key)), None)
        if row is None and percent is not None:
            values = dict(zip(fields, key, strict=True))
            new.append(
                RollupScore(
                    period=period, percent=percent, parts=parts, status=status, changed_by_id=_id(job), **values
                )
            )
        elif row is not None and (row.percent, row.parts, row.status) != (percent, parts, status):
            row.previous_percent = row.percent
            row.percent, row.parts, row.status, row.changed_by_id = percent, parts, status, _id(job)
            changed.append(row)
    RollupScore.objects.bulk_create(new, batch_size=500)
    RollupScore.objects.bulk_update(
        changed, ["previous_percent", "percent", "parts", "status", "changed_by_id"], batch_size=500
    )
    if stored:
        RollupScore.objects.filter(pk__in=[row.pk for row in stored.values()]).delete()
    return len(new) + len(changed) + len(stored)


def _id(job: Job | None) -> int | None:
    return job.pk if job else None


# --- kept fresh by day, and shown on the map ----------------------------------------------------------


def refresh_soon(cards: Mapping[int, StoredCard], job: Job | None) -> None:
    """After an entry: roll the periods of these cards up within seconds, many entries at once. Nights do it themselves.

    Asked for once the entry is committed, so that whoever rolls up sees it.
    """
    if job is not None:
        return
    organization_id = current_organization_id()
    for period_id in sorted({card.period_id for card in cards.values()}):
        transaction.on_commit(
            partial(
                jobs.ask_again,
                organization_id=organization_id,
                task=TASK,
                key=f"rollups:{period_id}",
                arguments={"period": period_id},
                after_seconds=GATHER_SECONDS,
            )
        )


def objective_scores(objective_ids: list[int], period: Period) -> dict[int, registry.ObjectiveScore]:
    """Scores of objectives for the strategy map, each with the address of its explanation."""
    rows = RollupScore.objects.filter(
        period=period, kind=RollupKind.OBJECTIVE, objective__in=objective_ids, percent__isnull=False
    ).select_related("organization")
    return {
        row.objective_id: registry.ObjectiveScore(
            row.percent, row.status, reverse("scorecards:explain_rollup", args=[row.organization.slug, row.pk])
        )
        for row in rows
    }

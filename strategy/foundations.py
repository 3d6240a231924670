"""Reads of what the strategy stands on: the SWOT board and the matrix of open risks."""

from collections.abc import Sequence
from typing import NamedTuple

from kpiapp.models import Member
from strategy import queries
from strategy.choices import RiskLevel, SwotKind
from strategy.models import Objective, Risk, SwotItem
from strategy.models.context import level_of

SCALE = range(1, 6)


def board() -> list[tuple[SwotKind, list[SwotItem]]]:
    """The four quarters with what stands in them, in the order in which it was written."""
    items = list(SwotItem.objects.select_related("objective"))
    return [(kind, [item for item in items if item.kind == kind]) for kind in SwotKind]


def open_risks(member: Member) -> list[Risk]:
    """Open risks of objectives a member sees, the gravest first."""
    seen = queries.visible_objectives(member).published()
    risks = (
        Risk.objects.filter(closed_on=None, objective__in=seen)
        .select_related("objective", "owner")
        .prefetch_related("judgements")
    )
    return sorted(risks, key=lambda risk: (-risk.weight, risk.pk))


def risks_of(objective: Objective) -> list[Risk]:
    """Risks of an objective, open ones first, the gravest first."""
    return sorted(
        objective.risks.select_related("owner").prefetch_related("judgements"),
        key=lambda risk: (risk.closed_on is not None, -risk.weight, risk.pk),
    )


class Spot(NamedTuple):
    """A place of the matrix: how grave it is, and the risks on it."""

    likelihood: int
    level: RiskLevel
    risks: list[Risk]


def risk_matrix(risks: Sequence[Risk]) -> list[tuple[int, list[Spot]]]:
    """Rows from the gravest impact down, each with a place for every likelihood."""
    return [
        (
            impact,
            [
                Spot(
                    likelihood,
                    level_of(likelihood, impact),
                    [risk for risk in risks if (risk.impact, risk.likelihood) == (impact, likelihood)],
                )
                for likelihood in SCALE
            ],
        )
        for impact in reversed(SCALE)
    ]

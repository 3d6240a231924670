"""Who moves to another tier when a tier table comes into force: coefficients, never amounts."""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from kpiapp.decimals import ZERO, divide, quantize
from kpiapp.models import Period
from payroll import queries
from scorecards.choices import OwnerKind
from scorecards.models import CardScore
from scorecards.scoring import Tier, tier_of

SHOWN = 20
MEAN_PLACES = 4


@dataclass(frozen=True)
class TierMove:
    """A person whose coefficient changes, by the score of the period as it stands."""

    name: str
    percent: Decimal
    before: Tier
    after: Tier

    @property
    def difference(self) -> Decimal:
        """Coefficient won or lost."""
        return self.after.coefficient - self.before.coefficient


@dataclass
class TierEffect:
    """A period under another table: people in all, up and down, the largest moves, people by tier, mean coefficient."""

    period: Period | None = None
    people: int = 0
    up: int = 0
    down: int = 0
    moved: list[TierMove] = field(default_factory=list)
    more: int = 0
    tiers: list[dict] = field(default_factory=list)
    mean_before: Decimal = ZERO
    mean_after: Decimal = ZERO

    @property
    def same(self) -> int:
        """People whose coefficient stays."""
        return self.people - self.up - self.down


def effect_of(tiers: Sequence[Tier], *, valid_from: datetime.date) -> TierEffect:
    """What a table would do to the first open period it counts for that has scores; three queries."""
    scored = CardScore.objects.filter(scorecard__owner_kind=OwnerKind.MEMBER, percent__isnull=False)
    periods = Period.objects.filter(locked_at=None, ends_on__gt=valid_from)
    period = periods.filter(pk__in=scored.values("scorecard__period")).order_by("starts_on", "ends_on").first()
    now = queries.scoring_tiers_on(period.last_day) if period else []
    if period is None or not now:
        return TierEffect()
    rows = scored.filter(scorecard__period=period).values_list("scorecard__member__name", "percent")
    moves = [TierMove(name, percent, tier_of(percent, now), tier_of(percent, tiers)) for name, percent in rows]
    moved = sorted((move for move in moves if move.difference), key=lambda move: (-abs(move.difference), move.name))
    return TierEffect(
        period=period,
        people=len(moves),
        up=sum(move.difference > 0 for move in moved),
        down=sum(move.difference < 0 for move in moved),
        moved=moved[:SHOWN],
        more=max(0, len(moved) - SHOWN),
        tiers=_by_tier(moves, now, tiers),
        mean_before=_mean([move.before.coefficient for move in moves]),
        mean_after=_mean([move.after.coefficient for move in moves]),
    )


def _by_tier(moves: Sequence[TierMove], now: Sequence[Tier], then: Sequence[Tier]) -> list[dict]:
    """How many people stand in each tier of the old and the new table, the highest first."""
    before, after = (Counter(tier.name for tier in side) for side in _sides(moves))
    names = list(dict.fromkeys(tier.name for tier in [*then, *now]))
    return [{"name": name, "before": before[name], "after": after[name]} for name in names]


def _sides(moves: Sequence[TierMove]) -> tuple[list[Tier], list[Tier]]:
    return [move.before for move in moves], [move.after for move in moves]


def _mean(coefficients: Sequence[Decimal]) -> Decimal:
    if not coefficients:
        return ZERO
    return quantize(divide(sum(coefficients, ZERO), Decimal(len(coefficients))), MEAN_PLACES)

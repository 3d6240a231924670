"""Who moves to another tier when a tier table comes into force: coefficients, and amounts for who may read all pay."""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from kpiapp.choices import PeriodKind
from kpiapp.decimals import HUNDRED, ZERO, divide, quantize, round_percent
from kpiapp.models import Member, Period
from payroll import queries, recompute, seal
from payroll.pay_rules import P3State, pay_of
from scorecards.choices import OwnerKind
from scorecards.models import CardScore
from scorecards.scoring import Tier, tier_of

SHOWN = 20
MEAN_PLACES = 4


@dataclass(frozen=True)
class Amounts:
    """KPI pay under the table in force and under the other one."""

    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        """Won or lost."""
        return self.after - self.before

    @property
    def percent(self) -> Decimal | None:
        """The same as a percent of what it was; None where there was nothing."""
        return round_percent(divide(self.difference * HUNDRED, self.before)) if self.before else None


@dataclass(frozen=True)
class TierMove:
    """A person whose coefficient changes, by the score of the period as it stands.

    `pay` is None for readers who may not see it, and where no KPI pay follows from the score yet.
    """

    name: str
    percent: Decimal
    before: Tier
    after: Tier
    pay: Amounts | None = None

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
    pay: Amounts | None = None

    @property
    def same(self) -> int:
        """People whose coefficient stays."""
        return self.people - self.up - self.down


def effect_of(tiers: Sequence[Tier], *, valid_from: datetime.date, reader: Member) -> TierEffect:
    """What a table would do to the first open period it counts for that has scores; four queries."""
    scored = CardScore.objects.filter(scorecard__owner_kind=OwnerKind.MEMBER, percent__isnull=False)
    periods = Period.objects.filter(locked_at=None, ends_on__gt=valid_from)
    period = periods.filter(pk__in=scored.values("scorecard__period")).order_by("starts_on", "ends_on").first()
    now = queries.scoring_tiers_on(period.last_day) if period else []
    if period is None or not now:
        return TierEffect()
    paid = _paid(period, now, tiers, reader)
    rows = scored.filter(scorecard__period=period)
    moves = [
        TierMove(name, percent, tier_of(percent, now), tier_of(percent, tiers), paid.get(pk))
        for pk, name, percent in rows.values_list("scorecard__member", "scorecard__member__name", "percent")
    ]
    moved = sorted((move for move in moves if move.difference), key=_largest_first)
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
        pay=_sum(list(paid.values())),
    )


def _paid(period: Period, now: Sequence[Tier], then: Sequence[Tier], reader: Member) -> dict[int, Amounts]:
    """KPI pay by person as a run of the month would pay it by either table; empty for who may not read all pay."""
    if period.kind != PeriodKind.MONTH or not queries.sees_all_pay(reader):
        return {}
    currency, paid = reader.organization.currency, {}
    for person in recompute.gather(period):
        given = seal.pay_input(recompute.inputs_of(person))
        before, after = (pay_of(given, tiers, currency) for tiers in (now, then))
        if before.p3_state == P3State.SCORED:
            paid[person.member] = Amounts(before.p3_amount, after.p3_amount)
    return paid


def _largest_first(move: TierMove) -> tuple:
    return -abs(move.pay.difference if move.pay else ZERO), -abs(move.difference), move.name


def _sum(paid: Sequence[Amounts]) -> Amounts | None:
    if not paid:
        return None
    return Amounts(sum((one.before for one in paid), ZERO), sum((one.after for one in paid), ZERO))


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

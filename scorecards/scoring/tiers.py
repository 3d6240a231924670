"""Tier look-up: a percent, rounded half-up to two places first, in a table of steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from kpiapp.decimals import ZERO, gettext_noop, round_percent
from scorecards.scoring.rules import RuleError
from scorecards.scoring.trace import Rounding, RuleCode, Trace


@dataclass(frozen=True, slots=True)
class Tier:
    """From `at_least` percent (None: everything below the other rows) the result is `coefficient`."""

    at_least: Decimal | None
    coefficient: Decimal
    name: str = ""


DEFAULT_TIERS: tuple[Tier, ...] = (
    Tier(Decimal(120), Decimal("1.2")),
    Tier(Decimal(110), Decimal("1.1")),
    Tier(Decimal(100), Decimal("1.0")),
    Tier(Decimal(90), Decimal("0.8")),
    Tier(Decimal(80), Decimal("0.7")),
    Tier(Decimal(70), Decimal("0.5")),
    Tier(None, ZERO),
)

TIERS_EMPTY = gettext_noop("A tier table needs at least one row.")
TIERS_ORDER = gettext_noop("The rows of a tier table must fall, each “at least” lower than the one before.")
TIERS_OPEN = gettext_noop("Exactly the last row of a tier table is open downwards.")


def check_tiers(tiers: Sequence[Tier]) -> None:
    """Refuse a table with a gap or two answers: rows fall, the last one is open. Raises RuleError."""
    if not tiers:
        raise RuleError("tiers", TIERS_EMPTY)
    bounds = [tier.at_least for tier in tiers]
    if bounds[-1] is not None or any(bound is None for bound in bounds[:-1]):
        raise RuleError("tiers", TIERS_OPEN)
    known = [bound for bound in bounds if bound is not None]
    if known != sorted(set(known), reverse=True):
        raise RuleError("tiers", TIERS_ORDER)


def tier_of(percent: Decimal, tiers: Sequence[Tier] = DEFAULT_TIERS, trace: Trace | None = None) -> Tier:
    """The tier of a percent (100 = whole): 79.994 is 79.99 and stays below 80, 79.995 is 80.00 and reaches it."""
    rounded = round_percent(percent)
    if trace is not None:
        trace.note(RuleCode.TIER_PERCENT, rounded, Rounding.PERCENT, percent=percent)
    reached = next((tier for tier in tiers if tier.at_least is None or rounded >= tier.at_least), None)
    if reached is None:
        raise RuleError("tiers", TIERS_OPEN)
    if trace is not None:
        trace.note(RuleCode.TIER, reached.coefficient, percent=rounded, at_least=reached.at_least)
    return reached

"""The story in the demo's numbers: from how well somebody does to the entries they would have logged. Pure."""

import datetime
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random

ONE = Decimal(1)


@dataclass(frozen=True)
class Measure:
    """What of a KPI version and a line the story needs."""

    method: str
    params: dict
    aggregation: str
    factor: Decimal
    target: Decimal
    baseline: Decimal | None
    decimals: int
    # What amounts are counted in: nobody reports 156,933,318.
    grain: Decimal = ONE


@dataclass(frozen=True)
class Logged:
    """One entry to be written."""

    on: datetime.date
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None


def entries_for(measure: Measure, completion: Decimal, days: list[datetime.date], random: Random) -> list[Logged]:
    """Entries on some of these days that together score about this completion (1 = target)."""
    actual = actual_for(measure, completion)
    if measure.aggregation == "ratio":
        return _ratio_entries(measure, actual, days, random)
    if measure.aggregation == "sum":
        return _sum_entries(_round(actual / measure.grain, 0) * measure.grain, measure.grain, days, random)
    return [Logged(on=days[-1], value=_round(actual, measure.decimals))]


def actual_for(measure: Measure, completion: Decimal) -> Decimal:
    """The actual whose completion is about this one: each scoring method turned round."""
    target, params = measure.target, measure.params
    if measure.method == "mirror":
        return max(Decimal(0), target - (completion - ONE) * abs(target))
    if measure.method == "inverse":
        return target / max(completion, Decimal("0.1"))
    if measure.method == "baseline" and measure.baseline is not None:
        return measure.baseline + completion * (target - measure.baseline)
    if measure.method == "band":
        return _band_actual(params, completion)
    if measure.method == "deduct":
        per_unit = Decimal(str(params.get("deduct_per_unit", "0.25")))
        return _round(max(Decimal(0), (ONE - completion) / per_unit), 0)
    if measure.method == "binary":
        return target if completion >= Decimal("0.8") else target + ONE
    if measure.method == "milestone":
        return Decimal(min(100, max(0, int(completion * 4 + Decimal("0.5")) * 25)))
    if measure.method == "deviation":
        return target * (2 - completion)
    return target + (completion - ONE) * abs(target)


def _band_actual(params: dict, completion: Decimal) -> Decimal:
    low, outer = Decimal(str(params["low"])), Decimal(str(params.get("outer_low", params["low"])))
    if completion >= Decimal("0.95"):
        return (low + Decimal(str(params["high"]))) / 2
    return low - (ONE - completion) * (low - outer)


def _sum_entries(total: Decimal, grain: Decimal, days: list[datetime.date], random: Random) -> list[Logged]:
    """The total, spread unevenly over up to four days, each a multiple of the grain."""
    count = min(len(days), 4 if abs(total) >= 8 * grain else 1)
    chosen = sorted(random.sample(days, count))
    shares = [Decimal(random.randint(60, 140)) for _ in chosen]
    parts = [_round(total * share / sum(shares) / grain, 0) * grain for share in shares]
    parts[-1] += total - sum(parts)
    return [Logged(on=day, value=part) for day, part in zip(chosen, parts, strict=True)]


def _ratio_entries(measure: Measure, actual: Decimal, days: list[datetime.date], random: Random) -> list[Logged]:
    """Two entries whose parts are whole numbers and whose quotient is close to the actual."""
    chosen = sorted(random.sample(days, min(len(days), 2)))
    entries = []
    for day in chosen:
        count = random.randint(40, 90) * (5 if abs(actual) < 20 else 1)
        denominator = count * measure.grain
        numerator = _round(max(Decimal(0), actual) * count / measure.factor, 0) * measure.grain
        entries.append(Logged(on=day, numerator=numerator, denominator=denominator))
    return entries


def _round(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)

"""Cards with lines of every aggregation and method, made of seeded random numbers."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import pytest

from scorecards.models import Actual, Scorecard, ScorecardLine
from scorecards.recompute import refresh_actuals
from strategy.choices import Aggregation, Direction, MissingPolicy, ScoringMethod
from strategy.models import KpiDefinition, KpiVersion


@dataclass
class CardMaker:
    """Makes KPIs, cards, lines and entries inside the open scope."""

    cast: object
    random: Random = field(default_factory=lambda: Random(7))
    made: int = 0

    def kpi(self, **fields) -> KpiVersion:
        """A KPI version: ratio of a sum unless told otherwise."""
        self.made += 1
        definition = KpiDefinition.objects.create(code=f"K{self.made}", name=f"KPI {self.made}")
        return KpiVersion.objects.create(definition=definition, number=1, name=definition.name, **fields)

    def card(self, member=None, period=None, **owner) -> Scorecard:
        """A draft card of a person (Lan unless told otherwise) or of the owner given."""
        if not owner:
            owner = {"owner_kind": "member", "member": member or self.cast.lan}
        return Scorecard.objects.create(period=period or self.cast.period, **owner)

    def line(self, card, kpi=None, *entries, weight="100", target="100", **fields) -> ScorecardLine:
        """A line, with entries given as values."""
        line = ScorecardLine.objects.create(
            scorecard=card, kpi=kpi or self.kpi(), weight=Decimal(weight), target=Decimal(target), **fields
        )
        for day, value in enumerate(entries, 1):
            self.entry(line, value=Decimal(value), on=datetime.date(2026, 11, day))
        if entries:
            refresh_actuals(line_ids=[line.pk])
        return line

    def entry(self, line, *, on=datetime.date(2026, 11, 3), state="recorded", **numbers) -> Actual:
        """An entry as it would be stored."""
        return Actual.objects.create(line=line, on=on, state=state, entered_by=self.cast.lan, **numbers)

    def number(self, digits: int = 4) -> Decimal:
        """A random number with up to six decimals, now and then zero or negative."""
        places = self.random.randint(0, 6)
        return Decimal(self.random.randint(-(10**digits) // 5, 10**digits)).scaleb(-min(places, digits))

    def any_kpi(self) -> KpiVersion:
        """A random aggregation of entries with a random method that fits most numbers."""
        aggregation = self.random.choice([kind for kind in Aggregation.values if kind != Aggregation.FORMULA])
        parts = ("sum", "avg", "last")
        method, direction, params = self.random.choice(
            [
                (ScoringMethod.RATIO, Direction.INCREASE, {}),
                (ScoringMethod.MIRROR, Direction.DECREASE, {}),
                (ScoringMethod.BASELINE, Direction.INCREASE, {}),
                (ScoringMethod.INVERSE, Direction.DECREASE, {}),
                (ScoringMethod.DEVIATION, Direction.RANGE, {"tolerance": "0.05"}),
                (ScoringMethod.SCALE, Direction.INCREASE, {"bands": [["500", "1.2"], ["100", 1], [None, "0.5"]]}),
                (ScoringMethod.DEDUCT, Direction.DECREASE, {"per_unit": "0.1"}),
            ]
        )
        ratio = aggregation == Aggregation.RATIO
        policies = [policy for policy in MissingPolicy.values if policy != MissingPolicy.CARRY_FORWARD]
        return self.kpi(
            aggregation=aggregation,
            numerator_agg=self.random.choice(parts) if ratio else "",
            denominator_agg=self.random.choice(parts) if ratio else "",
            factor=self.random.choice([Decimal(1), Decimal(100)]),
            method=method,
            direction=direction,
            params={} if method == ScoringMethod.DEDUCT else params,
            floor=self.random.choice([Decimal(0), Decimal("-0.5")]),
            min_gate=self.random.choice([None, None, Decimal("0.3")]),
            missing_policy=self.random.choice(policies),
        )

    def any_entries(self, line) -> None:
        """None to six random entries, some of them dead, some incomplete, several on one day."""
        for _ in range(self.random.randint(0, 6)):
            ratio = line.kpi.aggregation == Aggregation.RATIO and self.random.random() < 0.9
            second = None if self.random.random() < 0.15 else self.number()
            numbers = {"numerator" if ratio else "value": self.number(), "denominator": second}
            state = self.random.choice(["recorded", "recorded", "returned", "corrected", "withdrawn"])
            self.entry(line, on=datetime.date(2026, 11, self.random.randint(1, 5)), state=state, **numbers)


@pytest.fixture
def maker(scope) -> CardMaker:
    """In the open scope of An Phat."""
    return CardMaker(scope)

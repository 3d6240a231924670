"""What is weak in a card or a map: facts in, findings out. Pure rules, whose limits are data; no Django.

A finding names a rule, how much it matters, what it is about and the numbers behind it; its words are made elsewhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

HUNDRED, ZERO = Decimal(100), Decimal(0)
PROCESS, LEADING = "process", "leading"


class Severity(StrEnum):
    """How much a finding matters."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True)
class Limits:
    """What counts as balanced, until an organization says otherwise. Shares are fractions, weights percents."""

    least_kpis: int = 5
    most_kpis: int = 12
    least_weight: Decimal = Decimal(5)
    most_weight: Decimal = Decimal(40)
    least_perspectives: int = 3
    least_leading: Decimal = Decimal("0.25")
    most_process: Decimal = Decimal("0.6")
    most_group_a: Decimal = Decimal("0.6")
    most_objectives: int = 25
    # Shares of fewer KPIs than this say nothing.
    least_for_a_mix: int = 5


USUAL = Limits()


@dataclass(frozen=True)
class KpiFacts:
    """A KPI on a card, or of an objective. `indicator` is leading, lagging or "" (not said)."""

    key: int
    weight: Decimal = ZERO
    perspective: str = ""
    indicator: str = ""
    group: str = "B"
    has_owner: bool = True
    has_source: bool = True
    has_objective: bool = True
    has_target: bool = True


@dataclass(frozen=True)
class CardFacts:
    """A card: its KPIs that count, and whether it is a person's (who answers for all of it)."""

    kpis: Sequence[KpiFacts]
    is_persons: bool = True


@dataclass(frozen=True)
class ObjectiveFacts:
    """An objective of a map."""

    key: int
    perspective: int
    has_owner: bool = True
    kpis: Sequence[KpiFacts] = ()
    links: int = 0


@dataclass(frozen=True)
class MapFacts:
    """A map: its perspectives and objectives."""

    perspectives: Sequence[int]
    objectives: Sequence[ObjectiveFacts]


@dataclass(frozen=True)
class Finding:
    """A rule that is broken: where (keys of KPIs, objectives or perspectives) and by which numbers."""

    code: str
    severity: Severity
    about: tuple[int, ...] = ()
    numbers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Audit:
    """What was found, and of how many rules that could be judged."""

    findings: tuple[Finding, ...]
    judged: int

    @property
    def held(self) -> int:
        """How many rules hold."""
        return self.judged - len(self.findings)


def audit_card(card: CardFacts, limits: Limits = USUAL) -> Audit:
    """Every rule for one card; a card without KPIs breaks one rule and can be judged by no other."""
    kpis = card.kpis
    if not kpis:
        return Audit((Finding("empty", Severity.HIGH),), 1)
    total = sum((kpi.weight for kpi in kpis), ZERO)
    found = [
        _when(total != HUNDRED, "weights", Severity.HIGH, total=total),
        _those(kpis, lambda kpi: not kpi.has_target, "no_target", Severity.HIGH),
        _count(len(kpis), limits),
        _those(
            kpis,
            lambda kpi: not limits.least_weight <= kpi.weight <= limits.most_weight,
            "weight_limits",
            Severity.LOW,
            least=limits.least_weight,
            most=limits.most_weight,
        ),
        _those(kpis, lambda kpi: not kpi.has_source, "no_source", Severity.MEDIUM),
        _those(kpis, lambda kpi: not kpi.has_objective, "no_objective", Severity.LOW),
    ]
    if not card.is_persons:
        found.append(_those(kpis, lambda kpi: not kpi.has_owner, "no_owner", Severity.MEDIUM))
    if len(kpis) >= limits.least_for_a_mix:
        found += _mix(kpis, limits)
    return _audit(found)


def _count(count: int, limits: Limits) -> Finding | None:
    if count < limits.least_kpis:
        return Finding("few_kpis", Severity.MEDIUM, (), {"count": str(count), "least": str(limits.least_kpis)})
    many = count > limits.most_kpis
    return _when(many, "many_kpis", Severity.MEDIUM, count=count, most=limits.most_kpis)


def _mix(kpis: Sequence[KpiFacts], limits: Limits) -> list[Finding | None]:
    """Rules about shares; a share that cannot be known is not judged."""
    lanes = {kpi.perspective for kpi in kpis if kpi.perspective}
    process = sum(kpi.perspective == PROCESS for kpi in kpis)
    heavy = sum(kpi.group == "A" for kpi in kpis)
    said = [kpi for kpi in kpis if kpi.indicator]
    leading = sum(kpi.indicator == LEADING for kpi in said)
    found = [
        _when(
            len(lanes) < limits.least_perspectives,
            "perspectives",
            Severity.MEDIUM,
            count=len(lanes),
            least=limits.least_perspectives,
        ),
        _when(process > limits.most_process * len(kpis), "process", Severity.MEDIUM, count=process, all=len(kpis)),
        _when(heavy > limits.most_group_a * len(kpis), "group_a", Severity.LOW, count=heavy, all=len(kpis)),
    ]
    if len(said) >= limits.least_for_a_mix:
        few = leading < limits.least_leading * len(said)
        found.append(_when(few, "leading", Severity.MEDIUM, count=leading, all=len(said)))
    return found


def audit_map(chart: MapFacts, limits: Limits = USUAL) -> Audit:
    """Every rule for a map; one without objectives breaks one rule and can be judged by no other."""
    aims = chart.objectives
    if not aims:
        return Audit((Finding("empty_map", Severity.HIGH),), 1)
    used = {aim.perspective for aim in aims}
    empty = tuple(lane for lane in chart.perspectives if lane not in used)
    said = [kpi for aim in aims for kpi in aim.kpis if kpi.indicator]
    leading = sum(kpi.indicator == LEADING for kpi in said)
    found = [
        Finding("empty_lane", Severity.HIGH, empty, {"count": str(len(empty))}) if empty else None,
        _aims(aims, lambda aim: not aim.kpis, "no_measure", Severity.HIGH),
        _aims(aims, lambda aim: not aim.has_owner, "no_aim_owner", Severity.MEDIUM),
        _aims(aims, lambda aim: not aim.links and len(aims) > 1, "isolated", Severity.MEDIUM),
        _when(
            len(aims) > limits.most_objectives,
            "many_objectives",
            Severity.LOW,
            count=len(aims),
            most=limits.most_objectives,
        ),
    ]
    if len(said) >= limits.least_for_a_mix:
        few = leading < limits.least_leading * len(said)
        found.append(_when(few, "leading", Severity.MEDIUM, count=leading, all=len(said)))
    return _audit(found)


def _audit(found: list[Finding | None]) -> Audit:
    broken = [finding for finding in found if finding]
    order = list(Severity)
    return Audit(tuple(sorted(broken, key=lambda finding: order.index(finding.severity))), len(found))


def _when(is_broken: bool, code: str, severity: Severity, **numbers: object) -> Finding | None:
    return Finding(code, severity, (), {name: str(value) for name, value in numbers.items()}) if is_broken else None


def _those(
    kpis: Sequence[KpiFacts], is_broken: Callable[[KpiFacts], bool], code: str, severity: Severity, **numbers: object
) -> Finding | None:
    keys = tuple(kpi.key for kpi in kpis if is_broken(kpi))
    texts = {name: str(value) for name, value in {"count": len(keys), **numbers}.items()}
    return Finding(code, severity, keys, texts) if keys else None


def _aims(
    aims: Sequence[ObjectiveFacts], is_broken: Callable[[ObjectiveFacts], bool], code: str, severity: Severity
) -> Finding | None:
    keys = tuple(aim.key for aim in aims if is_broken(aim))
    return Finding(code, severity, keys, {"count": str(len(keys))}) if keys else None

"""The strategy of a demo company: its map, and the KPIs that its cards use, each serving an objective."""

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from django.utils import timezone

from payroll.demo.people import Staff
from strategy.catalogue import LibraryKpi, library_templates
from strategy.choices import MapState
from strategy.models import CauseLink, KpiDefinition, KpiVersion, Objective, Perspective, StrategyMap
from strategy.snapshots import write_version

# Targets for library KPIs whose target is the company's own plan, by English unit; money in VND.
PLANS = {"VND": (120_000_000, 900_000_000), "%": (80, 95), "hour": (8, 40), "day": (3, 20), "point": (4, 5)}
PLAN_OTHERWISE = (12, 60)
VND_PER_UNIT = {"VND": 1, "USD": 25_000}


@dataclass
class Measures:
    """KPIs of the company by library code, and the objectives by their code."""

    versions: dict[str, KpiVersion] = field(default_factory=dict)
    objectives: dict[str, Objective] = field(default_factory=dict)


def draw_map(spec: dict[str, Any], staff: Staff) -> dict[str, Objective]:
    """Publish the company's strategy map."""
    strategy_map = StrategyMap.objects.create(
        name=spec["map"],
        vision=spec["vision"],
        mission=spec["mission"],
        state=MapState.PUBLISHED,
        published_at=timezone.now(),
        published_by=staff.top,
    )
    lanes = {perspective.kind: perspective for perspective in Perspective.objects.all()}
    objectives: dict[str, Objective] = {}
    for position, row in enumerate(spec["objectives"]):
        owner_position = next(unit for unit in spec["departments"] if unit["code"] == row["owner"])["positions"][0]
        objectives[row["code"]] = Objective.objects.create(
            map=strategy_map,
            perspective=lanes[row["perspective"]],
            code=row["code"],
            name=row["name"],
            position=position,
            owner=staff.holders[owner_position["code"]][0],
        )
    CauseLink.objects.bulk_create(
        CauseLink(
            map=strategy_map,
            source=objectives[source],
            target=objectives[target],
            strength=strength,
            lag_months=lag,
        )
        for source, target, strength, lag in spec["links"]
    )
    write_version(strategy_map=strategy_map, published_at=strategy_map.published_at, published_by=staff.top)
    return objectives


def used_templates(spec: dict[str, Any]) -> list[str]:
    """Codes of the library templates that the company's cards are made from."""
    units = spec["departments"]
    codes = [spec["company_template"], *(unit["template"] for unit in units if "template" in unit)]
    codes += [job["template"] for unit in units for job in unit["positions"]]
    return list(dict.fromkeys(codes))


def define_kpis(spec: dict[str, Any], staff: Staff, random: Random) -> Measures:
    """Copy what the cards need from the library, with targets, owners and objectives of the company."""
    measures = Measures(objectives=draw_map(spec, staff))
    lanes = {perspective.kind: perspective for perspective in Perspective.objects.all()}
    for code in used_templates(spec):
        for kpi, _ in library_templates()[code].items:
            if kpi.code not in measures.versions:
                measures.versions[kpi.code] = _define(kpi, spec, staff, measures, lanes[kpi.perspective], random)
    return measures


def _define(
    kpi: LibraryKpi, spec: dict[str, Any], staff: Staff, measures: Measures, lane: Perspective, random: Random
) -> KpiVersion:
    fields = kpi.version_fields(spec["language"])
    if kpi.target is None and kpi.method != "band":
        fields["target"] = _plan(kpi, spec["currency"], random)
    if kpi.unit.en == "VND":
        fields["unit"] = spec["currency"]
    definition = KpiDefinition.objects.create(code=kpi.code, origin=kpi.code, name=fields["name"], created_by=staff.top)
    serves = spec["serves"][kpi.perspective]
    objective = measures.objectives[serves.get(kpi.family, serves["*"])]
    version = KpiVersion.objects.create(
        definition=definition,
        number=1,
        objective=objective,
        perspective=lane,
        owner=objective.owner,
        created_by=staff.top,
        **fields,
    )
    definition.current = version
    definition.save(update_fields=["current"])
    return version


def _plan(kpi: LibraryKpi, currency: str, random: Random) -> Decimal:
    low, high = PLANS.get(kpi.unit.en, PLAN_OTHERWISE)
    value = random.randint(low, high)
    if kpi.unit.en == "VND":
        step = 10_000_000 // VND_PER_UNIT[currency]
        return Decimal(max(step, value // VND_PER_UNIT[currency] // step * step))
    return Decimal(value)

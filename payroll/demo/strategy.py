"""The strategy of a demo company: its map, and the KPIs that its cards use, each serving an objective."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from django.utils import timezone

from kpiapp.choices import PeriodKind
from kpiapp.models import Member
from payroll.demo.people import Staff
from strategy.catalogue import LibraryKpi, library_templates
from strategy.choices import InitiativeState, MapState
from strategy.kpis.origins import remembered
from strategy.maps.snapshots import write_version
from strategy.models import (
    CauseLink,
    Initiative,
    InitiativeBooking,
    InitiativeObjective,
    InitiativeWait,
    KpiDefinition,
    KpiVersion,
    Milestone,
    Objective,
    Perspective,
    Risk,
    RiskJudgement,
    StrategyMap,
    SwotItem,
)

# Targets for library KPIs whose target is the company's own plan, by English unit; money in VND.
PLANS = {"VND": (120_000_000, 900_000_000), "%": (80, 95), "hour": (8, 40), "day": (3, 20), "point": (4, 5)}
PLAN_OTHERWISE = (12, 60)
SOURCES = {"vi": "Báo cáo quản trị hằng tháng", "en": "The monthly management report"}
# Every so many KPIs something has been left lying: a day that has passed, a review that is late.
EVERY = 25
REVIEWED_WITHIN, REVIEWED_LATE = 80, 130
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
        core_values=spec["values"],
        state=MapState.PUBLISHED,
        published_at=timezone.now(),
        published_by=staff.top,
    )
    lanes = {perspective.kind: perspective for perspective in Perspective.objects.all()}
    objectives: dict[str, Objective] = {}
    for number, publication in enumerate(spec["publications"], 1):
        for position, row in enumerate(spec["objectives"]):
            if row.get("since", 1) == number:
                objectives[row["code"]] = Objective.objects.create(
                    map=strategy_map,
                    perspective=lanes[row["perspective"]],
                    code=row["code"],
                    name=row["name"],
                    theme=row.get("theme", ""),
                    position=position,
                    owner=_head_of(spec, row["owner"], staff),
                )
        _draw_links(strategy_map, spec, objectives)
        published_at = strategy_map.published_at + datetime.timedelta(days=publication["days"])
        write_version(
            strategy_map=strategy_map, published_at=published_at, published_by=staff.top, note=publication["note"]
        )
    return objectives


def write_foundations(
    spec: dict[str, Any], objectives: dict[str, Objective], staff: Staff, today: datetime.date
) -> None:
    """The SWOT board, risks as they were judged, initiatives with milestones, money and what they wait for."""
    SwotItem.objects.bulk_create(
        SwotItem(kind=kind, text=text, created_by=staff.top) for kind, texts in spec["swot"].items() for text in texts
    )
    for row in spec["risks"]:
        aim = objectives[row["objective"]]
        written = {name: row[name] for name in ("name", "likelihood", "impact", "response")}
        risk = Risk.objects.create(objective=aim, owner=aim.owner, **written)
        RiskJudgement.objects.bulk_create(
            RiskJudgement(
                risk=risk,
                judged_on=today + datetime.timedelta(days=day),
                likelihood=likelihood,
                impact=impact,
                judged_by=aim.owner,
            )
            for day, likelihood, impact in row["judged"]
        )
    planned: dict[str, Initiative] = {}
    for row in spec["initiatives"]:
        first, last = (today + datetime.timedelta(days=row[end]) for end in ("from", "to"))
        initiative = Initiative.objects.create(
            name=row["name"],
            owner=_head_of(spec, row["owner"], staff),
            starts_on=first,
            due_on=last,
            budget_amount=row["budget"],
            spent_amount=sum(amount for _day, amount, _note in row["spent"]),
            state=InitiativeState.RUNNING if first <= today else InitiativeState.PLANNED,
            created_by=staff.top,
        )
        planned[row["name"]] = initiative
        InitiativeBooking.objects.bulk_create(
            InitiativeBooking(
                initiative=initiative,
                booked_on=today + datetime.timedelta(days=day),
                amount=amount,
                note=note,
                booked_by=initiative.owner,
            )
            for day, amount, note in row["spent"]
        )
        InitiativeWait.objects.bulk_create(
            InitiativeWait(initiative=initiative, waits_for=planned[name]) for name in row.get("waits", [])
        )
        InitiativeObjective.objects.bulk_create(
            InitiativeObjective(initiative=initiative, objective=objectives[code]) for code in row["objectives"]
        )
        for name, day, reached in row["steps"]:
            due_on = today + datetime.timedelta(days=day)
            Milestone.objects.create(
                initiative=initiative, name=name, due_on=due_on, done_on=due_on if reached else None
            )


def _head_of(spec: dict[str, Any], department: str, staff: Staff) -> Member:
    """The first holder of a department's first position."""
    unit = next(unit for unit in spec["departments"] if unit["code"] == department)
    return staff.holders[unit["positions"][0]["code"]][0]


def _draw_links(strategy_map: StrategyMap, spec: dict[str, Any], objectives: dict[str, Objective]) -> None:
    """Links between the objectives that are there already, each once."""
    drawn = set(CauseLink.objects.filter(map=strategy_map).values_list("source__code", "target__code"))
    CauseLink.objects.bulk_create(
        CauseLink(
            map=strategy_map,
            source=objectives[source],
            target=objectives[target],
            strength=strength,
            lag_months=lag,
        )
        for source, target, strength, lag in spec["links"]
        if {source, target} <= set(objectives) and (source, target) not in drawn
    )


def used_templates(spec: dict[str, Any]) -> list[str]:
    """Codes of the library templates that the company's cards are made from."""
    units = spec["departments"]
    codes = [spec["company_template"], *(unit["template"] for unit in units if "template" in unit)]
    codes += [job["template"] for unit in units for job in unit["positions"]]
    return list(dict.fromkeys(codes))


def define_kpis(spec: dict[str, Any], staff: Staff, today: datetime.date, random: Random) -> Measures:
    """Copy what the cards need from the library, with targets, owners and objectives of the company."""
    measures = Measures(objectives=draw_map(spec, staff))
    lanes = {perspective.kind: perspective for perspective in Perspective.objects.all()}
    for code in used_templates(spec):
        for kpi, _ in library_templates()[code].items:
            if kpi.code not in measures.versions:
                measures.versions[kpi.code] = _define(kpi, spec, staff, measures, lanes[kpi.perspective], today, random)
    _set_days(list(measures.versions.values()), staff, today)
    return measures


def _set_days(versions: list[KpiVersion], staff: Staff, today: datetime.date) -> None:
    """When the KPIs were looked at; most of them lately, a few longer ago than was agreed."""
    definitions = [version.definition for version in versions]
    for number, definition in enumerate(definitions, 1):
        ago = REVIEWED_LATE if number % EVERY == 0 else number * 7 % REVIEWED_WITHIN
        definition.reviewed_on, definition.reviewed_by = today - datetime.timedelta(days=ago), staff.top
    KpiDefinition.objects.bulk_update(definitions, ["reviewed_on", "reviewed_by"])


def _days_of(number: int, today: datetime.date) -> dict[str, Any]:
    """Until when a KPI is to be reached and when it is judged anew: with the year; for a few that day has passed."""
    year_end = datetime.date(today.year, 12, 31)
    last_quarter = today.replace(day=1) - datetime.timedelta(days=1 + 30 * ((today.month - 1) % 3))
    due_on = last_quarter if number % EVERY == 5 else year_end
    anew_on = today - datetime.timedelta(days=12) if number % EVERY == 15 else year_end + datetime.timedelta(days=31)
    return {"due_on": due_on, "reevaluate_on": anew_on, "review_every": PeriodKind.QUARTER}


def _define(
    kpi: LibraryKpi,
    spec: dict[str, Any],
    staff: Staff,
    measures: Measures,
    lane: Perspective,
    today: datetime.date,
    random: Random,
) -> KpiVersion:
    fields = kpi.version_fields(spec["language"])
    if kpi.target is None and kpi.method != "band":
        fields["target"] = _plan(kpi, spec["currency"], random)
    if kpi.unit.en == "VND":
        fields["unit"] = spec["currency"]
    definition = KpiDefinition.objects.create(
        code=kpi.code,
        origin=kpi.code,
        origin_fields=remembered(kpi, spec["language"]),
        name=fields["name"],
        created_by=staff.top,
    )
    serves = spec["serves"][kpi.perspective]
    objective = measures.objectives[serves.get(kpi.family, serves["*"])]
    version = KpiVersion.objects.create(
        definition=definition,
        number=1,
        objective=objective,
        perspective=lane,
        owner=objective.owner,
        created_by=staff.top,
        source=SOURCES[spec["language"]],
        **_days_of(len(measures.versions) + 1, today),
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

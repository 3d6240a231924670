"""More of the strategy of a world: objectives, KPIs, initiatives, risks."""

import datetime

from django.utils import timezone

from scorecards.choices import RollupKind
from scorecards.models import RollupScore
from strategy.maps.snapshots import write_version
from strategy.models import (
    CardTemplate,
    CardTemplateItem,
    CauseLink,
    Initiative,
    InitiativeBooking,
    InitiativeKpi,
    InitiativeObjective,
    InitiativeWait,
    KpiDefinition,
    KpiNote,
    KpiVersion,
    Milestone,
    Objective,
    Perspective,
    Risk,
    RiskJudgement,
    StrategyMap,
    SwotItem,
)
from tests.cast import STORY_DAY, Cast

LONG_AGO = datetime.date(2020, 1, 1)


def add_strategy(cast: Cast, things: dict, numbers: list[str]) -> list[KpiVersion]:
    """Perspectives, objectives, links, KPIs and ready-made cards; returns the versions of the new KPIs."""
    Perspective.objects.bulk_create(Perspective(kind="own", name=f"Lane {n}", position=100 + int(n)) for n in numbers)
    objectives = Objective.objects.bulk_create(
        Objective(
            map_id=chart,
            perspective_id=things["perspective"],
            code=f"O{n}",
            name=f"Aim {n}",
            owner=cast.manager,
        )
        for chart in (things["map"], things["draft_map"])
        for n in numbers
    )
    plan = StrategyMap.objects.get(pk=things["map"])
    for _number in numbers:
        write_version(strategy_map=plan, published_at=timezone.now(), published_by=cast.strategy)
    CauseLink.objects.bulk_create(
        CauseLink(
            map_id=objective.map_id,
            source=objective,
            target=Objective.objects.get(map_id=objective.map_id, code="F1"),
        )
        for objective in objectives
    )
    RollupScore.objects.bulk_create(
        RollupScore(period=cast.period, kind=RollupKind.OBJECTIVE, objective=objective, percent=80, parts=1)
        for objective in objectives
        if objective.map_id == things["map"]
    )
    definitions = KpiDefinition.objects.bulk_create(
        KpiDefinition(code=f"K{n}", name=f"Measure {n}", created_by=cast.strategy) for n in numbers
    )
    versions = KpiVersion.objects.bulk_create(
        KpiVersion(
            definition=definition,
            number=1,
            name=definition.name,
            owner=cast.manager,
            objective_id=things["published_objective"],
            perspective_id=things["perspective"],
        )
        for definition in definitions
    )
    for definition, version in zip(definitions, versions, strict=True):
        KpiDefinition.objects.filter(pk=definition.pk).update(current=version)
    ready = CardTemplate.objects.bulk_create(CardTemplate(name=f"Set {n}") for n in numbers)
    CardTemplateItem.objects.bulk_create(
        CardTemplateItem(template=one, definition=definition, weight=50) for one in ready for definition in definitions
    )
    KpiNote.objects.bulk_create(
        KpiNote(definition_id=things["kpi"], kind="question", text=f"Why {n}?", author=cast.lan) for n in numbers
    )
    latest = KpiVersion.objects.filter(definition_id=things["kpi"]).order_by("-number").first().number
    KpiVersion.objects.bulk_create(
        KpiVersion(definition_id=things["kpi"], number=latest + 1 + index, name="Revenue", created_by=cast.strategy)
        for index, _ in enumerate(numbers)
    )
    return versions


def add_initiatives(cast: Cast, things: dict, numbers: list[str]) -> None:
    """Initiatives with their steps and money, what waits for what, strengths and weaknesses, risks."""
    shown, days = things["published_objective"], {"starts_on": LONG_AGO, "due_on": STORY_DAY}
    made = Initiative.objects.bulk_create(
        Initiative(name=f"Work {n}", owner=cast.lan, budget_amount=1, **days) for n in numbers
    )
    InitiativeObjective.objects.bulk_create(InitiativeObjective(initiative=one, objective_id=shown) for one in made)
    InitiativeKpi.objects.bulk_create(
        InitiativeKpi(initiative_id=things["initiative"], kpi=kpi)
        for kpi in KpiDefinition.objects.order_by("-pk")[: len(numbers)]
    )
    for initiative in (*(one.pk for one in made), things["initiative"]):
        Milestone.objects.bulk_create(
            Milestone(initiative_id=initiative, name=f"Step {n}", due_on=STORY_DAY) for n in numbers
        )
        InitiativeBooking.objects.bulk_create(
            InitiativeBooking(initiative_id=initiative, booked_on=STORY_DAY, amount=1, note=n, booked_by=cast.manager)
            for n in numbers
        )
    main = things["initiative"]
    InitiativeWait.objects.bulk_create(InitiativeWait(initiative_id=main, waits_for=one) for one in made[:1])
    InitiativeWait.objects.bulk_create(InitiativeWait(initiative=one, waits_for_id=main) for one in made[1:])
    SwotItem.objects.bulk_create(SwotItem(kind="threat", text=f"Threat {n}", objective_id=shown) for n in numbers)
    risks = Risk.objects.bulk_create(
        Risk(objective_id=shown, name=f"Risk {n}", likelihood=2, impact=2, owner=cast.manager) for n in numbers
    )
    RiskJudgement.objects.bulk_create(
        RiskJudgement(risk=risk, judged_on=day, likelihood=2, impact=2)
        for risk in risks
        for day in (LONG_AGO, STORY_DAY)
    )

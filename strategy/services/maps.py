"""Strategy maps as a whole: begin one, describe it, load a published one as an example."""

import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from kpiapp.models import Member
from kpiapp.services import audit
from kpiapp.services.refusals import Refused
from strategy import catalogue
from strategy.choices import Aggregation, MapState, TargetAggregation
from strategy.models import CauseLink, Objective, Perspective, StrategyMap
from strategy.services import kpis
from strategy.services.initiatives import plan_initiative
from strategy.services.perspectives import ensure_perspectives, use_again

# Published maps say nothing of the dates of their initiatives.
A_YEAR = datetime.timedelta(days=364)


class MapRefused(Refused):
    """The map cannot be changed so; the message says why, and what to do."""


@transaction.atomic
def create_map(*, name: str, by: Member, vision: str = "", mission: str = "", core_values: str = "") -> StrategyMap:
    """An empty draft. Raises MapRefused for an empty name."""
    if not name.strip():
        raise MapRefused(_("Give the map a name."), field="name")
    ensure_perspectives()
    strategy_map = StrategyMap.objects.create(
        name=name.strip(), vision=vision, mission=mission, core_values=core_values
    )
    audit.record(action="map.create", target=strategy_map, by=by, after={"name": strategy_map.name})
    return strategy_map


@transaction.atomic
def describe_map(
    *, strategy_map: StrategyMap, name: str, vision: str, mission: str, by: Member, core_values: str = ""
) -> StrategyMap:
    """Change name, vision, mission and values. Raises MapRefused for an empty name or an archived map."""
    check_open(strategy_map)
    if not name.strip():
        raise MapRefused(_("Give the map a name."), field="name")
    after = {"name": name.strip(), "vision": vision, "mission": mission, "core_values": core_values}
    before = {field: getattr(strategy_map, field) for field in after}
    for field, value in after.items():
        setattr(strategy_map, field, value)
    strategy_map.save(update_fields=list(after))
    audit.record_changes(action="map.describe", target=strategy_map, by=by, before=before, after=after)
    return strategy_map


@transaction.atomic
def load_example_map(
    *,
    example: catalogue.ExampleMap,
    language: str,
    with_measures: bool,
    by: Member,
    initiatives_from: datetime.date | None = None,
) -> StrategyMap:
    """A draft of its own with the objectives and links of a published map, whatever maps there are already.

    `with_measures` makes its measures KPIs, `initiatives_from` plans its initiatives for the year from that day.
    """
    lanes = ensure_perspectives()
    strategy_map = StrategyMap.objects.create(name=example.name.of(language), vision=example.theme.of(language))
    use_again(list(lanes.values()))
    objectives = _example_objectives(example, strategy_map, lanes, language)
    CauseLink.objects.bulk_create(
        CauseLink(map=strategy_map, source=objectives[source], target=objectives[target])
        for source, target in example.links
    )
    if with_measures:
        for measure in example.measures:
            kpis.create_kpi(fields=_measure_fields(measure, objectives, language), by=by)
    for initiative in example.initiatives if initiatives_from else ():
        plan_initiative(
            name=initiative.name.of(language),
            starts_on=initiatives_from,
            due_on=initiatives_from + A_YEAR,
            objectives=[objectives[initiative.objective]],
            kpis=[],
            by=by,
        )
    audit.record(
        action="map.load_example",
        target=strategy_map,
        by=by,
        after={"example": example.code, "objectives": len(objectives), "links": len(example.links)},
    )
    return strategy_map


def check_open(strategy_map: StrategyMap) -> None:
    """Raises MapRefused for a map that is no draft: what everybody sees changes by publishing alone."""
    if strategy_map.state == MapState.ARCHIVED:
        raise MapRefused(_("This map is archived and stays as it was. Change the published one."))
    if strategy_map.state == MapState.PUBLISHED:
        raise MapRefused(_("This map is published. Open its draft, change that, and publish it."))


def _example_objectives(example, strategy_map, lanes: dict[str, Perspective], language) -> dict[str, Objective]:
    counts: dict[str, int] = {}
    made = {}
    for row in example.objectives:
        position = counts[row.perspective] = counts.get(row.perspective, -1) + 1
        made[row.code] = Objective(
            map=strategy_map,
            perspective=lanes[row.perspective],
            code=row.code,
            name=row.name.of(language),
            position=position,
        )
    Objective.objects.bulk_create(made.values())
    return made


def _measure_fields(measure: catalogue.ExampleMeasure, objectives: dict[str, Objective], language: str) -> dict:
    """Measures of a published map are levels: the last value counts."""
    objective = objectives[measure.objective]
    return {
        "name": measure.name.of(language),
        "objective": objective,
        "perspective": objective.perspective,
        "unit": measure.unit,
        "direction": measure.direction,
        "aggregation": Aggregation.LAST,
        "target_aggregation": TargetAggregation.LAST,
        "target": measure.target,
    }

"""A map as plain content: what a version keeps of it, and how it is drawn again."""

import datetime
from typing import Any

from kpiapp.models import Member
from strategy import queries
from strategy.models import CauseLink, MapVersion, Objective, Perspective, StrategyMap
from strategy.queries import MapView, ObjectiveView


def content_of(strategy_map: StrategyMap) -> dict[str, Any]:
    """The standing content of a map. An objective keeps one id for life: a draft's copy has that of the published one.

    People are kept as ids, so that erasing a person erases the name here, too.
    """
    objectives = list(Objective.objects.standing().filter(map=strategy_map).order_by("position", "pk"))
    identity = {one.pk: one.stands_for_id or one.pk for one in objectives}
    links = CauseLink.objects.standing().filter(map=strategy_map).order_by("pk")
    used = {one.perspective_id for one in objectives}
    lanes = [lane for lane in Perspective.objects.all() if lane.is_active or lane.pk in used]
    return {
        "name": strategy_map.name,
        "vision": strategy_map.vision,
        "mission": strategy_map.mission,
        "core_values": strategy_map.core_values,
        "is_arranged": strategy_map.is_arranged,
        "lanes": [{"id": lane.pk, "kind": lane.kind, "name": lane.name} for lane in lanes],
        "objectives": [
            {
                "id": identity[one.pk],
                "code": one.code,
                "name": one.name,
                "lane": one.perspective_id,
                "position": one.position,
                "theme": one.theme,
                "description": one.description,
                "owner": one.owner_id,
            }
            for one in objectives
        ],
        "links": [
            {
                "source": identity[link.source_id],
                "target": identity[link.target_id],
                "strength": link.strength,
                "lag_months": link.lag_months,
            }
            for link in links
        ],
    }


def write_version(
    *, strategy_map: StrategyMap, published_at: datetime.datetime, published_by: Member | None, note: str = ""
) -> MapVersion:
    """Keep what a published map says now as its next version."""
    last = strategy_map.versions.order_by("-number").first()
    return MapVersion.objects.create(
        map=strategy_map,
        number=last.number + 1 if last else 1,
        published_at=published_at,
        published_by=published_by,
        note=note,
        content=content_of(strategy_map),
    )


def view_of(content: dict) -> MapView:
    """The content as a map that can be drawn and read, from rows that are not in the database."""
    lanes = {
        lane["id"]: Perspective(pk=lane["id"], kind=lane["kind"], name=lane["name"], position=place)
        for place, lane in enumerate(content["lanes"])
    }
    owners = Member.objects.in_bulk({one["owner"] for one in content["objectives"] if one["owner"]})
    views = {}
    for one in content["objectives"]:
        objective = Objective(
            pk=one["id"],
            code=one["code"],
            name=one["name"],
            theme=one["theme"],
            description=one["description"],
            perspective=lanes[one["lane"]],
            owner=owners.get(one["owner"]),
            position=one["position"],
        )
        views[objective.pk] = ObjectiveView(objective)
    links = []
    for number, row in enumerate(content["links"], 1):
        source, target = views[row["source"]], views[row["target"]]
        link = CauseLink(
            pk=number,
            source=source.objective,
            target=target.objective,
            strength=row["strength"],
            lag_months=row["lag_months"],
        )
        links.append(link)
        source.drives.append(link)
        target.driven_by.append(link)
    strategy_map = StrategyMap(
        name=content["name"],
        vision=content["vision"],
        mission=content["mission"],
        core_values=content.get("core_values", ""),
        is_arranged=content["is_arranged"],
    )
    rows = queries.drawn_order(strategy_map, list(lanes.values()), [view.objective for view in views.values()], links)
    return MapView(strategy_map, [(lane, [views[o.pk] for o in rows[pk]]) for pk, lane in lanes.items()], links)

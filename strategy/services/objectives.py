"""Objectives of a map: add, edit, move, remove."""

import datetime
import re

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.models import Member
from kpiapp.services import audit
from strategy import queries
from strategy.models import KpiDefinition, Objective, Perspective, StrategyMap
from strategy.services.links import refuse_circle, refuse_downward
from strategy.services.maps import MapRefused, check_open

# First letter of a lane's codes: F1, C2, P3, L1.
LETTERS = {"financial": "F", "customer": "C", "process": "P", "learning": "L", "own": "X"}


class ObjectiveRefused(MapRefused):
    """The objective cannot be changed so; the message says why, and what to do."""


@transaction.atomic
def add_objective(
    *,
    strategy_map: StrategyMap,
    perspective: Perspective,
    name: str,
    by: Member,
    owner: Member | None = None,
    description: str = "",
    theme: str = "",
    code: str = "",
) -> Objective:
    """A new objective at the end of its lane. Raises ObjectiveRefused for an empty or a taken name or code."""
    strategy_map = _lock(strategy_map)
    others = list(Objective.objects.filter(map__in=[strategy_map.pk, strategy_map.draft_of_id]))
    _check_name(name, [other for other in others if other.map_id == strategy_map.pk])
    objective = Objective.objects.create(
        map=strategy_map,
        perspective=perspective,
        code=free_code(code, perspective, others),
        name=name.strip(),
        description=description,
        theme=theme,
        owner=owner,
        position=1 + max((o.position for o in others if o.perspective_id == perspective.pk), default=-1),
    )
    audit.record(action="objective.add", target=objective, by=by, after={**_shown(objective), "map": strategy_map.name})
    return objective


@transaction.atomic
def edit_objective(
    *, objective: Objective, name: str, owner: Member | None, by: Member, description: str = "", theme: str = ""
) -> Objective:
    """Change what an objective says and who owns it. Raises ObjectiveRefused for an empty or a taken name."""
    strategy_map = _lock(objective.map)
    _check_name(name, Objective.objects.filter(map=strategy_map).exclude(pk=objective.pk))
    before = _shown(objective)
    objective.name, objective.owner = name.strip(), owner
    objective.description, objective.theme = description, theme
    objective.save(update_fields=["name", "owner", "description", "theme", "search_key"])
    audit.record_changes(action="objective.edit", target=objective, by=by, before=before, after=_shown(objective))
    return objective


@transaction.atomic
def move_objective(*, objective: Objective, perspective: Perspective, position: int, by: Member) -> Objective:
    """Put an objective at a place (0 = leftmost) of a lane; from then on the map keeps the order people chose.

    Raises ObjectiveRefused when a link would then point down the map.
    """
    strategy_map = _lock(objective.map)
    lanes = queries.ordered_lanes(strategy_map)
    before = {"perspective": objective.perspective.label, "place": objective.position + 1}
    if perspective.pk != objective.perspective_id:
        for link in queries.links_of(objective):
            source = perspective if link.source_id == objective.pk else link.source.perspective
            target = perspective if link.target_id == objective.pk else link.target.perspective
            refuse_downward(link.source.name, source, link.target.name, target)
    for lane, row in lanes.items():
        row = [other for other in row if other.pk != objective.pk]
        if lane == perspective.pk:
            row.insert(max(0, min(position, len(row))), objective)
        for index, other in enumerate(row):
            other.position, other.perspective_id = index, lane
    everything = [other for row in lanes.values() for other in row if other.pk != objective.pk]
    objective.perspective = perspective
    Objective.objects.bulk_update([*everything, objective], ["position", "perspective"])
    StrategyMap.objects.filter(pk=strategy_map.pk).update(is_arranged=True)
    after = {"perspective": perspective.label, "place": objective.position + 1}
    audit.record(action="objective.move", target=objective, by=by, before=before, after=after)
    return objective


@transaction.atomic
def arrange_map(*, strategy_map: StrategyMap, by: Member, keep_order: bool = False) -> StrategyMap:
    """Give the order back to the drawing, which looks for the fewest crossings; or take the chosen one again."""
    strategy_map = _lock(strategy_map)
    strategy_map.is_arranged = keep_order
    strategy_map.save(update_fields=["is_arranged"])
    audit.record(action="map.arrange", target=strategy_map, by=by, after={"is_arranged": keep_order})
    return strategy_map


@transaction.atomic
def remove_objective(*, objective: Objective, at: datetime.datetime, by: Member) -> Objective:
    """Take an objective and its links off a draft, so that both can come back.

    Raises ObjectiveRefused while KPIs refer to it; publishing asks about those of the published one it stands for.
    """
    strategy_map = _lock(objective.map)
    used = KpiDefinition.objects.filter(versions__objective=objective).distinct().count()
    if used:
        sentence = ngettext(
            "%(count)d KPI serves “%(name)s”, now or in an older version. Rename the objective instead.",
            "%(count)d KPIs serve “%(name)s”, now or in an older version. Rename the objective instead.",
            used,
        )
        raise ObjectiveRefused(sentence % {"count": used, "name": objective.name})
    links = [f"{link.source.name} → {link.target.name}" for link in queries.links_of(objective)]
    before = {**_shown(objective), "map": strategy_map.name, "links": links}
    objective.retired_at = at
    objective.save(update_fields=["retired_at"])
    audit.record(action="objective.remove", target=objective, by=by, before=before)
    return objective


@transaction.atomic
def restore_objective(*, objective: Objective, by: Member) -> Objective:
    """Bring an objective back to a draft, with the links it had.

    Raises ObjectiveRefused when its name is taken by now, or LinkRefused when a link of it cannot be any more.
    """
    strategy_map = _lock(objective.map)
    _check_name(objective.name, Objective.objects.filter(map=strategy_map).exclude(pk=objective.pk))
    objective.retired_at = None
    objective.save(update_fields=["retired_at"])
    links = list(queries.links_of(objective))
    for link in links:
        refuse_downward(link.source.name, link.source.perspective, link.target.name, link.target.perspective)
        refuse_circle(link.source, link.target)
    told = [f"{link.source.name} → {link.target.name}" for link in links]
    after = {**_shown(objective), "map": strategy_map.name, "links": told}
    audit.record(action="objective.restore", target=objective, by=by, after=after)
    return objective


def _lock(strategy_map: StrategyMap) -> StrategyMap:
    """One change of a map at a time."""
    strategy_map = StrategyMap.objects.select_for_update().get(pk=strategy_map.pk)
    check_open(strategy_map)
    return strategy_map


def _check_name(name: str, others) -> None:
    name = name.strip()
    if not name:
        raise ObjectiveRefused(_("Say in a few words what is to be reached."), field="name")
    standing = (other for other in others if other.retired_at is None)
    same = next((other for other in standing if other.name.lower() == name.lower()), None)
    if same is not None:
        sentence = _("There is already an objective “%(name)s” on this map.")
        raise ObjectiveRefused(sentence % {"name": same.name}, field="name")


def free_code(code: str, perspective: Perspective, others: list[Objective]) -> str:
    """The wanted code, or the next one of the lane when it is empty or taken by one of the others."""
    taken = {other.code for other in others}
    if code.strip() and code.strip() not in taken:
        return code.strip()
    letter = LETTERS[perspective.kind]
    numbers = [int(match[1]) for match in (re.fullmatch(rf"{letter}(\d+)", other) for other in taken) if match]
    return f"{letter}{max(numbers, default=0) + 1}"


def _shown(objective: Objective) -> dict[str, str]:
    """What the audit trail tells about an objective."""
    return {
        "code": objective.code,
        "name": objective.name,
        "perspective": objective.perspective.label,
        "owner": objective.owner.name if objective.owner else "",
        "description": objective.description,
        "theme": objective.theme,
    }

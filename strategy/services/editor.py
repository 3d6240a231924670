"""The map editor's commands: each changes a draft through the services, and answers with the command that undoes it."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kpiapp.models import Member
from strategy import queries
from strategy.models import CauseLink, Objective, Perspective, StrategyMap
from strategy.services import links, objectives, perspectives
from strategy.services.maps import MapRefused


@dataclass(frozen=True)
class Done:
    """What a command did in a sentence, the command that takes it back, and what the drawing then puts first."""

    said: str
    undo: dict[str, Any] = field(default_factory=dict)
    # The id of an element of the drawing: "objective-5", "link-5-6" or "lane-3".
    focus: str = ""


@transaction.atomic
def run_command(
    *, strategy_map: StrategyMap, do: str, arguments: dict[str, Any], at: datetime.datetime, by: Member
) -> Done:
    """Run one command of the editor. Raises MapRefused when it cannot be; then nothing has changed."""
    command = COMMANDS.get(do)
    if command is None:
        raise MapRefused(_("The editor does not know this step. Load the page again."))
    return command(_Desk(strategy_map, arguments, at, by))


@dataclass(frozen=True)
class _Desk:
    """One command: the draft, what was sent with it, and who sent it when."""

    map: StrategyMap
    arguments: dict[str, Any]
    at: datetime.datetime
    by: Member

    def objective(self, name: str = "objective", *, retired: bool = False) -> Objective:
        found = Objective.objects.filter(map=self.map, pk=self.arguments.get(name)).select_related(
            "map", "perspective", "owner"
        )
        objective = found.first()
        if objective is None or (objective.retired_at is not None) is not retired:
            raise MapRefused(_("Somebody else has changed this objective. You see the map as it is now."))
        return objective

    def link(self) -> CauseLink:
        ends = {"source": self.arguments.get("objective"), "target": self.arguments.get("target")}
        links_here = CauseLink.objects.standing().filter(map=self.map, **ends)
        link = links_here.select_related("map", "source", "target").first()
        if link is None:
            raise MapRefused(_("Somebody else has removed this link. You see the map as it is now."))
        return link

    def lane(self, *, active: bool = True) -> Perspective:
        lane = Perspective.objects.filter(pk=self.arguments.get("lane"), is_active=active).first()
        if lane is None:
            raise MapRefused(_("This perspective is not there any more. You see the map as it is now."))
        return lane

    def text(self, name: str) -> str:
        return str(self.arguments.get(name) or "").strip()


def _add(desk: _Desk) -> Done:
    lane = desk.lane()
    made = objectives.add_objective(strategy_map=desk.map, perspective=lane, name=desk.text("name"), by=desk.by)
    said = _("Added “%(name)s” to %(lane)s.") % {"name": made.name, "lane": lane.label}
    return Done(said, {"do": "remove", "objective": made.pk}, _at(made))


def _rename(desk: _Desk) -> Done:
    objective = desk.objective()
    before = objective.name
    _edit(desk, objective, name=desk.text("name"))
    said = _("Renamed to “%(name)s”.") % {"name": objective.name}
    return Done(said, {"do": "rename", "objective": objective.pk, "name": before}, _at(objective))


def _set_theme(desk: _Desk) -> Done:
    objective = desk.objective()
    before = objective.theme
    _edit(desk, objective, theme=desk.text("theme"))
    said = _("Theme of “%(name)s”: %(theme)s.") % {"name": objective.name, "theme": objective.theme or "–"}
    return Done(said, {"do": "theme", "objective": objective.pk, "theme": before}, _at(objective))


def _edit(desk: _Desk, objective: Objective, **changes: str) -> None:
    fields = {name: getattr(objective, name) for name in ("name", "owner", "description", "theme")}
    objectives.edit_objective(objective=objective, by=desk.by, **{**fields, **changes})


def _move(desk: _Desk) -> Done:
    objective, lane = desk.objective(), desk.lane()
    rows = queries.ordered_lanes(desk.map)
    was = {
        "do": "move",
        "objective": objective.pk,
        "lane": objective.perspective_id,
        "position": [other.pk for other in rows[objective.perspective_id]].index(objective.pk),
    }
    objectives.move_objective(
        objective=objective, perspective=lane, position=desk.arguments.get("position") or 0, by=desk.by
    )
    words = {"name": objective.name, "lane": lane.label, "place": objective.position + 1}
    return Done(_("“%(name)s” is number %(place)s in %(lane)s.") % words, was, _at(objective))


def _remove(desk: _Desk) -> Done:
    objective = objectives.remove_objective(objective=desk.objective(), at=desk.at, by=desk.by)
    return Done(_("Removed “%(name)s”.") % {"name": objective.name}, {"do": "restore", "objective": objective.pk})


def _restore(desk: _Desk) -> Done:
    objective = objectives.restore_objective(objective=desk.objective(retired=True), by=desk.by)
    said = _("“%(name)s” is back.") % {"name": objective.name}
    return Done(said, {"do": "remove", "objective": objective.pk}, _at(objective))


def _link(desk: _Desk) -> Done:
    link = links.link_objectives(
        source=desk.objective(),
        target=desk.objective("target"),
        strength=desk.arguments.get("strength") or "medium",
        lag_months=desk.arguments.get("lag_months") or 0,
        by=desk.by,
    )
    return Done(_said_of(link), {"do": "unlink", **_ends(link)}, _at(link))


def _relink(desk: _Desk) -> Done:
    link = desk.link()
    was = {"do": "relink", **_ends(link), "strength": link.strength, "lag_months": link.lag_months}
    links.change_link(
        link=link,
        strength=desk.arguments.get("strength") or link.strength,
        lag_months=desk.arguments.get("lag_months") or 0,
        by=desk.by,
    )
    return Done(_said_of(link), was, _at(link))


def _unlink(desk: _Desk) -> Done:
    link = desk.link()
    was = {"do": "link", **_ends(link), "strength": link.strength, "lag_months": link.lag_months}
    said = _("“%(source)s” does not drive “%(target)s” any more.") % {
        "source": link.source.name,
        "target": link.target.name,
    }
    links.unlink(link=link, by=desk.by)
    return Done(said, was, _at(link.source))


def _arrange(desk: _Desk) -> Done:
    objectives.arrange_map(strategy_map=desk.map, by=desk.by)
    return Done(_("Arranged so that few links cross."), {"do": "keep_order"})


def _keep_order(desk: _Desk) -> Done:
    objectives.arrange_map(strategy_map=desk.map, keep_order=True, by=desk.by)
    return Done(_("The order you chose is back."), {"do": "arrange"})


def _rename_lane(desk: _Desk) -> Done:
    lane = desk.lane()
    was = {"do": "rename_lane", "lane": lane.pk, "name": lane.name}
    lane = perspectives.rename_perspective(perspective=lane, name=desk.text("name"), by=desk.by)
    return Done(_("The perspective is called “%(name)s” everywhere.") % {"name": lane.label}, was, _at(lane))


def _move_lane(desk: _Desk) -> Done:
    lane, up = desk.lane(), bool(desk.arguments.get("up"))
    before = lane.position
    perspectives.move_perspective(perspective=lane, up=up, by=desk.by)
    lane.refresh_from_db()
    if lane.position == before:
        raise MapRefused(_("“%(name)s” is at the edge of the map already.") % {"name": lane.label})
    said = _("“%(name)s” stands higher now.") if up else _("“%(name)s” stands lower now.")
    # "" is what a form of the browser says for no.
    return Done(said % {"name": lane.label}, {"do": "move_lane", "lane": lane.pk, "up": "" if up else "1"}, _at(lane))


def _add_lane(desk: _Desk) -> Done:
    lane = perspectives.add_perspective(name=desk.text("name"), by=desk.by)
    said = _("Added the perspective “%(name)s” at the foot of the map.") % {"name": lane.label}
    return Done(said, {"do": "remove_lane", "lane": lane.pk}, _at(lane))


def _remove_lane(desk: _Desk) -> Done:
    lane = desk.lane()
    perspectives.remove_perspective(perspective=lane, by=desk.by)
    said = _("The perspective “%(name)s” is off the map.") % {"name": lane.label}
    return Done(said, {"do": "restore_lane", "lane": lane.pk})


def _restore_lane(desk: _Desk) -> Done:
    lane = perspectives.restore_perspective(perspective=desk.lane(active=False), by=desk.by)
    said = _("The perspective “%(name)s” is back.") % {"name": lane.label}
    return Done(said, {"do": "remove_lane", "lane": lane.pk}, _at(lane))


def _at(one: Objective | CauseLink | Perspective) -> str:
    """The id by which the drawing knows it."""
    if isinstance(one, CauseLink):
        return f"link-{one.source_id}-{one.target_id}"
    return f"objective-{one.pk}" if isinstance(one, Objective) else f"lane-{one.pk}"


def _ends(link: CauseLink) -> dict[str, int]:
    return {"objective": link.source_id, "target": link.target_id}


def _said_of(link: CauseLink) -> str:
    return _("“%(source)s” drives “%(target)s”: %(strength)s, %(lag)s months.") % {
        "source": link.source.name,
        "target": link.target.name,
        "strength": str(link.get_strength_display()).lower(),
        "lag": link.lag_months,
    }


COMMANDS: dict[str, Callable[[_Desk], Done]] = {
    "add": _add,
    "rename": _rename,
    "theme": _set_theme,
    "move": _move,
    "remove": _remove,
    "restore": _restore,
    "link": _link,
    "relink": _relink,
    "unlink": _unlink,
    "arrange": _arrange,
    "keep_order": _keep_order,
    "rename_lane": _rename_lane,
    "move_lane": _move_lane,
    "add_lane": _add_lane,
    "remove_lane": _remove_lane,
    "restore_lane": _restore_lane,
}

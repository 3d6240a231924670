"""What two contents of a map (strategy.maps.snapshots) differ in: found out, and said in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from strategy.choices import LinkStrength, PerspectiveKind

# What is compared of an objective and of a link.
OBJECTIVE_FIELDS = ("name", "lane", "owner", "theme", "description")
LINK_FIELDS = ("strength", "lag_months")


@dataclass(frozen=True)
class Change:
    """One field of an objective or a link: what it said, and what it says."""

    field: str
    before: Any
    after: Any


@dataclass
class Differences:
    """From one content to another: objectives by id, links by (source, target)."""

    added: list[dict] = field(default_factory=list)
    removed: list[dict] = field(default_factory=list)
    changed: list[tuple[dict, list[Change]]] = field(default_factory=list)
    links_added: list[dict] = field(default_factory=list)
    links_removed: list[dict] = field(default_factory=list)
    links_changed: list[tuple[dict, list[Change]]] = field(default_factory=list)
    texts: list[Change] = field(default_factory=list)
    lanes_added: list[dict] = field(default_factory=list)
    lanes_removed: list[dict] = field(default_factory=list)
    lanes_renamed: list[tuple[dict, dict]] = field(default_factory=list)
    # The lanes that both have, from the top down, when that order is another one.
    lanes_reordered: list[dict] = field(default_factory=list)

    def marks(self) -> tuple[dict[int, str], dict[tuple[int, int], str]]:
        """How objectives, by id, and links, by their ends, are marked on a drawing."""
        objectives = {one["id"]: "added" for one in self.added}
        objectives |= {one["id"]: "removed" for one in self.removed}
        objectives |= {one["id"]: "changed" for one, _changes in self.changed}
        links = {(link["source"], link["target"]): "added" for link in self.links_added}
        links |= {(link["source"], link["target"]): "removed" for link in self.links_removed}
        links |= {(link["source"], link["target"]): "changed" for link, _changes in self.links_changed}
        return objectives, links


def compare(before: dict, after: dict) -> Differences:
    """What was added, removed and changed on the way from one content to another; places in a lane do not count."""
    found = Differences(texts=_changes(before, after, ("name", "vision", "mission", "core_values")))
    then, now = _by_id(before), _by_id(after)
    found.added = [one for key, one in now.items() if key not in then]
    found.removed = [one for key, one in then.items() if key not in now]
    for key, one in now.items():
        if key in then and (changes := _changes(then[key], one, OBJECTIVE_FIELDS)):
            found.changed.append((one, changes))
    old, new = _by_ends(before), _by_ends(after)
    found.links_added = [link for ends, link in new.items() if ends not in old]
    found.links_removed = [link for ends, link in old.items() if ends not in new]
    for ends, link in new.items():
        if ends in old and (changes := _changes(old[ends], link, LINK_FIELDS)):
            found.links_changed.append((link, changes))
    _compare_lanes(found, before["lanes"], after["lanes"])
    return found


def _compare_lanes(found: Differences, before: list[dict], after: list[dict]) -> None:
    then, now = ({lane["id"]: lane for lane in lanes} for lanes in (before, after))
    found.lanes_added = [lane for pk, lane in now.items() if pk not in then]
    found.lanes_removed = [lane for pk, lane in then.items() if pk not in now]
    both = [lane for pk, lane in now.items() if pk in then]
    found.lanes_renamed = [(then[lane["id"]], lane) for lane in both if then[lane["id"]]["name"] != lane["name"]]
    if [lane["id"] for lane in both] != [pk for pk in then if pk in now]:
        found.lanes_reordered = both


def renamed(content: dict, identity: Mapping[int, int]) -> dict:
    """The content with other ids of objectives; those that are not named keep theirs."""

    def now(pk: int) -> int:
        return identity.get(pk, pk)

    return {
        **content,
        "objectives": [{**one, "id": now(one["id"])} for one in content["objectives"]],
        "links": [{**link, "source": now(link["source"]), "target": now(link["target"])} for link in content["links"]],
    }


def _changes(before: dict, after: dict, fields: Iterable[str]) -> list[Change]:
    return [
        Change(name, before.get(name, ""), after.get(name, ""))
        for name in fields
        if before.get(name, "") != after.get(name, "")
    ]


def _by_id(content: dict) -> dict[int, dict]:
    return {one["id"]: one for one in content["objectives"]}


def _by_ends(content: dict) -> dict[tuple[int, int], dict]:
    return {(link["source"], link["target"]): link for link in content["links"]}


def union_of(before: dict, after: dict) -> dict:
    """Both contents in one, the later one's words first; links of the earlier one only where they can still be drawn.

    A link that now points the other way round would go in a circle or down the map: the words tell of it.
    """
    lanes = {lane["id"]: lane for lane in [*after["lanes"], *before["lanes"]]}
    objectives = {**_by_id(before), **_by_id(after)}
    place = {pk: index for index, pk in enumerate(lanes)}
    links = dict(_by_ends(after))
    for ends, link in _by_ends(before).items():
        source, target = (objectives[end] for end in ends)
        if place[target["lane"]] <= place[source["lane"]] and not _reaches(links, ends[1], ends[0]):
            links.setdefault(ends, link)
    return {
        **after,
        "lanes": list(lanes.values()),
        "objectives": list(objectives.values()),
        "links": list(links.values()),
    }


def _reaches(links: Iterable[tuple[int, int]], start: int, goal: int) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        if here == goal:
            return True
        following = {target for source, target in links if source == here} - seen
        seen |= following
        waiting += following
    return False


# --- in words -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """Sentences of one kind; `mark` is how the drawing marks them."""

    heading: str
    mark: str
    sentences: list[str]


def tell(found: Differences, before: dict, after: dict, people: Mapping[int, str]) -> list[Told]:
    """The differences in the reader's language, objectives first; `people` are names by id."""
    teller = _Teller(before, after, people)
    told = [
        Told(_("New objectives"), "added", [teller.objective(one) for one in found.added]),
        Told(_("Objectives taken off"), "removed", [teller.objective(one) for one in found.removed]),
        Told(
            _("Changed objectives"),
            "changed",
            [f"“{one['name']}”: {teller.changes(changes)}" for one, changes in found.changed],
        ),
        Told(_("New links"), "added", [teller.link(link) for link in found.links_added]),
        Told(_("Links taken off"), "removed", [teller.link(link) for link in found.links_removed]),
        Told(
            _("Changed links"),
            "changed",
            [f"{teller.ends(link)}: {teller.changes(changes)}" for link, changes in found.links_changed],
        ),
        Told(_("Perspectives"), "changed", _tell_lanes(found)),
        Told(_("The map itself"), "changed", [teller.changes([change]) for change in found.texts]),
    ]
    return [part for part in told if part.sentences]


def _tell_lanes(found: Differences) -> list[str]:
    sentences = [_("new: “%(name)s”") % {"name": lane_label(lane)} for lane in found.lanes_added]
    sentences += [_("taken off: “%(name)s”") % {"name": lane_label(lane)} for lane in found.lanes_removed]
    sentences += [f"“{lane_label(was)}” → “{lane_label(now)}”" for was, now in found.lanes_renamed]
    if found.lanes_reordered:
        order = ", ".join(lane_label(lane) for lane in found.lanes_reordered)
        sentences.append(_("from the top down: %(lanes)s") % {"lanes": order})
    return sentences


class _Teller:
    def __init__(self, before: dict, after: dict, people: Mapping[int, str]) -> None:
        self.people = people
        self.lanes = {lane["id"]: lane_label(lane) for lane in [*before["lanes"], *after["lanes"]]}
        self.names = {one["id"]: one["name"] for one in [*before["objectives"], *after["objectives"]]}
        self.fields = {
            "name": _("Name"),
            "vision": _("Vision"),
            "mission": _("Mission"),
            "core_values": _("Values"),
            "lane": _("Perspective"),
            "owner": _("Who is responsible"),
            "theme": _("Theme"),
            "description": _("Description"),
            "strength": _("Strength"),
            "lag_months": _("Months until the effect shows"),
        }

    def objective(self, one: dict) -> str:
        return f"“{one['name']}” ({self.lanes[one['lane']]})"

    def ends(self, link: dict) -> str:
        names = {"source": self.names[link["source"]], "target": self.names[link["target"]]}
        return _("“%(source)s” drives “%(target)s”") % names

    def link(self, link: dict) -> str:
        strength = str(LinkStrength(link["strength"]).label).lower()
        return f"{self.ends(link)} ({', '.join([strength, *self._lag(link['lag_months'])])})"

    def changes(self, changes: Iterable[Change]) -> str:
        return "; ".join(
            f"{self.fields[change.field]}: {self._value(change.field, change.before)}"
            f" → {self._value(change.field, change.after)}"
            for change in changes
        )

    def _lag(self, months: int) -> list[str]:
        return [ngettext("%(count)d month", "%(count)d months", months) % {"count": months}] if months else []

    def _value(self, name: str, value: Any) -> str:
        if value in (None, ""):
            return "–"
        if name == "lane":
            return self.lanes[value]
        if name == "owner":
            return self.people.get(value, "–")
        if name == "strength":
            return str(LinkStrength(value).label).lower()
        return str(value) if name == "lag_months" else f"“{value}”"


def lane_label(lane: dict) -> str:
    """Own name of a lane, else the usual one in the reader's language."""
    return lane["name"] or str(PerspectiveKind(lane["kind"]).label)

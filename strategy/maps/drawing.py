"""A map as the page draws it: the layout's coordinates joined with names, scores and addresses to be."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from kpiapp.decimals import format_percent
from kpiapp.templatetags.charts import status_word
from strategy import layout, queries
from strategy.models import CauseLink, Perspective
from strategy.queries import MapView, ObjectiveView

# What a sheet across leaves the drawing between title and legend: A4 in millimetres, A3 in the same proportions.
PAPER = (281, 180)


@dataclass(frozen=True)
class DrawnBox:
    """A box with the objective it stands for, its place in its lane, and what is read out for it."""

    box: layout.Box
    view: ObjectiveView
    place: int
    facts: str
    label: str
    mark: str = ""

    @property
    def middle(self) -> int:
        """Where links are drawn from and to."""
        return self.box.x + self.box.width // 2


@dataclass(frozen=True)
class DrawnEdge:
    """A curve with the link it stands for, and what is read out for it."""

    edge: layout.Edge
    link: CauseLink
    label: str
    mark: str = ""


@dataclass(frozen=True)
class Drawing:
    """A strategy map, ready for the template."""

    width: int
    height: int
    lanes: list[tuple[layout.Lane, Perspective]]
    boxes: list[DrawnBox]
    edges: list[DrawnEdge]
    crossings: int


@dataclass(frozen=True)
class Marks:
    """What is marked on a drawing of two versions: "added", "removed" or "changed" by objective, and by link's ends."""

    objectives: Mapping[int, str]
    links: Mapping[tuple[int, int], str]

    def word(self, objective: int) -> str:
        """The mark of an objective in the reader's language."""
        words = {"added": _("new"), "removed": _("taken off"), "changed": _("changed"), "": _("unchanged")}
        return words[self.objectives.get(objective, "")]


def draw(
    view: MapView,
    *,
    scored: bool = True,
    notes: Mapping[int, str] | None = None,
    marks: Marks | None = None,
    on_paper: bool = False,
) -> Drawing:
    """Draw a map. Every status stands there in words and in percent, never as a colour alone.

    `notes` are short facts more by objective, such as its initiatives. Without `scored` a box tells how many KPIs
    it has; one with `marks` tells those instead of both.
    """
    views = {item.objective.pk: item for item in view.objectives}
    facts = {pk: _facts(item, (notes or {}).get(pk, ""), scored, marks) for pk, item in views.items()}
    nodes = [
        [layout.Node(objective.pk, objective.name, facts[objective.pk], objective.theme) for objective in lane]
        for lane in queries.stored_order([item.objective for item in items] for _lane, items in view.lanes)
    ]
    edges = [
        layout.Link(link.pk, link.source_id, link.target_id, link.strength, lag_words(link)) for link in view.links
    ]
    picture = layout.draw_map(nodes, edges, keep_order=view.map.is_arranged, paper=PAPER if on_paper else None)
    places = {item.objective.pk: place for _lane, items in view.lanes for place, item in enumerate(items)}
    links = {link.pk: link for link in view.links}
    return Drawing(
        width=picture.width,
        height=picture.height,
        lanes=[(lane, perspective) for lane, (perspective, _items) in zip(picture.lanes, view.lanes, strict=True)],
        boxes=[
            DrawnBox(
                box,
                views[box.id],
                places[box.id],
                " · ".join(facts[box.id]),
                _box_words(views[box.id], facts[box.id]),
                marks.objectives.get(box.id, "") if marks else "",
            )
            for box in sorted(picture.boxes, key=lambda box: (box.y, box.x))
        ],
        edges=[
            DrawnEdge(
                edge,
                links[edge.id],
                _link_words(links[edge.id]),
                marks.links.get((edge.source, edge.target), "") if marks else "",
            )
            for edge in picture.edges
        ],
        crossings=picture.crossings,
    )


def lag_words(link: CauseLink) -> str:
    """The lag of a link, short enough to stand on it; "" for none."""
    if not link.lag_months:
        return ""
    return ngettext("%(count)d month", "%(count)d months", link.lag_months) % {"count": link.lag_months}


def _facts(item: ObjectiveView, note: str, scored: bool, marks: Marks | None) -> tuple[str, ...]:
    if marks is not None:
        return (item.objective.code, marks.word(item.objective.pk)) if marks.objectives else (item.objective.code,)
    facts = (_score_words(item) if scored else item.objective.code, item.kpi_words)
    return (*facts, note) if note else facts


def _box_words(item: ObjectiveView, facts: tuple[str, ...]) -> str:
    theme = [_("theme: %(theme)s") % {"theme": item.objective.theme}] if item.objective.theme else []
    return ", ".join([item.objective.name, *facts, *theme])


def _score_words(item: ObjectiveView) -> str:
    if item.score.percent is None:
        return status_word("none")
    percent = format_percent(item.score.percent, get_language() or "en", places=0)
    return f"{percent} {status_word(item.score.status)}"


def _link_words(link: CauseLink) -> str:
    words = _("%(source)s drives %(target)s: %(strength)s") % {
        "source": link.source.name,
        "target": link.target.name,
        "strength": str(link.get_strength_display()).lower(),
    }
    lag = lag_words(link)
    return f"{words}, {lag}" if lag else words

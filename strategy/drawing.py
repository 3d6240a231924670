"""A map as the page draws it: the layout's coordinates joined with names, scores and addresses to be."""

from dataclasses import dataclass

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from kpiapp.decimals import format_percent
from kpiapp.templatetags.charts import status_word
from strategy import layout, queries
from strategy.models import CauseLink, Perspective
from strategy.queries import MapView, ObjectiveView


@dataclass(frozen=True)
class DrawnBox:
    """A box with the objective it stands for, and what is read out for it."""

    box: layout.Box
    view: ObjectiveView
    label: str


@dataclass(frozen=True)
class DrawnEdge:
    """A curve with the link it stands for, and what is read out for it."""

    edge: layout.Edge
    link: CauseLink
    label: str


@dataclass(frozen=True)
class Drawing:
    """A strategy map, ready for the template."""

    width: int
    height: int
    lanes: list[tuple[layout.Lane, Perspective]]
    boxes: list[DrawnBox]
    edges: list[DrawnEdge]


def draw(view: MapView) -> Drawing:
    """Draw a map. Every status stands there in words and in percent, never as a colour alone."""
    views = {item.objective.pk: item for item in view.objectives}
    links = {link.pk: link for link in view.links}
    facts = {pk: (_score_words(item), item.kpi_words) for pk, item in views.items()}
    nodes = [
        [layout.Node(objective.pk, objective.name, facts[objective.pk]) for objective in lane]
        for lane in queries.stored_order([item.objective for item in items] for _lane, items in view.lanes)
    ]
    edges = [
        layout.Link(link.pk, link.source_id, link.target_id, link.strength, lag_words(link)) for link in view.links
    ]
    picture = layout.draw_map(nodes, edges, keep_order=view.map.is_arranged)
    return Drawing(
        width=picture.width,
        height=picture.height,
        lanes=[(lane, perspective) for lane, (perspective, _items) in zip(picture.lanes, view.lanes, strict=True)],
        boxes=[
            DrawnBox(box, views[box.id], ", ".join([views[box.id].objective.name, *facts[box.id]]))
            for box in picture.boxes
        ],
        edges=[DrawnEdge(edge, links[edge.id], _link_words(links[edge.id])) for edge in picture.edges],
    )


def lag_words(link: CauseLink) -> str:
    """The lag of a link, short enough to stand on it; "" for none."""
    if not link.lag_months:
        return ""
    return ngettext("%(count)d month", "%(count)d months", link.lag_months) % {"count": link.lag_months}


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

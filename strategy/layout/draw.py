"""From objectives and links to coordinates: sizes, rows, places, curves and labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from random import Random

from strategy.layout.columns import place_items
from strategy.layout.order import crossings, order_rows, sift_rows
from strategy.layout.rows import Item, Rows, build_rows
from strategy.layout.text import text_width, wrap

MIN_WIDTH, MIN_PAPER_WIDTH = 1120, 720
LANE_GAP, LANE_TOP, LANE_BOTTOM, ROW_GAP, EMPTY_LANE = 8, 36, 20, 56, 76
SIDE, ITEM_GAP, WIDE_GAP, PLACE_WIDTH = 24, 24, 112, 2
BOX_LEFT, BOX_RIGHT, BOX_TOP, BOX_BOTTOM = 18, 12, 13, 11
TITLE_LINE, META_LINE, META_SIZE, TITLE_LINES = 18, 17, 12, 3
BAND, BAND_SIZE = 20, 11
PORT_STEP, ARROW = 22, 3
LABEL_HEIGHT, LABEL_SIZE = 16, 11
# Most objectives in a lane → (box width, objectives in a row, font size of the title).
SIZES = ((5, (204, 5, 13)), (12, (178, 6, 13)))
CROWDED = (156, 8, 12)
# On paper whatever makes the letters largest: (box width, font size), lanes broken into so many rows, at most so long.
PAPER_BOXES, PAPER_ROWS, LONGEST_ROW = ((156, 12), (178, 13), (204, 13)), (1, 2, 3), 12
# How many times the drawing starts anew to find fewer crossings: objectives it may touch in all, and the least starts.
EFFORT, LEAST_STARTS = 400, 3
STROKES = {"weak": "1", "medium": "1.75", "strong": "3.25"}


@dataclass(frozen=True, slots=True)
class Node:
    """An objective to draw: its name, short facts that stand under it, and a word on the band at its foot."""

    id: int
    title: str
    facts: tuple[str, ...] = ()
    band: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A cause link to draw; `label` is a short text on it, such as its lag."""

    id: int
    source: int
    target: int
    strength: str = "medium"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: where its baseline begins."""

    x: int
    y: int
    text: str


@dataclass(frozen=True, slots=True)
class Box:
    """An objective on the map."""

    id: int
    x: int
    y: int
    width: int
    height: int
    titles: tuple[Line, ...]
    facts: tuple[Line, ...]
    font: int
    # The foot of the box, as high as BAND.
    band: Line | None


@dataclass(frozen=True, slots=True)
class Edge:
    """A link on the map: an SVG path, how thick it is, and its label with the middle it is written around."""

    id: int
    source: int
    target: int
    path: str
    stroke: str
    label: str
    label_x: int
    label_y: int


@dataclass(frozen=True, slots=True)
class Lane:
    """A perspective on the map; the index is its place from the top."""

    index: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole map in pixels."""

    width: int
    height: int
    lanes: tuple[Lane, ...]
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    crossings: int


def draw_map(
    lanes: Sequence[Sequence[Node]],
    links: Sequence[Link],
    *,
    keep_order: bool = False,
    paper: tuple[int, int] | None = None,
) -> Picture:
    """The picture of lanes (top first) and links, which point up or inside a lane and hold no circle.

    With `keep_order` objectives stay left to right as given; else the drawing looks for the fewest crossings.
    With `paper`, the proportions of a sheet, it is as large as can be there, and not made for a screen.
    """
    if paper is None:
        return _draw(lanes, links, _sizes(lanes), keep_order, MIN_WIDTH)
    pictures = [_draw(lanes, links, sizes, keep_order, MIN_PAPER_WIDTH) for sizes in _paper_sizes(lanes)]
    return min(pictures, key=lambda picture: max(picture.width * paper[1], picture.height * paper[0]))


def _draw(
    lanes: Sequence[Sequence[Node]],
    links: Sequence[Link],
    sizes: tuple[int, int, int],
    keep_order: bool,
    least_width: int,
) -> Picture:
    box_width, per_row, font = sizes
    rows = _rows(lanes, links, per_row, keep_order)

    def width_of(item: Item) -> int:
        return PLACE_WIDTH if isinstance(item, tuple) else box_width

    widest = max((sum(map(width_of, row)) + ITEM_GAP * (len(row) - 1) for row in rows.rows), default=0)
    width = max(least_width, widest + 2 * SIDE)
    wide = _wide_gap(rows, width_of, width - 2 * SIDE)

    def gap_of(left: Item, right: Item) -> int:
        return ITEM_GAP if isinstance(left, tuple) or isinstance(right, tuple) else wide

    inner = place_items(rows, width_of, gap_of=gap_of, width=width - 2 * SIDE)
    centres = {item: centre + SIDE for item, centre in inner.items()}
    nodes = {node.id: node for lane in lanes for node in lane}
    texts = {node.id: _texts(node, box_width, font) for node in nodes.values()}
    drawn_lanes, tops, heights, height = _stack(rows, texts, len(lanes), nodes)
    boxes = tuple(
        _box(nodes[node], centres[node], tops[index], heights[index], box_width, font, texts[node])
        for index, row in enumerate(rows.rows)
        for node in row
        if not isinstance(node, tuple)
    )
    edges = _edges(rows, links, centres, tops, heights, box_width)
    return Picture(width, height, drawn_lanes, boxes, edges, crossings(rows))


def order_lanes(lanes: Sequence[Sequence[Node]], links: Sequence[Link]) -> list[list[int]]:
    """Ids of every lane's objectives in the order they are drawn: upper row first, left to right."""
    rows = _rows(lanes, links, _sizes(lanes)[1], keep_order=False)
    ordered: list[list[int]] = [[] for _ in lanes]
    for lane, row in zip(reversed(rows.lane_of_row), reversed(rows.rows), strict=True):
        ordered[lane] += [item for item in row if not isinstance(item, tuple)]
    return ordered


def _sizes(lanes: Sequence[Sequence[Node]]) -> tuple[int, int, int]:
    largest = max((len(lane) for lane in lanes), default=0)
    return next((sizes for limit, sizes in SIZES if largest <= limit), CROWDED)


def _paper_sizes(lanes: Sequence[Sequence[Node]]) -> list[tuple[int, int, int]]:
    largest = max((len(lane) for lane in lanes), default=0)
    lengths = {-(-largest // rows) for rows in PAPER_ROWS}
    shorter = [length for length in lengths if 0 < length <= LONGEST_ROW] or [LONGEST_ROW]
    return [(width, length, font) for length in sorted(shorter) for width, font in PAPER_BOXES]


def _rows(lanes: Sequence[Sequence[Node]], links: Sequence[Link], per_row: int, keep_order: bool) -> Rows:
    ids = tuple(tuple(node.id for node in lane) for lane in lanes)
    return _ordered_rows(ids, tuple((link.source, link.target) for link in links), per_row, keep_order)


@lru_cache(maxsize=256)
def _ordered_rows(
    ids: tuple[tuple[int, ...], ...], pairs: tuple[tuple[int, int], ...], per_row: int, keep_order: bool
) -> Rows:
    """Ordered rows, which nobody changes afterwards: a map is shown far more often than it is changed.

    Which row an objective stands in decides much, so several shuffled starts are compared; seeded, so that the
    same map is always drawn the same.
    """
    rows = build_rows(ids, pairs, per_row)
    order_rows(rows, keep=keep_order)
    fewest = crossings(rows)
    if not keep_order and fewest:
        # Never worse than the order in which the objectives came.
        given = _ordered_rows(ids, pairs, per_row, keep_order=True)
        if crossings(given) < fewest:
            rows, fewest = given.copy(), crossings(given)
    starts = max(LEAST_STARTS, EFFORT // max(1, sum(map(len, ids))))
    for start in range(0 if keep_order else starts):
        if not fewest:
            break
        shuffled = [Random(start).sample(lane, len(lane)) for lane in ids]  # noqa: S311  (a drawing, no secret)
        other = build_rows(shuffled, pairs, per_row)
        order_rows(other, keep=False)
        count = crossings(other)
        if count < fewest:
            rows, fewest = other, count
    if not keep_order:
        sift_rows(rows)
    return rows


def _wide_gap(rows: Rows, width_of: Callable[[Item], int], width: int) -> int:
    """The distance between boxes that every row has room for, so that a small map fills its picture."""
    gaps = [WIDE_GAP]
    for row in rows.rows:
        spare = width - sum(map(width_of, row)) - ITEM_GAP * (len(row) - 1)
        pairs = sum(not isinstance(one, tuple) and not isinstance(other, tuple) for one, other in pairwise(row))
        gaps.append(ITEM_GAP + spare // max(pairs, 1))
    return max(ITEM_GAP, min(gaps))


def _texts(node: Node, box_width: int, font: int) -> tuple[list[str], list[str]]:
    room = box_width - BOX_LEFT - BOX_RIGHT
    facts: list[str] = []
    for fact in filter(None, node.facts):
        joined = f"{facts[-1]} · {fact}" if facts else fact
        if facts and text_width(joined, META_SIZE) <= room:
            facts[-1] = joined
        else:
            facts += wrap(fact, META_SIZE, room, 1)
    return wrap(node.title, font, room, TITLE_LINES), facts


def _stack(
    rows: Rows, texts: dict[int, tuple[list[str], list[str]]], lanes: int, nodes: dict[int, Node]
) -> tuple[tuple[Lane, ...], list[int], list[int], int]:
    """Lanes from the top down, and top and height of every row; boxes of a row are equally high."""
    tops, heights = [0] * len(rows.rows), [0] * len(rows.rows)
    drawn = []
    y = 0
    for lane in range(lanes):
        begin = y
        y += LANE_TOP
        members = [i for i in range(len(rows.rows) - 1, -1, -1) if rows.lane_of_row[i] == lane]
        for position, index in enumerate(members):
            lines = [
                len(texts[item][0]) * TITLE_LINE + len(texts[item][1]) * META_LINE + (BAND if nodes[item].band else 0)
                for item in rows.rows[index]
                if not isinstance(item, tuple)
            ]
            heights[index] = max(lines) + BOX_TOP + BOX_BOTTOM if lines else EMPTY_LANE - LANE_TOP - LANE_BOTTOM
            tops[index] = y
            y += heights[index] + (ROW_GAP if position < len(members) - 1 else 0)
        y += LANE_BOTTOM
        drawn.append(Lane(lane, begin, y - begin))
        y += LANE_GAP
    return tuple(drawn), tops, heights, max(0, y - LANE_GAP)


def _box(
    node: Node, centre: int, top: int, height: int, width: int, font: int, texts: tuple[list[str], list[str]]
) -> Box:
    left = centre - width // 2
    titles, facts = texts
    y = top + BOX_TOP + font
    return Box(
        id=node.id,
        x=left,
        y=top,
        width=width,
        height=height,
        titles=tuple(Line(left + BOX_LEFT, y + index * TITLE_LINE, text) for index, text in enumerate(titles)),
        facts=tuple(
            Line(left + BOX_LEFT, y + 2 + len(titles) * TITLE_LINE + index * META_LINE, text)
            for index, text in enumerate(facts)
        ),
        font=font,
        band=Line(left + BOX_LEFT, top + height - 6, wrap(node.band, BAND_SIZE, width - BOX_LEFT - BOX_RIGHT, 1)[0])
        if node.band
        else None,
    )


def _edges(
    rows: Rows, links: Sequence[Link], centres: dict[Item, int], tops: list[int], heights: list[int], box_width: int
) -> tuple[Edge, ...]:
    leaving = _ports(rows, centres, box_width, end=False)
    arriving = _ports(rows, centres, box_width, end=True)
    edges, labels = [], []
    for number, link in enumerate(links):
        way = rows.ways[number]
        points = [(centres[item], tops[rows.row_of_item(item)], heights[rows.row_of_item(item)]) for item in way]
        path, middles = _curve(points, leaving[number], arriving[number])
        middle = _free_middle(link.label, middles, labels)
        edges.append(Edge(link.id, link.source, link.target, path, STROKES[link.strength], link.label, *middle))
    return tuple(edges)


def _ports(rows: Rows, centres: dict[Item, int], box_width: int, *, end: bool) -> dict[int, int]:
    """Where each link leaves (or arrives at) its box: side by side, in the order of where they come from or go to."""
    at: dict[Item, list[tuple[int, int]]] = {}
    for number, way in rows.ways.items():
        box, beside = (way[-1], way[-2]) if end else (way[0], way[1])
        at.setdefault(box, []).append((centres[beside], number))
    ports = {}
    for box, links in at.items():
        step = min(PORT_STEP, (box_width - 48) // max(1, len(links) - 1))
        for index, (_, number) in enumerate(sorted(links)):
            ports[number] = centres[box] + step * index - step * (len(links) - 1) // 2
    return ports


def _curve(points: list[tuple[int, int, int]], start: int, end: int) -> tuple[str, list[tuple[int, int]]]:
    """An SVG path up through the rows, bending only between them, and the middles of its bends."""
    x, y = start, points[0][1]
    path, middles = [f"M{x} {y}"], []
    for index, (centre, top, height) in enumerate(points[1:], 1):
        last = index == len(points) - 1
        to_x, to_y = (end, top + height + ARROW) if last else (centre, top + height)
        bend = (y + to_y) // 2
        path.append(f"C{x} {bend} {to_x} {bend} {to_x} {to_y}" if x != to_x else f"V{to_y}")
        middles.append(((x + to_x) // 2, bend))
        x, y = to_x, to_y
        if not last:
            y = top
            path.append(f"V{y}")
    return "".join(path), middles


def _free_middle(label: str, middles: list[tuple[int, int]], taken: list[tuple[int, int, int]]) -> tuple[int, int]:
    """The first bend where the label touches no other label, or a place above or below one."""
    half = text_width(label, LABEL_SIZE) // 2 + 3
    beside = [(x, y + way * LABEL_HEIGHT) for way in (1, -1) for x, y in middles]
    for x, y in [*middles, *beside]:
        if label and all(abs(x - a) >= half + b or abs(y - c) >= LABEL_HEIGHT for a, b, c in taken):
            taken.append((x, half, y))
            return x, y
    return middles[0]

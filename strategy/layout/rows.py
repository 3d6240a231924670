"""Rows of a map: in a lane what drives stands below what is driven; long links keep a place in rows they pass."""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

# A place that a link keeps free in a row it passes: (link index, row index).
Place = tuple[int, int]
Item = int | Place


@dataclass
class Rows:
    """Rows from the bottom of the map to its top, each left to right, and the way every link takes through them."""

    rows: list[list[Item]]
    lane_of_row: list[int]
    row_of: dict[int, int]
    # Link index → the items it goes through, source and target included.
    ways: dict[int, list[Item]] = field(default_factory=dict)

    def gaps(self) -> list[list[tuple[Item, Item]]]:
        """Pieces of links between row i and row i + 1, for every i."""
        pieces: list[list[tuple[Item, Item]]] = [[] for _ in self.rows]
        for way in self.ways.values():
            for below, above in itertools.pairwise(way):
                pieces[self.row_of_item(below)].append((below, above))
        return pieces

    def copy(self) -> "Rows":
        """The same rows, to be reordered."""
        return replace(self, rows=[list(row) for row in self.rows])

    def row_of_item(self, item: Item) -> int:
        """Row of an objective or of a link's place."""
        return item[1] if isinstance(item, tuple) else self.row_of[item]


def build_rows(lanes: Sequence[Sequence[int]], links: Sequence[tuple[int, int]], per_row: int) -> Rows:
    """Rows for lanes given top first, each as its objectives in order; links point up and hold no circle."""
    lane_of = {node: index for index, lane in enumerate(lanes) for node in lane}
    rows: list[list[Item]] = []
    lane_of_row: list[int] = []
    row_of: dict[int, int] = {}
    for index in range(len(lanes) - 1, -1, -1):
        for row in _rows_of_lane(lanes[index], links, lane_of, per_row):
            row_of.update(dict.fromkeys(row, len(rows)))
            rows.append(list(row))
            lane_of_row.append(index)
    built = Rows(rows, lane_of_row, row_of)
    for number, (source, target) in enumerate(links):
        places: list[Item] = [(number, row) for row in range(row_of[source] + 1, row_of[target])]
        for place in places:
            rows[built.row_of_item(place)].append(place)
        built.ways[number] = [source, *places, target]
    return built


def _rows_of_lane(
    lane: Sequence[int], links: Sequence[tuple[int, int]], lane_of: dict[int, int], per_row: int
) -> list[list[int]]:
    """Rows of one lane, bottom first: ranks by the links inside it, wide ranks cut, free objectives fill the gaps."""
    if not lane:
        return [[]]
    inside = [(s, t) for s, t in links if s in lane and lane_of[s] == lane_of[t]]
    linked = {node for link in inside for node in link}
    ranks = _ranks([node for node in lane if node in linked], inside)
    rows: list[list[int]] = []
    for rank in range(max(ranks.values(), default=-1) + 1):
        members = [node for node in lane if ranks.get(node) == rank]
        rows += [members[start : start + per_row] for start in range(0, len(members), per_row)][::-1]
    rows += [[] for _ in range(-(-len(lane) // per_row) - len(rows))]
    free = [node for node in lane if node not in linked]
    room = [0] * len(rows)
    for _ in free:
        room[min(range(len(rows)), key=lambda index: (len(rows[index]) + room[index], index))] += 1
    # Top row first, so that the order read off the drawing gives the same drawing again.
    for row, count in zip(reversed(rows), reversed(room), strict=True):
        row += free[:count]
        free = free[count:]
    return [sorted(row, key=list(lane).index) for row in rows]


def _ranks(nodes: Sequence[int], links: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Length of the longest way to each objective from one that nothing drives."""
    causes = defaultdict(list)
    for source, target in links:
        causes[target].append(source)
    ranks: dict[int, int] = {}

    def rank(node: int) -> int:
        if node not in ranks:
            ranks[node] = max((1 + rank(cause) for cause in causes[node]), default=0)
        return ranks[node]

    for node in nodes:
        rank(node)
    return ranks

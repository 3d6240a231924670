"""The order inside rows with few crossings: sweeps towards the mean of the neighbours, swaps of neighbours, moves."""

from bisect import bisect_right, insort
from collections import defaultdict

from strategy.layout.rows import Item, Rows

SWEEPS, ROUNDS = 12, 4
# Positions are compared as whole thousandths, so that the same map is always drawn the same.
SCALE = 1000


def order_rows(rows: Rows, *, keep: bool) -> None:
    """Reorder the rows in place. With `keep`, objectives stay in the order given and only links look for a way."""
    below, above = _neighbours(rows)
    best, fewest = [list(row) for row in rows.rows], crossings(rows)
    for sweep in range(SWEEPS):
        upwards = sweep % 2 == 0
        neighbours = below if upwards else above
        indexes = range(1, len(rows.rows)) if upwards else range(len(rows.rows) - 2, -1, -1)
        for index in indexes:
            beside = rows.rows[index - 1 if upwards else index + 1]
            _sort_row(rows.rows[index], {item: place for place, item in enumerate(beside)}, neighbours, keep)
        count = crossings(rows)
        if count < fewest:
            best, fewest = [list(row) for row in rows.rows], count
        if not fewest:
            break
    rows.rows[:] = best
    if not keep:
        _swap_neighbours(rows, below, above)


def sift_rows(rows: Rows) -> None:
    """Put every item at the place of its row with the fewest crossings, until a round changes nothing."""
    below, above = _neighbours(rows)
    for _ in range(ROUNDS):
        moved = False
        for index, row in enumerate(rows.rows):
            around = _ends_around(rows, index, below, above)
            for item in list(row):
                here, others = row.index(item), [other for other in row if other != item]
                # Crossings more or fewer than at the far left, place by place.
                costs = [0]
                for other in others:
                    pairs = ((ends[other], ends[item]) for ends in around)
                    costs.append(costs[-1] + sum(_pair_crossings(o, i) - _pair_crossings(i, o) for o, i in pairs))
                if min(costs) < costs[here]:
                    others.insert(costs.index(min(costs)), item)
                    row[:] = others
                    moved = True
        if not moved:
            return


def crossings(rows: Rows) -> int:
    """How often links cross between rows."""
    total = 0
    for index, gap in enumerate(rows.gaps()[:-1]):
        low = {item: place for place, item in enumerate(rows.rows[index])}
        high = {item: place for place, item in enumerate(rows.rows[index + 1])}
        seen: list[int] = []
        for _, end in sorted((low[lower], high[upper]) for lower, upper in gap):
            total += len(seen) - bisect_right(seen, end)
            insort(seen, end)
    return total


def _sort_row(row: list[Item], places: dict[Item, int], neighbours: dict[Item, list[Item]], keep: bool) -> None:
    """Sort one row by the mean place of its neighbours; an item without neighbours keeps its own place."""
    key = {}
    for index, item in enumerate(row):
        near = [places[other] for other in neighbours[item]]
        key[item] = SCALE * sum(near) // len(near) if near else SCALE * index
    if not keep:
        row.sort(key=key.__getitem__)
        return
    fixed = [item for item in row if not isinstance(item, tuple)]
    free = sorted((item for item in row if isinstance(item, tuple)), key=key.__getitem__)
    merged: list[Item] = []
    reach = -1
    for item in fixed:
        reach = max(reach, key[item])
        while free and key[free[0]] < reach:
            merged.append(free.pop(0))
        merged.append(item)
    row[:] = [*merged, *free]


def _swap_neighbours(rows: Rows, below: dict[Item, list[Item]], above: dict[Item, list[Item]]) -> None:
    """Swap two neighbours wherever that leaves fewer crossings, until a round changes nothing."""
    for _ in range(SWEEPS):
        swapped = False
        for index, row in enumerate(rows.rows):
            around = _ends_around(rows, index, below, above)
            for place in range(len(row) - 1):
                left, right = row[place], row[place + 1]
                now = sum(_pair_crossings(ends[left], ends[right]) for ends in around)
                then = sum(_pair_crossings(ends[right], ends[left]) for ends in around)
                if then < now:
                    row[place], row[place + 1] = right, left
                    swapped = True
        if not swapped:
            return


def _neighbours(rows: Rows) -> tuple[dict[Item, list[Item]], dict[Item, list[Item]]]:
    """For every item, those it is linked with in the row below, and in the row above."""
    below: dict[Item, list[Item]] = defaultdict(list)
    above: dict[Item, list[Item]] = defaultdict(list)
    for gap in rows.gaps():
        for lower, upper in gap:
            below[upper].append(lower)
            above[lower].append(upper)
    return below, above


def _ends_around(
    rows: Rows, index: int, below: dict[Item, list[Item]], above: dict[Item, list[Item]]
) -> list[dict[Item, list[int]]]:
    """For every item of a row, the sorted places of its neighbours: in the row below, then in the row above."""
    around = []
    for near, step in ((below, -1), (above, 1)):
        if 0 <= index + step < len(rows.rows):
            places = {item: place for place, item in enumerate(rows.rows[index + step])}
            around.append({item: sorted(places[other] for other in near[item]) for item in rows.rows[index]})
    return around


def _pair_crossings(left: list[int], right: list[int]) -> int:
    """Crossings of the links of two neighbours, the ends sorted."""
    return sum(len(left) - bisect_right(left, end) for end in right)

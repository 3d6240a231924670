"""Where the items of ordered rows stand from left to right: near their neighbours, never on each other."""

import itertools
from collections import defaultdict
from collections.abc import Callable

from strategy.layout.rows import Item, Rows

SWEEPS = 10


def place_items(
    rows: Rows, width_of: Callable[[Item], int], *, gap_of: Callable[[Item, Item], int], width: int
) -> dict[Item, int]:
    """Centre of every item, in pixels from the left; `width` is wide enough for every row.

    `gap_of` is the least distance between two neighbours. What is placed stands in the middle of the width.
    """
    near = defaultdict(list)
    for pieces in rows.gaps():
        for lower, upper in pieces:
            near[lower].append(upper)
            near[upper].append(lower)
    centres: dict[Item, int] = {}
    for row in rows.rows:
        # To begin with, evenly over the whole width.
        step = width // max(len(row), 1)
        wanted = {item: step * index + step // 2 for index, item in enumerate(row)}
        _settle(row, wanted, width_of, gap_of, width, centres)
    for sweep in range(SWEEPS):
        order = rows.rows if sweep % 2 == 0 else rows.rows[::-1]
        for row in order:
            wanted = {
                item: sum(centres[other] for other in near[item]) // len(near[item]) if near[item] else centres[item]
                for item in row
            }
            _settle(row, wanted, width_of, gap_of, width, centres)
    left = min((centre - width_of(item) // 2 for item, centre in centres.items()), default=0)
    right = max((centre + width_of(item) // 2 for item, centre in centres.items()), default=width)
    shift = (width - right - left) // 2
    return {item: centre + shift for item, centre in centres.items()}


def _settle(
    row: list[Item],
    wanted: dict[Item, int],
    width_of: Callable[[Item], int],
    gap_of: Callable[[Item, Item], int],
    width: int,
    centres: dict[Item, int],
) -> None:
    """Give the items of a row the places nearest to the wanted ones (least squares) that keep order and distance."""
    if not row:
        return
    offsets = [0]
    for left, right in itertools.pairwise(row):
        offsets.append(offsets[-1] + (width_of(left) + width_of(right)) // 2 + gap_of(left, right))
    # Pool adjacent violators: without the offsets the places must not fall. A block is [sum, count].
    blocks: list[list[int]] = []
    for item, offset in zip(row, offsets, strict=True):
        blocks.append([wanted[item] - offset, 1])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] > blocks[-1][0] * blocks[-2][1]:
            total, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += count
    lowest = width_of(row[0]) // 2
    highest = width - width_of(row[-1]) // 2 - offsets[-1]
    index = 0
    for total, count in blocks:
        start = max(lowest, min(highest, total // count))
        for _ in range(count):
            centres[row[index]] = start + offsets[index]
            index += 1

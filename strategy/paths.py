"""Ways through what leads to what: pure, for saying why a circle cannot be."""

from collections.abc import Iterable, Mapping


def find_path(onwards: Mapping[int, Iterable[int]], start: int, goal: int) -> list[int]:
    """The shortest way from start to goal, both included; [] when there is none."""
    came_from: dict[int, int | None] = {start: None}
    waiting = [start]
    while waiting:
        here = waiting.pop(0)
        if here == goal:
            path: list[int] = []
            step: int | None = here
            while step is not None:
                path.append(step)
                step = came_from[step]
            return path[::-1]
        for there in onwards.get(here, ()):
            if there not in came_from:
                came_from[there] = here
                waiting.append(there)
    return []

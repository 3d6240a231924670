"""Which figures do not hold: read from the lines that the benchmarks print, beside passing them on."""

import json
from typing import Any, TextIO

LIMITS = {"at_most": lambda value, limit: value <= limit, "at_least": lambda value, limit: value >= limit}
# What says of which figure a line is, rather than how large it is.
LABELS = ("page", "people", "over")


class Reader:
    """Stands before standard output; `broken` says of each figure that does not hold what it is and should be."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.broken: list[str] = []
        self._begun = ""

    def write(self, text: str) -> int:
        """Pass it on, and look at each line that is complete."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self.broken += misses(line)
        return self.out.write(text)

    def flush(self) -> None:
        """Pass it on."""
        self.out.flush()

    def summary(self) -> str:
        """The last line of a run."""
        if not self.broken:
            return "Every figure holds."
        return f"Figures that do not hold ({len(self.broken)}): {'; '.join(self.broken)}"


def misses(line: str) -> list[str]:
    """What a printed figure promises and does not keep. A limit without a name is that of the value before it."""
    figure = _figure(line)
    found = []
    for word, holds in LIMITS.items():
        limits = figure.get(word, {})
        if not isinstance(limits, dict):
            names = list(figure)
            limits = {names[names.index(word) - 1]: limits}
        for name, limit in limits.items():
            if not holds(figure[name], limit):
                what = " ".join(str(figure[key]) for key in ("figure", *LABELS) if key in figure)
                found.append(f"{what}: {name} {figure[name]}, {word.replace('_', ' ')} {limit}")
    return found


def _figure(line: str) -> dict[str, Any]:
    """A line as a figure; nothing where it is other text."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) and "figure" in found else {}

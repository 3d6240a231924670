"""The shape of an explanation: a number, and every step that led to it, in the reader's words."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Source:
    """Where a step's input can be looked at: a label and an address."""

    label: str
    url: str


@dataclass(frozen=True)
class Step:
    """One step: what it gives, what it did in words, and where its inputs come from."""

    title: str
    value: str
    text: str
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """Why a number is what it is: from the number down to what was typed. `kpiapp/why.html` shows it."""

    title: str
    intro: str
    steps: tuple[Step, ...]
    lift: str = ""
    crumbs: tuple[Source, ...] = field(default=())
    # What it is about, for questions: a key of kpiapp.registry.NUMBERS, and an id.
    about: tuple[str, int] | None = None

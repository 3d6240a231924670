"""The library that ships: KPIs, ready cards and published strategy maps, in both languages, read once from YAML."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import get_language

from kpiapp.text import search_key

LIBRARY = Path(__file__).with_name("library")
SIGNS = {"*": "×", "/": "÷", "-": "−", "+": "+"}
# Counts and money are written without decimals; a quotient, a mean, a percent or hours with two.
PRECISE_UNITS = frozenset({"%", "hours", "x"})


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages; as a string it is in the reader's."""

    en: str
    vi: str

    def of(self, language: str) -> str:
        """The text in a language ("vi", "en"); English for any other."""
        return self.vi if language.startswith("vi") else self.en

    def __str__(self) -> str:
        return self.of(get_language() or "en")


@dataclass(frozen=True, slots=True)
class Part:
    """Numerator or denominator of a ratio: an expression over inputs, and how it is aggregated over time."""

    of: str
    agg: str


@dataclass(frozen=True, slots=True)
class LibraryKpi:
    """A KPI of the library. Numbers are Decimal; `params` has the shape that KpiVersion.params has, labels apart."""

    code: str
    family: str
    name: Words
    definition: Words
    perspective: str
    group: str
    frequency: str
    unit: Words
    direction: str
    formula: str
    method: str
    aggregation: str
    target_aggregation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    baseline: Decimal | None = None
    target: Decimal | None = None
    factor: Decimal = Decimal(1)
    numerator: Part | None = None
    denominator: Part | None = None
    keys: tuple[str, str] = ("", "")

    def formula_in(self, language: str) -> str:
        """The formula in words: "100 × Staff cost ÷ Net revenue"."""
        return _in_words(self.formula, language)

    @property
    def formula_words(self) -> str:
        """The formula in the reader's language."""
        return self.formula_in(get_language() or "en")

    @property
    def decimals(self) -> int:
        """Decimal places that fit the unit."""
        precise = self.aggregation in ("ratio", "avg") or self.unit.en in PRECISE_UNITS
        return 2 if precise else 0

    def version_fields(self, language: str) -> dict[str, Any]:
        """Fields of a KpiVersion in one language; perspective, objective and owner are the organization's own."""
        parts = {"numerator": self.numerator, "denominator": self.denominator}
        return {
            "name": self.name.of(language),
            "description": self.definition.of(language),
            "unit": self.unit.of(language),
            "decimals": self.decimals,
            "direction": self.direction,
            "method": self.method,
            "params": _in_language(self.params, language),
            "aggregation": self.aggregation,
            "factor": self.factor,
            **{f"{name}_label": _in_words(part.of, language) if part else "" for name, part in parts.items()},
            **{f"{name}_agg": part.agg if part else "" for name, part in parts.items()},
            "target_aggregation": self.target_aggregation,
            "frequency": self.frequency,
            "group": self.group,
            "baseline": self.baseline,
            "target": self.target,
        }


@dataclass(frozen=True, slots=True)
class LibraryTemplate:
    """A ready card for a position, a department or anyone: KPIs with weights that add up to 100."""

    code: str
    kind: str
    family: str
    name: Words
    items: tuple[tuple[LibraryKpi, Decimal], ...]


@dataclass(frozen=True, slots=True)
class ExampleObjective:
    """An objective of a published map."""

    code: str
    perspective: str
    name: Words
    subtheme: str = ""


@dataclass(frozen=True, slots=True)
class ExampleMeasure:
    """What a published map measures an objective by; the target is None where none was published."""

    objective: str
    name: Words
    unit: str
    direction: str
    target: Decimal | None


@dataclass(frozen=True, slots=True)
class ExampleInitiative:
    """What was undertaken to reach an objective of a published map."""

    objective: str
    name: Words


@dataclass(frozen=True, slots=True)
class ExampleMap:
    """A published strategy map, with where its facts come from."""

    code: str
    name: Words
    organization: str
    theme: Words
    literature: tuple[str, ...]
    sources: tuple[str, ...]
    verified: str
    objectives: tuple[ExampleObjective, ...]
    links: tuple[tuple[str, str], ...]
    measures: tuple[ExampleMeasure, ...]
    initiatives: tuple[ExampleInitiative, ...]


@lru_cache(maxsize=1)
def library_kpis() -> Mapping[str, LibraryKpi]:
    """All KPIs by code, in the order of the files' names and of the lines in them."""
    kpis = {}
    for path in sorted((LIBRARY / "kpis").glob("*.yaml")):
        for data in _read(path):
            kpi = _kpi(data, path.stem)
            kpis[kpi.code] = kpi
    return kpis


@lru_cache(maxsize=1)
def library_templates() -> Mapping[str, LibraryTemplate]:
    """All ready cards by code: positions, departments, the one for anyone."""
    kpis = library_kpis()
    return {
        data["code"]: LibraryTemplate(
            code=data["code"],
            kind=data["kind"],
            family=data["family"],
            name=Words(**data["name"]),
            items=tuple((kpis[code], Decimal(weight)) for code, weight in data["items"]),
        )
        for data in _read(LIBRARY / "templates.yaml")
    }


@lru_cache(maxsize=1)
def example_maps() -> Mapping[str, ExampleMap]:
    """The published strategy maps by code."""
    return {data["code"]: _map(data) for data in _read(LIBRARY / "maps.yaml")}


@lru_cache(maxsize=1)
def inputs() -> Mapping[str, Words]:
    """What is typed for a KPI, by the name that formulas use."""
    return {name: Words(**words) for name, words in _read(LIBRARY / "inputs.yaml").items()}


def search_library(query: str = "", *, template: str = "", perspective: str = "", group: str = "") -> list[LibraryKpi]:
    """KPIs that have every word of the query, with or without accents, in either language; names come first."""
    chosen = library_templates().get(template)
    kpis = [kpi for kpi, _ in chosen.items] if chosen else list(library_kpis().values())
    words = search_key(query).split()
    found = [
        kpi
        for kpi in kpis
        if (not perspective or kpi.perspective == perspective)
        and (not group or kpi.group == group)
        and all(word in kpi.keys[1] for word in words)
    ]
    return sorted(found, key=lambda kpi: not all(word in kpi.keys[0] for word in words)) if words else found


def _read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


def _kpi(data: dict[str, Any], family: str) -> LibraryKpi:
    texts = {key: Words(**data.pop(key)) for key in ("name", "definition", "unit")}
    numbers = {key: Decimal(data.pop(key)) for key in ("baseline", "target", "factor") if key in data}
    parts = {key: Part(**data.pop(key)) for key in ("numerator", "denominator") if key in data}
    name = texts["name"]
    names = search_key(f"{data['code']} {name.en} {name.vi}")
    definition = texts["definition"]
    keys = (names, search_key(f"{names} {definition.en} {definition.vi}"))
    return LibraryKpi(family=family, keys=keys, **texts, **numbers, **parts, **data)


def _map(data: dict[str, Any]) -> ExampleMap:
    def objective(row):
        return ExampleObjective(row["code"], row["perspective"], Words(**row["name"]), row.get("subtheme", ""))

    def measure(row):
        target = row.get("target")
        return ExampleMeasure(
            objective=row["objective"],
            name=Words(**row["name"]),
            unit=row["unit"],
            direction=row["direction"],
            target=None if target is None else Decimal(target),
        )

    return ExampleMap(
        code=data["code"],
        name=Words(**data["name"]),
        organization=data["organization"],
        theme=Words(**data["theme"]),
        literature=tuple(data["literature"]),
        sources=tuple(data["sources"]),
        verified=data["verified"],
        objectives=tuple(objective(row) for row in data["objectives"]),
        links=tuple((source, target) for source, target in data["links"]),
        measures=tuple(measure(row) for row in data["measures"]),
        initiatives=tuple(
            ExampleInitiative(row["objective"], Words(**row["name"])) for row in data.get("initiatives", ())
        ),
    )


def _in_words(expression: str, language: str) -> str:
    """An expression over inputs with their labels for names and typographic signs."""
    tokens = re.findall(r"[a-z_]\w*|\d+(?:\.\d+)?|[-+*/()]", expression)
    words = [SIGNS.get(token) or (inputs()[token].of(language) if token in inputs() else token) for token in tokens]
    return " ".join(words).replace("( ", "(").replace(" )", ")")


def _in_language(value: Any, language: str) -> Any:
    """Parameters as one language stores them: a pair of texts becomes the one that is meant."""
    if isinstance(value, Mapping):
        if set(value) == {"en", "vi"}:
            return Words(**value).of(language)
        return {key: _in_language(item, language) for key, item in value.items()}
    if isinstance(value, list):
        return [_in_language(item, language) for item in value]
    return value

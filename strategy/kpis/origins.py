"""What the library says about a KPI today, beside what it said when the KPI was copied from it."""

from dataclasses import dataclass
from typing import Any

from strategy import catalogue
from strategy.kpis import wording
from strategy.models import KpiDefinition, KpiVersion
from strategy.queries import shown_fields

LANGUAGE = "language"
NUMBER = "DecimalField"


@dataclass(frozen=True)
class Drift:
    """A field that the library defines otherwise now, as the reader reads it."""

    label: str
    before: str
    after: str


def remembered(kpi: catalogue.LibraryKpi, language: str) -> dict[str, Any]:
    """What a copy keeps of the library's definition: every field it took, in canonical text, and the language."""
    fields = kpi.version_fields(language)
    shown = shown_fields(KpiVersion(**fields))
    return {LANGUAGE: language, **{name: shown[name] for name in fields if name in shown}}


def drifted_fields(definition: KpiDefinition) -> dict[str, Any]:
    """Fields the library defines otherwise than when this KPI was copied, with what it says now; {} when none."""
    kpi = catalogue.library_kpis().get(definition.origin)
    if kpi is None or not definition.origin_fields:
        return {}
    language = definition.origin_fields.get(LANGUAGE, "en")
    fields, now = kpi.version_fields(language), remembered(kpi, language)
    return {name: fields[name] for name, value in now.items() if name in fields and _was(definition, name) != value}


def _was(definition: KpiDefinition, name: str) -> Any:
    # A field that copies did not keep yet has not changed since.
    kpi = catalogue.library_kpis()[definition.origin]
    language = definition.origin_fields.get(LANGUAGE, "en")
    return definition.origin_fields.get(name, remembered(kpi, language).get(name))


def drift_of(definition: KpiDefinition) -> list[Drift]:
    """What the library changed since the KPI was copied, in words: as it was, and as it is."""
    changed = drifted_fields(definition)
    if not changed:
        return []
    fields = catalogue.library_kpis()[definition.origin].version_fields(definition.origin_fields[LANGUAGE])
    now, before = KpiVersion(**fields), KpiVersion(**fields)
    for name in changed:
        kept, column = definition.origin_fields[name], KpiVersion._meta.get_field(name)
        setattr(before, name, column.to_python(kept) if kept != "" or column.get_internal_type() != NUMBER else None)
    return [
        Drift(wording.label_of(name), wording.shown_of(before, name), wording.shown_of(now, name)) for name in changed
    ]

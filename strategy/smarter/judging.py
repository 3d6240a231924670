"""KPIs and what is typed of them, judged by the letters of SMARTER with what the database knows of their past."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from kpiapp import registry
from strategy.choices import Aggregation, KpiState, MapState, ScoringMethod
from strategy.models import KpiDefinition, KpiVersion
from strategy.smarter import letters as smarter
from strategy.smarter.letters import Facts, Finding, Past

# Methods that cannot say anything without a target.
NEEDS_TARGET = frozenset(
    {
        ScoringMethod.RATIO,
        ScoringMethod.MIRROR,
        ScoringMethod.INVERSE,
        ScoringMethod.BASELINE,
        ScoringMethod.DEVIATION,
        ScoringMethod.BINARY,
    }
)
JUDGED = (
    "name",
    "owner",
    "source",
    "frequency",
    "direction",
    "method",
    "params",
    "aggregation",
    "is_scored",
    "target",
    "baseline",
    "objective",
    "due_on",
    "review_every",
    "reevaluate_on",
)


# What the letters are judged by that fail by themselves, as time passes: nothing else is read of every KPI.
_DATED = ("direction", "is_scored", "target", "baseline", "due_on", "reevaluate_on", "review_every")


def past_results(definition_ids: Sequence[int], on: datetime.date) -> dict[int, list[Past]]:
    """What KPIs reached so far, newest first, from whoever keeps it; one query however many."""
    found: dict[int, list[Past]] = {}
    for source in registry.KPI_HISTORIES:
        for pk, results in source(definition_ids, on).items():
            found[pk] = [Past(result.starts_on, result.value) for result in results]
    return found


def judge_fields(
    fields: Mapping[str, Any], definition: KpiDefinition | None, today: datetime.date, past: Sequence[Past] = ()
) -> list[Finding]:
    """The letters of fields of a version, saved or typed; `definition` None is a KPI that is not saved yet.

    An objective comes with its map.
    """
    params = fields["params"] if fields["method"] == ScoringMethod.BAND else {}
    objective = fields["objective"]
    # The library's names were read by people; a quotient has one value whatever its name says.
    named = fields["aggregation"] == Aggregation.RATIO or bool(definition is not None and definition.origin)
    facts = Facts(
        today=today,
        name=fields["name"] or "",
        owner=fields["owner"].name if fields["owner"] else "",
        source=fields["source"] or "",
        frequency=fields["frequency"] or "month",
        direction=fields["direction"] or "increase",
        is_scored=fields["is_scored"],
        needs_target=fields["method"] in NEEDS_TARGET,
        has_one_formula=named,
        target=fields["target"],
        low=_number(params.get("low")),
        high=_number(params.get("high")),
        baseline=fields["baseline"],
        objective=objective.name if objective else "",
        objective_is_published=bool(
            objective and objective.map.state == MapState.PUBLISHED and objective.retired_at is None
        ),
        due_on=fields["due_on"],
        reevaluate_on=fields["reevaluate_on"],
        review_every=fields["review_every"] or "",
        reviewed_on=definition.reviewed_on if definition else None,
        past=past,
    )
    return smarter.judge(facts)


def judge(definition: KpiDefinition, version: KpiVersion, today: datetime.date) -> list[Finding]:
    """The letters of a KPI as it is saved; the version comes with owner and objective."""
    past = past_results([definition.pk], today).get(definition.pk, ())
    return judge_fields({name: getattr(version, name) for name in JUDGED}, definition, today, past)


def kpis_in_use() -> QuerySet[KpiDefinition]:
    """KPIs that are neither drafts nor out of use."""
    return KpiDefinition.objects.filter(is_active=True, state=KpiState.ACTIVE, current__isnull=False)


def judge_all(on: datetime.date) -> Iterator[tuple[int, list[Finding]]]:
    """Ids of all KPIs in use with the letters that fail as time passes (A, T, E and the second R), for the night.

    Two queries, however many KPIs there are, and no objects: there may be thousands.
    """
    columns = ("pk", "reviewed_on", "current__method", "current__params", *(f"current__{name}" for name in _DATED))
    rows = list(kpis_in_use().order_by("pk").values_list(*columns))
    past = past_results([row[0] for row in rows], on)
    for pk, reviewed_on, method, params, *dated in rows:
        band = params if method == ScoringMethod.BAND else {}
        facts = Facts(
            on,
            needs_target=method in NEEDS_TARGET,
            low=_number(band.get("low")),
            high=_number(band.get("high")),
            reviewed_on=reviewed_on,
            past=past.get(pk, ()),
            **dict(zip(_DATED, dated, strict=True)),
        )
        yield pk, [smarter.achievable(facts), *smarter.dated(facts)]


def _number(value: Any) -> Decimal | None:
    return None if value in (None, "") else Decimal(str(value))

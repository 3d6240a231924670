"""Drafts and versions of the map: a draft is a copy of the published map, and publishing writes it back.

The published map keeps its objectives for life, so KPIs, scores and links never lose what they belong to.
"""

import datetime
from collections import Counter
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.models import Member
from kpiapp.services import audit
from strategy.choices import MAP_TRANSITIONS, MapState
from strategy.maps.differences import compare, renamed
from strategy.maps.snapshots import content_of, write_version
from strategy.models import (
    CauseLink,
    InitiativeObjective,
    KpiDefinition,
    KpiVersion,
    MapVersion,
    Objective,
    StrategyMap,
)
from strategy.services.maps import MapRefused
from strategy.services.objectives import free_code

NAMED = 3


class MeasuredRefused(MapRefused):
    """Objectives that KPIs measure would leave the map: somebody has to say that this is meant."""


@transaction.atomic
def open_draft(*, strategy_map: StrategyMap, by: Member) -> StrategyMap:
    """The draft of the published map, made as a copy of it when there is none yet."""
    published = StrategyMap.objects.select_for_update().get(pk=strategy_map.pk)
    if published.state != MapState.PUBLISHED:
        raise MapRefused(_("Only the published map gets a draft. Change this one directly."))
    draft = StrategyMap.objects.filter(draft_of=published).first()
    if draft is not None:
        return draft
    written = {name: getattr(published, name) for name in StrategyMap.WRITTEN}
    draft = StrategyMap.objects.create(draft_of=published, **written)
    originals = list(Objective.objects.standing().filter(map=published).order_by("pk"))
    copies = Objective.objects.bulk_create(
        Objective(
            map=draft,
            stands_for=original,
            code=original.code,
            **{name: getattr(original, name) for name in Objective.WRITTEN},
        )
        for original in originals
    )
    copy_of = {original.pk: copy for original, copy in zip(originals, copies, strict=True)}
    CauseLink.objects.bulk_create(
        CauseLink(
            map=draft,
            source=copy_of[link.source_id],
            target=copy_of[link.target_id],
            strength=link.strength,
            lag_months=link.lag_months,
        )
        for link in CauseLink.objects.standing().filter(map=published).order_by("pk")
    )
    audit.record(action="map.draft", target=published, by=by, after={"objectives": len(copies)})
    return draft


@transaction.atomic
def discard_draft(*, strategy_map: StrategyMap, by: Member) -> None:
    """Throw a draft away. Raises MapRefused for a map that is none, or while KPIs refer to its objectives."""
    draft = StrategyMap.objects.select_for_update().get(pk=strategy_map.pk)
    if draft.state != MapState.DRAFT:
        raise MapRefused(_("Only a draft can be thrown away."))
    if KpiDefinition.objects.filter(versions__objective__map=draft).exists():
        raise MapRefused(_("KPIs serve objectives of this draft. Publish it, or move the KPIs first."))
    content = content_of(draft)
    before = {"objectives": len(content["objectives"]), "links": len(content["links"])}
    audit.record(action="map.discard", target=draft, by=by, before=before)
    draft.delete()


@dataclass(frozen=True)
class Plan:
    """What publishing a draft will do to the published map."""

    published: StrategyMap
    # Every standing objective of the draft with the published one it stands for, if there is one.
    pairs: list[tuple[Objective, Objective | None]]
    before: dict
    after: dict
    # Published objectives that the draft has no more, with the number of KPIs in use that measure them.
    leaving: list[tuple[Objective, int]]


def plan_of(draft: StrategyMap) -> Plan | None:
    """What publishing a draft would do; None when nothing is published yet."""
    published = StrategyMap.objects.filter(state=MapState.PUBLISHED).first()
    if published is None:
        return None
    originals = list(Objective.objects.filter(map=published).order_by("pk"))
    pairs = _pairs(draft, originals)
    staying = {original.pk for _copy, original in pairs if original is not None}
    gone = [one for one in originals if one.retired_at is None and one.pk not in staying]
    used = KpiDefinition.objects.filter(is_active=True, current__objective__in=gone)
    counts = Counter(used.values_list("current__objective", flat=True))
    identity = {copy.pk: original.pk for copy, original in pairs if original is not None}
    return Plan(
        published=published,
        pairs=pairs,
        before=content_of(published),
        after=renamed(content_of(draft), identity),
        leaving=[(one, counts[one.pk]) for one in gone if one.pk in counts],
    )


@transaction.atomic
def publish_map(
    *, strategy_map: StrategyMap, at: datetime.datetime, by: Member, note: str = "", retire_measured: bool = False
) -> StrategyMap:
    """Show a draft to everybody, and keep what is shown from now on as a version.

    The first map is published as it is. Later, the draft is written into the published map: objectives are
    changed, added or retired there. Raises MapRefused when the draft has no objective or is no draft, and
    MeasuredRefused when KPIs measure an objective that would be retired and `retire_measured` does not say so.
    """
    draft = StrategyMap.objects.select_for_update().get(pk=strategy_map.pk)
    if MapState.PUBLISHED not in MAP_TRANSITIONS[MapState(draft.state)]:
        raise MapRefused(_("Only a draft can be published."))
    if not Objective.objects.standing().filter(map=draft).exists():
        raise MapRefused(_("Add at least one objective before publishing the map."))
    # Whoever publishes at the same time waits here.
    StrategyMap.objects.select_for_update().filter(state=MapState.PUBLISHED).first()
    plan = plan_of(draft)
    if plan is None:
        published = draft
        Objective.objects.filter(map=draft).exclude(retired_at=None).delete()
    else:
        published = plan.published
        if not retire_measured:
            _refuse_leaving(plan)
        ensure_versions(published)
        _write_back(draft, plan, at)
    published.state, published.published_at, published.published_by = MapState.PUBLISHED, at, by
    published.save()
    version = write_version(strategy_map=published, published_at=at, published_by=by, note=note.strip())
    audit.record(action="map.publish", target=published, by=by, after=_told(version, plan), reason=version.note)
    return published


def ensure_versions(published: StrategyMap) -> None:
    """A map published before versions were kept becomes its own first version."""
    if not published.versions.exists():
        write_version(strategy_map=published, published_at=published.published_at, published_by=published.published_by)


def _pairs(draft: StrategyMap, originals: list[Objective]) -> list[tuple[Objective, Objective | None]]:
    """A draft that was written from nothing stands for objectives of the same name."""
    copies = list(Objective.objects.standing().filter(map=draft).select_related("perspective").order_by("pk"))
    if draft.draft_of_id is not None:
        by_id = {original.pk: original for original in originals}
        return [(copy, by_id.get(copy.stands_for_id)) for copy in copies]
    # What KPIs and initiatives name already keeps its own row.
    measured = set(KpiVersion.objects.filter(objective__map=draft).values_list("objective", flat=True))
    measured |= set(InitiativeObjective.objects.filter(objective__map=draft).values_list("objective", flat=True))
    by_name = {original.name.casefold(): original for original in originals if original.retired_at is None}
    return [(copy, None if copy.pk in measured else by_name.pop(copy.name.casefold(), None)) for copy in copies]


def _refuse_leaving(plan: Plan) -> None:
    if not plan.leaving:
        return
    names = "; ".join(f"“{one.name}”" for one, _count in plan.leaving[:NAMED])
    count = sum(kpis for _one, kpis in plan.leaving)
    sentence = ngettext(
        "%(count)d KPI measures what would leave the map: %(names)s. Let it serve another objective first,"
        " or say that it may be without one.",
        "%(count)d KPIs measure what would leave the map: %(names)s. Let them serve other objectives first,"
        " or say that they may be without one.",
        count,
    )
    more = "; …" if plan.leaving[NAMED:] else ""
    raise MeasuredRefused(sentence % {"count": count, "names": names + more}, field="retire_measured")


def _write_back(draft: StrategyMap, plan: Plan, at: datetime.datetime) -> None:
    """Write a draft into the published map: its rows stay, new ones move over, the draft is gone."""
    published = plan.published
    row_of = {copy.pk: original or copy for copy, original in plan.pairs}
    links = {
        (row_of[link.source_id].pk, row_of[link.target_id].pk): (link.strength, link.lag_months)
        for link in CauseLink.objects.standing().filter(map=draft)
    }
    CauseLink.objects.filter(map=draft).delete()
    for name in StrategyMap.WRITTEN:
        setattr(published, name, getattr(draft, name))
    staying = {original.pk for _copy, original in plan.pairs if original is not None}
    Objective.objects.standing().filter(map=published).exclude(pk__in=staying).update(retired_at=at)
    taken = list(Objective.objects.filter(map=published))
    for copy, original in plan.pairs:
        if original is None:
            copy.code = free_code(copy.code, copy.perspective, taken)
            copy.map, copy.stands_for = published, None
            copy.save(update_fields=["map", "stands_for", "code"])
            taken.append(copy)
        else:
            for name in Objective.WRITTEN:
                setattr(original, name, getattr(copy, name))
            original.retired_at = None
            original.save()
    _write_links(published, links)
    draft.delete()


def _write_links(published: StrategyMap, wanted: dict[tuple[int, int], tuple[str, int]]) -> None:
    """Make the published links the wanted ones; a link that stays keeps its row."""
    for link in CauseLink.objects.filter(map=published):
        ends = (link.source_id, link.target_id)
        if ends not in wanted:
            link.delete()
            continue
        link.strength, link.lag_months = wanted.pop(ends)
        link.save(update_fields=["strength", "lag_months"])
    CauseLink.objects.bulk_create(
        CauseLink(map=published, source_id=source, target_id=target, strength=strength, lag_months=lag)
        for (source, target), (strength, lag) in wanted.items()
    )


def _told(version: MapVersion, plan: Plan | None) -> dict:
    """What the audit trail says of a publication."""
    if plan is None:
        return {"version": version.number, "objectives": len(version.content["objectives"])}
    found = compare(plan.before, plan.after)
    told = {
        "added": [one["name"] for one in found.added],
        "changed": [one["name"] for one, _changes in found.changed],
        "retired": [one["name"] for one in found.removed],
        "links": len(version.content["links"]),
    }
    return {"version": version.number, **{key: value for key, value in told.items() if value}}

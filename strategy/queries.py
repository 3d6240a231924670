"""Reads of strategy: maps with what stands on them, KPIs by who may see and edit them."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp import registry
from kpiapp.choices import PeriodKind, Scope
from kpiapp.decimals import plain
from kpiapp.models import Department, Member, Period
from kpiapp.permissions import Permission, can, scope_of
from kpiapp.queries import count_of, employment_on, visible_departments
from kpiapp.text import id_in, search_key
from strategy import layout
from strategy.choices import KpiState, MapState
from strategy.kpis.threads import unanswered_questions
from strategy.models import CauseLink, KpiDefinition, KpiVersion, Objective, Perspective, StrategyMap
from strategy.visibility import visible_kpis

PALETTE_SHOWN = 6
NO_SCORE = registry.ObjectiveScore(None, "none", "")
# Fields of a version that a person decides on, in the order in which changes are told.
TOLD_FIELDS = (
    "name",
    "objective",
    "perspective",
    "owner",
    "reporter",
    "approver",
    "unit",
    "decimals",
    "direction",
    "target",
    "baseline",
    "method",
    "params",
    "cap",
    "floor",
    "min_gate",
    "missing_policy",
    "aggregation",
    "numerator_label",
    "numerator_agg",
    "denominator_label",
    "denominator_agg",
    "factor",
    "formula",
    "target_aggregation",
    "frequency",
    "indicator",
    "effort",
    "effect",
    "group",
    "is_scored",
    "due_on",
    "review_every",
    "reevaluate_on",
    "outcome",
    "why",
    "description",
    "influence",
    "source",
)


# --- maps -----------------------------------------------------------------------------------------


def visible_maps(member: Member) -> QuerySet[StrategyMap]:
    """The published map for everybody; drafts and archived ones for those who edit strategy. Published first."""
    rank = Case(
        When(state=MapState.PUBLISHED, then=Value(0)),
        When(state=MapState.DRAFT, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    maps = StrategyMap.objects.order_by(rank, "-id")
    return maps if can(member, Permission.STRATEGY_EDIT) else maps.filter(state=MapState.PUBLISHED)


def editable_maps(member: Member) -> QuerySet[StrategyMap]:
    """Maps a member may change: strategy editors, drafts. What is published changes by publishing a draft."""
    if not can(member, Permission.STRATEGY_EDIT):
        return StrategyMap.objects.none()
    return StrategyMap.objects.filter(state=MapState.DRAFT)


def visible_objectives(member: Member) -> QuerySet[Objective]:
    """Objectives on maps a member sees."""
    return Objective.objects.filter(map__in=visible_maps(member)).select_related(
        "map", "perspective", "owner", "stands_for"
    )


def choosable_objectives(member: Member, version: KpiVersion | None = None) -> QuerySet[Objective]:
    """Objectives a KPI may be made to serve: on the published map, on new drafts for their editors, and its own one.

    A copy in a draft of the published map is none: it goes when the draft is published.
    """
    open_maps = visible_maps(member).exclude(state=MapState.ARCHIVED).filter(draft_of=None).order_by()
    on_open_maps = Q(map__in=open_maps, retired_at=None)
    present = Q(pk=version.objective_id if version else None)
    return Objective.objects.filter(on_open_maps | present).select_related("perspective", "map")


def links_of(objective: Objective) -> QuerySet[CauseLink]:
    """Links to and from an objective, both ends with their lanes."""
    towards = Q(source=objective, target__retired_at=None) | Q(target=objective, source__retired_at=None)
    links = CauseLink.objects.filter(towards)
    return links.select_related("source__perspective", "target__perspective").order_by("id")


@dataclass
class ObjectiveView:
    """An objective as it is shown: with its KPIs counted, its score, and what drives what."""

    objective: Objective
    score: registry.ObjectiveScore = NO_SCORE
    kpi_count: int = 0
    drives: list[CauseLink] = field(default_factory=list)
    driven_by: list[CauseLink] = field(default_factory=list)

    @property
    def kpi_words(self) -> str:
        """How many KPIs measure it, in the reader's language; none is worth a word."""
        if not self.kpi_count:
            return _("no KPI")
        return ngettext("%(count)d KPI", "%(count)d KPIs", self.kpi_count) % {"count": self.kpi_count}


@dataclass
class MapView:
    """A map with everything that is shown of it."""

    map: StrategyMap
    lanes: list[tuple[Perspective, list[ObjectiveView]]]
    links: list[CauseLink]

    @property
    def objectives(self) -> list[ObjectiveView]:
        """All objectives, lane by lane."""
        return [view for _lane, views in self.lanes for view in views]

    @property
    def themes(self) -> list[str]:
        """The themes of its objectives, each once."""
        return sorted({view.objective.theme for view in self.objectives} - {""})


def map_view(strategy_map: StrategyMap, period: Period | None) -> MapView:
    """A map with objectives, links, KPI counts and scores of a period, in a fixed number of queries.

    Lanes come in the order of the perspectives, objectives in the order in which they are drawn.
    """
    objectives = Objective.objects.standing().filter(map=strategy_map).select_related("perspective", "owner")
    views = {objective.pk: ObjectiveView(objective) for objective in objectives}
    links = list(CauseLink.objects.standing().filter(map=strategy_map).order_by("id"))
    # A draft's copy has the KPIs and the score of the published objective it stands for.
    measured = {view.objective.stands_for_id or pk: view for pk, view in views.items()}
    counts = KpiDefinition.objects.filter(is_active=True, current__objective__in=list(measured))
    for objective_id, count in counts.values_list("current__objective").annotate(Count("id")).order_by():
        measured[objective_id].kpi_count = count
    for objective_id, score in objective_scores(list(measured), period).items():
        measured[objective_id].score = score
    for link in links:
        link.source, link.target = views[link.source_id].objective, views[link.target_id].objective
        views[link.source_id].drives.append(link)
        views[link.target_id].driven_by.append(link)
    lanes = _lanes_of([view.objective for view in views.values()])
    ordered = drawn_order(strategy_map, lanes, [view.objective for view in views.values()], links)
    return MapView(strategy_map, [(lane, [views[o.pk] for o in ordered[lane.pk]]) for lane in lanes], links)


def objective_scores(objective_ids: list[int], period: Period | None) -> dict[int, registry.ObjectiveScore]:
    """Scores of objectives in a period, from whoever keeps them; objectives without data are left out."""
    scores: dict[int, registry.ObjectiveScore] = {}
    if period is not None and objective_ids:
        for source in registry.OBJECTIVE_SCORES:
            scores.update(source(objective_ids, period))
    return scores


def ordered_lanes(strategy_map: StrategyMap) -> dict[int, list[Objective]]:
    """Objectives of every lane (by the perspective's id) in the order in which they are drawn."""
    objectives = list(Objective.objects.standing().filter(map=strategy_map).select_related("perspective"))
    links = list(CauseLink.objects.standing().filter(map=strategy_map).order_by("id"))
    return drawn_order(strategy_map, _lanes_of(objectives), objectives, links)


def stored_order(lanes: Iterable[list[Objective]]) -> list[list[Objective]]:
    """Objectives of each lane by their stored places: what the layout is given."""
    return [sorted(lane, key=lambda objective: (objective.position, objective.pk)) for lane in lanes]


def _lanes_of(objectives: list[Objective]) -> list[Perspective]:
    """Lanes of a map: those in use, and those that were taken away while objectives of an older map stood there."""
    used = {objective.perspective_id for objective in objectives}
    return [lane for lane in Perspective.objects.all() if lane.is_active or lane.pk in used]


def drawn_order(
    strategy_map: StrategyMap, lanes: list[Perspective], objectives: list[Objective], links: list[CauseLink]
) -> dict[int, list[Objective]]:
    """Objectives of every lane in the order in which they are drawn: the chosen one, else the drawing's own."""
    rows: dict[int, list[Objective]] = {lane.pk: [] for lane in lanes}
    for objective in objectives:
        rows[objective.perspective_id].append(objective)
    rows = dict(zip(rows, stored_order(rows.values()), strict=True))
    if strategy_map.is_arranged:
        return rows
    nodes = [[layout.Node(objective.pk, objective.name) for objective in row] for row in rows.values()]
    drawn = layout.order_lanes(nodes, [layout.Link(link.pk, link.source_id, link.target_id) for link in links])
    by_id = {objective.pk: objective for objective in objectives}
    return {lane: [by_id[pk] for pk in ids] for lane, ids in zip(rows, drawn, strict=True)}


def periods_to_show(on: datetime.date) -> list[Period]:
    """Periods that have begun, longest ago last; of months only the last twelve."""
    begun = list(Period.objects.filter(starts_on__lte=on).order_by("-starts_on", "kind"))
    months = [period for period in begun if period.kind == PeriodKind.MONTH][:12]
    return [period for period in begun if period.kind != PeriodKind.MONTH or period in months]


def chosen_period(periods: list[Period], code: str) -> Period | None:
    """The period of a code, else the newest month, else the newest period."""
    by_code = {period.code: period for period in periods}
    months = [period for period in periods if period.kind == PeriodKind.MONTH]
    return by_code.get(code) or next(iter([*months, *periods]), None)


# --- KPIs -----------------------------------------------------------------------------------------


def search_kpis(
    visible: QuerySet[KpiDefinition],
    query: str = "",
    *,
    perspective: str = "",
    group: str = "",
    department: str = "",
    state: str = "",
) -> QuerySet[KpiDefinition]:
    """Those that have every word of the query in name or code, accents or not, with their unanswered questions.

    `state` narrows them: "retired", "draft", "waiting" for activation, "asked" for questions without an answer.
    """
    unanswered = unanswered_questions()
    kpis = visible.filter(is_active=state != "retired")
    if state == "draft":
        kpis = kpis.exclude(state=KpiState.ACTIVE)
    if state == "waiting":
        kpis = kpis.filter(state=KpiState.WAITING)
    if state == "asked":
        kpis = kpis.filter(pk__in=unanswered.values("definition"))
    for word in search_key(query).split():
        kpis = kpis.filter(Q(search_key__contains=word) | Q(code__icontains=word))
    if (lane := id_in(perspective)) is not None:
        kpis = kpis.filter(current__perspective=lane)
    if (unit := id_in(department)) is not None:
        kpis = kpis.filter(department=unit)
    if group:
        kpis = kpis.filter(current__group=group)
    related = ("department", "current__objective", "current__owner", "current__perspective")
    asked = count_of(unanswered.filter(definition=OuterRef("pk")))
    return kpis.select_related(*related).annotate(unanswered=asked)


def editable_departments(member: Member, on: datetime.date) -> QuerySet[Department]:
    """Departments for which a member may define KPIs: all, or those headed, all below them, and one's own."""
    departments = visible_departments(member, Permission.KPI_EDIT, on)
    if scope_of(member, Permission.KPI_EDIT) != Scope.TEAM:
        return departments.order_by("sort_key")
    standing = employment_on(member, on)
    own = Department.objects.filter(pk=standing.department_id if standing else None)
    return (departments | own).order_by("sort_key")


def home_department(member: Member, on: datetime.date) -> Department | None:
    """The department for which a member defines KPIs unless they say otherwise; None for the whole company."""
    if scope_of(member, Permission.KPI_EDIT) != Scope.TEAM:
        return None
    headed = Department.objects.filter(head=member, is_active=True).order_by("sort_key").first()
    standing = employment_on(member, on)
    return headed or (standing.department if standing else None)


def departments_with_kpis() -> QuerySet[Department]:
    """Departments that have KPIs of their own."""
    return Department.objects.filter(pk__in=KpiDefinition.objects.values("department")).order_by("sort_key")


def find_objectives(member: Member, text: str) -> QuerySet[Objective]:
    """Objectives for the command palette: on maps the member sees, archived ones left out."""
    found = visible_objectives(member).standing().exclude(map__state=MapState.ARCHIVED).filter(map__draft_of=None)
    for word in search_key(text).split():
        found = found.filter(search_key__contains=word)
    return found[:PALETTE_SHOWN]


def editable_kpis(member: Member, on: datetime.date) -> QuerySet[KpiDefinition]:
    """KPIs a member may change: all, or those of departments they define KPIs for."""
    scope = scope_of(member, Permission.KPI_EDIT)
    if scope == Scope.ALL:
        return KpiDefinition.objects.all()
    if scope == Scope.TEAM:
        return visible_kpis(member, on).filter(department__in=editable_departments(member, on).order_by())
    return KpiDefinition.objects.none()


def plannable_kpis(member: Member, on: datetime.date) -> QuerySet[KpiDefinition]:
    """KPIs whose targets a member may plan: those they may change, and for other systems all that are open to them."""
    if scope_of(member, Permission.KPI_PLAN) == Scope.ALL:
        return visible_kpis(member, on)
    return editable_kpis(member, on) if can(member, Permission.KPI_PLAN) else KpiDefinition.objects.none()


def kpi_versions(definition: KpiDefinition) -> list[KpiVersion]:
    """All versions, the newest first, with the people and objectives they name."""
    related = ("owner", "reporter", "approver", "objective__map", "perspective", "created_by")
    versions = definition.versions.select_related(*related).prefetch_related("operands__operand")
    return list(versions.order_by("-number"))


def used_origins(codes: Iterable[str], member: Member, on: datetime.date) -> dict[str, int]:
    """Library codes that have a copy in use in the organization, with the id of a copy the member may see."""
    copies = visible_kpis(member, on).filter(origin__in=list(codes), is_active=True)
    return dict(copies.order_by("-id").values_list("origin", "id"))


def shown_fields(version: KpiVersion) -> dict[str, Any]:
    """What the audit trail keeps of a version: names for people and objectives, numbers in one canonical text."""
    return {name: _shown(getattr(version, name)) for name in TOLD_FIELDS}


def _shown(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Member | Objective):
        return value.name
    if isinstance(value, Perspective):
        return value.kind if not value.name else value.name
    if isinstance(value, datetime.date):
        return value.isoformat()
    return "" if value is None else value


def objective_kpis(objective: Objective, member: Member, on: datetime.date) -> QuerySet[KpiDefinition]:
    """KPIs in use that serve an objective, as far as the member may know of them."""
    kpis = visible_kpis(member, on).filter(is_active=True, current__objective=objective)
    return kpis.select_related("current__owner")

"""The cascade as a picture: objectives, company, departments and people in lanes, joined by what feeds what.

It is laid out as strategy maps are. Below a box only what was opened is drawn, by the ids of owned KPIs; above the one
in the middle everything is. The list beside it says the same in words, and all of it.
"""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Q, Window
from django.db.models.expressions import RawSQL
from django.db.models.functions import RowNumber
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from kpiapp.decimals import HUNDRED, format_percent
from kpiapp.models import Member, Period
from kpiapp.registry import ObjectiveScore
from kpiapp.templatetags.charts import status_word
from kpiapp.tenancy import current_organization_id
from scorecards.cascade.tree import OWNERS_IN_ORDER, Node, in_order_of_owners, lines_in, links_at_end
from scorecards.choices import LinkKind, OwnerKind
from scorecards.models import KpiLink, ScorecardLine
from strategy import layout
from strategy.models import Objective
from strategy.queries import NO_SCORE, objective_scores
from strategy.visibility import hidden_kpis

MOST_BOXES, MOST_TOPS, MOST_BELOW = 60, 16, 24
LEVELS_AT_FIRST, AT_A_GLANCE = 2, 12
LANES = (OwnerKind.ORGANIZATION, OwnerKind.DEPARTMENT, OwnerKind.MEMBER)

# An owned KPI and all that it feeds on a day. UNION (not ALL) ends a circle should one ever be stored.
_UPWARDS_SQL = """
WITH RECURSIVE up(id) AS (
    SELECT %s::bigint
    UNION
    SELECT k.parent_id FROM scorecards_kpilink k JOIN up ON k.child_id = up.id
    WHERE k.organization_id = %s AND k.valid_from <= %s AND (k.valid_to IS NULL OR k.valid_to > %s)
)
SELECT id FROM up
"""


@dataclass(frozen=True)
class DrawnBox:
    """A box: the line or the objective it stands for, what is read out for it, and what opening it would show."""

    box: layout.Box
    label: str
    status: str
    line: ScorecardLine | None = None
    objective: Objective | None = None
    is_focus: bool = False
    is_open: bool = False
    # The owned KPIs that are open after this one's foot is used; None where nothing is below.
    opens: str | None = None

    @property
    def foot_y(self) -> int:
        """Where its foot begins."""
        return self.box.y + self.box.height - layout.BAND


@dataclass(frozen=True)
class DrawnEdge:
    """A curve between two boxes; `is_down` where it was laid out against its direction."""

    edge: layout.Edge
    label: str
    kind: str
    is_down: bool


@dataclass(frozen=True)
class Picture:
    """What the template draws. `more` lines found no room."""

    width: int
    height: int
    lanes: list[tuple[layout.Lane, str]]
    boxes: list[DrawnBox]
    edges: list[DrawnEdge]
    more: int


@dataclass
class Found:
    """Lines by the owned KPI they are of, links among them, and how many of those below a line are left out."""

    lines: dict[int, ScorecardLine] = field(default_factory=dict)
    links: list[KpiLink] = field(default_factory=list)
    left_out: dict[int, int] = field(default_factory=dict)
    more: int = 0


def around(line: ScorecardLine, opened: Collection[int], member: Member, on: datetime.date) -> Picture:
    """A line with all it feeds, level by level, and what feeds it."""
    period = line.scorecard.period
    if line.owned_id is None:
        return _draw(Found(lines={-line.pk: line}), line, frozenset(), period)
    bound = [line.owned_id, current_organization_id(), period.last_day, period.last_day]
    reached = RawSQL(_UPWARDS_SQL, bound)  # noqa: S611  (constant SQL, bound parameters)
    links = list(_links(period, member, on).filter(child__in=reached))
    ancestors = {link.parent_id for link in links}
    opened = frozenset(opened)
    found = _with_below({line.owned_id}, ancestors, links, opened, member, period, on)
    return _draw(found, line, opened, period)


def whole(
    tops: Sequence[ScorecardLine], opened: Collection[int], member: Member, period: Period, on: datetime.date
) -> Picture:
    """Lines on top of the cascade with what they serve, and what was opened below them."""
    shown = [line.owned_id for line in tops if line.owned_id is not None][:MOST_TOPS]
    opened = frozenset(opened)
    found = _with_below(set(), shown, [], opened, member, period, on)
    found.more += len(tops) - len(shown)
    return _draw(found, None, opened, period)


def open_at_first(tops: Sequence[ScorecardLine], member: Member, period: Period, on: datetime.date) -> set[int]:
    """What is open before anybody chooses: level by level from the top, as long as a level is seen at a glance."""
    opened = {line.owned_id for line in tops if line.owned_id is not None}
    first = links_at_end(period).filter(parent__in=opened).values("child")
    found = _links(period, member, on).filter(Q(parent__in=opened) | Q(parent__in=first))
    below: dict[int, set[int]] = {}
    for parent, child in found.values_list("parent", "child")[: AT_A_GLANCE**2]:
        below.setdefault(parent, set()).add(child)
    frontier = opened
    for _level in range(LEVELS_AT_FIRST):
        frontier = set().union(*(below.get(parent, ()) for parent in frontier))
        if len(frontier) > AT_A_GLANCE:
            break
        opened = opened | frontier
    return opened


def _links(period: Period, member: Member, on: datetime.date):
    hidden = hidden_kpis(member, on).values("pk")
    links = links_at_end(period).exclude(parent__definition__in=hidden).exclude(child__definition__in=hidden)
    return links.order_by("pk")


def _with_below(
    middle: Collection[int],
    above: Collection[int],
    links: list[KpiLink],
    opened: Collection[int],
    member: Member,
    period: Period,
    on: datetime.date,
) -> Found:
    """The lines of these owned KPIs and of what is below the opened ones among them: two queries."""
    downwards: dict[int, list[KpiLink]] = {}
    for link in _nearest(_links(period, member, on).filter(parent__in=opened)):
        downwards.setdefault(link.parent_id, []).append(link)
    near = [link.child_id for below in downwards.values() for link in below]
    wanted = {*middle, *above, *near}
    lines = {line.owned_id: line for line in lines_in(member, period, on).filter(owned__in=wanted)}
    found = Found(lines={pk: lines[pk] for pk in (*above, *middle) if pk in lines})
    ends = {(link.parent_id, link.child_id): link for link in links}
    todo = [pk for pk in (*middle, *above) if pk in downwards and pk in lines]
    while todo:
        parent = todo.pop(0)
        below = [link for link in downwards[parent] if link.child_id in lines]
        unseen = downwards[parent][0].siblings - len(downwards[parent])
        room = max(0, min(MOST_BELOW, MOST_BOXES - len(found.lines)))
        new = [link for link in below if link.child_id not in found.lines]
        drawn = {link.child_id for link in new[:room]}
        if left_out := max(0, len(new) - room) + unseen:
            found.left_out[parent] = left_out
            found.more += left_out
        for link in below:
            if link.child_id in drawn or link.child_id in found.lines:
                ends.setdefault((parent, link.child_id), link)
            if link.child_id in drawn:
                found.lines[link.child_id] = lines[link.child_id]
                if link.child_id in opened and link.child_id in downwards:
                    todo.append(link.child_id)
    found.links = [link for (parent, child), link in ends.items() if parent in found.lines and child in found.lines]
    return found


def _nearest(links):
    """The first links to each parent, with `siblings`: how many it has. Some may not be read: more than fit."""
    place = Window(RowNumber(), partition_by="parent", order_by=OWNERS_IN_ORDER)
    links = links.annotate(place=place, siblings=Window(Count("pk"), partition_by="parent"))
    return in_order_of_owners(links.filter(place__lte=2 * MOST_BELOW))


def _objectives(found: Found, period: Period) -> dict[int, tuple[Objective, ObjectiveScore]]:
    """What the lines on top serve, by id, each with its score."""
    fed = {link.child_id for link in found.links}
    tops = [line for pk, line in found.lines.items() if pk not in fed and line.kpi.objective_id is not None]
    objectives = {line.kpi.objective_id: line.kpi.objective for line in tops}
    scores = objective_scores(list(objectives), period) if objectives else {}
    return {pk: (objective, scores.get(pk, NO_SCORE)) for pk, objective in objectives.items()}


# --- from lines to boxes -------------------------------------------------------------------------------


def _draw(found: Found, focus: ScorecardLine | None, opened: Collection[int], period: Period) -> Picture:
    objectives = _objectives(found, period)
    lanes, labels = _lanes(found, objectives)
    links, meant = _edges(found, objectives)
    nodes = [[_node(key, found, objectives, opened) for key in lane] for lane in lanes]
    drawn = layout.draw_map(nodes, links, keep_order=True)
    return Picture(
        width=drawn.width,
        height=drawn.height,
        lanes=[(lane, label) for lane, label in zip(drawn.lanes, labels, strict=True)],
        boxes=[
            _box(box, found, focus, opened, objectives) for box in sorted(drawn.boxes, key=lambda box: (box.y, box.x))
        ],
        edges=[DrawnEdge(edge, *meant[edge.id]) for edge in drawn.edges],
        more=found.more,
    )


def _lanes(found: Found, objectives: dict) -> tuple[list[list[int]], list[str]]:
    """Keys of the boxes lane by lane, those of one parent beside each other; objectives have odd keys."""
    words = {
        OwnerKind.ORGANIZATION: _("Company"),
        OwnerKind.DEPARTMENT: _("Departments"),
        OwnerKind.MEMBER: _("People"),
    }
    lanes = [[_objective_key(pk) for pk in objectives]] if objectives else []
    labels = [_("Objectives")] if objectives else []
    for kind in LANES:
        keys = [_line_key(pk) for pk, line in found.lines.items() if line.scorecard.owner_kind == kind]
        if keys:
            lanes.append(keys)
            labels.append(words[kind])
    return lanes, labels


def _line_key(owned: int) -> int:
    return 2 * owned


def _objective_key(objective: int) -> int:
    return 2 * objective + 1


def _edges(found: Found, objectives: dict) -> tuple[list[layout.Link], dict[int, tuple[str, str, bool]]]:
    """Links as the layout takes them, upwards, and what each means: (words, kind, drawn against its direction)."""
    links, meant = [], {}
    for link in found.links:
        child, parent = found.lines[link.child_id], found.lines[link.parent_id]
        ends = _line_key(link.child_id), _line_key(link.parent_id)
        is_down = _height(child) > _height(parent)
        kind = link.kind if link.rolls_up or link.kind == LinkKind.SUPPORT else "compared"
        links.append(layout.Link(link.pk, *(ends[::-1] if is_down else ends), _STROKES[kind]))
        meant[link.pk] = _words(child, parent, kind), kind, is_down
    fed = {link.child_id for link in found.links}
    for pk, line in found.lines.items():
        if line.kpi.objective_id in objectives and pk not in fed:
            key = -len(links) - 1
            links.append(layout.Link(key, _line_key(pk), _objective_key(line.kpi.objective_id), "weak"))
            text = _("%(kpi)s, %(owner)s serves %(objective)s") % {
                "kpi": line.kpi.name,
                "owner": line.scorecard.owner_name,
                "objective": objectives[line.kpi.objective_id][0].name,
            }
            meant[key] = text, "serves", False
    return links, meant


_STROKES = {LinkKind.CONTRIBUTION: "medium", LinkKind.SUPPORT: "weak", "compared": "weak"}


def _height(line: ScorecardLine) -> int:
    return -LANES.index(OwnerKind(line.scorecard.owner_kind))


def _words(child: ScorecardLine, parent: ScorecardLine, kind: str) -> str:
    names = {"child": f"{child.kpi.name}, {child.scorecard.owner_name}"}
    names["parent"] = f"{parent.kpi.name}, {parent.scorecard.owner_name}"
    if kind == LinkKind.SUPPORT:
        return _("%(child)s supports %(parent)s, without numbers") % names
    if kind == "compared":
        return _("%(child)s is compared with %(parent)s") % names
    return _("%(child)s adds up into %(parent)s") % names


def _facts(percent: Decimal | None, status: str) -> str:
    if percent is None:
        return status_word("none")
    return f"{format_percent(percent, get_language() or 'en', places=0)} {status_word(status)}"


def _line_facts(line: ScorecardLine) -> str:
    node = Node(line.kpi.name, line)
    return _facts(None if node.completion is None else node.completion * HUNDRED, node.status)


def _node(key: int, found: Found, objectives: dict, opened: Collection[int]) -> layout.Node:
    if key % 2:
        objective, score = objectives[key // 2]
        return layout.Node(key, objective.name, (_facts(score.percent, score.status),))
    line = found.lines[key // 2]
    return layout.Node(
        key, line.kpi.name, (line.scorecard.owner_name, _line_facts(line)), _foot(key // 2, line, found, opened)
    )


def _foot(owned: int, line: ScorecardLine, found: Found, opened: Collection[int]) -> str:
    """What stands below a line, in words; "" for nothing."""
    below = getattr(line, "below", 0)
    if not below:
        return ""
    if owned in opened and owned in found.left_out:
        shown = {"shown": below - found.left_out[owned], "all": below}
        return "− " + _("%(shown)d of %(all)d below") % shown
    words = ngettext("%(count)d below", "%(count)d below", below) % {"count": below}
    return f"− {words}" if owned in opened else f"+ {words}"


def _box(
    box: layout.Box, found: Found, focus: ScorecardLine | None, opened: Collection[int], objectives: dict
) -> DrawnBox:
    if box.id % 2:
        objective, score = objectives[box.id // 2]
        label = f"{objective.name}, {_facts(score.percent, score.status)}"
        return DrawnBox(box, label, score.status, objective=objective)
    owned = box.id // 2
    line = found.lines[owned]
    label = f"{line.kpi.name}, {line.scorecard.owner_name}, {_line_facts(line)}"
    is_open = owned in opened
    after = sorted(set(opened) ^ {owned})
    return DrawnBox(
        box,
        label,
        Node(line.kpi.name, line).status,
        line=line,
        is_focus=focus is not None and line.pk == focus.pk,
        is_open=is_open,
        opens=",".join(map(str, after)) if box.band else None,
    )

"""Where an actual that adds up from below comes from: the lines directly below, each with its part."""

import datetime
from collections import defaultdict
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.explain import Source, Step
from kpiapp.models import Member
from scorecards.cascade import tree
from scorecards.choices import LIVE_STATES
from scorecards.explain.numbers import Measure, u
from scorecards.line_rules import actual_of, value_of_pair
from scorecards.models import Actual, ScorecardLine
from scorecards.scoring import aggregate
from scorecards.segments import entry_of
from strategy.choices import Aggregation

SAME = ("aggregation", "unit", "factor", "numerator_agg", "denominator_agg")


def stored_pair(line: ScorecardLine) -> tuple[Decimal, Decimal | None] | None:
    """The running actual of a line as it is kept; None when it has none."""
    score = getattr(line, "score", None)
    return None if score is None or score.quantity is None else (score.quantity, score.divisor)


def from_below(line: ScorecardLine, reader: Member | None, on: datetime.date) -> Step:
    """The step that lists the children with their parts, each linked; those hidden from the reader are counted."""
    branch = tree.below(line, reader, on) if reader else tree.Branch([])
    feeding = [node for node in branch.nodes if not node.is_support]
    slug, measure = line.scorecard.organization.slug, Measure(line.kpi.unit)
    parts = _parts_of([node for node in feeding if node.is_part], line)
    sources = [_source(node, line, slug, parts) for node in feeding]
    if branch.hidden:
        text = ngettext("and %(count)d you may not read", "and %(count)d you may not read", branch.hidden)
        sources.append(Source(text % {"count": branch.hidden}, reverse("scorecards:tree_line", args=[slug, line.pk])))
    differing = [node for node in feeding if node.line and _differs(node.line, line)]
    if differing:
        text = _(
            "%(owner)s measures it by another version of the KPI (unit %(unit)s), so nothing is added up until all"
            " cards use the same one."
        ) % {"owner": differing[0].line.scorecard.owner_name, "unit": differing[0].line.kpi.unit or "–"}
    else:
        text = _how(line)
    return Step(_("Adds up from below"), u(actual_of(line), measure), text, tuple(sources))


def _parts_of(nodes: list[tree.Node], line: ScorecardLine) -> dict[int, Decimal | None]:
    """What those who belong here for some days of the period give, by line: the entries of these days; one query."""
    own = {node.line.pk: node for node in nodes if node.line and not node.line.takes_children}
    kind, entries = line.kpi.aggregation, defaultdict(list)
    for actual in Actual.objects.filter(line__in=own, state__in=LIVE_STATES):
        link = own[actual.line_id].link
        if link and link.valid_from <= actual.on and (link.valid_to is None or actual.on < link.valid_to):
            entries[actual.line_id].append(entry_of(actual, kind))
    parts = {"numerator_agg": line.kpi.numerator_agg, "denominator_agg": line.kpi.denominator_agg}
    return {pk: value_of_pair(aggregate(kind, entries[pk], **parts), line.kpi.factor) for pk in own}


def _source(node: tree.Node, line: ScorecardLine, slug: str, parts: dict[int, Decimal | None]) -> Source:
    if node.line is None:
        text = _("%(name)s: no card in this period") % {"name": node.owned_name}
        return Source(text, reverse("scorecards:tree_line", args=[slug, line.pk]))
    address = reverse("scorecards:explain_line", args=[slug, node.line.pk])
    text = node.line.scorecard.owner_name
    if node.is_part:
        text = f"{text} ({node.days})"
        if _is_stock(line) and node.last_day is not None:
            return Source(text + ": " + _("counts where they stand at the end of the period"), address)
        if not _is_stock(line):
            # Of somebody who adds up from below, too, the entries of these days count; no single number says which.
            value = parts.get(node.line.pk)
            return Source(f"{text}: {_told(value, node)}" if node.line.pk in parts else text, address)
    return Source(f"{text}: {_told(node.actual, node)}", address)


def _told(value: Decimal | None, node: tree.Node) -> str:
    assert node.line is not None
    return _("no value yet") if value is None else u(value, Measure(node.line.kpi.unit))


def _is_stock(line: ScorecardLine) -> bool:
    """Whether a last value is in it, which belongs whole to where its owner stands at the end of the period."""
    return Aggregation.LAST in (line.kpi.aggregation, line.kpi.numerator_agg, line.kpi.denominator_agg)


def _differs(child: ScorecardLine, parent: ScorecardLine) -> bool:
    return any(getattr(child.kpi, name) != getattr(parent.kpi, name) for name in SAME)


def _how(line: ScorecardLine) -> str:
    kind, count = line.kpi.aggregation, line.score.entries if hasattr(line, "score") else 0
    if kind == Aggregation.RATIO:
        text = _("Numerators and denominators of the cards below are added up first, then divided once.")
    elif kind in (Aggregation.AVG, Aggregation.WEIGHTED_AVG):
        text = _("All entries of the cards below make one mean; means are never averaged.")
    elif kind == Aggregation.MIN:
        text = _("The lowest value of the cards below.")
    elif kind == Aggregation.MAX:
        text = _("The highest value of the cards below.")
    else:
        text = _("The values of the cards below, added up.")
    counted = ngettext("%(count)d card has a value.", "%(count)d cards have a value.", count) % {"count": count}
    return f"{text} {counted}"

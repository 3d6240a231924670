"""Where an actual that adds up from below comes from: the lines directly below, each with its part."""

import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.explain import Source, Step
from kpiapp.models import Member
from scorecards.cascade import tree
from scorecards.explain.numbers import Measure, u
from scorecards.line_rules import actual_of
from scorecards.models import ScorecardLine
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
    sources = [_source(node, line, slug) for node in feeding]
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


def _source(node: tree.Node, line: ScorecardLine, slug: str) -> Source:
    if node.line is None:
        text = _("%(name)s: no card in this period") % {"name": node.owned_name}
        return Source(text, reverse("scorecards:tree_line", args=[slug, line.pk]))
    owner = node.line.scorecard.owner_name
    part = _("no value yet") if node.actual is None else u(node.actual, Measure(node.line.kpi.unit))
    return Source(f"{owner}: {part}", reverse("scorecards:explain_line", args=[slug, node.line.pk]))


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

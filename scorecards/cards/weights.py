"""What is to be said about the weights of a card: how far from 100, which KPI is outside the limits, what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from kpiapp.decimals import HUNDRED, ZERO, AllocationError, format_number, format_percent
from scorecards.choices import LimitRule, WeightRule
from scorecards.models import CardRules, ScorecardLine
from scorecards.scoring import Trace, suggest_weights


@dataclass(frozen=True)
class Finding:
    """A sentence about a card; one that `refuses` must be mended before the card is handed in or agreed."""

    text: str
    refuses: bool


@dataclass(frozen=True)
class Weights:
    """The weights of a card as a page shows them while they are set."""

    lines: Sequence[ScorecardLine]
    rules: CardRules

    @property
    def scored(self) -> list[ScorecardLine]:
        """The lines whose weights count."""
        return [line for line in self.lines if line.is_scored]

    @property
    def total(self) -> Decimal:
        """What they add up to."""
        return total_weight(self.scored)

    @property
    def bar(self) -> list[dict]:
        """The parts of the bar."""
        return [{"label": line.kpi.name, "weight": line.weight} for line in self.scored]

    @property
    def findings(self) -> list[Finding]:
        """What is to be said about them."""
        return findings_of(self.lines, self.rules)

    @property
    def suggested(self) -> dict[int, Decimal]:
        """The weight of each line by its group."""
        return suggestions(self.lines, self.rules)


def total_weight(lines: Sequence[ScorecardLine]) -> Decimal:
    """Sum of the weights that count."""
    return sum((line.weight for line in lines if line.is_scored), ZERO)


def weight_problem(total: Decimal) -> str:
    """How far weights are from 100, in words; empty when they are not."""
    language = get_language() or "en"
    shown = {"total": format_number(total, language), "gap": format_number(abs(HUNDRED - total), language)}
    if total < HUNDRED:
        return _("Weights add up to %(total)s, %(gap)s are missing. Set them, or use Balance.") % shown
    if total > HUNDRED:
        return _("Weights add up to %(total)s, %(gap)s too many. Set them, or use Balance.") % shown
    return ""


def findings_of(lines: Sequence[ScorecardLine], rules: CardRules) -> list[Finding]:
    """Everything to be said about lines (with their KPIs) as they stand, what refuses first."""
    scored = [line for line in lines if line.is_scored]
    found = []
    problem = weight_problem(total_weight(scored))
    if problem and rules.weights != WeightRule.NORMALISE:
        found.append(Finding(problem, rules.weights == WeightRule.STRICT))
    strict = rules.limits == LimitRule.REFUSE
    found += [Finding(text, strict) for text in [*_counted(len(scored), rules), *_outside(scored, rules)]]
    return sorted(found, key=lambda finding: not finding.refuses)


def _counted(count: int, rules: CardRules) -> list[str]:
    shown = {"count": count, "least": rules.kpis_least, "most": rules.kpis_most}
    if count > rules.kpis_most:
        return [_("%(count)d KPIs are more than anybody can steer: at most %(most)d. Take some off.") % shown]
    if 0 < count < rules.kpis_least:
        text = ngettext(
            "%(count)d KPI shows too little of the work: at least %(least)d. Add some.",
            "%(count)d KPIs show too little of the work: at least %(least)d. Add some.",
            count,
        )
        return [text % shown]
    return []


def _outside(lines: Sequence[ScorecardLine], rules: CardRules) -> list[str]:
    language = get_language() or "en"
    least, most = (format_percent(limit, language, places=None) for limit in (rules.weight_least, rules.weight_most))
    light = [line.kpi.name for line in lines if line.weight < rules.weight_least]
    heavy = [line.kpi.name for line in lines if line.weight > rules.weight_most]
    found = []
    if light:
        text = _("Below %(least)s nobody works for it: %(kpis)s. Give it more, or take it off.")
        found.append(text % {"least": least, "kpis": ", ".join(light)})
    if heavy:
        text = _("Above %(most)s it decides the card alone: %(kpis)s. Share its weight.")
        found.append(text % {"most": most, "kpis": ", ".join(heavy)})
    return found


def suggestions(lines: Sequence[ScorecardLine], rules: CardRules, trace: Trace | None = None) -> dict[int, Decimal]:
    """The weight suggested for each scored line by its group, within the limits where they leave room."""
    scored = [line for line in lines if line.is_scored]
    if not all(line.kpi.group for line in scored):
        # A confidential KPI does not show its group.
        return {}
    try:
        weights = suggest_weights(
            [line.kpi.group for line in scored],
            least=rules.weight_least.to_integral_value(),
            most=rules.weight_most.to_integral_value(),
            trace=trace,
        )
    except AllocationError:
        return {}
    return {line.pk: weight for line, weight in zip(scored, weights, strict=True)}

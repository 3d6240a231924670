"""Milestones to choose from: a KPI that is scored by them is entered as the step reached, kept as its exact percent."""

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp.decimals import ZERO, format_number
from scorecards.line_rules import rule_of_line
from scorecards.models import ScorecardLine
from scorecards.scoring import Method, RuleError, milestone_steps
from strategy.choices import Aggregation

# One step is reached at a time; entries that add up, or of which the mean is taken, are numbers.
ONE_STEP = frozenset({Aggregation.LAST, Aggregation.MAX, Aggregation.MIN})


def step_choices(line: ScorecardLine, shown: str = "") -> list[tuple[str, str]]:
    """(number as the reader types it, its words) for every milestone of a line; [] where people type.

    `shown` is what stands there: a number between two milestones, from a file perhaps, stays as it is.
    """
    rule = rule_of_line(line)
    if rule.method is not Method.MILESTONE or line.kpi.aggregation not in ONE_STEP:
        return []
    try:
        steps = milestone_steps(rule)
    except RuleError:
        return []
    if steps[0][0] > ZERO:
        steps.insert(0, (ZERO, _("Nothing reached yet")))
    language = get_language() or "en"
    numbers = [(format_number(percent, language), label) for percent, label in steps]
    choices = [(number, f"{label} · {number}%" if label else f"{number}%") for number, label in numbers]
    if shown and shown not in dict(choices):
        choices.append((shown, f"{shown}%"))
    return choices

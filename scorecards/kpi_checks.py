"""Judges the definition of a KPI by the rules that will score it, for the app below that keeps the definitions."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from scorecards.line_rules import zero_targets_count
from scorecards.scoring import RuleError, problems_of, rule_from_data
from strategy.choices import Direction, ScoringMethod


def problems_of_definition(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(field, sentence) for everything that keeps these fields of a KpiVersion from being scored; [] when nothing."""
    scoring = {name: fields[name] for name in ("method", "params", "cap", "floor", "min_gate")}
    scoring["missing"] = fields["missing_policy"]
    if fields["target"] == 0 and fields["method"] in (ScoringMethod.RATIO, ScoringMethod.MIRROR):
        scoring["zero_target_full_if_met"] = zero_targets_count()
    try:
        rule = rule_from_data(scoring, direction=fields["direction"], factor=fields["factor"])
        problems = problems_of(
            rule, target=fields["target"], baseline=fields["baseline"], aggregation=fields["aggregation"]
        )
    except RuleError as error:
        problems = [error]
    return [(problem.field, sentence_of(problem)) for problem in problems]


def sentence_of(problem: RuleError) -> str:
    """The message with codes replaced by the words people know them by."""
    params = dict(problem.params)
    if "direction" in params:
        params["direction"] = Direction(params["direction"]).label
        params["method"] = ScoringMethod(params["method"]).label
    return _(problem.message) % params

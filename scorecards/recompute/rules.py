"""Compiled rules of KPI versions. A version never changes, so what was compiled once is kept for the process."""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from kpiapp.tenancy import current_organization_id
from scorecards.line_rules import rule_of
from scorecards.recompute.gather import NULL
from scorecards.scoring import NOT_SCORABLE, CompiledLine, MissingPolicy, RuleError, compile_rule
from strategy.models import KpiVersion

KEPT = 20_000


class Rule(NamedTuple):
    """A compiled rule and what a late value under it does to the card."""

    line: CompiledLine
    missing: str
    carries: bool


_kept: dict[tuple[int, str, str], Rule] = {}


def rules_of(wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Rule]:
    """Rules by (id of the KPI version, the line's own method and parameters in JSON), both as COPY writes them."""
    organization_id = current_organization_id()
    wanted = set(wanted)
    missing = {pair for pair in wanted if (organization_id, *pair) not in _kept}
    if missing:
        if len(_kept) > KEPT:
            _kept.clear()
        versions = KpiVersion.objects.in_bulk({int(version) for version, _ in missing})
        for version, own in missing:
            _kept[organization_id, version, own] = _compile(versions[int(version)], own)
    return {pair: _kept[(organization_id, *pair)] for pair in wanted}


def _compile(version: KpiVersion, own: str) -> Rule:
    # COPY doubles backslashes; JSON has no other character that it would escape.
    method, params = ("", None) if own == NULL else json.loads(own.replace("\\\\", "\\"), parse_float=Decimal)
    rule = rule_of(version, method, params)
    try:
        line = compile_rule(rule)
    except RuleError as error:
        line = _refused(error.field)
    return Rule(line, rule.missing_policy.value, rule.missing_policy is MissingPolicy.CARRY_FORWARD)


def _refused(field: str) -> CompiledLine:
    """A rule that cannot be used scores nothing and says so: one bad KPI must not stop a company's night."""

    def line(a, b=None, target=None, baseline=None, absence="late"):
        return (absence if a is None else f"{NOT_SCORABLE}rule_{field}"[:53]), None, None

    return line

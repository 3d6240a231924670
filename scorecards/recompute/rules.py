"""Compiled rules of KPI versions. A version never changes, so what was compiled once is kept for the process."""

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from kpiapp.tenancy import current_organization_id
from scorecards.line_rules import rule_of, watched_in, zero_targets_count
from scorecards.scoring import (
    NOT_SCORABLE,
    CompiledLine,
    KpiRule,
    Method,
    MissingPolicy,
    RuleError,
    charges_lateness,
    compile_rule,
)
from strategy.models import KpiVersion

KEPT = 20_000


class Further(NamedTuple):
    """What a rule asks for that does not stand in the row of a line: the value of the period before when there is
    none; or, by a rule that charges for lateness, the day on which something was reached.
    """

    carries: bool
    charging: KpiRule | None


class Rule(NamedTuple):
    """A compiled rule, what a late value under it does to the card, what else it looks at, whether that is the
    baseline, and what a warning looks at in the score of a line.
    """

    line: CompiledLine
    missing: str
    further: Further | None
    uses_baseline: bool
    watched: str


# By organization, what it makes of zero targets, and key: a setting that is changed finds no rule of before.
_kept: dict[tuple[int, bool, str], Rule] = {}


class RuleBook(dict):
    """Rules by the key that gathered rows carry: id of the KPI version, and the line's own method as JSON if any.

    As plain tuples in the order of Rule, which a million rows unpack in half the time of a named one.
    """

    def __init__(self, keys: Callable[[], Iterable[str]], given: Mapping[str, Rule] = MappingProxyType({})):
        super().__init__({key: tuple(rule) for key, rule in given.items()})
        self._keys = keys

    def __missing__(self, key: str) -> Rule:
        """Fetch what the process has not compiled yet, for all rows at once."""
        kept_for = current_organization_id(), zero_targets_count()
        if (*kept_for, key) not in _kept:
            if len(_kept) > KEPT:
                _kept.clear()
            wanted = set(self._keys()) - set(self)
            missing = [other for other in wanted if (*kept_for, other) not in _kept]
            versions = KpiVersion.objects.in_bulk({int(other.partition(" ")[0]) for other in missing})
            for other in missing:
                version, _, own = other.partition(" ")
                _kept[*kept_for, other] = compile_version(versions[int(version)], own)
        self[key] = tuple(_kept[*kept_for, key])
        return self[key]


def compile_version(version: KpiVersion, own: str = "") -> Rule:
    """The rule of a version, with the method and parameters a line has of its own (as in the key of its row)."""
    # COPY doubles backslashes; JSON has no other character that it would escape.
    method, params = json.loads(own.replace("\\\\", "\\"), parse_float=Decimal) if own else ("", None)
    rule = rule_of(version, method, params)
    charging = rule if charges_lateness(rule) else None
    try:
        line = compile_rule(rule)
    except RuleError as error:
        line, charging = _refused(error.field), None
    carries = rule.missing_policy is MissingPolicy.CARRY_FORWARD
    further = Further(carries, charging) if carries or charging else None
    watched = watched_in(rule, version.aggregation).value
    return Rule(line, rule.missing_policy.value, further, rule.method is Method.BASELINE, watched)


def _refused(field: str) -> CompiledLine:
    """A rule that cannot be used scores nothing and says so: one bad KPI must not stop a company's night."""

    def line(a, b=None, target=None, baseline=None, absence="late"):
        return (absence if a is None else f"{NOT_SCORABLE}rule_{field}"[:53]), None, None

    return line

"""The course of a scoring rule over the actuals that matter, for the app below that draws it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from kpiapp.decimals import EXACT, HUNDRED, ONE, ZERO, divide, quantize
from kpiapp.registry import Curve, CurvePoint
from scorecards.kpi_checks import sentence_of
from scorecards.line_rules import NEEDS_TARGET
from scorecards.scoring import CompiledLine, KpiRule, Method, RuleError, compile_rule, rule_from_data

# Enough for a straight look at the width of a page.
STEPS = 96
# So close before a jump that no eye and no value in use falls between.
JUST_BEFORE = Decimal("0.000001")
MOST_EVENTS = 20
EXAMPLE_TARGET = HUNDRED
MARGIN = Decimal("0.15")


def curve_of_definition(fields: Mapping[str, Any], tried: Decimal | None = None) -> Curve:
    """The curve of what fields of a KpiVersion say; a target nobody has set yet is drawn as 100."""
    scoring = {name: fields.get(name) for name in ("method", "params", "min_gate")}
    scoring |= {name: fields[name] for name in ("cap", "floor") if fields.get(name) is not None}
    try:
        rule = rule_from_data(scoring, direction=fields["direction"])
        line = compile_rule(rule)
    except RuleError as error:
        return Curve(problem=sentence_of(error))
    needs_target = rule.method in NEEDS_TARGET or rule.params.get("x_is") == "over_target"
    given = fields.get("target")
    target = EXAMPLE_TARGET if needs_target and given is None else given if needs_target else None
    baseline = fields.get("baseline")
    if rule.method is Method.BASELINE and baseline is None and "baseline" not in rule.params:
        baseline = ZERO

    def at(value: Decimal) -> CurvePoint:
        return CurvePoint(value, line(value, None, target, baseline)[2])

    counted = rule.method is Method.DEDUCT
    stops = _stops(rule, target, baseline)
    points = [at(x) for x in _sampled(rule, stops, counted)]
    return Curve(
        points=points,
        stops=[at(stop) for stop in stops],
        target=target,
        is_example=needs_target and given is None,
        cap=rule.cap,
        floor=rule.floor,
        gate=rule.min_gate,
        is_counted=counted,
        tried=None if tried is None else at(tried),
        raw=None if tried is None else _raw(line, tried, target, baseline),
    )


def _raw(line: CompiledLine, value: Decimal, target: Decimal | None, baseline: Decimal | None) -> Decimal | None:
    return line(value, None, target, baseline)[1]


def _numbers(rows: object, first: str) -> list[Decimal]:
    """The first column of a table of parameters."""
    found = []
    for row in rows if isinstance(rows, Sequence) else ():
        value = row.get(first) if isinstance(row, Mapping) else row[0]
        if value is not None:
            found.append(Decimal(str(value)))
    return sorted(set(found))


def _stops(rule: KpiRule, target: Decimal | None, baseline: Decimal | None) -> list[Decimal]:
    """Actuals at which something happens, rising: what a table of the curve shows."""
    params = rule.params
    goal = target if target is not None else ZERO
    if rule.method is Method.BAND:
        names = ("outer_low", "low", "high", "outer_high")
        return [Decimal(str(params[name])) for name in names if params.get(name) is not None]
    if rule.method is Method.DEDUCT:
        per_unit = Decimal(str(params.get("deduct_per_unit", "0.25")))
        worst = math.ceil(divide(ONE, per_unit)) if per_unit else MOST_EVENTS
        return [Decimal(count) for count in range(min(worst, MOST_EVENTS) + 1)]
    if rule.method is Method.SCALE:
        return _numbers(params.get("bands"), "at_least")
    if rule.method is Method.PIECEWISE_LINEAR:
        scale = goal if params.get("x_is") == "over_target" else ONE
        return sorted(EXACT.multiply(x, scale) for x in _numbers(params.get("anchors"), "x"))
    if rule.method in (Method.MILESTONE, Method.MANUAL):
        return [Decimal(percent) for percent in (0, 25, 50, 75, 100)]
    if rule.method is Method.BASELINE:
        start = baseline if baseline is not None else Decimal(str(params.get("baseline", 0)))
        return sorted({start, divide(start + goal, Decimal(2)), goal, goal + divide(goal - start, Decimal(4))})
    return sorted(_shares(goal, rule.method))


def _shares(target: Decimal, method: Method) -> Iterable[Decimal]:
    """The target and round parts of it."""
    shares = {
        Method.RATIO: ("0", "0.5", "0.8", "1", "1.2"),
        Method.MIRROR: ("0", "0.8", "1", "1.3", "2"),
        Method.INVERSE: ("0.5", "1", "2", "4"),
        Method.DEVIATION: ("0", "0.8", "1", "1.2", "2"),
        Method.BINARY: ("0", "1", "2"),
    }[method]
    return {EXACT.multiply(target, Decimal(share)) for share in shares}


def _sampled(rule: KpiRule, stops: Sequence[Decimal], counted: bool) -> list[Decimal]:
    """Where the curve is asked: evenly over the stops with a margin, at each stop, and just before it."""
    if counted or not stops:
        return list(stops)
    low, high = stops[0], stops[-1]
    width = (high - low) or max(abs(high), ONE)
    margin = EXACT.multiply(width, MARGIN)
    # Below zero there is nothing to see unless the rule itself goes there.
    start = low if low >= ZERO and low - margin < ZERO else low - margin
    end = high if rule.method in (Method.MILESTONE,) else high + margin
    if rule.method is Method.MANUAL:
        end = EXACT.multiply(HUNDRED, rule.cap if rule.cap is not None else ONE)
    even = [start + quantize(divide((end - start) * step, Decimal(STEPS)), 6) for step in range(STEPS + 1)]
    before = [stop - JUST_BEFORE for stop in stops if stop - JUST_BEFORE >= start]
    after = [stop + JUST_BEFORE for stop in stops if stop + JUST_BEFORE <= end]
    return sorted({*even, *before, *stops, *after})

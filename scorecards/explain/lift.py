"""What would lift a number: the value that reaches the next status or the target, found by the kernel itself."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from django.utils.translation import gettext as _

from kpiapp.decimals import EXACT, ONE
from kpiapp.templatetags.charts import status_word
from scorecards.explain.numbers import Measure, p, pct, u
from scorecards.line_rules import ADDS_UP, rule_of_line
from scorecards.models import ScorecardLine
from scorecards.scoring import (
    DEFAULT_STATUS_BANDS,
    CardLine,
    CompiledLine,
    LineResult,
    LineState,
    Method,
    RuleError,
    WeightPolicy,
    compile_rule,
    score_card,
    status_of,
)

# Halvings between the actual and the target: enough for any value with six decimals.
HALVINGS = 70
STEADY = frozenset({Method.RATIO, Method.MIRROR, Method.INVERSE, Method.BASELINE, Method.DEVIATION, Method.BINARY})


def lift_of_line(line: ScorecardLine, result: LineResult) -> str:
    """A sentence naming the value that reaches the next status, or the target; empty when nothing is missing."""
    rule = rule_of_line(line)
    decided = line.waived_reason or line.wiped_out_reason
    # A value of a line in segments reaches different completions on different days: no single one lifts it.
    if rule.method not in STEADY or line.target is None or decided or line.in_segments:
        return ""
    try:
        compiled = compile_rule(rule)
    except RuleError:
        return ""
    if result.actual is None or result.completion is None:
        shown = {"target": u(line.target, Measure(line.kpi.unit))}
        return _("Enter a value: %(target)s reaches the target.") % shown
    if result.completion >= ONE:
        return ""
    bound = _next_bound(result.completion)
    needed = value_reaching(compiled, bound, result.actual, line.target, line.baseline, line.kpi.decimals)
    if needed is None:
        return ""
    reached = compiled(needed, None, line.target, line.baseline)[2]
    return _sentence(line, result.actual, needed, reached)


def _next_bound(completion: Decimal) -> Decimal:
    """The lowest limit of a better status, at most the target itself."""
    bounds = [band.bound for band in DEFAULT_STATUS_BANDS.bands if band.bound is not None and not band.above_only]
    return min([bound for bound in bounds if bound > completion] + [ONE])


def value_reaching(
    compiled: CompiledLine,
    bound: Decimal,
    actual: Decimal,
    target: Decimal,
    baseline: Decimal | None,
    decimals: int,
) -> Decimal | None:
    """The value nearest to the actual, with the KPI's decimals, whose completion is at least `bound`; else None."""

    def completion(value: Decimal) -> Decimal | None:
        return compiled(value, None, target, baseline)[2]

    best = completion(target)
    if best is None or best < bound:
        return None
    far, near = actual, target
    for _step in range(HALVINGS):
        middle = EXACT.divide(EXACT.add(far, near), Decimal(2))
        got = completion(middle)
        if got is not None and got >= bound:
            near = middle
        else:
            far = middle
    # Round towards the target, so that the rounded value still reaches it.
    rounding = ROUND_CEILING if target > actual else ROUND_FLOOR
    needed = near.quantize(ONE.scaleb(-decimals), rounding=rounding, context=EXACT)
    got = completion(needed)
    return needed if got is not None and got >= bound else target


def _sentence(line: ScorecardLine, actual: Decimal, needed: Decimal, reached: Decimal | None) -> str:
    measure = Measure(line.kpi.unit)
    word = status_word(status_of(reached).value)
    gap = needed - actual
    shown = {"value": u(needed, measure), "gap": u(abs(gap), measure), "completion": p(reached), "status": word}
    if line.kpi.aggregation in ADDS_UP and gap > 0:
        return _("%(gap)s more, %(value)s in all, brings it to %(completion)s: %(status)s.") % shown
    return _("%(value)s brings it to %(completion)s: %(status)s.") % shown


def lift_of_card(lines: Sequence[ScorecardLine], cards: Sequence[CardLine], percent: Decimal | None) -> str:
    """The KPI whose target, once reached, lifts the score the most, and the score it gives.

    Lines come with `is_hidden`: one that is hidden from the reader is not named.
    """
    best: tuple[Decimal, ScorecardLine] | None = None
    for index, (line, card) in enumerate(zip(lines, cards, strict=True)):
        if (
            line.is_hidden
            or line.waived_reason
            or line.wiped_out_reason
            or not line.is_scored
            or (card.completion or 0) >= ONE
        ):
            continue
        met = CardLine(card.weight, LineState.SCORED, ONE, card.name)
        with_it = [met if place == index else other for place, other in enumerate(cards)]
        after = score_card(with_it, weight_policy=WeightPolicy.NORMALISE).percent
        if after is not None and (percent is None or after > percent) and (best is None or after > best[0]):
            best = after, line
    if best is None:
        return ""
    return _("Reaching the target of “%(kpi)s” brings the score to %(percent)s.") % {
        "kpi": best[1].kpi.name,
        "percent": pct(best[0]),
    }

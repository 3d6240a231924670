"""What must hold for any numbers: exactness, monotony, limits, order, and that explaining changes nothing."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scorecards.scoring import (
    CardLine,
    Child,
    Entry,
    KpiRule,
    Method,
    RollUp,
    Trace,
    aggregate,
    compile_rule,
    dump_steps,
    load_steps,
    problems_of,
    roll_up,
    score_card,
    score_line,
    tier_of,
    value_of,
)
from scorecards.scoring.rules import RAW_LIMIT

D = Decimal


def amounts(low=-(10**12), high=10**12, places=4):
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False)


def positives(places=4):
    return amounts(D(1).scaleb(-places), 10**9, places)


actuals = amounts()
targets = amounts(-(10**9), 10**9).filter(bool)
completions = amounts(0, 2, 6)

BAND = {"low": 95, "high": 100, "outer_low": 80, "outer_high": 115}
ANCHORS = {"anchors": [["0.7", "0.5"], ["1", "1"], ["1.2", "1.4"]], "below_first": "zero"}
SCALE = {"bands": [["4.5", "1.2"], ["4", "1"], ["3", "0.8"], ["0", "0"]]}
TABLE = {"table": [{"milestone": str(pct), "pct": pct} for pct in (0, 25, 50, 75, 100)]}
ALL_RULES = [
    KpiRule(Method.RATIO),
    KpiRule(Method.MIRROR),
    KpiRule(Method.INVERSE),
    KpiRule(Method.BASELINE),
    KpiRule(Method.DEVIATION, {"tolerance": "0.05"}),
    KpiRule(Method.BAND, BAND),
    KpiRule(Method.BINARY, {"pass_when": ">="}),
    KpiRule(Method.DEDUCT),
    KpiRule(Method.MILESTONE, TABLE | {"late_percent": 3}),
    KpiRule(Method.SCALE, SCALE),
    KpiRule(Method.PIECEWISE_LINEAR, ANCHORS, cap=None),
    KpiRule(Method.MANUAL),
]


def half_up(value: Fraction, places: int) -> Fraction:
    """Half away from zero, in whole numbers only: the rule that the kernel has to agree with."""
    scaled = abs(value) * 10**places
    rounded = Fraction((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator), 10**places)
    return rounded if value >= 0 else -rounded


def within_limits(raw: Fraction) -> Fraction:
    return max(-Fraction(RAW_LIMIT), min(Fraction(RAW_LIMIT), half_up(raw, 6)))


class TestExact:
    """The stored completion is the exact quotient, rounded once."""

    @given(a=actuals, b=positives(), target=targets, factor=st.sampled_from([D(1), D(100), D(365)]))
    def test_ratio_and_mirror_are_their_formulas(self, a, b, target, factor):
        actual, goal = Fraction(factor) * Fraction(a) / Fraction(b), Fraction(target)
        away = (actual - goal) / abs(goal)
        _, ratio, _ = compile_rule(KpiRule(Method.RATIO, factor=factor))(a, b, target)
        _, mirror, _ = compile_rule(KpiRule(Method.MIRROR, factor=factor))(a, b, target)
        assert Fraction(ratio) == within_limits(1 + away)
        assert Fraction(mirror) == within_limits(1 - away)

    @given(a=actuals, b=st.none() | positives(), target=targets, baseline=actuals)
    def test_baseline_is_its_formula(self, a, b, target, baseline):
        assume(target != baseline)
        actual = Fraction(a) / Fraction(b) if b else Fraction(a)
        _, raw, _ = compile_rule(KpiRule(Method.BASELINE))(a, b, target, baseline)
        assert Fraction(raw) == within_limits((actual - Fraction(baseline)) / (Fraction(target) - Fraction(baseline)))

    def test_the_ambient_precision_changes_nothing(self):
        line = compile_rule(KpiRule(Method.RATIO, factor=D(100)))
        with localcontext() as context:
            context.prec = 3
            rough = line(D("123456.78"), D("98765.4321"), D("99.5"))
        assert rough == line(D("123456.78"), D("98765.4321"), D("99.5"))

    def test_a_number_of_any_length_has_an_answer(self):
        state, raw, completion = compile_rule(KpiRule(Method.RATIO))(D("1E+70"), None, D("1E-9"))
        assert (state, raw, completion) == ("scored", RAW_LIMIT, D("1.2"))
        _, raw, completion = compile_rule(KpiRule(Method.RATIO))(D("-1E+70"), None, D("1E-9"))
        assert (raw, completion) == (-RAW_LIMIT, 0)

    @given(actuals, targets)
    def test_no_negative_zero_is_ever_shown(self, a, target):
        for rule in ALL_RULES:
            _, raw, completion = compile_rule(rule)(a, None, target, D(0))
            for number in (raw, completion):
                assert number is None or number or not number.is_signed()


class TestMonotone:
    """Doing better never scores less."""

    @pytest.mark.parametrize(
        "rule",
        [
            KpiRule(Method.RATIO),
            KpiRule(Method.BINARY, {"pass_when": ">="}),
            KpiRule(Method.SCALE, SCALE),
            KpiRule(Method.PIECEWISE_LINEAR, ANCHORS, cap=None),
        ],
        ids=lambda rule: rule.method,
    )
    @given(pair=st.tuples(actuals, actuals), target=targets)
    def test_more_is_better(self, rule, pair, target):
        worse, better = sorted(pair)
        line = compile_rule(rule)
        assert line(worse, None, target)[1:] <= line(better, None, target)[1:]

    @pytest.mark.parametrize("method", [Method.MILESTONE, Method.MANUAL])
    @given(pair=st.tuples(positives(), positives()))
    def test_more_percent_is_better(self, method, pair):
        line = compile_rule(KpiRule(method, TABLE if method is Method.MILESTONE else {}))
        worse, better = sorted(pair)
        assert line(worse)[2] <= line(better)[2]

    @given(pair=st.tuples(actuals, actuals), target=targets)
    def test_less_is_better_for_mirror(self, pair, target):
        better, worse = sorted(pair)
        line = compile_rule(KpiRule(Method.MIRROR))
        assert line(worse, None, target)[1:] <= line(better, None, target)[1:]

    @given(pair=st.tuples(amounts(0), amounts(0)), target=positives())
    def test_less_is_better_for_inverse(self, pair, target):
        better, worse = sorted(pair)
        line = compile_rule(KpiRule(Method.INVERSE))
        assert line(worse, None, target)[2] <= line(better, None, target)[2]

    @given(pair=st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)))
    def test_fewer_events_are_better(self, pair):
        better, worse = sorted(pair)
        line = compile_rule(KpiRule(Method.DEDUCT))
        assert line(D(worse))[2] <= line(D(better))[2]

    @given(pair=st.tuples(actuals, actuals), target=targets, baseline=actuals)
    def test_closer_to_the_target_from_the_baseline_is_better(self, pair, target, baseline):
        assume(target != baseline)
        worse, better = sorted(pair, reverse=target < baseline)
        line = compile_rule(KpiRule(Method.BASELINE))
        assert line(worse, None, target, baseline)[1:] <= line(better, None, target, baseline)[1:]

    @given(steps=st.tuples(amounts(0), amounts(0)), target=targets, side=st.sampled_from([1, -1]))
    def test_closer_to_the_middle_is_better(self, steps, target, side):
        near, far = sorted(steps)
        deviation = compile_rule(KpiRule(Method.DEVIATION))
        assert deviation(target + side * far, None, target)[1] <= deviation(target + side * near, None, target)[1]
        band = compile_rule(KpiRule(Method.BAND, BAND))
        edge = 100 if side > 0 else 95
        assert band(edge + side * far)[1] <= band(edge + side * near)[1]

    @given(days=st.tuples(st.integers(0, 500), st.integers(0, 500)))
    def test_later_is_never_better(self, days):
        sooner, later = sorted(days)
        line = compile_rule(KpiRule(Method.MILESTONE, TABLE | {"late_percent": 2, "late_floor_percent": 30}))
        assert line(D(100), late=D(later))[2] <= line(D(100), late=D(sooner))[2]


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.method)
class TestEveryMethod:
    @given(
        a=actuals,
        target=targets,
        cap=amounts(1, 3, 2),
        floor=amounts(0, 1, 2),
        gate=st.none() | amounts(0, 1, 2),
    )
    def test_completion_stays_within_floor_and_cap(self, rule, a, target, cap, floor, gate):
        limited = KpiRule(rule.method, rule.params, cap=cap, floor=floor, min_gate=gate)
        state, raw, completion = compile_rule(limited)(a, None, target, D(0))
        if state == "scored":
            assert floor <= completion <= cap
            assert -RAW_LIMIT <= raw <= RAW_LIMIT
        else:
            assert state.startswith("not_scorable:")
            assert raw is completion is None

    @given(a=st.none() | actuals, b=st.none() | actuals, target=st.none() | amounts(-100, 100), baseline=actuals)
    def test_explaining_a_number_does_not_change_it(self, rule, a, b, target, baseline):
        line, trace = compile_rule(rule), Trace()
        bare = line(a, b, target, baseline)
        traced = line(a, b, target, baseline, "late", None, trace)
        assert [str(part) for part in bare] == [str(part) for part in traced]
        assert trace.steps
        assert load_steps(trace.to_bytes())[-1].rule == trace.steps[-1].rule

    @given(a=amounts(0, 100, 2), target=amounts(1, 100, 2))
    def test_same_numbers_same_bytes_whatever_their_zeros(self, rule, a, target):
        short, long = Trace(), Trace()
        score_line(rule, actual=a, target=target, baseline=D(0), trace=short)
        score_line(
            rule,
            actual=a.quantize(D("0.000001")),
            target=target.quantize(D("0.0000")),
            baseline=D("0.00"),
            trace=long,
        )
        assert short.to_bytes() == long.to_bytes()

    def test_a_saved_trace_comes_back(self, rule):
        trace = Trace()
        score_line(rule, actual=D(3), target=D(4), baseline=D(1), late=D(2), trace=trace)
        assert dump_steps(load_steps(trace.to_bytes())) == trace.to_bytes()

    def test_the_rule_itself_has_no_problem(self, rule):
        fit = {Method.MIRROR: "decrease", Method.INVERSE: "decrease", Method.DEDUCT: "decrease"}
        fit |= {Method.BAND: "range", Method.DEVIATION: "range"}
        direction = fit.get(rule.method, "increase")
        assert problems_of(KpiRule(rule.method, rule.params, direction=direction), target=D(4), baseline=D(1)) == []


class TestCards:
    lines = st.lists(
        st.tuples(
            amounts(0, 100, 2),
            st.none() | completions,
            st.sampled_from(["late", "waived", "not_due", "not_scorable:zero_target"]),
            st.sampled_from(["exclude_reweight", "zero", "carry_forward"]),
        ),
        min_size=1,
        max_size=12,
    )

    @staticmethod
    def card(rows, **options):
        lines = [
            CardLine(weight, "scored" if completion is not None else state, completion, missing_policy=policy)
            for weight, completion, state, policy in rows
        ]
        return score_card(lines, weight_policy="normalise", cap=None, **options)

    @given(rows=lines, data=st.data())
    def test_the_order_of_lines_does_not_matter(self, rows, data):
        assert self.card(rows) == self.card(data.draw(st.permutations(rows)))

    @given(rows=lines)
    def test_the_score_is_the_exact_weighted_mean_rounded_once(self, rows):
        counted = [
            (Fraction(weight), Fraction(completion or 0))
            for weight, completion, state, policy in rows
            if completion is not None or (state == "late" and policy == "zero")
        ]
        measured = sum(weight for weight, _ in counted)
        result = self.card(rows)
        if not measured:
            assert result.state == "no_score"
            assert result.percent is None
            return
        mean = sum(weight * completion for weight, completion in counted) / measured
        assert Fraction(result.percent) == half_up(100 * mean, 2)
        assert Fraction(result.completion) == half_up(mean, 6)

    @given(rows=lines)
    def test_explaining_a_card_does_not_change_it(self, rows):
        assert self.card(rows) == self.card(rows, trace=Trace())

    @given(rows=lines)
    def test_a_score_lies_between_its_worst_and_its_best_line(self, rows):
        result = self.card([row for row in rows if row[1] is not None] or rows)
        scored = [completion for weight, completion, _, _ in rows if completion is not None and weight]
        if result.completion is not None and scored:
            assert min(scored) <= result.completion <= max(scored)

    @given(rows=lines)
    def test_coverage_is_a_share(self, rows):
        result = self.card(rows)
        assert 0 <= result.coverage_percent <= 100
        assert result.lines_scored <= result.lines_total == len(rows)
        assert result.provisional is (result.state == "scored" and result.coverage_percent < 60)


class TestAggregation:
    numbers = st.none() | amounts(-(10**9), 10**9, 2)
    entries = st.lists(
        st.builds(Entry, value=numbers, second=numbers, on=st.dates(), id=st.integers(1, 10**6)),
        max_size=8,
        unique_by=lambda entry: entry.id,
    )

    @staticmethod
    def naive(kind, values):
        values = [(Fraction(value), entry) for value, entry in values]
        numbers = [value for value, _ in values]
        last = max(values, key=lambda pair: (pair[1].on, pair[1].id))[0]
        return {
            "sum": sum(numbers),
            "avg": sum(numbers) / len(numbers),
            "last": last,
            "min": min(numbers),
            "max": max(numbers),
            "count": len(numbers),
        }[kind]

    @given(entries=entries, kind=st.sampled_from(["sum", "avg", "last", "min", "max", "count"]))
    def test_one_column_is_what_it_says(self, entries, kind):
        reported = [(entry.value, entry) for entry in entries if entry.value is not None]
        pair = aggregate(kind, entries)
        if not reported:
            assert pair is None
            return
        a, b = pair
        assert Fraction(a) / Fraction(b or 1) == self.naive(kind, reported)

    @given(entries=entries, top=st.sampled_from(["sum", "avg", "last"]), bottom=st.sampled_from(["sum", "avg", "last"]))
    def test_a_ratio_aggregates_its_parts_first(self, entries, top, bottom):
        complete = [entry for entry in entries if entry.value is not None and entry.second is not None]
        pair = aggregate("ratio", entries, numerator_agg=top, denominator_agg=bottom)
        if not complete:
            assert pair is None
            return
        a, b = pair
        numerator = self.naive(top, [(entry.value, entry) for entry in complete])
        denominator = self.naive(bottom, [(entry.second, entry) for entry in complete])
        assert (b == 0) is (denominator == 0)
        if denominator:
            assert Fraction(a) / Fraction(b) == numerator / denominator

    @given(entries=entries)
    def test_a_weighted_mean_is_exact(self, entries):
        complete = [entry for entry in entries if entry.value is not None and entry.second is not None]
        pair = aggregate("weighted_avg", entries)
        if not complete:
            assert pair is None
            return
        assert Fraction(pair[0]) == sum(Fraction(entry.value) * Fraction(entry.second) for entry in complete)
        assert Fraction(pair[1]) == sum(Fraction(entry.second) for entry in complete)

    @given(entries=entries, kind=st.sampled_from(["sum", "avg", "last", "ratio", "weighted_avg"]), data=st.data())
    def test_the_order_of_entries_does_not_matter(self, entries, kind, data):
        assert aggregate(kind, entries) == aggregate(kind, data.draw(st.permutations(entries)), trace=Trace())

    def test_an_unknown_kind_is_refused(self):
        with pytest.raises(ValueError, match="median"):
            aggregate("median", [])

    def test_the_value_of_a_pair(self):
        assert value_of(D(5), None, D(100)) == 5
        assert value_of(D(1), D(4), D(100)) == 25


@given(
    children=st.lists(st.tuples(st.none() | completions, positives(2)), min_size=1, max_size=8),
    method=st.sampled_from(["weighted_avg", "avg", "min", "max"]),
    data=st.data(),
)
def test_a_roll_up_lies_between_its_children_in_any_order(children, method, data):
    shuffled = data.draw(st.permutations(children))
    result = roll_up(RollUp(method), [Child(*child) for child in children])
    assert result == roll_up(RollUp(method), [Child(*child) for child in shuffled], trace=Trace())
    measured = [completion for completion, _ in children if completion is not None]
    if measured:
        assert min(measured) <= result.completion <= max(measured)
    else:
        assert result.completion is None


@given(st.tuples(amounts(0, 200, 4), amounts(0, 200, 4)))
def test_a_higher_percent_never_has_a_lower_tier(pair):
    lower, higher = sorted(pair)
    assert tier_of(lower).coefficient <= tier_of(higher).coefficient

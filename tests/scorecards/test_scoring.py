"""The scoring functions as the app calls them: results, states, refusals, and traces that tell the whole story."""

import datetime
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecards.scoring import (
    CardLine,
    CardSums,
    Child,
    Direction,
    Entry,
    KpiRule,
    Method,
    MissingPolicy,
    NotScorable,
    PlannedWay,
    RuleError,
    ShortPeriod,
    Status,
    StatusBand,
    StatusBands,
    Tier,
    Trace,
    WipeOutScope,
    absence_of,
    aggregate,
    card_result,
    check_tiers,
    combine_periods,
    compile_rule,
    default_cap,
    elapsed_share,
    manual_needs_evidence,
    pace_of,
    point_scale,
    problems_of,
    roll_up,
    rule_from_data,
    score_card,
    score_line,
    status_of,
    suggest_weights,
    tier_of,
    value_of,
)
from scorecards.scoring import trace as trace_module

D = Decimal


def codes(trace):
    return [step.rule.value for step in trace.steps]


class TestTrace:
    def test_a_line_tells_every_operand_rule_and_rounding_in_order(self):
        trace = Trace()
        rule = KpiRule(Method.MIRROR, factor=D(100), cap=D("1.2"))
        result = score_line(rule, actual=D(3), denominator=D(400), target=D("0.9"), trace=trace)
        assert json.loads(trace.to_bytes()) == [
            {
                "rule": "actual.quotient",
                "operands": {"numerator": {"d": "3"}, "denominator": {"d": "400"}, "factor": {"d": "100"}},
                "result": {"d": "0.75"},
                "rounding": None,
            },
            {
                "rule": "method.mirror",
                "operands": {"actual": {"d": "0.75"}, "target": {"d": "0.9"}},
                "result": {"d": "1.1666666666666666666666666666666666666666666666667"},
                "rounding": None,
            },
            {
                "rule": "raw.rounded",
                "operands": {"raw": {"d": "1.1666666666666666666666666666666666666666666666667"}},
                "result": {"d": "1.166667"},
                "rounding": "completion_6",
            },
            {
                "rule": "completion.kept",
                "operands": {"raw": {"d": "1.166667"}},
                "result": {"d": "1.166667"},
                "rounding": None,
            },
            {
                "rule": "status.above",
                "operands": {"completion": {"d": "1.166667"}, "bound": {"d": "1"}},
                "result": "above",
                "rounding": None,
            },
        ]
        assert result.actual == D("0.75")

    @pytest.mark.parametrize(
        ("rule", "inputs", "steps"),
        [
            (KpiRule(Method.RATIO), {"actual": D(15), "target": D(10)}, ["method.ratio", "raw.rounded", "cap.applied"]),
            (
                KpiRule(Method.RATIO),
                {"actual": D(-1), "target": D(1)},
                ["method.ratio", "raw.rounded", "floor.applied"],
            ),
            (
                KpiRule(Method.RATIO, min_gate=D("0.7")),
                {"actual": D("0.6"), "target": D(1)},
                ["method.ratio", "raw.rounded", "gate.failed", "completion.kept"],
            ),
            (
                KpiRule(Method.RATIO),
                {"actual": D(10) ** 15, "target": D(1)},
                ["method.ratio", "raw.rounded", "raw.limited", "cap.applied"],
            ),
            (
                KpiRule(Method.RATIO, missing_policy=MissingPolicy.CARRY_FORWARD),
                {"carried": (D(5), None), "target": D(5)},
                ["actual.carried_forward", "method.ratio", "raw.rounded", "completion.kept"],
            ),
            (
                KpiRule(Method.RATIO),
                {"actual": D(5), "target": D(5), "wiped_out": True},
                ["method.ratio", "raw.rounded", "completion.kept", "wipe_out"],
            ),
        ],
    )
    def test_each_limit_leaves_its_step(self, rule, inputs, steps):
        trace = Trace()
        score_line(rule, trace=trace, **inputs)
        assert codes(trace)[:-1] == steps
        assert codes(trace)[-1].startswith("status")

    def test_what_is_not_measured_says_why(self):
        trace = Trace()
        score_line(KpiRule(Method.RATIO), actual=D(1), target=D(0), trace=trace)
        score_line(KpiRule(Method.RATIO), absence="waived", trace=trace)
        assert [step.operands["state"] for step in trace.steps] == ["not_scorable:zero_target", "waived"]

    def test_a_card_tells_its_lines_weights_and_coverage(self):
        trace = Trace()
        score_card(
            [
                CardLine(D(30), "scored", D("1.05"), name="Revenue"),
                CardLine(D(20), "late", name="Reports", missing_policy=MissingPolicy.ZERO),
                CardLine(D(50), "late", name="Audits"),
            ],
            trace=trace,
        )
        assert codes(trace) == [
            "card.line",
            "card.line.counted_zero",
            "card.line.left_out",
            "card.weights",
            "card.coverage",
            "card.provisional",
            "card.score",
            "status.at_least",
        ]
        assert trace.steps[0].operands == {"line": "Revenue", "weight": 30, "completion": D("1.05")}
        assert trace.steps[6].operands == {"weighted_sum": D("31.5"), "measured_weight": 50}
        assert trace.steps[6].result == 63

    def test_aggregation_names_every_entry_and_those_left_out(self):
        trace = Trace()
        aggregate(
            "ratio",
            [
                Entry(D(2), D(4), datetime.date(2026, 1, 31), 7),
                Entry(D(2), None, datetime.date(2026, 2, 28), 8),
            ],
            trace=trace,
        )
        assert codes(trace) == ["entry", "entry.incomplete", "aggregate.sum", "aggregate.sum", "aggregate.ratio"]
        assert trace.steps[0].operands == {"on": "2026-01-31", "id": "7", "value": 2, "second": 4}
        assert trace.steps[4].operands["denominator"] == 4

    def test_a_plan_inside_the_period_names_its_share(self):
        trace = Trace()
        plan = PlannedWay((D(200), D(100), D(300)), 1, D("0.5"))
        pace_of("flow", actual=D(250), target=D(600), elapsed=D("0.4"), plan=plan, trace=trace)
        months, steps = trace.steps[:3], trace.steps[3:]
        assert [(step.rule.value, step.result, step.operands["elapsed"]) for step in months] == [
            ("pace.planned.month", 200, 1),
            ("pace.planned.month", 100, D("0.5")),
            ("pace.planned.month", 300, 0),
        ]
        assert [step.rule.value for step in steps] == [
            "pace.planned",
            "pace.expected",
            "pace",
            "pace.forecast",
            "pace.status",
        ]
        assert steps[0].operands == {
            "months": 3,
            "over": 1,
            "elapsed": D("0.5"),
            "due": 250,
            "whole": 600,
            "baseline": None,
        }
        assert steps[1].operands["elapsed"] == steps[0].result
        assert steps[1].result == 250

    def test_pace_names_what_is_due_before_its_rounding_and_the_bound_of_its_word(self):
        """Due are 0.00000333…; shown with six places they are 0.000003, which would give a pace of exactly 1."""
        trace = Trace()
        elapsed = elapsed_share(1, 3, trace)
        result = pace_of("flow", actual=D("0.000003"), target=D("0.00001"), elapsed=elapsed, trace=trace)
        assert (result.expected, result.pace) == (D("0.000003"), D("0.900000"))
        by_rule = {step.rule.value: step for step in trace.steps}
        assert by_rule["pace.elapsed"].operands == {"elapsed_days": 1, "all_days": 3, "counted": "working"}
        named = by_rule["pace"].operands
        assert named["expected"].quantize(D("1e-12")) == D("0.000003333333")
        assert (named["actual"] / named["expected"]).quantize(D("1e-6")) == result.pace
        assert by_rule["pace.status"].operands == {"pace": result.pace, "bound": D("0.90")}
        assert by_rule["pace.status"].result == "at_risk"

    @pytest.mark.parametrize(
        ("given", "last", "result"),
        [
            ({"kind": "lower_flow", "actual": D(50), "target": D(100), "elapsed": D("0.5")}, "pace.status", "on_track"),
            ({"kind": "flow", "actual": D(10), "target": D(100), "elapsed": D("0.5")}, "pace.status", "behind"),
            ({"kind": "flow", "actual": D(1), "target": D(100), "elapsed": D("0.05")}, "pace.too_early", "too_early"),
            ({"kind": "flow", "actual": D(1), "target": D(100), "elapsed": D(0)}, "pace.too_early", "too_early"),
            ({"kind": "flow", "actual": D(1), "target": D(0), "elapsed": D("0.5")}, "pace.status", "none"),
            ({"kind": "flow", "actual": None, "target": D(1), "elapsed": D("0.5")}, "pace.none", None),
        ],
    )
    def test_every_way_out_of_pace_leaves_its_rule(self, given, last, result):
        trace = Trace()
        told = pace_of(given.pop("kind"), **given, trace=trace)
        assert (codes(trace)[-1], trace.steps[-1].result) == (last, result)
        assert result in (told.status, None)

    def test_months_together_name_each_and_how_they_come_together(self):
        trace = Trace()
        months = [ShortPeriod(D(600), D(2), 2), ShortPeriod(D(900), D(3), 3)]
        pair = combine_periods("ratio", months, numerator_agg="avg", denominator_agg="sum", trace=trace)
        assert codes(trace) == [
            *["period"] * 2,
            *["period.mean"] * 2,
            "periods.sum",
            "periods.sum",
            "periods.times_entries",
        ]
        assert pair == (trace.steps[4].result, trace.steps[6].result) == (1500, 10)
        for kind, rule in (("sum", "periods.sum"), ("last", "periods.last"), ("min", "periods.min")):
            trace = Trace()
            pair = combine_periods(kind, months, trace=trace)
            assert (codes(trace)[2:], trace.steps[2].result) == ([rule], pair[0])

    def test_suggested_weights_name_factor_limit_and_rounding(self):
        trace = Trace()
        weights = suggest_weights(["A", *"CCCCC"], least=D(5), most=D(30), trace=trace)
        assert codes(trace) == ["weight.limited", *["weight.share"] * 5, *["weight"] * 6]
        assert trace.steps[0].operands == {"number": 1, "share": D("37.5"), "limit": 30}
        assert trace.steps[1].operands == {"number": 2, "factor": 1, "rest": 70, "factors": 5}
        assert [step.result for step in trace.steps[6:]] == weights == [30, 14, 14, 14, 14, 14]
        assert trace.steps[6].rounding == "largest_remainder"

    def test_tier_pace_and_roll_up_tell_theirs(self):
        trace = Trace()
        tier_of(D("79.995"), trace=trace)
        pace_of("level", actual=D(48), target=D(60), baseline=D(40), elapsed=D("0.5"), trace=trace)
        roll_up("blend", [Child(D("0.885")), Child(None)], own=D("0.94"), own_share=D("0.7"), trace=trace)
        assert codes(trace) == [
            "tier.percent",
            "tier",
            "pace.expected",
            "pace",
            "pace.forecast",
            "pace.status",
            "roll_up.child",
            "roll_up.child_missing",
            "roll_up.blend",
            "roll_up",
        ]
        assert [step.rounding for step in trace.steps if step.rounding] == [
            "percent_2",
            "value_6",
            "completion_6",
            "value_6",
            "completion_6",
        ]

    def test_a_trace_of_another_vocabulary_is_refused(self):
        with pytest.raises(ValueError, match=r"magic"):
            trace_module.load_steps(b'[{"rule":"magic","operands":{},"result":null,"rounding":null}]')


class TestSaving:
    """A rule that cannot be used is refused when it is saved, in words, at the field that is wrong."""

    @pytest.mark.parametrize(
        ("rule", "options", "field", "words"),
        [
            (KpiRule(Method.RATIO), {"target": D(0)}, "target", "target of zero"),
            (KpiRule(Method.BAND), {}, "low", "Give a number"),
            (KpiRule(Method.SCALE), {}, "bands", "at least one row"),
            (KpiRule(Method.SCALE, {"bands": [[None, "1"], ["0", "0"]]}), {}, "bands", "must fall"),
            (KpiRule(Method.SCALE, {"bands": ["4.5"]}), {}, "bands", "at least one row"),
            (KpiRule(Method.DEDUCT, {"deduct_per_unit": "a lot"}), {}, "deduct_per_unit", "Give a number"),
            (KpiRule(Method.DEDUCT, {"deduct_per_unit": True}), {}, "deduct_per_unit", "Give a number"),
            (KpiRule(Method.DEDUCT, {"deduct_per_unit": "NaN"}), {}, "deduct_per_unit", "Give a number"),
            (
                KpiRule(Method.MILESTONE, {"table": [[0, 1]], "late_unit": "month"}),
                {},
                "late_unit",
                "must be one of: day, week",
            ),
            (KpiRule(Method.RATIO, min_gate=D("1.5")), {}, "min_gate", "above the cap"),
            (
                KpiRule(Method.RATIO, missing_policy=MissingPolicy.CARRY_FORWARD),
                {"aggregation": "sum"},
                "missing_policy",
                "last value",
            ),
            (KpiRule(Method.RATIO, direction=Direction.DECREASE), {}, "method", "does not fit"),
        ],
    )
    def test_it_says_what_to_change(self, rule, options, field, words):
        [problem] = problems_of(rule, **options)
        assert problem.field == field
        assert words in str(problem)
        assert problem.message % problem.params == str(problem)

    def test_carry_forward_of_a_level_is_fine(self):
        rule = KpiRule(Method.RATIO, missing_policy=MissingPolicy.CARRY_FORWARD)
        assert problems_of(rule, aggregation="last") == []

    def test_an_unknown_method_is_refused(self):
        with pytest.raises(RuleError, match="no scoring method “magic”"):
            rule_from_data({"method": "magic"})

    def test_a_broken_rule_never_scores(self):
        with pytest.raises(RuleError):
            compile_rule(KpiRule(Method.BAND))

    def test_only_a_line_of_anchors_brings_its_own_cap(self):
        assert {method: default_cap(method) for method in Method if default_cap(method) != D("1.2")} == {
            Method.PIECEWISE_LINEAR: None
        }

    def test_a_band_takes_its_optimum_from_the_suggested_target(self):
        rule = rule_from_data(
            {"method": "band", "params": {"outer_low": 76.0, "outer_high": 120.0}},
            direction="range",
            target={"type": "band", "low": 95.0, "high": 100.0},
        )
        assert compile_rule(rule)(D("85.5"))[1] == D("0.5")

    def test_points_become_a_scale_by_the_points_at_target(self):
        scale = KpiRule(Method.SCALE, point_scale([D(1), D(2), D(3), D(4), D(5)], D(4)), cap=None)
        assert [compile_rule(scale)(D(points))[1] for points in (1, 3, 4, 5)] == [D("0.25"), D("0.75"), 1, D("1.25")]


class TestStates:
    def test_why_a_value_is_missing(self):
        due = datetime.date(2026, 11, 5)
        assert absence_of(waived=False, due_on=due, on=due) == "not_due"
        assert absence_of(waived=False, due_on=due, on=due + datetime.timedelta(1)) == "late"
        assert absence_of(waived=True, due_on=due, on=due) == "waived"

    def test_a_pair_over_nothing_has_no_value(self):
        with pytest.raises(NotScorable) as caught:
            value_of(D(1), D(0))
        assert caught.value.reason == "zero_denominator"

    def test_an_opinion_far_from_plain_needs_evidence(self):
        assert [manual_needs_evidence(D(p)) for p in ("59.99", "60", "100", "100.01")] == [True, False, False, True]

    def test_bands_without_an_open_end_give_no_word(self):
        assert status_of(D("0.1"), StatusBands([])) == "none"
        assert status_of(D("0.1"), StatusBands([StatusBand(Status.ON, D("0.2"))])) == "none"

    @pytest.mark.parametrize("bounds", [("0.5", "0.9"), ("0.9", "0.9"), ("0.9", None, "0.5")])
    def test_bands_that_do_not_fall_are_refused(self, bounds):
        with pytest.raises(ValueError, match="band"):
            StatusBands([StatusBand(Status.ON, None if bound is None else D(bound)) for bound in bounds])

    @given(st.decimals("-2", "2", places=6), st.lists(st.decimals("-1", "1", places=3), unique=True), st.booleans())
    def test_the_first_band_that_holds_from_the_top_is_the_one(self, completion, bounds, above_only):
        falling = sorted(bounds, reverse=True)
        words = [Status.ABOVE, Status.ON, Status.AT_RISK, Status.OFF]
        bands = [StatusBand(words[n % 4], bound, above_only) for n, bound in enumerate(falling)]
        holds = [band.status for band in bands if (completion > band.bound if above_only else completion >= band.bound)]
        assert status_of(completion, StatusBands(bands)) == (holds or ["none"])[0]

    @pytest.mark.parametrize(("days", "of", "share"), [(0, 20, "0"), (5, 20, "0.25"), (25, 20, "1"), (3, 0, "1")])
    def test_the_elapsed_share_stays_between_nothing_and_all(self, days, of, share):
        assert elapsed_share(days, of) == D(share)


class TestTiers:
    @pytest.mark.parametrize(
        ("rows", "words"),
        [
            ([], "at least one row"),
            ([Tier(D(80), D(1))], "last row"),
            ([Tier(None, D(1)), Tier(None, D(0))], "last row"),
            ([Tier(D(80), D(1)), Tier(D(90), D(2)), Tier(None, D(0))], "must fall"),
            ([Tier(D(80), D(1)), Tier(D(80), D(2)), Tier(None, D(0))], "must fall"),
        ],
    )
    def test_a_table_with_a_gap_or_two_answers_is_refused(self, rows, words):
        with pytest.raises(RuleError, match=words):
            check_tiers(rows)

    def test_a_table_without_an_answer_never_guesses(self):
        with pytest.raises(RuleError):
            tier_of(D(50), [Tier(D(80), D(1))])


def test_the_running_sums_of_the_night_give_the_card_of_the_page():
    lines = [
        CardLine(D(60), "scored", D("0.9")),
        CardLine(D(25), "late"),
        CardLine(D(15), "scored", D("1.2")),
    ]
    sums = CardSums()
    for line in reversed(lines):
        sums.add(line.weight, line.state, line.completion)
    assert card_result(sums) == score_card(lines)


def test_a_wiped_section_reaches_lines_without_a_value():
    lines = [
        CardLine(D(50), "late", section="safety"),
        CardLine(D(50), "scored", D(1), section="safety", wipe_out=WipeOutScope.SECTION),
    ]
    result = score_card(lines)
    assert (result.percent, result.coverage_percent) == (0, 100)


def test_no_module_of_the_kernel_knows_django():
    folder = Path(trace_module.__file__).parent
    assert all("django" not in path.read_text().replace("No Django", "") for path in folder.glob("*.py"))

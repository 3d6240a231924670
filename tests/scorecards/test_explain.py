"""Explanations: every method in words that name its operands, in both languages, and equal to what is stored."""

import datetime

import pytest
from django.utils import translation

from scorecards import explain
from scorecards.explain.words import UNSPOKEN, WORDS
from scorecards.models import CardRules, LineScore, Scorecard
from scorecards.scoring import RuleCode
from scorecards.services import actuals, changes, rollups, scorecards
from strategy.choices import ScoringMethod
from strategy.services import kpi_states, kpis
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi

EARLIER = datetime.date(2026, 11, 5)
# method, fields of the KPI, target, baseline, entries, what the completion is, what the words must hold (English)
CASES = [
    (
        "ratio",
        {"unit": "m"},
        4000,
        None,
        [3000, 120],
        "78%",
        ["3,120 m of 4,000 m", "3,120 ÷ 4,000 = 78%", "Sum of 2 entries since 1 November"],
    ),
    ("ratio", {}, -50, None, [-60], "80%", ["1 + (-60 − (-50)) ÷ 50 = 80%"]),
    (
        "mirror",
        {"unit": "h", "aggregation": "last"},
        4,
        None,
        [9, "5.2"],
        "70%",
        ["5.2 h of at most 4 h: 1 − (5.2 − 4) ÷ 4 = 70%", "20 Nov 2026"],
    ),
    ("inverse", {"aggregation": "max"}, 4, None, [5, 3], "80%", ["4 ÷ 5 = 80%", "The highest of 2 entries"]),
    (
        "baseline",
        {"aggregation": "last"},
        60,
        40,
        [55],
        "75%",
        ["from 40 to 60, now at 55: (55 − 40) ÷ (60 − 40) = 75%"],
    ),
    ("deviation", {"aggregation": "last"}, 50, None, [55], "90%", ["1 − |55 − 50| ÷ 50 = 90%"]),
    (
        "deviation",
        {"aggregation": "last", "params": {"tolerance": "0.2"}},
        50,
        None,
        [55],
        "100%",
        ["55 is within 20% of 50"],
    ),
    (
        "band",
        {"aggregation": "last", "params": {"low": 95, "high": 100, "outer_low": 80, "outer_high": 115}},
        None,
        None,
        ["87.5"],
        "50%",
        ["(87.5 − 80) ÷ (95 − 80) = 50%"],
    ),
    ("binary", {"aggregation": "last", "params": {"pass_when": "<="}}, 3, None, [2], "100%", ["2 ≤ 3"]),
    ("deduct", {"aggregation": "sum"}, None, None, [1, 2], "25%", ["25% off for each of 3: 100% − 3 × 25% = 25%"]),
    (
        "milestone",
        {
            "aggregation": "last",
            "params": {"table": [{"milestone": "Pilot", "pct": 50}, {"milestone": "Live", "pct": 100}]},
        },
        None,
        None,
        [60],
        "50%",
        ["60 of 100 reported, the milestone reached is “Pilot” = 50%"],
    ),
    (
        "scale",
        {
            "aggregation": "last",
            "params": {
                "bands": [{"at_least": 5, "pct": 100}, {"at_least": 3, "pct": 60}, {"at_least": None, "pct": 0}]
            },
        },
        None,
        None,
        [4],
        "60%",
        ["4 reaches the step from 3"],
    ),
    (
        "piecewise_linear",
        {"aggregation": "last", "params": {"anchors": [[0, 0], [10, 1]]}},
        None,
        None,
        [5],
        "50%",
        ["0% + (5 − 0) ÷ (10 − 0) × (100% − 0%) = 50%"],
    ),
    ("manual", {"aggregation": "avg"}, None, None, [80, 90], "85%", ["A reviewer gave 85 of 100", "170 ÷ 2 = 85"]),
]


def explained(scope, method, fields, target, baseline, values, **numbers):
    kpi = make_kpi("K", "Net new revenue", method=method, **fields)
    card = make_card(scope, scope.lan, (kpi, 100, target, baseline), agreed_by=scope.manager)
    line = line_of(card, kpi)
    for day, value in zip((EARLIER, STORY_DAY) if len(values) > 1 else (STORY_DAY,), values, strict=True):
        actuals.record_actual(line=line, value=D(value), on=day, today=STORY_DAY, by=scope.acting(scope.manager))
    return line


def all_words(explanation) -> str:
    parts = [explanation.title, explanation.intro, explanation.lift]
    for step in explanation.steps:
        parts += [step.title, step.value, step.text, *(source.label for source in step.sources)]
    return " | ".join(str(part) for part in parts)


@pytest.mark.parametrize(
    ("method", "fields", "target", "baseline", "values", "completion", "words"), CASES, ids=[case[0] for case in CASES]
)
def test_every_method_says_how_in_words_and_numbers(scope, method, fields, target, baseline, values, completion, words):
    line = explained(scope, method, fields, target, baseline, values)
    with translation.override("en"):
        text = all_words(explain.explain_line(line, on=STORY_DAY))
    assert completion in text
    for expected in [*words, "Agreed by Trần Hoài Nam", "entered by Trần Hoài Nam", "version 1"]:
        assert expected in text
    assert "differs" not in text


@pytest.mark.parametrize(
    ("method", "fields", "target", "baseline", "values", "completion", "words"), CASES, ids=[case[0] for case in CASES]
)
def test_the_same_in_vietnamese_with_vietnamese_numbers(
    scope, method, fields, target, baseline, values, completion, words
):
    line = explained(scope, method, fields, target, baseline, values)
    with translation.override("vi"):
        text = all_words(explain.explain_line(line, on=STORY_DAY))
    assert completion.replace(".", ",") in text
    assert "Tháng 11" in text
    if method == "ratio" and target == 4000:
        assert "3.120 ÷ 4.000 = 78%" in text


def test_every_method_has_a_case():
    assert {case[0] for case in CASES} == set(ScoringMethod.values)


def test_every_rule_of_a_line_has_words():
    prefixes = (
        "entry",
        "aggregate",
        "actual",
        "method",
        "raw",
        "gate",
        "cap",
        "floor",
        "completion",
        "wipe",
        "line",
        "status",
        "segment",
    )
    of_lines = {code for code in RuleCode if code.value.startswith(prefixes)}
    assert of_lines == set(WORDS) | UNSPOKEN


def test_a_cap_a_gate_and_a_waiver_are_said(scope):
    line = explained(scope, "ratio", {}, 10, None, [20])
    with translation.override("en"):
        assert "200% is capped at 120%" in all_words(explain.explain_line(line, on=STORY_DAY))
    scorecards.waive_line(line=line, reason="On leave", by=scope.acting(scope.manager), today=STORY_DAY)
    with translation.override("en"):
        text = all_words(explain.explain_line(line, on=STORY_DAY))
    assert "On leave (Trần Hoài Nam)" in text
    assert "differs" not in text


def test_a_ratio_names_its_parts_and_divides_once(scope):
    kpi = make_kpi(
        "S",
        "Turnover",
        method="mirror",
        aggregation="ratio",
        factor=D(100),
        unit="%",
        numerator_label="leavers",
        denominator_label="headcount",
        numerator_agg="sum",
        denominator_agg="avg",
    )
    line = line_of(make_card(scope, scope.lan, (kpi, 100, 10)), kpi)
    for day, top, bottom in ((3, 3, 100), (10, 2, 102), (17, 4, 98)):
        actuals.record_actual(
            line=line,
            numerator=D(top),
            denominator=D(bottom),
            on=datetime.date(2026, 11, day),
            today=STORY_DAY,
            by=scope.acting(scope.manager),
        )
    with translation.override("en"):
        text = all_words(explain.explain_line(line, on=STORY_DAY))
    for expected in ("leavers | 9", "headcount | 100", "300 ÷ 3 = 100", "9% of at most 10%", "differs"):
        assert (expected in text) is (expected != "differs")


def test_a_stored_number_that_is_not_what_the_entries_give_is_called_out(scope):
    line = explained(scope, "ratio", {}, 100, None, [80])
    LineScore.objects.filter(line=line).update(completion=D("0.9"))
    with translation.override("en"):
        text = all_words(explain.explain_line(line, on=STORY_DAY))
    assert "Why 90%?" in text
    assert "Calculated anew from the same entries it is 80%" in text


def test_the_version_leads_to_the_kpi_with_who_defined_it_and_since_when(scope):
    office = scope.acting(scope.strategy)
    definition = kpis.create_kpi(
        fields={"name": "Deals", "target": D(10)}, state="draft", by=scope.acting(scope.manager)
    )
    kpi_states.activate_kpi(definition=definition, by=office, on=STORY_DAY, reason="Known well enough")
    line = line_of(make_card(scope, scope.lan, (definition.current, 100, 10)), definition.current)
    with translation.override("en"):
        step = explain.explain_line(line, on=STORY_DAY).steps[-1]
    assert step.value == "version 1"
    assert "activated by" in step.text
    assert office.name in step.text
    (source,) = step.sources
    assert source.label.startswith("KPI version 1, defined by Trần Hoài Nam on ")
    assert source.url.endswith(f"/library/kpis/{definition.pk}/#version-1")


def test_corrections_and_approved_changes_are_named(scope):
    line = explained(scope, "ratio", {}, 100, None, [80])
    entry = line.actuals.get()
    actuals.correct_actual(actual=entry, value=D(90), by=scope.acting(scope.manager), today=STORY_DAY)
    request = changes.request_change(
        line=line, changes={"target": D(200)}, reason="More", effective_on=STORY_DAY, by=scope.acting(scope.manager)
    )
    changes.approve_change(request=request, by=scope.acting(scope.director), today=STORY_DAY)
    with translation.override("en"):
        text = all_words(explain.explain_line(line, on=STORY_DAY))
    assert "1 correction" in text
    assert "approved by Hoàng Văn Đức" in text


def test_a_target_changed_on_the_16th_is_told_segment_by_segment(scope):
    line = explained(scope, "ratio", {}, 100, None, [30, 80])
    request = changes.request_change(
        line=line,
        changes={"target": D(160)},
        reason="A second district",
        effective_on=datetime.date(2026, 11, 16),
        by=scope.acting(scope.manager),
    )
    changes.approve_change(request=request, by=scope.acting(scope.director), today=STORY_DAY)
    with translation.override("en"):
        explanation = explain.explain_line(line, on=STORY_DAY)
        text = all_words(explanation)
    assert explanation.title == "Why 80%?"
    assert "sum of days × completion ÷ days = 16.799995 ÷ 21" in text
    assert "1 Nov 2026 – 15 Nov 2026" in text
    assert "100 × 10 ÷ 21 = 47.619" in text
    assert "160 × 11 ÷ 21 = 83.8095" in text
    assert "differs" not in text


@pytest.mark.parametrize(
    ("method", "fields", "target", "value", "lift"),
    [
        ("ratio", {"decimals": 0, "unit": "m"}, 4000, 2000, "800 m more, 2,800 m in all, brings it to 70%: at risk."),
        ("ratio", {"decimals": 0}, 4000, 3700, "300 more, 4,000 in all, brings it to 100%: on target."),
        ("mirror", {"aggregation": "last", "decimals": 1, "unit": "h"}, 4, "5.3", "5.2 h brings it to 70%: at risk."),
    ],
)
def test_what_would_lift_it_is_found_by_the_kernel(scope, method, fields, target, value, lift):
    line = explained(scope, method, fields, target, None, [value])
    with translation.override("en"):
        assert explain.explain_line(line, on=STORY_DAY).lift == lift


class TestCard:
    def test_the_mean_its_lines_what_is_left_out_and_what_would_lift_it(self, scope):
        kpis = [make_kpi(code, name) for code, name in (("A", "Revenue"), ("B", "Deals"), ("C", "Training"))]
        card = make_card(
            scope,
            scope.lan,
            *((kpi, w, 100) for kpi, w in zip(kpis, (50, 30, 20), strict=True)),
            agreed_by=scope.manager,
        )
        for kpi, value in zip(kpis[:2], (80, 60), strict=True):
            actuals.record_actual(
                line=line_of(card, kpi), value=D(value), on=STORY_DAY, today=STORY_DAY, by=scope.acting(scope.lan)
            )
        with translation.override("en"):
            text = all_words(explain.explain_card(card, reader=scope.acting(scope.lan), on=STORY_DAY))
        for expected in (
            "Why 72.5%?",
            "58 ÷ 80 = 72.5%",
            "2 of 3 KPIs, 80% of the weight",
            "50% of the card × 80% = 40 points",
            "20% of the card is left out: no entry yet",
            "By Trần Hoài Nam",
            "“Deals” brings the score to 87.5%",
        ):
            assert expected in text
        assert "differs" not in text

    def test_no_value_is_no_score_and_not_zero(self, scope):
        card = make_card(scope, scope.lan, (make_kpi("A"), 100, 10))
        with translation.override("en"):
            text = all_words(explain.explain_card(card, reader=scope.acting(scope.lan), on=STORY_DAY))
        assert "not the same as 0" in text
        assert "Why –?" in text


def test_suggested_weights_name_group_factor_limit_and_rounding(scope):
    groups = ["A", *"CCCCC"]
    kpis_ = [make_kpi(f"K{place}", f"Name {place}", group=group) for place, group in enumerate(groups)]
    card = make_card(scope, scope.lan, *((kpi, 10, 100) for kpi in kpis_))
    CardRules.objects.update_or_create(defaults={"weight_least": 5, "weight_most": 30})
    card = Scorecard.objects.select_related("organization", "member", "department", "period").get(pk=card.pk)
    with translation.override("en"):
        steps = explain.explain_weights(card, reader=scope.acting(scope.lan), on=STORY_DAY).steps
    assert [step.value for step in steps[:6]] == ["30%", *["14%"] * 5]
    assert steps[0].text.startswith("Group A; 37.5 by its group is outside the limits, so 30")
    assert "Group C; 70 × 1 ÷ 5 = 14; in whole percents by the largest remainder: 14%" in steps[1].text
    assert "each from 5% to 30%" in steps[6].text


def test_a_roll_up_names_only_what_the_reader_may_see(scope):
    kpi = make_kpi("A")
    for owner, value in ((scope.lan, 80), (scope.minh, 60)):
        card = make_card(scope, owner, (kpi, 100, 100), agreed_by=scope.director)
        actuals.record_actual(
            line=line_of(card, kpi), value=D(value), on=STORY_DAY, today=STORY_DAY, by=scope.acting(owner)
        )
    rollups.refresh_rollups(period=scope.period, on=STORY_DAY)
    top = rollups.RollupScore.objects.select_related("period", "department", "organization", "objective", "perspective")
    company = top.get(kind="department", department__parent=None)
    with translation.override("en"):
        for reader, names, hidden in ((scope.director, ["Lan", "Minh"], False), (scope.lan, ["Lan"], True)):
            text = all_words(explain.explain_rollup(company, reader=scope.acting(reader), on=STORY_DAY))
            assert "Why 70%?" in text
            assert [name for name in ("Lan", "Minh") if name in text] == names
            assert ("1 more score" in text) is hidden

"""The letters of SMARTER: pure rules on data that is passed in."""

import datetime
from dataclasses import replace
from decimal import Decimal as D

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from strategy.catalogue import library_kpis
from strategy.smarter import letters as smarter
from strategy.smarter.letters import Facts, Past
from strategy.smarter.words import panel_of

TODAY = datetime.date(2026, 11, 20)
WHOLE = Facts(
    today=TODAY,
    name="Net new revenue",
    owner="Trang",
    source="sales ledger",
    target=D(119),
    objective="Win the mid-market",
    objective_is_published=True,
    due_on=datetime.date(2026, 12, 31),
    reevaluate_on=datetime.date(2027, 6, 30),
    reviewed_on=TODAY,
)


def past(*years):
    """Twelve equal results for every year, newest year first."""
    days = [datetime.date(2026 - index // 12, 12 - index % 12, 1) for index in range(12 * len(years))]
    return tuple(Past(day, D(years[index // 12])) for index, day in enumerate(days))


def codes(facts):
    return [finding.code for finding in smarter.judge(facts)]


def test_everything_holds_and_the_change_is_told_beside_the_growth_before():
    facts = replace(WHOLE, past=past(100, "89.2857", "76.9704"))
    assert [finding.holds for finding in smarter.judge(facts)] == [True] * 7
    with translation.override("en"):
        sentences = [letter.sentence for letter in panel_of(smarter.judge(facts)).letters]
    assert sentences[2] == "19% above last year; before, it grew 12% and grew 16%"


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"name": "Doanh thu và lợi nhuận"}, 0, "two_measures"),
        ({"name": "Revenue, profit"}, 0, "two_measures"),
        ({"owner": ""}, 0, "no_owner"),
        ({"source": ""}, 1, "no_source"),
        ({"target": None}, 2, "no_target"),
        ({"past": past(100), "target": D(100)}, 2, "easy"),
        ({"past": past(100), "target": D(90)}, 2, "easy"),
        ({"past": past(100, 99), "target": D(160)}, 2, "hard"),
        ({"direction": "decrease", "past": past(5), "target": D(6)}, 2, "easy"),
        ({"direction": "decrease", "past": past(5), "target": D(2)}, 2, "hard"),
        ({"direction": "decrease", "past": past(5), "target": D("4.5")}, 2, "above_year"),
        ({"baseline": D(119)}, 2, "easy_baseline"),
        ({"baseline": D(50)}, 2, "hard_baseline"),
        ({"baseline": D(100)}, 2, "above_baseline"),
        ({"direction": "range", "low": D(95), "high": D(101), "past": past(100)}, 2, "range_easy"),
        ({"direction": "range", "low": D(95), "high": D(99), "past": past(100)}, 2, "range_hard"),
        ({"is_scored": False, "target": None}, 2, "not_scored"),
        ({"objective": ""}, 3, "no_objective"),
        ({"objective_is_published": False}, 3, "objective_not_published"),
        ({"due_on": None}, 4, "no_due"),
        ({"due_on": datetime.date(2026, 11, 19)}, 4, "due_over"),
        ({"reevaluate_on": None}, 5, "no_reevaluation"),
        ({"reevaluate_on": datetime.date(2026, 1, 1)}, 5, "reevaluation_over"),
        ({"reviewed_on": None}, 6, "never_reviewed"),
        ({"review_every": "month", "reviewed_on": datetime.date(2026, 9, 1)}, 6, "review_late"),
    ],
)
def test_each_letter_says_what_is_wrong(change, place, code):
    assert codes(replace(WHOLE, **change))[place] == code


def test_a_kpi_nobody_reviewed_yet_is_not_kept_back_by_that():
    facts = replace(WHOLE, past=past(100), reviewed_on=None)
    assert smarter.is_smarter(smarter.judge(facts))
    assert not smarter.is_smarter(smarter.judge(replace(facts, source="")))


def test_most_names_of_the_library_speak_of_one_thing():
    with translation.override("vi"):
        names = [str(kpi.name) for kpi in library_kpis().values() if kpi.aggregation != "ratio"]
    assert sum(map(smarter.joined_measures, names)) <= len(names) // 20


@given(
    values=st.lists(st.decimals(-1000, 1000, places=2), max_size=40),
    target=st.none() | st.decimals(-1000, 1000, places=2),
    baseline=st.none() | st.decimals(-1000, 1000, places=2),
    direction=st.sampled_from(["increase", "decrease", "range", "pass"]),
)
def test_any_data_gives_one_finding_that_has_words(values, target, baseline, direction):
    results = tuple(Past(TODAY, value) for value in values)
    facts = replace(WHOLE, past=results, target=target, baseline=baseline, direction=direction)
    finding = smarter.achievable(facts)
    assert panel_of([finding], "h").letters[0].sentence


@given(base=st.decimals(1, 1000, places=2), factor=st.integers(2, 50))
def test_judging_does_not_depend_on_the_unit(base, factor):
    """Thousands or millions: the same target is as hard."""
    results = past(base, base * D("0.9"))
    one = smarter.achievable(replace(WHOLE, past=results, target=base * D("1.1")))
    scaled = tuple(Past(result.starts_on, result.value * factor) for result in results)
    many = smarter.achievable(replace(WHOLE, past=scaled, target=base * D("1.1") * factor))
    assert one.code == many.code

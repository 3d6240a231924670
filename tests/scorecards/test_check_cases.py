"""check_cases: our cases hold, what does not hold is named, and a broken file gets a sentence."""

import textwrap
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from kpiapp.case_files import SECTIONS, Check, register_section

CASES = Path(__file__).parent / "cases"


def run(*files):
    """The lines check_cases prints, and its exit code."""
    out = StringIO()
    code = 0
    try:
        call_command("check_cases", *files, stdout=out)
    except SystemExit as stop:
        code = stop.code
    return out.getvalue().splitlines(), code


@pytest.fixture
def case_file(tmp_path):
    def write(text, name="cases.yaml"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_our_own_cases_hold(path):
    lines, code = run(path)
    assert code == 0, lines
    assert len(lines) == 1
    assert " 0 failed" in lines[0]


def test_several_files_are_counted_together():
    lines, code = run(*sorted(CASES.glob("*.yaml")))
    assert code == 0
    passed = int(lines[-1].split()[0])
    assert passed > 200


def test_a_mismatch_names_case_expectation_and_result(case_file):
    lines, code = run(
        case_file(
            """
            kpi:
            - id: R9
              method: ratio
              input: {A: 8, T: 10}
              expect: {raw: '0.800001', completion_capped: '0.8'}
            - id: R10
              method: ratio
              input: {A: 8, T: 10}
              expect: {raw: '0.800000'}
            """
        )
    )
    assert code == 1
    assert lines == [
        "cases.yaml kpi R9: raw expected 0.800001, got 0.800000",
        "cases.yaml kpi R9: completion_capped expected 0.8, got 0.800000",
        "1 passed, 1 failed, 0 skipped",
    ]


def test_sections_of_pay_are_skipped_until_pay_has_rules(case_file, restore_sections):
    SECTIONS.pop("pay", None)
    SECTIONS.pop("gross_net", None)
    lines, code = run(case_file("pay: [{id: P1}, {id: P2}]\ngross_net: [{id: G1}]"))
    assert (lines, code) == (["0 passed, 0 failed, 3 skipped"], 0)


def test_an_app_may_bring_a_section(case_file, restore_sections):
    register_section("pay", lambda case: [Check("amount", str(case["amount"]), "5")])
    lines, code = run(case_file("pay: [{id: P1, amount: 5}, {id: P2, amount: 6}]"))
    assert code == 1
    assert lines == ["cases.yaml pay P2: amount expected 6, got 5", "1 passed, 1 failed, 0 skipped"]


@pytest.fixture
def restore_sections():
    before = dict(SECTIONS)
    yield
    SECTIONS.clear()
    SECTIONS.update(before)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kpi: [{id: X, method: magic, input: {A: 1}, expect: {raw: '1'}}]", "no scoring method “magic”"),
        ("kpi: [{id: X, method: ratio, input: {A: 1, T: 1}, expect: {rwa: '1'}}]", "“rwa” is not a key here"),
        ("kpi: [{id: X, method: ratio, input: {A: 1, T: 1, t: 2}, expect: {raw: '1'}}]", "not a parameter"),
        ("kpi: [{id: X, method: ratio, input: {A: x, T: 1}, expect: {raw: '1'}}]", "Give a number"),
        ("kpi: [{id: X, method: ratio, input: {A: 1, T: 1}, expect: {}}]", "expects nothing"),
        ("kpi: [{id: X, method: ratio, input: {A: 1, T: 0}, expect: {raw: '1'}}]", "got not_scorable:zero_target"),
        ("kpi: [{id: X, method: ratio}]", "lacks something"),
        ("kpi: [{id: X, method: ratio, input: [], expect: {raw: '1'}}]", "cannot be run"),
        ("kpi: [nothing]", "the case is not a list"),
        ("kpi: 5", "not a list of cases"),
        ("bonus: [{id: X}]", "nobody knows how to run this section"),
        ("time: [{id: X, agg: median, actual: [1], expect: '1'}]", "median"),
        ("time: [{id: X, agg: ratio(sum), num: [1], den: [1], expect: '1'}]", "no aggregation"),
        ("time: [{id: X, agg: sum, actual: [1, 2], expect: '4'}]", "expect expected 4, got 3"),
        ("pace: [{id: X, kind: flow, T: 1, A: 1, expect: on_track}]", "“elapsed” is missing"),
        ("tiers: [{id: X, score_pct: '90', coef: '1'}]", "coef expected 1, got 0.8"),
        ("scorecard: [{id: X, rows: [{w: 100, c: null}], expect_pct: '0.0000'}]", "got no_score"),
        ("weights: [{id: X, groups: [D], expect: [100]}]", "cannot be run"),
        ("roll_up: [{id: X, method: avg, children: [90, null], expect: '45'}]", "expected 45, got 90"),
        ("status: [{id: X, c: '1', word: above}]", "expected above, got on"),
    ],
)
def test_what_cannot_be_run_or_does_not_hold_is_a_failure_in_words(case_file, text, words):
    lines, code = run(case_file(text))
    assert code == 1
    assert words in lines[0]
    assert lines[-1] == "0 passed, 1 failed, 0 skipped"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kpi: [", "not valid YAML near line"),
        ("- just\n- a list", "holds no sections"),
        ("", "holds no sections"),
        ("schema: x", "holds no cases"),
        ("kpi: [{id: X, id: Y}]", "“id” stands twice"),
        ("kpi: [{id: X, A: .inf}]", "not a number a case can use"),
        ("kpi: !!python/object/apply:os.system ['true']", "not valid YAML"),
        ("[" * 2000, "not valid YAML"),
    ],
)
def test_a_broken_file_gets_a_sentence(case_file, text, words):
    lines, code = run(case_file(text))
    assert code == 1
    assert words in lines[0]
    assert lines[-1] == "0 passed, 1 failed, 0 skipped"


def test_a_file_that_is_not_there_or_not_text_gets_a_sentence(tmp_path):
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00kpi")
    lines, code = run(tmp_path / "missing.yaml", tmp_path / "binary.yaml")
    assert code == 1
    assert "cannot be opened" in lines[0]
    assert "not UTF-8" in lines[1]


def test_a_fraction_in_a_file_is_exactly_what_was_written(case_file):
    lines, code = run(case_file("kpi: [{id: X, method: ratio, input: {A: 0.1, T: 1}, expect: {raw: '0.100000'}}]"))
    assert code == 0, lines

"""A milestone reached after the day it was due costs what its rule says: on entry, by night, explained, previewed."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kpiapp.models.calendar import working_calendar
from scorecards import explain, recompute
from scorecards.cards.longer import longer_periods
from scorecards.cards.segment_parts import parts_of
from scorecards.models import LineScore
from scorecards.recompute import Changes, preview_cards
from scorecards.scoring import KpiRule, Lateness, Method, due_on, lateness_of
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi, rescore
from tests.scorecards.recompute.test_reached import change, completion, feed, log

TABLE = [{"label": "Khởi động", "completion": "0.25"}, {"label": "Nghiệm thu", "completion": "1"}]
# Due on 10 November, two points a day, never below 40 %.
PARAMS = {"table": TABLE, "due_day": "10", "late_percent": "2", "late_unit": "day", "late_floor_percent": "40"}


def nov(day):
    return datetime.date(2026, 11, day)


def project(params=None, aggregation="last", **fields):
    fields = {"direction": "increase", "params": params or PARAMS, **fields}
    return make_kpi("P", "Dự án", method="milestone", aggregation=aggregation, **fields)


@pytest.fixture
def late(scope):
    """Lan's project: begun on the 5th, accepted on the 14th, four days after it was due."""
    scope.kpi = project()
    scope.card = make_card(scope, scope.lan, (scope.kpi, 100, 100), agreed_by=scope.manager)
    log(scope, scope.card, scope.kpi, 25, on=nov(5))
    log(scope, scope.card, scope.kpi, 100, on=nov(14))
    return scope


class TestTheDay:
    """Worked out by hand: 100 % − 2 points × days after the 10th."""

    @pytest.mark.parametrize(
        ("entries", "expected"),
        [
            ([(10, 100)], "1"),
            ([(11, 100)], "0.98"),
            ([(5, 25), (14, 100)], "0.92"),
            # Said again later: it was reached on the 14th all the same.
            ([(14, 100), (18, 100), (20, 100)], "0.92"),
            # Taken back and reached anew: 8 days.
            ([(9, 100), (12, 25), (18, 100)], "0.84"),
            # A quarter in time stays a quarter, what lies above the milestone changes nothing.
            ([(9, 25), (20, 60)], "0.25"),
            # Late costs at most what is above the floor, and never adds.
            ([(20, 25)], "0.25"),
            ([], None),
        ],
    )
    def test_an_entry_scores_at_once_and_the_night_finds_the_same(self, scope, entries, expected):
        kpi = project()
        card = make_card(scope, scope.lan, (kpi, 100, 100))
        for day, percent in entries:
            log(scope, card, kpi, percent, on=nov(day))
        expected = None if expected is None else D(expected)
        if entries:
            assert completion(card, kpi) == expected
        rescore(card)
        assert completion(card, kpi) == expected
        done = recompute.rescore_cards(card_ids=[card.pk], on=STORY_DAY)
        assert done.lines_written == 0

    def test_weeks_count_when_begun_and_the_floor_holds(self, scope):
        kpi = project(PARAMS | {"late_unit": "week", "late_percent": "50"})
        card = make_card(scope, scope.lan, (kpi, 100, 100))
        log(scope, card, kpi, 100, on=nov(17))
        assert completion(card, kpi) == D("0.5")
        log(scope, card, kpi, 0, on=nov(17))
        log(scope, card, kpi, 100, on=nov(18))
        assert completion(card, kpi) == D("0.4")

    def test_the_highest_value_was_reached_when_it_was_first_there(self, scope):
        kpi = project(aggregation="max")
        card = make_card(scope, scope.lan, (kpi, 100, 100))
        for day, percent in ((12, 100), (16, 25), (20, 100)):
            log(scope, card, kpi, percent, on=nov(day))
        assert completion(card, kpi) == D("0.96")

    def test_a_due_day_beyond_the_period_is_its_last_day(self):
        rule = KpiRule(Method.MILESTONE, PARAMS | {"due_day": "31"})
        assert due_on(rule, datetime.date(2026, 2, 1), datetime.date(2026, 3, 1)) == datetime.date(2026, 2, 28)
        rule = KpiRule(Method.MILESTONE, {"table": TABLE})
        assert due_on(rule, datetime.date(2026, 2, 1), datetime.date(2026, 3, 1)) == datetime.date(2026, 2, 28)

    def test_nothing_reached_is_not_late(self):
        rule = KpiRule(Method.MILESTONE, PARAMS)
        assert lateness_of(rule, nov(10), [], lambda day: None) is None
        assert lateness_of(rule, nov(10), [nov(20)], lambda day: None) is None
        assert lateness_of(rule, nov(10), [nov(20)], lambda day: (D(100), None)) == Lateness(nov(10), nov(20))


def test_an_explanation_names_both_days_and_gives_what_is_stored(late):
    line = line_of(late.card, late.kpi)
    told = explain.explain_line(line, on=STORY_DAY)
    text = " ".join(f"{step.title} {step.value} {step.text}" for step in told.steps)
    assert "Days late 4 days It was due on 10 Nov 2026 and was reached on 14 Nov 2026" in text
    assert "100%; 4 days late, 2 points less for each, never below 40%" in text
    assert "differs" not in text
    assert "92%" in told.title


def test_a_preview_scores_another_due_day_before_anything_is_saved(late):
    line = line_of(late.card, late.kpi)
    params = PARAMS | {"due_day": "13"}
    values = {"kpi_id": line.kpi_id, "method": "milestone", "params": params}
    move = preview_cards(card_ids=[late.card.pk], on=STORY_DAY, changes=Changes({line.pk: values}))[late.card.pk]
    assert (move.before, move.after) == (D(92), D(98))


def test_each_segment_is_late_by_its_own_rule(late):
    change(late, late.card, late.kpi, target=D(90))
    log(late, late.card, late.kpi, 100, on=nov(20))
    # 1 to 15 November: reached on the 14th, 92 %. From the 16th: it had been reached on the 14th already, 92 % too.
    assert completion(late.card, late.kpi) == D("0.92")
    line = line_of(late.card, late.kpi)
    assert line.in_segments
    parts = parts_of([line], STORY_DAY, working_calendar())[line.pk]
    assert [part.completion for part in parts] == [D("0.92"), D("0.92")]
    text = " ".join(step.text for step in explain.explain_line(line, on=STORY_DAY).steps)
    assert text.count("was reached on 14 Nov 2026") == 2
    assert "differs" not in text


def test_what_adds_up_from_below_is_late_by_the_days_of_those_below(scope):
    kpi = project(aggregation="max")
    unit = make_card(scope, scope.department, (kpi, 100, 100), agreed_by=scope.director)
    lans = make_card(scope, scope.lan, (kpi, 100, 100))
    feed(scope, kpi, scope.department, scope.lan)
    log(scope, lans, kpi, 100, on=nov(13))
    recompute.roll_up_all(on=STORY_DAY)
    assert completion(unit, kpi) == D("0.94")
    line = line_of(unit, kpi)
    text = " ".join(step.text for step in explain.explain_line(line, on=STORY_DAY).steps)
    assert "was reached on 13 Nov 2026" in text


def test_longer_periods_take_the_mean_so_that_what_was_late_stays_late(late):
    line = line_of(late.card, late.kpi)
    found = longer_periods(line, on=datetime.date(2026, 12, 1), mode="recompute", start_month=1)
    assert {(longer.completion, longer.mode) for longer in found} == {(D("0.92"), "average")}


def test_a_night_reads_all_late_lines_at_once_and_nothing_for_others(late):
    def queries(cards):
        with CaptureQueriesContext(connection) as caught:
            recompute.rescore_cards(card_ids=cards, on=STORY_DAY)
        return sum("scorecards_actual" in query["sql"] for query in caught)

    other = make_kpi("S", "Doanh thu")
    plain = make_card(late, late.minh, (other, 100, 100))
    log(late, plain, other, 90)
    second = make_card(late, late.manager, (late.kpi, 100, 100))
    log(late, second, late.kpi, 100, on=nov(12))
    assert queries([plain.pk]) == 0
    assert queries([late.card.pk]) == queries([late.card.pk, second.pk, plain.pk]) == 1
    assert LineScore.objects.get(scorecard=second).completion == D("0.96")

"""Typing into a cell: what the number means for every way entries add up."""

import datetime

import pytest

from scorecards.choices import LIVE_STATES
from scorecards.line_rules import shown_part
from scorecards.models import Actual, ScorecardLine
from scorecards.services import actuals, grid
from scorecards.services.grid import Typed
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi

YESTERDAY = datetime.date(2026, 11, 19)


def line_with(scope, aggregation, *earlier, by=None, **fields):
    kpi = make_kpi("K", aggregation=aggregation, **fields)
    line = line_of(make_card(scope, scope.lan, (kpi, 100, 10)), kpi)
    for value in earlier:
        actuals.record_actual(
            line=line, value=D(value), on=YESTERDAY, today=STORY_DAY, by=scope.acting(by or scope.manager)
        )
    return line


def type_in(scope, line, number, column="value", today=STORY_DAY, by=None):
    cells = [Typed(line.pk, column, None if number is None else D(number))]
    return grid.type_cells(
        lines=ScorecardLine.objects.all(), cells=cells, by=scope.acting(by or scope.lan), today=today
    )


def quantity(line):
    return line_of(line.scorecard, line.kpi).score.quantity


def live():
    return list(Actual.objects.filter(state="recorded").order_by("pk").values_list("value", flat=True))


class TestSum:
    def test_the_typed_number_is_the_new_total_and_the_difference_is_entered(self, scope):
        line = line_with(scope, "sum", 30)
        type_in(scope, line, 50)
        assert quantity(line) == 50
        assert live() == [30, 20]

    def test_typing_again_the_same_day_corrects_ones_own_entry(self, scope):
        line = line_with(scope, "sum", 30)
        type_in(scope, line, 50)
        type_in(scope, line, 45)
        assert quantity(line) == 45
        assert live() == [30, 15]
        assert Actual.objects.filter(state="corrected").count() == 1

    def test_the_same_total_again_writes_nothing(self, scope):
        line = line_with(scope, "sum", 30)
        assert type_in(scope, line, 30).stored == []
        type_in(scope, line, 50)
        assert type_in(scope, line, 50).stored == []

    def test_a_first_zero_is_a_real_zero(self, scope):
        line = line_with(scope, "sum")
        type_in(scope, line, 0)
        assert line_of(line.scorecard, line.kpi).score.entries == 1
        assert quantity(line) == 0

    def test_a_colleagues_entry_of_today_is_not_touched(self, scope):
        line = line_with(scope, "sum")
        type_in(scope, line, 10, by=scope.manager)
        type_in(scope, line, 25)
        assert live() == [10, 15]

    def test_emptying_an_entry_that_was_approved_is_refused_in_words(self, scope):
        line = line_with(scope, "sum")
        entry = type_in(scope, line, 50).stored[0]
        actuals.approve_actuals(actuals=Actual.objects.filter(pk=entry.pk), by=scope.acting(scope.manager))
        result = type_in(scope, line, None)
        assert list(result.errors) == [(line.pk, "value")]
        assert quantity(line) == 50

    def test_emptying_takes_back_todays_own_entry_and_explains_when_there_is_none(self, scope):
        line = line_with(scope, "sum", 30)
        type_in(scope, line, 50)
        assert type_in(scope, line, None).withdrawn == 1
        assert quantity(line) == 30
        assert type_in(scope, line, None).errors


@pytest.mark.parametrize(
    ("aggregation", "earlier", "typed", "then"),
    [("last", [4], 6, 6), ("avg", [4], 6, 10), ("min", [4], 3, 3), ("max", [4], 6, 6)],
)
def test_elsewhere_the_typed_number_is_todays_measurement(scope, aggregation, earlier, typed, then):
    line = line_with(scope, aggregation, *earlier)
    type_in(scope, line, 99)
    type_in(scope, line, typed)
    assert quantity(line) == then
    assert live() == [4, typed]


def test_a_count_is_not_typed(scope):
    line = line_with(scope, "count")
    assert type_in(scope, line, 3).errors.keys() == {(line.pk, "value")}
    assert not Actual.objects.exists()


class TestRatio:
    def ratio(self, scope, top="sum", bottom="sum"):
        return line_with(scope, "ratio", numerator_agg=top, denominator_agg=bottom, factor=D(100))

    def shown(self, line):
        entries = list(Actual.objects.filter(line=line, state__in=LIVE_STATES).order_by("on", "pk"))
        return tuple(
            shown_part(entries, part, getattr(line.kpi, kind))
            for part, kind in (("numerator", "numerator_agg"), ("denominator", "denominator_agg"))
        )

    def enter(self, scope, line, top, bottom):
        actuals.record_actual(
            line=line,
            numerator=D(top),
            denominator=D(bottom),
            on=YESTERDAY,
            today=STORY_DAY,
            by=scope.acting(scope.manager),
        )

    def test_the_first_part_waits_for_the_second_without_scoring(self, scope):
        line = self.ratio(scope)
        type_in(scope, line, 100, "denominator")
        assert line_of(line.scorecard, line.kpi).score.completion is None
        type_in(scope, line, 9, "numerator")
        score = line_of(line.scorecard, line.kpi).score
        assert (score.quantity, score.divisor, score.entries) == (9, 100, 1)

    def test_each_cell_is_a_total_and_the_other_keeps_what_it_shows(self, scope):
        line = self.ratio(scope)
        self.enter(scope, line, 2, 4)
        type_in(scope, line, 5, "numerator")
        assert self.shown(line) == (5, 4)
        type_in(scope, line, 104, "denominator")
        assert self.shown(line) == (5, 104)
        assert Actual.objects.filter(state="recorded").count() == 2

    def test_a_last_part_is_todays_level_and_a_sum_part_a_total(self, scope):
        line = self.ratio(scope, "sum", "last")
        self.enter(scope, line, 3, 100)
        type_in(scope, line, 5, "numerator")
        assert self.shown(line) == (5, 100)
        type_in(scope, line, 98, "denominator")
        assert self.shown(line) == (5, 98)

    def test_both_cells_typed_at_once_make_one_entry(self, scope):
        line = self.ratio(scope)
        cells = [Typed(line.pk, "numerator", D(2)), Typed(line.pk, "denominator", D(4))]
        result = grid.type_cells(
            lines=ScorecardLine.objects.all(), cells=cells, by=scope.acting(scope.lan), today=STORY_DAY
        )
        assert len(result.stored) == 1
        assert self.shown(line) == (2, 4)


def test_after_the_period_the_entry_is_for_its_last_day(scope):
    line = line_with(scope, "sum")
    type_in(scope, line, 5, today=datetime.date(2026, 12, 3))
    assert Actual.objects.get().on == datetime.date(2026, 11, 30)


def test_a_line_out_of_reach_is_refused_and_the_rest_is_stored(scope):
    line = line_with(scope, "sum")
    other = make_kpi("O")
    others = line_of(make_card(scope, scope.minh, (other, 100, 10)), other)
    result = grid.type_cells(
        lines=ScorecardLine.objects.filter(pk=line.pk),
        cells=[Typed(others.pk, "value", D(1)), Typed(line.pk, "value", D(2))],
        by=scope.acting(scope.lan),
        today=STORY_DAY,
    )
    assert list(result.errors) == [(others.pk, "value")]
    assert quantity(line) == 2

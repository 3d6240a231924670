"""The pictures say the same in words, and a missing value is never drawn as zero."""

from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import translation


def render(source: str, **values) -> str:
    with translation.override("en"):
        return Template("{% load charts %}" + source).render(Context(values))


def test_a_bullet_reads_completion_and_pace_and_draws_both():
    drawn = render("{% bullet c 'at_risk' p 'Revenue' %}", c=Decimal("0.78"), p=Decimal("0.7"))
    assert 'aria-label="Revenue: 78% of the target, expected by today 70%"' in drawn
    assert 'width="84.9" height="8"' in drawn  # 0.78 of a target drawn at 108.8 of 136
    assert 'data-status="at_risk"' in drawn


def test_a_bullet_beyond_its_scale_moves_the_target_and_stays_inside():
    drawn = render("{% bullet c 'above' %}", c=Decimal("3"))
    assert 'width="136" height="8" rx="4" fill="var(--status)"' in drawn
    assert '<rect x="67"' in drawn


def test_a_bullet_without_a_value_says_so():
    drawn = render("{% bullet c None %}", c=None)
    assert 'aria-label="no value yet"' in drawn
    assert 'data-status="none"' in drawn


def test_a_gap_in_a_course_is_a_gap():
    drawn = render("{% sparkline v %}", v=[Decimal(1), Decimal(2), None, Decimal(3), Decimal(4)])
    assert drawn.count("<polyline") == 2


@pytest.mark.parametrize("values", [[], [None], [Decimal(5)], [Decimal(5), Decimal(5)]])
def test_a_course_of_nothing_or_of_one_height_is_drawn(values):
    assert "<svg" in render("{% sparkline v %}", v=values)


def test_bars_are_read_out_and_the_highest_fills_the_height():
    drawn = render(
        "{% bars items 'By month' %}", items=[{"label": "Jan", "value": Decimal(5)}, {"label": "Feb", "value": None}]
    )
    assert 'aria-label="By month: Jan 5, Feb – no value"' in drawn
    assert 'height="60"' in drawn


def test_weights_over_the_whole_are_drawn_to_their_sum():
    items = [{"label": "A", "weight": Decimal(80)}, {"label": "B", "weight": Decimal(80)}]
    drawn = render("{% weight_bar items %}", items=items)
    assert drawn.count('width="50"') == 2
    assert "Weights, 160% in all" in drawn


def test_a_gauge_ends_at_its_scale():
    drawn = render("{% gauge p 'above' 'Score' %}", p=Decimal(150))
    assert 'stroke-dasharray="125.7 125.7"' in drawn
    assert 'aria-label="Score: 150%"' in drawn


@pytest.mark.parametrize(
    ("status", "word"),
    [("above", "above target"), ("on", "on target"), ("at_risk", "at risk"), ("off", "off target"), (None, "no data")],
)
def test_a_status_colour_never_stands_without_its_word(status, word):
    assert word in render("{% status s %}", s=status)
    assert word in render("{% status s False %}", s=status)


class TestShareBar:
    """How things are shared among statuses."""

    def test_parts_stand_behind_each_other_and_are_read_out(self):
        html = render(
            "{% share_bar counts 'Team' %}",
            counts=[
                {"status": "on", "value": 3},
                {"status": "at_risk", "value": 0},
                {"status": "off", "value": 1},
            ],
        )
        assert 'aria-label="Team: 3 on target, 1 off target"' in html
        assert 'x="75" width="25"' in html
        assert "at_risk" not in html

    def test_nothing_is_an_empty_bar(self):
        assert "data-status" not in render("{% share_bar counts %}", counts=[{"status": "on", "value": 0}])

"""The timeline: bars inside the drawing whatever the dates, the done part inside the bar, months without gaps."""

import datetime

from hypothesis import given
from hypothesis import strategies as st

from strategy import timeline

DAYS = st.dates(datetime.date(2024, 1, 1), datetime.date(2030, 12, 31))


@st.composite
def stretches(draw):
    first, last = sorted((draw(DAYS), draw(DAYS)))
    return timeline.Stretch(first, last, draw(st.integers(0, 100)), draw(st.lists(DAYS, max_size=3)))


@given(st.lists(stretches(), max_size=6), DAYS)
def test_everything_stays_inside(rows, today):
    drawn = timeline.draw(rows, today)
    assert len(drawn.bars) == len(rows)
    for bar in drawn.bars:
        assert bar.x >= timeline.LABEL
        assert 0 <= bar.done <= bar.width
        assert all(timeline.LABEL <= x <= timeline.WIDTH for x in bar.milestones)
    lefts = [month.x for month in drawn.months]
    assert lefts == sorted(lefts)
    assert len(drawn.months) <= timeline.MOST_MONTHS
    assert sum(month.width for month in drawn.months) == timeline.WIDTH - timeline.LABEL
    assert drawn.today is None or timeline.LABEL <= drawn.today <= timeline.WIDTH


def test_a_month_is_as_wide_as_it_is_long():
    year = timeline.Stretch(datetime.date(2026, 1, 1), datetime.date(2026, 12, 31), 50)
    drawn = timeline.draw([year], datetime.date(2026, 7, 2))
    assert [month.first.month for month in drawn.months] == list(range(1, 13))
    assert (drawn.bars[0].x, drawn.bars[0].width, drawn.bars[0].done) == (250, 750, 375)
    assert drawn.today == 250 + 750 * 182 // 365


def test_an_arrow_goes_from_the_end_of_one_bar_to_the_beginning_of_the_next():
    first = timeline.Stretch(datetime.date(2026, 1, 1), datetime.date(2026, 3, 31), 100)
    then = timeline.Stretch(datetime.date(2026, 5, 1), datetime.date(2026, 12, 31), 0)
    drawn = timeline.draw([first, then], datetime.date(2026, 7, 2), [timeline.Wait(0, 1, is_held_up=True)])
    (arrow,) = drawn.arrows
    assert arrow.is_held_up
    assert arrow.path.startswith(f"M{drawn.bars[0].x + drawn.bars[0].width} ")
    assert arrow.path.endswith(f"H{drawn.bars[1].x - 2}")

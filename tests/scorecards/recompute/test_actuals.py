"""The database adds entries up to the very pair the kernel gives."""

from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from scorecards.choices import LIVE_STATES
from scorecards.models import CardScore, LineScore
from scorecards.recompute import refresh_actuals
from scorecards.scoring import Entry, aggregate
from strategy.choices import Aggregation


def kernel_pair(line):
    """The pair of a line's live entries by the kernel, and how many counted."""
    kpi = line.kpi
    entries = [
        Entry(a.numerator if kpi.aggregation == Aggregation.RATIO else a.value, a.denominator, a.on, a.pk)
        for a in line.actuals.filter(state__in=LIVE_STATES)
    ]
    return aggregate(
        kpi.aggregation,
        entries,
        numerator_agg=kpi.numerator_agg or "sum",
        denominator_agg=kpi.denominator_agg or "sum",
    )


def test_sql_and_kernel_agree_on_random_entries(maker):
    card = maker.card()
    lines = [maker.line(card, maker.any_kpi(), weight="0.1") for _ in range(300)]
    for line in lines:
        maker.any_entries(line)
    refresh_actuals(line_ids=[line.pk for line in lines])
    scores = LineScore.objects.in_bulk([line.pk for line in lines])
    kinds = set()
    for line in lines:
        pair = kernel_pair(line)
        score = scores[line.pk]
        assert (score.quantity, score.divisor) == (pair or (None, None)), (line.kpi.aggregation, line.pk)
        assert (score.entries > 0) is (pair is not None)
        kinds.add((line.kpi.aggregation, line.kpi.numerator_agg, line.kpi.denominator_agg, pair is not None))
    assert len(kinds) > 20


def test_a_ratio_of_sum_and_mean_is_one_exact_quotient(maker):
    kpi = maker.kpi(aggregation="ratio", numerator_agg="sum", denominator_agg="avg", factor=Decimal(100))
    line = maker.line(maker.card(), kpi)
    for leavers, heads in ((3, 100), (2, 102), (4, 98)):
        maker.entry(line, numerator=Decimal(leavers), denominator=Decimal(heads))
    refresh_actuals(line_ids=[line.pk])
    score = LineScore.objects.get(pk=line.pk)
    assert (score.quantity, score.divisor, score.entries) == (27, 300, 3)  # 9 ÷ 100


def test_the_last_entry_goes_away_and_leaves_nothing_not_zero(maker):
    line = maker.line(maker.card(), None, "12")
    assert LineScore.objects.get(pk=line.pk).quantity == 12
    line.actuals.update(state="withdrawn")
    assert refresh_actuals(line_ids=[line.pk]) == 1
    score = LineScore.objects.get(pk=line.pk)
    assert (score.quantity, score.divisor, score.entries, score.last_on) == (None, None, 0, None)


def test_unchanged_actuals_are_not_written_again(maker):
    line = maker.line(maker.card(), None, "12")
    assert refresh_actuals(line_ids=[line.pk]) == 0


def test_queries_do_not_grow_with_lines_and_a_new_card_gets_its_row(maker):
    card = maker.card()
    lines = [maker.line(card, weight="1") for _ in range(3)]
    with CaptureQueriesContext(
        connection,
    ) as one:
        refresh_actuals(line_ids=[lines[0].pk])
    with CaptureQueriesContext(connection) as three:
        refresh_actuals(line_ids=[line.pk for line in lines])
    assert len(one) == len(three) == 2
    assert CardScore.objects.filter(pk=card.pk).exists()
    assert refresh_actuals(line_ids=[]) == 0

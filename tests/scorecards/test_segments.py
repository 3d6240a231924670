"""Lines in segments: what must hold for any numbers."""

import datetime
from dataclasses import replace
from decimal import Decimal
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from kpiapp.decimals import allocate
from scorecards.scoring import (
    Entry,
    KpiRule,
    Method,
    MissingPolicy,
    Segment,
    Trace,
    aggregate,
    combine_span,
    compile_rule,
    score_segments,
    suggest_weights,
    weights_by_days,
)

D = Decimal
START = datetime.date(2026, 2, 1)
KINDS = [("sum", "sum", "sum"), ("last", "sum", "sum"), ("avg", "sum", "sum"), ("ratio", "sum", "sum"),
         ("ratio", "sum", "avg")]  # fmt: skip
RULES = [KpiRule(Method.RATIO), KpiRule(Method.MIRROR), KpiRule(Method.INVERSE), KpiRule(Method.DEDUCT),
         KpiRule(Method.BAND, {"low": 5, "high": 9, "outer_low": 1, "outer_high": 20}),
         KpiRule(Method.RATIO, missing_policy=MissingPolicy.ZERO)]  # fmt: skip

positive = st.decimals("0.5", "1000", places=2)
counts = st.integers(0, 5).map(D)
entries = st.lists(st.tuples(counts, st.integers(1, 50).map(D)), max_size=4)


@st.composite
def lines(draw, rules=RULES, kinds=KINDS, least=1):
    """Segments of a random line, one kind of aggregation, each with its own days, rule, target and entries."""
    kind, top, bottom = draw(st.sampled_from(kinds))
    found, day = [], START
    for _ in range(draw(st.integers(least, 4))):
        count = draw(st.integers(0 if found else 1, 9))
        end = day + datetime.timedelta(days=count + 1)
        given_entries = [Entry(v, s, day, len(found) * 10 + i) for i, (v, s) in enumerate(draw(entries))]
        found.append(
            Segment(
                day, end, D(count), draw(st.sampled_from(rules)), draw(positive), None, kind, top, bottom, given_entries
            )
        )
        day = end
    return found


@given(lines())
def test_a_completion_lies_within_what_one_segment_can_give_and_a_trace_changes_nothing(segments):
    trace = Trace()
    plain = score_segments(segments)
    assert plain == score_segments(segments, trace=trace)
    state, _raw, completion = plain
    assert (completion is None) is (state != "scored")
    if completion is not None:
        assert 0 <= completion <= D("1.2")
        parts = [step.result for step in trace.steps if step.rule == "segment" and step.result is not None]
        assert not parts or min(parts) <= completion <= max(parts)


@given(st.sampled_from(RULES), st.sampled_from(KINDS), positive, entries)
def test_one_segment_is_the_plain_line(rule, kind, target, given_entries):
    segment = Segment(
        START,
        START + datetime.timedelta(days=28),
        D(15),
        rule,
        target,
        None,
        *kind,
        [Entry(value, second, START, index) for index, (value, second) in enumerate(given_entries)],
    )
    pair = aggregate(kind[0], segment.entries, numerator_agg=kind[1], denominator_agg=kind[2])
    expected = compile_rule(rule)(*(pair or (None, None)), target, None, "late")
    got = score_segments([segment])
    assert got == expected


@given(lines(rules=[KpiRule(Method.RATIO, cap=None)], kinds=[KINDS[0]]), positive)
def test_a_flow_whose_target_stays_scores_as_if_nothing_had_been_split(segments, target):
    same = [Segment(s.starts_on, s.ends_on, s.days, s.rule, target, entries=s.entries) for s in segments]
    total = sum((e.value for s in same for e in s.entries), D(0))
    _, raw, _ = score_segments(same)
    if not any(s.entries for s in same):
        assert raw is None
    else:
        assert abs(raw - total / target) <= D("0.000002")


@given(lines(kinds=KINDS[:3]), st.randoms())
def test_the_order_in_which_entries_are_read_does_not_matter(segments, random):
    mixed = []
    for s in segments:
        shuffled = list(s.entries)
        random.shuffle(shuffled)
        mixed.append(
            Segment(s.starts_on, s.ends_on, s.days, s.rule, s.target, None, s.aggregation, "sum", "sum", shuffled)
        )
    assert score_segments(mixed) == score_segments(segments)


@given(st.lists(st.integers(1, 20).map(D), min_size=1, max_size=4), st.integers(1, 12), st.data())
def test_weights_that_make_100_every_day_make_exactly_100_over_the_period(days, count, data):
    columns = [
        allocate(D(100), data.draw(st.lists(st.integers(1, 50).map(D), min_size=count, max_size=count)), unit=D("0.01"))
        for _ in days
    ]
    rows = [list(zip(days, [column[i] for column in columns], strict=True)) for i in range(count)]
    weights = weights_by_days(rows)
    assert sum(weights) == 100
    for row, weight in zip(rows, weights, strict=True):
        assert min(w for _, w in row) - D("0.01") <= weight <= max(w for _, w in row) + D("0.01")


groups = st.lists(st.sampled_from("ABC"), min_size=1, max_size=14)
limits = st.tuples(st.integers(0, 20), st.integers(15, 100)).filter(lambda pair: pair[0] <= pair[1])


@given(groups, limits)
def test_suggested_weights_make_100_follow_the_groups_and_keep_the_limits(letters, bounds):
    least, most = map(D, bounds)
    weights = suggest_weights(letters, least=least, most=most)
    assert sum(weights) == 100
    if least * len(letters) <= 100 <= most * len(letters):
        assert all(least <= weight <= most for weight in weights)
    for first, one in enumerate(letters):
        for second, other in enumerate(letters):
            # A weighs at least as much as B; of the same letter the earlier one has the point that was left over.
            if one < other or (one == other and first < second):
                assert weights[first] >= weights[second]


@given(groups)
def test_without_limits_in_the_way_a_suggestion_is_the_plain_largest_remainder(letters):
    assert suggest_weights(letters, least=D(0), most=D(100)) == suggest_weights(letters)


def asking(segments, owners):
    """The same segments of a line that adds up what owners entered."""
    first = segments[0]
    parts = {"numerator_agg": first.numerator_agg, "denominator_agg": first.denominator_agg}
    source = partial(combine_span, first.aggregation, owners, **parts)
    return [replace(segment, entries=(), source=source) for segment in segments]


@given(lines())
def test_what_one_owner_feeds_scores_as_it_does_on_the_owners_own_line(segments):
    owner = [entry for segment in segments for entry in segment.entries]
    assert score_segments(asking(segments, [owner])) == score_segments(segments)


@given(lines(kinds=[("sum", "sum", "sum"), ("avg", "sum", "sum"), ("ratio", "sum", "sum")]), st.randoms())
def test_who_of_several_owners_entered_what_changes_nothing_that_adds_up(segments, random):
    owners = [[], [], []]
    for segment in segments:
        for entry in segment.entries:
            random.choice(owners).append(entry)
    trace = Trace()
    assert score_segments(asking(segments, owners), trace=trace) == score_segments(segments)
    assert score_segments(asking(segments, owners)) == score_segments(segments)

"""Bulk scores are those of the kernel, line by line; only what changed is written; a night reports, others do not."""

import datetime
import re
from decimal import Decimal
from importlib import import_module

from django.db import connection
from django.test.utils import CaptureQueriesContext

from kpiapp import registry
from kpiapp.models import Job, Period
from kpiapp.tenancy import organization_scope
from scorecards.choices import Watched
from scorecards.line_rules import absence_on, rule_of_line
from scorecards.models import CardScore, LineScore, ScorecardLine
from scorecards.recompute import compare_cards, refresh_actuals, rescore_cards
from scorecards.recompute.write import FEW
from scorecards.scoring import CardLine, Trace, score_card, score_line

IN_PERIOD, AFTER = datetime.date(2026, 11, 20), datetime.date(2026, 12, 1)


def traced(line, on):
    """The result of one line by the traced path that explanations use."""
    score = line.score
    trace = Trace()
    has_value = score.quantity is not None
    return score_line(
        rule_of_line(line),
        actual=score.quantity,
        denominator=score.divisor,
        target=line.target,
        baseline=line.baseline,
        absence=absence_on(line, line.scorecard.period, on) if line.waived_reason or not has_value else "late",
        wiped_out=bool(line.wiped_out_reason),
        trace=trace,
    )


def assert_stored_as_traced(on):
    lines = ScorecardLine.objects.select_related("kpi", "score", "scorecard__period", "scorecard__score")
    cards = {}
    for line in lines.order_by("pk"):
        result = traced(line, on)
        stored = line.score
        state = stored.state + (f":{stored.reason}" if stored.reason else "")
        assert (state, stored.raw, stored.completion, stored.status) == (
            result.state,
            result.raw,
            result.completion,
            result.status,
        ), line.pk
        cards.setdefault(line.scorecard, [])
        if line.is_scored:
            policy = rule_of_line(line).missing_policy
            cards[line.scorecard].append(CardLine(line.weight, result.state, result.completion, missing_policy=policy))
    for card, card_lines in cards.items():
        expected = score_card(card_lines, weight_policy="normalise")
        score = card.score
        assert (score.percent, score.measured_weight, score.lines_scored, score.lines_total, score.status) == (
            expected.percent,
            expected.measured_weight,
            expected.lines_scored,
            expected.lines_total,
            expected.status,
        )
        assert (score.is_provisional, score.is_blocked) == (expected.provisional, expected.state == "blocked")
    return len(cards)


def random_cards(maker, members, lines=12):
    """Cards of random lines, some waived, wiped out, unscored, or with a method of their own."""
    made = []
    for member in members:
        card = maker.card(member)
        for _ in range(lines):
            own = maker.random.random()
            line = maker.line(
                card,
                maker.any_kpi(),
                weight=str(maker.random.choice([5, 10, Decimal("12.5")])),
                target=str(maker.number()),
                baseline=maker.random.choice([None, Decimal(1)]),
                is_scored=maker.random.random() > 0.1,
                waived_reason="Away" if own < 0.1 else "",
                wiped_out_reason="Breach" if 0.1 < own < 0.2 else "",
                **({"method": "scale", "params": {"bands": [["3", 1], [None, "0.1"]]}} if own > 0.9 else {}),
            )
            maker.any_entries(line)
        made.append(card)
    refresh_actuals(line_ids=ScorecardLine.objects.values_list("pk", flat=True))
    return [card.pk for card in made]


def test_bulk_equals_the_traced_path_in_and_after_the_period(maker):
    cast = maker.cast
    card_ids = random_cards(maker, [cast.lan, cast.minh, cast.hr, cast.owner, cast.manager], lines=60)
    assert ScorecardLine.objects.count() > FEW
    done = rescore_cards(card_ids=card_ids, on=IN_PERIOD)
    assert (done.cards, done.lines) == (5, 300)
    assert assert_stored_as_traced(IN_PERIOD) == 5
    assert rescore_cards(card_ids=card_ids, on=AFTER).lines_written > 0
    assert_stored_as_traced(AFTER)
    states = set(LineScore.objects.values_list("state", flat=True))
    assert states == {"scored", "late", "waived", "not_scorable"}


def test_scores_of_before_are_watched_as_if_they_were_scored_today(maker):
    """The statement of the migration says in SQL what scoring says in Python."""
    cast = maker.cast
    shapes = [
        {
            "method": method,
            "direction": direction,
            "aggregation": aggregation,
            "params": {"baseline": "1"} if fixed else {},
        }
        for method in ("ratio", "mirror", "baseline", "inverse")
        for direction in ("increase", "decrease")
        for aggregation in ("sum", "count", "avg", "last")
        for fixed in ([False, True] if method == "baseline" else [False])
    ]
    card_ids = random_cards(maker, [cast.lan, cast.minh])
    card = maker.card(cast.owner)
    for number, shape in enumerate(shapes):
        maker.line(card, maker.kpi(**shape), "50", weight="1", baseline=None if number % 3 else Decimal(20))
    rescore_cards(card_ids=[*card_ids, card.pk], on=AFTER)
    scored = dict(LineScore.objects.values_list("pk", "watched"))
    assert set(scored.values()) == set(Watched)
    LineScore.objects.update(watched="")
    (fill,) = re.findall("UPDATE.*?;", import_module("scorecards.migrations.0009_watched_scores").FILL, re.S)
    with connection.cursor() as cursor:
        cursor.execute(fill)
    assert dict(LineScore.objects.values_list("pk", "watched")) == scored


def test_few_rows_and_many_rows_are_written_alike(maker):
    card_ids = random_cards(maker, [maker.cast.lan, maker.cast.minh], lines=8)
    for card_id in card_ids:
        rescore_cards(card_ids=[card_id], on=AFTER)
    assert_stored_as_traced(AFTER)


def test_nothing_changed_writes_nothing(maker):
    card_ids = random_cards(maker, [maker.cast.lan])
    rescore_cards(card_ids=card_ids, on=IN_PERIOD)
    before = list(LineScore.objects.extra(select={"version": "xmin::text"}).values_list("version", flat=True))
    done = rescore_cards(card_ids=card_ids, on=IN_PERIOD)
    assert (done.lines_written, done.cards_written) == (0, 0)
    assert before == list(LineScore.objects.extra(select={"version": "xmin::text"}).values_list("version", flat=True))


def test_one_card_costs_four_statements_at_most(maker):
    card = maker.card()
    line = maker.line(card, None, "50")
    rescore_cards(card_ids=[card.pk], on=IN_PERIOD)
    maker.entry(line, value=Decimal(30))
    refresh_actuals(line_ids=[line.pk])
    hooks, registry.AFTER_SCORES[:] = list(registry.AFTER_SCORES), []
    with CaptureQueriesContext(connection) as queries:
        rescore_cards(card_ids=[card.pk], on=IN_PERIOD)
    registry.AFTER_SCORES[:] = hooks
    # Lock the card, read it, read its lines, write line and card.
    assert len(queries) <= 5, [query["sql"][:80] for query in queries]
    assert CardScore.objects.get(pk=card.pk).percent == 80


def test_a_night_reports_what_changed_since_the_night_before_and_an_entry_does_not(maker):
    card = maker.card()
    line = maker.line(card, None, "50")
    first, second, third = (Job.objects.create(key=f"night:{n}", task="night") for n in range(3))
    rescore_cards(card_ids=[card.pk], on=IN_PERIOD, job=first)
    maker.entry(line, value=Decimal(20))
    refresh_actuals(line_ids=[line.pk])
    rescore_cards(card_ids=[card.pk], on=IN_PERIOD)
    score = CardScore.objects.get(pk=card.pk)
    assert (score.percent, score.night_percent, score.changed_by_id) == (70, 50, first.pk)
    rescore_cards(card_ids=[card.pk], on=IN_PERIOD, job=second)
    score = CardScore.objects.get(pk=card.pk)
    assert (score.previous_percent, score.night_percent, score.changed_by_id) == (50, 70, second.pk)
    moved = LineScore.objects.get(pk=line.pk)
    assert (moved.previous_completion, moved.night_completion) == (Decimal("0.5"), Decimal("0.7"))
    assert rescore_cards(card_ids=[card.pk], on=IN_PERIOD, job=third).cards_written == 0
    assert CardScore.objects.get(pk=card.pk).changed_by_id == second.pk


def test_the_last_value_stays_when_its_rule_says_so(maker):
    before = Period.objects.create(
        kind="month", starts_on=datetime.date(2026, 10, 1), ends_on=datetime.date(2026, 11, 1)
    )
    kpi = maker.kpi(aggregation="last", missing_policy="carry_forward")
    maker.line(maker.card(period=before), kpi, "90")
    card = maker.card()
    line = maker.line(card, kpi)
    rescore_cards(card_ids=[card.pk], on=IN_PERIOD)
    assert LineScore.objects.get(pk=line.pk).state == "not_due"
    rescore_cards(card_ids=[card.pk], on=AFTER)
    stored = LineScore.objects.get(pk=line.pk)
    assert (stored.state, stored.completion, stored.quantity) == ("scored", Decimal("0.9"), None)


def test_a_locked_period_is_compared_and_never_written(maker):
    card = maker.card()
    line = maker.line(card, None, "50")
    rescore_cards(card_ids=[card.pk], on=IN_PERIOD)
    Period.objects.update(state="locked", locked_at=datetime.datetime(2026, 12, 3, tzinfo=datetime.UTC))
    assert compare_cards(card_ids=[card.pk], on=AFTER).differing == {}
    LineScore.objects.filter(pk=line.pk).update(quantity=Decimal(60))
    assert rescore_cards(card_ids=[card.pk], on=AFTER).cards == 0
    found = compare_cards(card_ids=[card.pk], on=AFTER)
    assert (found.cards, found.lines_differing, found.differing) == (1, 1, {card.pk: (50, 60)})
    assert CardScore.objects.get(pk=card.pk).percent == 50


def test_a_rule_that_cannot_be_used_does_not_stop_the_others(maker):
    card = maker.card()
    bad = maker.line(card, maker.kpi(method="scale", params={"bands": []}), "5", weight="50")
    good = maker.line(card, None, "80", weight="50")
    rescore_cards(card_ids=[card.pk], on=IN_PERIOD)
    assert LineScore.objects.get(pk=bad.pk).state == "not_scorable"
    assert LineScore.objects.get(pk=good.pk).completion == Decimal("0.8")
    assert CardScore.objects.get(pk=card.pk).percent == 80


def test_cards_of_another_company_are_out_of_reach(maker, binh_minh):
    card = maker.card()
    maker.line(card, None, "50")
    with organization_scope(binh_minh.organization):
        assert rescore_cards(card_ids=[card.pk], on=IN_PERIOD).cards == 0
    assert not LineScore.objects.filter(completion__isnull=False).exists()

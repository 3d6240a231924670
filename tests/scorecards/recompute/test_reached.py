"""What lines reached in a part of their period: rolled-up and calculated KPIs that change in the middle of it."""

import datetime
from random import Random

import pytest

from kpiapp.models import AuditEvent
from scorecards import explain, recompute
from scorecards.models import CardScore, LineScore, LineSegment
from scorecards.recompute.reached import Reached
from scorecards.services import actuals, cascade, changes
from scorecards.services.changes import ChangeRefused
from strategy.choices import TargetAggregation
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi
from tests.scorecards.recompute.test_formulas import formula_kpi

FIRST = datetime.date(2026, 11, 1)
EARLY = datetime.date(2026, 11, 6)
MID = datetime.date(2026, 11, 16)  # ten working days of November before it, eleven from it on


def log(cast, card, kpi, value=None, on=STORY_DAY, **numbers):
    line = line_of(card, kpi)
    numbers = {"value": None if value is None else D(value), **numbers}
    actuals.record_actual(line=line, on=on, today=STORY_DAY, by=cast.acting(cast.strategy), **numbers)


def feed(cast, kpi, parent, *children):
    for child in children:
        cascade.link_kpis(
            parent=cascade.owned_kpi(kpi.definition, parent),
            child=cascade.owned_kpi(kpi.definition, child),
            kind="contribution",
            valid_from=FIRST,
            by=cast.acting(cast.strategy),
            today=STORY_DAY,
        )


def change(cast, card, kpi, /, **values):
    request = changes.request_change(
        line=line_of(card, kpi), changes=values, reason="x", effective_on=MID, by=cast.acting(cast.strategy)
    )
    return changes.approve_change(request=request, by=cast.acting(cast.director), today=STORY_DAY)


def completion(card, kpi):
    return LineScore.objects.get(line__scorecard=card, line__kpi__definition=kpi.definition_id).completion


@pytest.fixture
def unit(scope):
    """Revenue of a department that Lan and Minh make up."""
    scope.kpi = make_kpi("REV", unit="VND")
    scope.unit = make_card(scope, scope.department, (scope.kpi, 100, 210), agreed_by=scope.director)
    scope.lans = make_card(scope, scope.lan, (scope.kpi, 100, 100))
    scope.minhs = make_card(scope, scope.minh, (scope.kpi, 100, 100))
    feed(scope, scope.kpi, scope.department, scope.lan, scope.minh)
    return scope


def test_a_target_of_what_adds_up_from_below_changes_from_a_day_on(unit):
    log(unit, unit.lans, unit.kpi, 30, on=EARLY)
    log(unit, unit.minhs, unit.kpi, 50, on=EARLY)
    log(unit, unit.lans, unit.kpi, 110)
    change(unit, unit.unit, unit.kpi, target=D(420))
    # 80 of 210 × 10/21 = 100 is 80 %; 110 of 420 × 11/21 = 220 is 50 %: (10 × 0.8 + 11 × 0.5) ÷ 21.
    assert completion(unit.unit, unit.kpi) == D("0.642857")
    assert LineSegment.objects.filter(line__scorecard=unit.unit).count() == 2
    assert AuditEvent.objects.filter(action="change.approve").exists()


def test_entries_below_move_the_segments_above_even_where_the_sum_stays(unit, django_capture_on_commit_callbacks):
    log(unit, unit.lans, unit.kpi, 80, on=EARLY)
    log(unit, unit.minhs, unit.kpi, 110)
    change(unit, unit.unit, unit.kpi, target=D(420))
    assert completion(unit.unit, unit.kpi) == D("0.642857")
    with django_capture_on_commit_callbacks(execute=True):
        entry = line_of(unit.lans, unit.kpi).actuals.get()
        actuals.withdraw_actuals(actuals=[entry], by=unit.acting(unit.strategy), today=STORY_DAY)
        log(unit, unit.lans, unit.kpi, 80)
    # Everything came after the change: 190 of the mean of the targets, 100 + 220.
    assert completion(unit.unit, unit.kpi) == D("0.593750")
    assert recompute.compare_cards(card_ids=[unit.unit.pk], on=STORY_DAY).differing == {}


def test_the_explanation_tells_the_segments_of_what_adds_up(unit):
    log(unit, unit.lans, unit.kpi, 80, on=EARLY)
    log(unit, unit.minhs, unit.kpi, 110)
    change(unit, unit.unit, unit.kpi, target=D(420))
    told = explain.explain_line(line_of(unit.unit, unit.kpi), on=STORY_DAY, reader=unit.acting(unit.strategy))
    texts = " ".join(f"{step.title} {step.value} {step.text}" for step in told.steps)
    assert "80" in texts
    assert "110" in texts
    assert "Mean of the segments" in texts
    assert "differs" not in texts


def test_a_ratio_of_a_sum_to_a_last_value_below_is_refused_with_what_to_do(scope):
    kpi = make_kpi("PER-HEAD", aggregation="ratio", numerator_agg="sum", denominator_agg="last")
    card = make_card(scope, scope.department, (kpi, 100, 2), agreed_by=scope.director)
    make_card(scope, scope.lan, (kpi, 100, 2))
    feed(scope, kpi, scope.department, scope.lan)
    with pytest.raises(ChangeRefused, match="whole period"):
        change(scope, card, kpi, target=D(3))
    request = changes.request_change(
        line=line_of(card, kpi),
        changes={"target": D(3)},
        reason="x",
        effective_on=MID,
        by=scope.acting(scope.strategy),
        mode="replace",
    )
    assert request.pk


def test_a_rate_by_formula_is_worked_out_for_each_segment(scope):
    won, leads = make_kpi("WON"), make_kpi("LEADS")
    rate = formula_kpi(scope, "Rate", "percent([WON], [LEADS])", unit="%")
    card = make_card(scope, scope.lan, (won, 30, 10), (leads, 30, 100), (rate, 40, 20), agreed_by=scope.director)
    log(scope, card, won, 4, on=EARLY)
    log(scope, card, leads, 40, on=EARLY)
    log(scope, card, won, 6)
    log(scope, card, leads, 20)
    assert completion(card, rate) == D("0.833333")
    change(scope, card, rate, target=D(25))
    # 10 % of 20 % until the 15th, 30 % of 25 % since: (10 × 0.5 + 11 × 1.2) ÷ 21.
    assert completion(card, rate) == D("0.866667")


def test_a_sum_by_formula_owns_its_share_of_the_target(scope):
    north, south = make_kpi("NORTH"), make_kpi("SOUTH")
    both = formula_kpi(scope, "Both", "[NORTH] + [SOUTH]", target_aggregation=TargetAggregation.SUM)
    card = make_card(scope, scope.lan, (north, 30, 10), (south, 30, 10), (both, 40, 210), agreed_by=scope.director)
    log(scope, card, north, 30, on=EARLY)
    log(scope, card, south, 50, on=EARLY)
    log(scope, card, north, 60)
    log(scope, card, south, 50)
    change(scope, card, both, target=D(420))
    assert completion(card, both) == D("0.642857")


def test_a_formula_over_what_adds_up_on_the_card_above_takes_the_days_of_its_segment(unit):
    own = make_kpi("OWN", unit="VND")
    share = formula_kpi(unit, "Share", "percent([OWN], [REV])", unit="%")
    card = make_card(unit, unit.manager, (own, 50, 10), (share, 50, 20), agreed_by=unit.director)
    log(unit, unit.lans, unit.kpi, 100, on=EARLY)
    log(unit, unit.minhs, unit.kpi, 50)
    log(unit, card, own, 10, on=EARLY)
    log(unit, card, own, 20)
    change(unit, card, share, target=D(40))
    # 10 of 100 against 20 %, then 20 of 50 against 40 %: (10 × 0.5 + 11 × 1) ÷ 21.
    assert completion(card, share) == D("0.761905")


def test_a_version_that_is_no_longer_calculated_changes_for_the_whole_period_only(scope):
    won = make_kpi("WON")
    twice = formula_kpi(scope, "Twice", "[WON] * 2")
    card = make_card(scope, scope.lan, (won, 50, 10), (twice, 50, 20), agreed_by=scope.director)
    plain = make_kpi("X").__class__.objects.create(
        definition=twice.definition, number=2, name="Twice", frequency="month", method="ratio"
    )
    with pytest.raises(ChangeRefused, match="calculated from other KPIs"):
        change(scope, card, twice, kpi=plain)


@pytest.mark.parametrize("kind", ["sum", "avg", "last", "min", "max", "count", "weighted_avg", "ratio"])
def test_over_the_whole_period_it_is_what_the_database_keeps(scope, kind):
    random = Random(kind)
    kpi = make_kpi("K", aggregation=kind)
    cards = [make_card(scope, owner, (kpi, 100, 10)) for owner in (scope.department, scope.lan, scope.minh)]
    if kind not in ("avg",):
        feed(scope, kpi, scope.department, scope.lan, scope.minh)
    for card in cards[1:]:
        for day in random.sample(range(1, 20), 3):
            numbers = {"value": D(random.randint(1, 99))}
            if kind == "ratio":
                numbers = {"numerator": numbers["value"], "denominator": D(random.randint(1, 9))}
            if kind == "weighted_avg":
                numbers["denominator"] = D(random.randint(1, 9))
            log(scope, card, kpi, on=datetime.date(2026, 11, day), **numbers)
    lines = [line_of(card, kpi) for card in cards]
    recompute.roll_up(line_ids=[line.pk for line in lines], on=STORY_DAY)
    book = Reached({line.pk: [line.kpi] for line in lines})
    for score in LineScore.objects.filter(line__in=lines):
        kept = (score.quantity, score.divisor, score.entries, score.last_on)
        assert book.stored(score.line_id, kpi) == kept
    assert CardScore.objects.count() == 3

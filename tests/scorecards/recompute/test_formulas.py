"""Formula KPIs on cards: what they take, when they follow, and what keeps them from being scored."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kpiapp.models import Period
from scorecards import explain, recompute
from scorecards.cards.formula_views import views_of
from scorecards.models import LineScore, ScorecardLine
from scorecards.services import actuals, scorecards
from strategy.choices import Aggregation
from strategy.models import KpiVersion
from strategy.services import kpis
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi

NOVEMBER_3 = datetime.date(2026, 11, 3)


def formula_kpi(cast, name: str, formula: str, **fields) -> KpiVersion:
    """A KPI calculated from others, as the service saves it."""
    values = {"name": name, "aggregation": Aggregation.FORMULA, "formula": formula, "unit": "", **fields}
    return kpis.create_kpi(fields=values, by=cast.acting(cast.strategy), code=name.upper()).current


def log(cast, card, kpi, value, **numbers):
    line = line_of(card, kpi)
    numbers = numbers or {"value": D(value)}
    return actuals.record_actual(line=line, on=NOVEMBER_3, today=STORY_DAY, by=cast.lan, **numbers)


def score(card, kpi) -> LineScore:
    return LineScore.objects.get(line__scorecard=card, line__kpi__definition=kpi.definition_id)


@pytest.fixture
def parts(scope):
    """Won and lost leads with a conversion calculated from both, on Lan's card."""
    won, leads = make_kpi("WON", "Won"), make_kpi("LEADS", "Leads")
    conversion = formula_kpi(scope, "Conversion", "percent([WON], [LEADS])", unit="%")
    card = make_card(scope, scope.lan, (won, 30, 10), (leads, 30, 100), (conversion, 40, 20))
    return scope, card, won, leads, conversion


def test_an_entry_to_an_operand_rescores_the_formula_at_once(parts):
    scope, card, won, leads, conversion = parts
    log(scope, card, won, 6)
    waiting = score(card, conversion)
    assert (waiting.quantity, waiting.completion, waiting.state) == (None, None, "not_due")
    log(scope, card, leads, 40)
    found = score(card, conversion)
    assert (found.quantity, found.completion, found.status) == (D(15), D("0.75"), "at_risk")
    card.score.refresh_from_db()
    assert card.score.percent == D("60")  # 30 × 0.6 + 30 × 0.4 + 40 × 0.75


def test_what_is_missing_is_named_and_a_zero_divisor_says_so(parts):
    scope, card, won, leads, conversion = parts
    log(scope, card, won, 6)
    line = line_of(card, conversion)
    view = views_of([line])[line.pk]
    assert view.problem == "Waits for Leads."
    log(scope, card, leads, 0)
    found = score(card, conversion)
    assert (found.state, found.reason, found.completion) == ("not_scorable", "zero_denominator", None)
    assert views_of([line])[line.pk].problem == "The formula divides by zero, so there is no value."


def test_formulas_of_formulas_come_in_the_order_they_need(parts):
    scope, card, won, leads, conversion = parts
    doubled = formula_kpi(scope, "Doubled", "[CONVERSION] * 2")
    first = formula_kpi(scope, "First", "[DOUBLED] + 1")
    drafts = [scorecards.Draft(scope.lan, scope.period, kpi, D(0), D(100)) for kpi in (first, doubled)]
    scorecards.put_lines(drafts=drafts, by=scope.acting(scope.strategy), today=STORY_DAY)
    log(scope, card, won, 5)
    log(scope, card, leads, 20)
    assert [score(card, kpi).quantity for kpi in (conversion, doubled, first)] == [D(25), D(50), D(51)]


def test_a_withdrawn_entry_and_a_waiver_take_the_value_away(parts):
    scope, card, won, leads, conversion = parts
    entry = log(scope, card, won, 6)
    log(scope, card, leads, 40)
    actuals.withdraw_actuals(actuals=[entry], by=scope.lan, today=STORY_DAY)
    assert score(card, conversion).quantity is None
    log(scope, card, won, 8)
    assert score(card, conversion).quantity == D(20)
    scorecards.waive_line(
        line=line_of(card, leads), reason="No campaign", by=scope.acting(scope.manager), today=STORY_DAY
    )
    assert score(card, conversion).quantity is None


def test_operands_come_from_the_own_card_then_the_departments_then_the_organizations(scope):
    base, plan = make_kpi("BASE", "Base"), make_kpi("PLAN", "Plan")
    share = formula_kpi(scope, "Share", "percent([BASE], [PLAN])", unit="%")
    mine = make_card(scope, scope.lan, (base, 50, 10), (share, 50, 100))
    team = make_card(scope, scope.department, (plan, 100, 10))
    company = make_card(scope, scope.organization, (plan, 100, 10))
    log(scope, mine, base, 10)
    log(scope, company, plan, 100)
    recompute.follow_formulas(period_ids=[scope.period.pk], on=STORY_DAY)
    assert score(mine, share).quantity is None  # the department's card has the KPI, without a value yet
    log(scope, team, plan, 40)
    done = recompute.follow_formulas(period_ids=[scope.period.pk], on=STORY_DAY)
    assert (done.cards, score(mine, share).quantity) == (1, D(25))
    assert recompute.follow_formulas(period_ids=[scope.period.pk], on=STORY_DAY).cards == 0
    view = views_of([line_of(mine, share)], reader=scope.acting(scope.lan), on=STORY_DAY)
    owners = {operand.name: operand.owner for operand in view[line_of(mine, share).pk].operands}
    assert owners == {"Base": "", "Plan": scope.department.name}


def test_the_number_of_queries_does_not_grow_with_the_cards(parts):
    scope, _card, *_kpis, conversion = parts

    def queries() -> int:
        ScorecardLine.objects.update(weight=D(1))
        cards = list(ScorecardLine.objects.filter(kpi=conversion).values_list("scorecard_id", flat=True))
        LineScore.objects.filter(line__kpi=conversion).update(quantity=D(1))
        recompute.rescore_cards(card_ids=cards, on=STORY_DAY)
        LineScore.objects.filter(line__kpi=conversion).update(quantity=D(1))
        with CaptureQueriesContext(connection) as captured:
            recompute.rescore_cards(card_ids=cards, on=STORY_DAY)
        return len(captured)

    one = queries()
    won, leads = (KpiVersion.objects.get(name=name) for name in ("Won", "Leads"))
    for person in (scope.minh, scope.manager, scope.director):
        make_card(scope, person, (won, 30, 10), (leads, 30, 100), (conversion, 40, 20))
    assert queries() == one


def test_a_locked_period_keeps_what_it_had(parts):
    scope, card, won, leads, conversion = parts
    log(scope, card, won, 6)
    log(scope, card, leads, 40)
    LineScore.objects.filter(line__kpi=leads).update(quantity=D(60))
    now = datetime.datetime(2026, 12, 3, tzinfo=datetime.UTC)
    Period.objects.filter(pk=scope.period.pk).update(state="locked", locked_at=now)
    recompute.rescore_cards(card_ids=[card.pk], on=STORY_DAY)
    recompute.follow_formulas(period_ids=[scope.period.pk], on=STORY_DAY)
    assert score(card, conversion).quantity == D(15)


def test_a_line_keeps_the_formula_it_was_agreed_with_and_a_new_name_breaks_nothing(parts):
    scope, card, won, leads, conversion = parts
    strategy = scope.acting(scope.strategy)
    kpis.revise_kpi(
        definition=won.definition, fields={"name": "Deals closed", "target": D(10)}, by=strategy, department=None
    )
    kpis.revise_kpi(
        definition=conversion.definition,
        fields={"name": "Conversion", "aggregation": "formula", "formula": "[WON] * 3"},
        by=strategy,
        department=None,
    )
    log(scope, card, won, 6)
    log(scope, card, leads, 40)
    assert score(card, conversion).quantity == D(15)


def test_a_formula_takes_its_own_inputs_and_refuses_a_result(scope):
    visits = formula_kpi(scope, "Per visit", "[Sold] / [Visits]", numerator_label="Sold", denominator_label="Visits")
    assert (visits.formula, visits.numerator_agg) == ("{input:1} / {input:2}", "sum")
    card = make_card(scope, scope.lan, (visits, 100, 2))
    with pytest.raises(actuals.ActualRefused, match="inputs of the formula"):
        log(scope, card, visits, 3)
    log(scope, card, visits, None, numerator=D(30))
    assert score(card, visits).quantity is None
    log(scope, card, visits, None, numerator=D(10), denominator=D(16))
    assert (score(card, visits).quantity, score(card, visits).completion) == (D("2.5"), D("1.2"))


def test_nobody_enters_the_result_of_a_formula(parts):
    scope, card, _won, _leads, conversion = parts
    with pytest.raises(actuals.ActualRefused, match="calculated from others"):
        log(scope, card, conversion, 15)


def test_parts_of_a_ratio_can_be_pooled(scope):
    ratios = [make_kpi(code, aggregation="ratio", unit="%", factor=D(100)) for code in ("R1", "R2")]
    pooled = formula_kpi(
        scope, "Pooled", "percent([R1].numerator + [R2].numerator, [R1].denominator + [R2].denominator)", unit="%"
    )
    card = make_card(scope, scope.lan, *((kpi, 30, 50) for kpi in ratios), (pooled, 40, 50))
    log(scope, card, ratios[0], None, numerator=D(2), denominator=D(4))
    log(scope, card, ratios[1], None, numerator=D(2), denominator=D(100))
    assert score(card, pooled).quantity == D("3.846154")  # 4 of 104, not the mean of 50 and 2


def test_the_explanation_shows_every_operand_and_links_to_its_line(parts):
    scope, card, won, leads, conversion = parts
    log(scope, card, won, 6)
    log(scope, card, leads, 40)
    told = explain.explain_line(line_of(card, conversion), on=STORY_DAY, reader=scope.acting(scope.lan))
    step = next(step for step in told.steps if "percent" in step.text)
    assert step.text == "percent(Won, Leads) = percent(6, 40) = 15"
    assert [
        (source.label, str(line_of(card, kpi).pk) in source.url)
        for source, kpi in zip(step.sources, (won, leads), strict=True)
    ] == [
        ("Won: 6", True),
        ("Leads: 40", True),
    ]
    assert not any("differs" in step.title for step in told.steps)


def test_a_confidential_operand_is_used_and_neither_named_nor_shown(parts):
    scope, card, won, leads, conversion = parts
    log(scope, card, won, 6)
    log(scope, card, leads, 40)
    type(won.definition).objects.filter(pk=won.definition_id).update(is_confidential=True)
    line = line_of(card, conversion)
    for reader in (None, scope.acting(scope.minh)):
        view = views_of([line], reader=reader, on=STORY_DAY)[line.pk]
        assert "Won" not in f"{view.text}{view.filled}{view.operands}"
        assert "percent(•, " in view.filled
        assert view.pair == (D(15), None)

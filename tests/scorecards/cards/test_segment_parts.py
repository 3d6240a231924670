"""A row says at a glance that its line changed inside the period: part by part, and the weight that holds now."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kpiapp.tenancy import organization_scope
from scorecards.assigning.assignment import suggested
from scorecards.cards.rows import rows_of
from scorecards.cards.segment_parts import Part
from scorecards.models import CardRules, CardScore
from scorecards.services import changes
from strategy.models import KpiDefinition
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi
from tests.scorecards.recompute.test_formulas import formula_kpi
from tests.scorecards.recompute.test_reached import change, log

EARLY = datetime.date(2026, 11, 6)


@pytest.fixture
def card(scope):
    """Three KPIs of a third each, all reached in both halves of November."""
    scope.kpis = [make_kpi(code) for code in "ABC"]
    made = make_card(scope, scope.lan, *((kpi, w, 210) for kpi, w in zip(scope.kpis, (40, 30, 30), strict=True)),
                     agreed_by=scope.director)  # fmt: skip
    for kpi in scope.kpis:
        log(scope, made, kpi, 80, on=EARLY)
        log(scope, made, kpi, 110)
    return made


def rows(cast, card):
    return {
        row.line.kpi.name: row for row in rows_of(card, reader=cast.acting(cast.lan), on=STORY_DAY, can_record=True)
    }


def test_each_part_says_its_days_target_and_completion(scope, card):
    change(scope, card, scope.kpis[0], target=D(420))
    row = rows(scope, card)["A"]
    assert row.parts == [
        Part(datetime.date(2026, 11, 1), datetime.date(2026, 11, 15), D(210), D("0.8")),
        Part(datetime.date(2026, 11, 16), datetime.date(2026, 11, 30), D(420), D("0.5")),
    ]
    assert row.completion == D("0.642857")
    assert rows(scope, card)["B"].parts == []


def test_a_calculated_kpi_tells_its_parts_too(scope):
    won = make_kpi("WON")
    twice = formula_kpi(scope, "Twice", "[WON] * 2")
    card = make_card(scope, scope.lan, (won, 50, 10), (twice, 50, 20), agreed_by=scope.director)
    log(scope, card, won, 10, on=EARLY)
    log(scope, card, won, 5)
    change(scope, card, twice, target=D(10))
    assert [part.completion for part in rows(scope, card)["Twice"].parts] == [D(1), D(1)]


def test_a_dated_weight_is_shown_as_the_mean_and_as_what_holds_now(scope, card):
    change(scope, card, scope.kpis[0], weight=D(61))
    found = rows(scope, card)
    # 40 for ten and 61 for eleven of 21 working days.
    assert (found["A"].line.weight, found["A"].line.weight_now) == (51, 61)
    assert found["A"].parts == [], "a weight alone divides no completion"
    assert sum(row.line.weight for row in found.values()) == 100
    assert sum(row.line.weight_now for row in found.values()) == 100
    percent = CardScore.objects.get(scorecard=card).percent
    assert percent == D("90.48")


def test_the_page_links_the_parts_to_why(an_phat):
    with organization_scope(an_phat.organization):
        kpi = make_kpi("A")
        card = make_card(an_phat, an_phat.lan, (kpi, 100, 210), agreed_by=an_phat.director)
        log(an_phat, card, kpi, 80, on=EARLY)
        log(an_phat, card, kpi, 110)
        change(an_phat, card, kpi, target=D(420))
        line = line_of(card, kpi)
    client = an_phat.client(an_phat.lan)
    html = client.get(an_phat.url(f"scorecards/cards/{card.pk}/")).content.decode()
    assert "1–15/11" in html
    assert "16–30/11" in html
    assert f"/lines/{line.pk}/why/" in html
    details = client.get(an_phat.url(f"scorecards/lines/{line.pk}/")).content.decode()
    assert "420" in details
    assert "1–15/11" in details


def test_queries_do_not_grow_with_the_lines_in_segments(scope, card):
    def count():
        with CaptureQueriesContext(connection) as queries:
            rows(scope, card)
        return len(queries)

    change(scope, card, scope.kpis[0], target=D(420))
    count()
    one = count()
    for kpi in scope.kpis[1:]:
        change(scope, card, kpi, target=D(420))
    assert count() == one <= 8


def test_weights_suggested_by_group_keep_to_the_limits_in_the_grid_as_on_the_page(scope):
    CardRules.objects.create(weight_most=D(30))
    kpis = [make_kpi(f"K{n}", group=group) for n, group in enumerate("ACCCCC")]
    definitions = list(KpiDefinition.objects.filter(pk__in=[kpi.definition_id for kpi in kpis]).order_by("pk"))
    assert [item.weight for item in suggested(definitions, D(100))] == [30, 14, 14, 14, 14, 14]


def test_a_request_for_a_weight_starts_from_what_holds_now(scope, card):
    change(scope, card, scope.kpis[0], weight=D(61))
    line = line_of(card, scope.kpis[0])
    assert changes.value_now(line, "weight") == 61
    with pytest.raises(changes.ChangeRefused):
        change(scope, card, scope.kpis[0], weight=D(61))

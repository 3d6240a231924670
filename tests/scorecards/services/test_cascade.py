"""Numbers add up along contribution links: at once, in the night, never twice; links that would lie are refused."""

import datetime
from decimal import Decimal
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kpiapp.models import AuditEvent, Period
from scorecards import recompute
from scorecards.choices import LinkKind
from scorecards.models import KpiLink, LineScore, StaleCard
from scorecards.scoring import combine
from scorecards.services import actuals, cascade
from scorecards.services.actuals import ActualRefused
from scorecards.services.cascade import LinkRefused
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi

FROM = datetime.date(2026, 11, 1)


@pytest.fixture
def sales(scope):
    """Revenue of the company, of Sales, and of Lan and Nam who make it up."""
    scope.kpi = make_kpi("REV", "Doanh thu", unit="VND")
    scope.company = make_card(scope, scope.organization, (scope.kpi, 100, 300))
    scope.unit = make_card(scope, scope.department, (scope.kpi, 100, 200))
    scope.lans = make_card(scope, scope.lan, (scope.kpi, 100, 80))
    scope.nams = make_card(scope, scope.manager, (scope.kpi, 100, 100))
    return scope


def end(cast, owner, kpi=None):
    return cascade.owned_kpi((kpi or cast.kpi).definition, owner)


def link(cast, parent, child, kind=LinkKind.CONTRIBUTION, by=None, **options):
    return cascade.link_kpis(
        parent=end(cast, parent),
        child=end(cast, child),
        kind=kind,
        valid_from=options.pop("valid_from", FROM),
        by=cast.acting(by or cast.strategy),
        today=STORY_DAY,
        **options,
    )


@pytest.fixture
def linked(sales):
    link(sales, sales.organization, sales.department)
    link(sales, sales.department, sales.lan)
    link(sales, sales.department, sales.manager)
    return sales


@pytest.fixture
def log(django_capture_on_commit_callbacks):
    def record(cast, card, value, by=None):
        with django_capture_on_commit_callbacks(execute=True):
            actuals.record_actual(
                line=line_of(card, cast.kpi),
                value=D(value),
                on=STORY_DAY,
                today=STORY_DAY,
                by=cast.acting(cast.strategy),
            )

    return record


def quantity(card, kpi):
    return LineScore.objects.get(line=line_of(card, kpi)).quantity


def test_an_entry_moves_everything_above_it_at_once(linked, log):
    log(linked, linked.lans, 40)
    log(linked, linked.nams, 25)
    assert quantity(linked.unit, linked.kpi) == 65
    assert quantity(linked.company, linked.kpi) == 65
    score = LineScore.objects.get(line=line_of(linked.unit, linked.kpi))
    assert (score.completion, score.entries) == (Decimal("0.325"), 2)
    linked.unit.refresh_from_db()
    assert linked.unit.score.percent == Decimal("32.5")


def test_taking_an_entry_back_takes_it_back_above(linked, log, django_capture_on_commit_callbacks):
    log(linked, linked.lans, 40)
    with django_capture_on_commit_callbacks(execute=True):
        entry = line_of(linked.lans, linked.kpi).actuals.get()
        actuals.withdraw_actuals(actuals=[entry], by=linked.acting(linked.strategy), today=STORY_DAY)
    assert quantity(linked.company, linked.kpi) is None, "nothing is no zero"


def test_what_adds_up_from_below_takes_no_entry(linked):
    with pytest.raises(ActualRefused):
        actuals.record_actual(
            line=line_of(linked.unit, linked.kpi),
            value=D(1),
            on=STORY_DAY,
            today=STORY_DAY,
            by=linked.acting(linked.strategy),
        )


def test_entries_there_before_the_link_count_as_soon_as_it_holds(sales, log):
    log(sales, sales.lans, 40)
    assert quantity(sales.unit, sales.kpi) is None
    made = link(sales, sales.department, sales.lan)
    assert isinstance(made, KpiLink)
    assert quantity(sales.unit, sales.kpi) == 40
    cascade.end_link(link=made, on=FROM, by=sales.acting(sales.strategy), today=STORY_DAY)
    assert quantity(sales.unit, sales.kpi) is None
    assert not line_of(sales.unit, sales.kpi).takes_children


def test_a_level_without_a_card_lets_numbers_through(scope, log):
    scope.kpi = make_kpi("REV")
    company = make_card(scope, scope.organization, (scope.kpi, 100, 300))
    lans = make_card(scope, scope.lan, (scope.kpi, 100, 80))
    link(scope, scope.organization, scope.department)
    link(scope, scope.department, scope.lan)
    log(scope, lans, 12)
    assert quantity(company, scope.kpi) == 12


def test_a_card_made_later_finds_its_place(linked, log, django_capture_on_commit_callbacks):
    link(linked, linked.department, linked.minh)
    with django_capture_on_commit_callbacks(execute=True):
        minhs = make_card(linked, linked.minh, (linked.kpi, 100, 10))
    log(linked, minhs, 7)
    assert quantity(linked.company, linked.kpi) == 7


def test_a_locked_period_stays_as_it_was(linked, log):
    log(linked, linked.lans, 40)
    Period.objects.filter(pk=linked.period.pk).update(state="locked", locked_at="2026-12-02T00:00Z")
    LineScore.objects.filter(line=line_of(linked.lans, linked.kpi)).update(quantity=99)
    recompute.roll_up_all(on=STORY_DAY)
    cascade.end_link(link=KpiLink.objects.first(), on=FROM, by=linked.acting(linked.strategy), today=STORY_DAY)
    assert quantity(linked.unit, linked.kpi) == 40
    assert line_of(linked.unit, linked.kpi).takes_children


def test_the_night_mends_what_a_crash_left_behind(linked, log):
    log(linked, linked.lans, 40)
    LineScore.objects.filter(line=line_of(linked.lans, linked.kpi)).update(quantity=50)
    StaleCard.objects.all().delete()
    recompute.roll_up_for_night()
    assert quantity(linked.company, linked.kpi) == 50
    assert set(StaleCard.objects.values_list("pk", flat=True)) == {linked.unit.pk, linked.company.pk}


def test_nothing_linked_costs_a_single_empty_question(sales):
    with CaptureQueriesContext(connection) as captured:
        recompute.apply_links(on=STORY_DAY)
    assert len([q for q in captured if "SAVEPOINT" not in q["sql"]]) <= 2


@pytest.mark.parametrize("kind", ["sum", "avg", "weighted_avg", "last", "min", "max", "ratio"])
def test_sql_adds_up_what_the_kernel_says(scope, kind):
    parts = {"numerator_agg": "sum", "denominator_agg": "last"} if kind == "ratio" else {}
    scope.kpi = make_kpi("X", aggregation=kind, **parts)
    above = make_card(scope, scope.department, (scope.kpi, 100, 100))
    people = [scope.lan, scope.manager, scope.minh, scope.hr]
    random, cards = Random(kind), [make_card(scope, person, (scope.kpi, 100, 100)) for person in people]
    for person in people:
        link(scope, scope.department, person)
    for card in cards[1:]:
        for day in range(random.randint(1, 4)):
            number, second = (D(random.randint(1, 9999)) / 100 for _ in range(2))
            value = {"numerator": number, "denominator": second} if kind == "ratio" else {"value": number}
            if kind == "weighted_avg":
                value["denominator"] = second
            line_of(card, scope.kpi).actuals.create(
                on=FROM + datetime.timedelta(days=day), entered_by=scope.hr, **value
            )
    lines = [line_of(card, scope.kpi) for card in cards]
    recompute.refresh_actuals(line_ids=[line.pk for line in lines])
    recompute.roll_up(line_ids=[lines[0].pk], on=STORY_DAY)
    scores = [LineScore.objects.get(pk=line.pk) for line in lines]
    pairs = [None if score.quantity is None else (score.quantity, score.divisor) for score in scores]
    found = LineScore.objects.get(line=line_of(above, scope.kpi))
    assert (found.quantity, found.divisor) == combine(kind, pairs)
    assert found.entries == 3


def test_versions_that_differ_give_no_value_rather_than_a_wrong_one(linked, log):
    other = make_kpi("REV2", unit="VND m")
    log(linked, linked.lans, 40)
    line = line_of(linked.lans, linked.kpi)
    type(other).objects.create(definition=linked.kpi.definition, number=2, name="Doanh thu", unit="VND m")
    line.kpi = linked.kpi.definition.versions.get(number=2)
    line.save()
    recompute.roll_up(line_ids=[line.pk], on=STORY_DAY)
    assert quantity(linked.unit, linked.kpi) is None


# --- what is refused ----------------------------------------------------------------------------------


def test_a_circle_is_refused_with_its_path(linked):
    with pytest.raises(LinkRefused) as refused:
        link(linked, linked.lan, linked.organization, kind=LinkKind.SUPPORT)
    assert "Doanh thu, Lê Thị Lan → Doanh thu, Phòng Kinh doanh" in str(refused.value)


def test_a_second_way_up_is_refused_with_the_first(linked):
    with pytest.raises(LinkRefused, match="Lê Thị Lan"):
        link(linked, linked.organization, linked.lan)


def test_another_kpi_supports_and_never_contributes(sales):
    visits = make_kpi("VIS", "Lượt thăm")
    make_card(sales, sales.minh, (visits, 100, 10))
    ends = {"parent": end(sales, sales.department), "child": end(sales, sales.minh, visits)}
    given = {"valid_from": FROM, "by": sales.acting(sales.strategy), "today": STORY_DAY}
    with pytest.raises(LinkRefused, match="Lượt thăm"):
        cascade.link_kpis(**ends, kind=LinkKind.CONTRIBUTION, **given)
    made = cascade.link_kpis(**ends, kind=LinkKind.SUPPORT, **given)
    assert not made.rolls_up
    assert quantity(sales.unit, sales.kpi) is None


def test_a_percentage_typed_as_one_number_is_refused(scope):
    scope.kpi = make_kpi("RATE", unit="%", aggregation="avg")
    with pytest.raises(LinkRefused):
        link(scope, scope.department, scope.lan)


def test_own_entries_and_children_are_one_or_the_other(sales, log):
    log(sales, sales.unit, 30)
    with pytest.raises(LinkRefused):
        link(sales, sales.department, sales.lan)
    link(sales, sales.department, sales.lan, rolls_up=False)
    log(sales, sales.lans, 12)
    assert quantity(sales.unit, sales.kpi) == 30, "its own entries, compared with those below"
    with pytest.raises(LinkRefused):
        link(sales, sales.department, sales.manager, rolls_up=True)
    line_of(sales.unit, sales.kpi).actuals.update(state="withdrawn")
    cascade.choose_source(
        parent=end(sales, sales.department),
        rolls_up=True,
        valid_from=FROM,
        by=sales.acting(sales.strategy),
        today=STORY_DAY,
    )
    assert quantity(sales.unit, sales.kpi) == 12


def test_nobody_moves_the_numbers_of_their_own_agreed_card(scope):
    scope.kpi = make_kpi("REV")
    make_card(scope, scope.department, (scope.kpi, 100, 200), agreed_by=scope.director)
    with pytest.raises(LinkRefused):
        link(scope, scope.department, scope.lan, by=scope.manager)
    link(scope, scope.department, scope.lan, by=scope.director)


def test_links_are_on_record(linked):
    event = AuditEvent.objects.filter(action="cascade.link").first()
    assert event.target_label == "Doanh thu, Phòng Kinh doanh"
    assert event.after["children"] == ["Doanh thu, Trần Hoài Nam"]

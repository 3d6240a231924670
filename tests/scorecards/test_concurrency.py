"""Two who write at the same moment: nothing is lost, nothing slips into a locked period. These tests commit."""

import threading
import time

import pytest

from kpiapp.models import Member
from kpiapp.services import periods
from kpiapp.tenancy import organization_scope
from scorecards.models import Actual, CardScore, ChangeRequest, Scorecard, ScorecardLine
from scorecards.recompute import lock_cards
from scorecards.services import actuals, changes, kpi_moves, scorecards
from strategy.models import KpiVersion
from tests.at_once import WAIT, at_once, committed_cast
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi

A_MOMENT = 0.7


@pytest.fixture
def company(django_db_setup, django_db_blocker):
    with committed_cast(django_db_blocker) as cast:
        yield cast


def test_two_new_weights_approved_at_once_leave_100(company):
    with organization_scope(company.organization):
        kpis = [make_kpi(code) for code in "ABC"]
        lines = zip(kpis, (40, 30, 30), (10, 10, 10), strict=True)
        card = make_card(company, company.lan, *lines, agreed_by=company.manager)
        for kpi, weight in zip(kpis, (50, 60), strict=False):
            changes.request_change(
                line=line_of(card, kpi),
                changes={"weight": D(weight)},
                reason="Less else",
                effective_on=company.period.starts_on,
                mode="replace",
                by=company.acting(company.lan),
            )
        first, second = ChangeRequest.objects.order_by("pk")
    approved = threading.Event()

    def approve(request):
        with organization_scope(company.organization):
            changes.approve_change(request=request, by=company.acting(company.manager), today=STORY_DAY)
            approved.set()
            time.sleep(A_MOMENT)

    errors = at_once(lambda: approve(first), lambda: approved.wait(WAIT) and approve(second))
    assert [type(error) for error in errors] == [changes.ChangeRefused]
    with organization_scope(company.organization):
        assert sum(ScorecardLine.objects.values_list("weight", flat=True)) == 100


def test_locking_a_period_waits_for_the_entry_that_is_being_written(company):
    with organization_scope(company.organization):
        kpi = make_kpi("A")
        line = line_of(make_card(company, company.lan, (kpi, 100, 10), agreed_by=company.manager), kpi)
    written, seen = threading.Event(), []

    def record():
        with organization_scope(company.organization):
            lan = company.acting(company.lan)
            actuals.record_actual(line=line, value=D(3), on=STORY_DAY, today=STORY_DAY, by=lan)
            written.set()
            time.sleep(A_MOMENT)

    def lock():
        written.wait(WAIT)
        with organization_scope(company.organization):
            periods.lock_period(period=company.period, on=STORY_DAY, by=company.acting(company.hr))
            seen.append(Actual.objects.count())

    assert at_once(record, lock) == []
    assert seen == [1]


@pytest.mark.parametrize("rows_there", [0, 1, 2], ids=["no row yet", "one row", "both rows"])
def test_who_holds_cards_is_waited_for_whether_their_rows_are_there_or_not(company, rows_there):
    with organization_scope(company.organization):
        kpi = make_kpi("A")
        cards = [make_card(company, member, (kpi, 100, 10)).pk for member in (company.lan, company.minh)]
        CardScore.objects.filter(pk__in=cards[rows_there:]).delete()
    held, order = threading.Event(), []

    def hold(name):
        with organization_scope(company.organization):
            lock_cards(cards)
            order.append(f"{name} has both")
            held.set()
            time.sleep(A_MOMENT)
            order.append(f"{name} lets go")

    assert at_once(lambda: hold("first"), lambda: held.wait(WAIT) and hold("second")) == []
    assert order == ["first has both", "first lets go", "second has both", "second lets go"]
    with organization_scope(company.organization):
        assert CardScore.objects.filter(pk__in=cards).count() == 2


def test_a_card_that_is_agreed_meanwhile_is_asked_about_and_not_moved(company):
    with organization_scope(company.organization):
        kpi = make_kpi("A")
        card = make_card(company, company.lan, (kpi, 100, 10))
        kpi.definition.current = KpiVersion.objects.create(definition=kpi.definition, number=2, name="A2")
        kpi.definition.save()
    agreed = threading.Event()

    def agree():
        with organization_scope(company.organization):
            scorecards.agree_card(card=card, by=company.acting(company.manager))
            agreed.set()
            time.sleep(A_MOMENT)

    def move():
        agreed.wait(WAIT)
        with organization_scope(company.organization):
            by = company.acting(company.strategy)
            kpi_moves.move_cards(definition=kpi.definition, reason="Better", by=by, today=STORY_DAY)

    assert at_once(agree, move) == []
    with organization_scope(company.organization):
        assert ScorecardLine.objects.get().kpi_id == kpi.pk
        assert ChangeRequest.objects.count() == 1


def test_assigning_to_one_waits_for_nobody_else(company):
    with organization_scope(company.organization):
        make_card(company, company.minh, (make_kpi("A"), 100, 10))
        other = Scorecard.objects.get()
        kpi = make_kpi("B")
    locked, assigned, waited = threading.Event(), threading.Event(), []

    def agree():
        with organization_scope(company.organization):
            scorecards.lock_draft(other)
            locked.set()
            waited.append(assigned.wait(WAIT))

    def assign():
        locked.wait(WAIT)
        with organization_scope(company.organization):
            lan = Member.objects.get(pk=company.lan.pk)
            draft = scorecards.Draft(lan, company.period, kpi, D(100), D(10))
            scorecards.put_lines(drafts=[draft], by=company.acting(company.strategy), today=STORY_DAY)
        assigned.set()

    assert at_once(agree, assign) == []
    assert waited == [True]

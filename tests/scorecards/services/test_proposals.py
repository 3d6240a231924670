"""Targets are agreed by two: offered and accepted, answered with another number, or proposed from below."""

import datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from kpiapp.choices import PeriodKind
from kpiapp.fiscal_years import add_months
from kpiapp.models import AuditEvent, Notification, Period
from scorecards.cascade import negotiation, sharing
from scorecards.choices import ProposalState
from scorecards.models import KpiLink, Proposal, ProposalStep, ScorecardLine
from scorecards.services import proposals
from scorecards.services.proposals import ProposalRefused, Share
from strategy.models import KpiPlan, KpiPlanMonth
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi


@pytest.fixture
def company(scope):
    """December's revenue of the company, before anybody else has a card."""
    scope.kpi = make_kpi("REV", "Doanh thu", unit="VND", decimals=0)
    scope.december = Period.objects.create(
        kind=PeriodKind.MONTH, starts_on=datetime.date(2026, 12, 1), ends_on=datetime.date(2027, 1, 1)
    )
    scope.card = make_card(scope, scope.organization, (scope.kpi, 100, 4000), period=scope.december)
    scope.line = line_of(scope.card, scope.kpi)
    scope.department.refresh_from_db()
    return scope


def push(cast, *shares, by=None, line=None, weight=20):
    shares = [Share(owner, D(target)) for owner, target in shares]
    by = cast.acting(by or cast.strategy)
    return proposals.push(line=line or cast.line, shares=shares, weight=D(weight), by=by, today=STORY_DAY)


def accept(cast, proposal, by):
    return proposals.accept(proposal=proposal, by=cast.acting(by), today=STORY_DAY)


def counter(cast, proposal, target, by, reason="Two customers left"):
    return proposals.counter(
        proposal=proposal, target=D(target), weight=D(20), reason=reason, by=cast.acting(by), today=STORY_DAY
    )


def turns(cast, member):
    return set(negotiation.answerable_proposals(cast.acting(member), STORY_DAY))


def test_pushed_and_accepted_it_is_a_linked_line_of_the_card(company):
    (offer,) = push(company, (company.department, 3000)).proposals
    assert turns(company, company.manager) == {offer}
    assert accept(company, offer, company.manager) == ""
    line = ScorecardLine.objects.get(scorecard__department=company.department, scorecard__period=company.december)
    assert (line.target, line.weight, line.scorecard.state) == (3000, 20, "draft")
    link = KpiLink.objects.get()
    assert (link.child, link.valid_from, link.rolls_up) == (offer.owned, company.december.starts_on, True)
    company.line.refresh_from_db()
    assert company.line.takes_children
    assert turns(company, company.manager) == set()


def test_negotiated_back_and_forth_until_the_other_side_accepts(company):
    (offer,) = push(company, (company.department, 3000)).proposals
    counter(company, offer, 2700, company.manager)
    assert turns(company, company.manager) == set()
    assert offer in turns(company, company.strategy)
    with pytest.raises(ProposalRefused):
        accept(company, offer, company.manager)
    counter(company, offer, 2800, company.strategy, reason="The new shop opens")
    accept(company, offer, company.manager)
    assert ScorecardLine.objects.get(scorecard__department=company.department).target == 2800
    steps = ProposalStep.objects.filter(proposal=offer).values_list("kind", "target")
    assert list(steps) == [("offer", 3000), ("counter", 2700), ("counter", 2800), ("accept", 2800)]
    told = Notification.objects.filter(target_id=offer.pk).values_list("kind", "member")
    assert ("target.offered", company.manager.pk) in told
    assert ("target.accepted", company.strategy.pk) in told


def test_proposed_from_below_adjusted_and_approved(company):
    given = {"kpi": company.kpi, "period": company.december, "weight": D(30), "today": STORY_DAY}
    offer = proposals.propose(owner=company.lan, target=D(400), by=company.acting(company.lan), **given)
    assert turns(company, company.manager) == {offer}
    with pytest.raises(ProposalRefused):
        accept(company, offer, company.lan)
    counter(company, offer, 450, company.manager)
    assert turns(company, company.lan) == {offer}
    accept(company, offer, company.lan)
    line = ScorecardLine.objects.get(scorecard__member=company.lan)
    assert line.target == 450
    assert AuditEvent.objects.filter(action="proposal.accept").count() == 1


def test_the_database_wants_a_second_person_too(company):
    (offer,) = push(company, (company.department, 3000)).proposals
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=offer.pk).update(
            state=ProposalState.AGREED, decided_by=company.strategy, decided_at="2026-11-20T00:00Z"
        )


def test_who_stands_elsewhere_sees_nothing_of_it(company):
    (offer,) = push(company, (company.department, 3000)).proposals
    assert offer not in negotiation.visible_proposals(company.acting(company.minh), STORY_DAY)
    assert offer not in turns(company, company.lan)
    assert offer not in turns(company, company.director), "the head answers, not whoever is above"


def test_an_answer_needs_a_reason_and_another_number(company):
    (offer,) = push(company, (company.department, 3000)).proposals
    for target, reason in ((2700, " "), (3000, "Because")):
        with pytest.raises(ProposalRefused):
            counter(company, offer, target, company.manager, reason=reason)


def test_what_cannot_be_offered_is_named_and_the_rest_is(company):
    make_card(company, company.lan, (company.kpi, 100, 10), period=company.december, agreed_by=company.manager)
    done = push(company, (company.lan, 1), (company.other_department, 2), (company.department, 3))
    assert [one.owned.department for one in done.proposals] == [company.department]
    assert len(done.refused) == 2
    assert len(push(company, (company.department, 5)).refused) == 1, "an offer is open already"


def test_declined_with_a_reason_it_ends_without_a_line(company):
    (offer,) = push(company, (company.department, 3000)).proposals
    proposals.decline(proposal=offer, reason="No staff", by=company.acting(company.manager))
    assert not ScorecardLine.objects.filter(scorecard__department=company.department).exists()
    with pytest.raises(ProposalRefused):
        accept(company, offer, company.manager)
    assert push(company, (company.department, 2000)).proposals, "a new offer may follow"


def test_only_who_made_it_takes_it_back(company):
    (offer,) = push(company, (company.department, 3000)).proposals
    with pytest.raises(ProposalRefused):
        proposals.withdraw(proposal=offer, by=company.acting(company.manager))
    assert proposals.withdraw(proposal=offer, by=company.acting(company.strategy)).state == ProposalState.WITHDRAWN


def test_accepting_after_the_card_was_agreed_is_refused(company):
    (offer,) = push(company, (company.lan, 50)).proposals
    other = make_kpi("VIS")
    make_card(company, company.lan, (other, 100, 10), period=company.december, agreed_by=company.manager)
    with pytest.raises(ProposalRefused):
        accept(company, offer, company.lan)
    offer.refresh_from_db()
    assert offer.is_open


def test_a_share_that_cannot_be_linked_is_agreed_and_says_so(company):
    company.line.actuals.create(on=company.december.starts_on, value=Decimal(5), entered_by=company.strategy)
    (offer,) = push(company, (company.department, 3000)).proposals
    assert "Doanh thu" in accept(company, offer, company.manager)
    assert not KpiLink.objects.exists()


# --- several periods at once -----------------------------------------------------------------------------


@pytest.fixture
def year(company):
    """The company's revenue is to be shared out in the first months of next year, too."""
    months = [datetime.date(2027, month, 1) for month in range(1, 4)]
    company.ahead = [
        Period.objects.create(kind=PeriodKind.MONTH, starts_on=month, ends_on=add_months(month, 1)) for month in months
    ]
    return company


def test_a_target_is_offered_for_several_periods_in_one_action(year):
    january, february, _march = year.ahead
    owners = (year.department, year.lan)
    shares = [Share(owner, D(1000), period) for period in (january, february) for owner in owners]
    done = proposals.push(
        line=year.line, shares=shares, weight=D(20), by=year.acting(year.strategy), today=STORY_DAY, reason=""
    )
    assert len(done.proposals) == 4
    assert AuditEvent.objects.filter(action="proposal.push").count() == 1
    told = Notification.objects.filter(kind="target.offered").values_list("member", flat=True)
    assert len(told) == len(set(told)), "each head is told once"
    mine = Proposal.objects.filter(owned__department=year.department).order_by("period__starts_on")
    first = mine[0]
    assert negotiation.offered_together(first, year.acting(year.manager), STORY_DAY) == [mine[1]]
    proposals.accept_all(proposals=list(mine), by=year.acting(year.manager), today=STORY_DAY)
    lines = ScorecardLine.objects.filter(scorecard__department=year.department)
    assert set(lines.values_list("scorecard__period", flat=True)) == {january.pk, february.pk}
    assert KpiLink.objects.get().valid_from == january.starts_on, "one link, from the first of them on"


def test_totals_of_later_periods_come_from_the_card_else_the_plan_else_the_same(year):
    january, february, march = year.ahead
    make_card(year, year.organization, (year.kpi, 100, 5000), period=january)
    plan = KpiPlan.objects.create(
        definition=year.kpi.definition, starts_on=january.starts_on, number=1, total=12, shape="equal"
    )
    KpiPlanMonth.objects.create(plan=plan, starts_on=february.starts_on, target=4500)
    line = line_of(make_card(year, year.organization, (year.kpi, 100, 4000), period=january), year.kpi)
    line.target = D(4000)
    totals = sharing.totals_of(line, [january, february, march], D(4000))
    assert totals == {january.pk: 4000, february.pk: 4500, march.pk: 4000}
    again = sharing.shares_again(totals, {"d1": D(3000), "d2": D(1000)}, line)
    assert again[february.pk] == {"d1": 3375, "d2": 1125}


def test_how_far_a_target_may_reach_is_what_is_open(year):
    assert [len(periods) for periods in sharing.reaches_of(year.line).values()] == [1], "December ends quarter and year"
    line = line_of(make_card(year, year.organization, (year.kpi, 100, 1), period=year.ahead[0]), year.kpi)
    assert {how: len(periods) for how, periods in sharing.reaches_of(line).items()} == {"period": 1, "quarter": 3}
    Period.objects.filter(pk=year.ahead[2].pk).update(state="locked", locked_at="2027-04-02T00:00Z")
    assert len(sharing.reaches_of(line)["quarter"]) == 2


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any),
    st.lists(st.decimals(min_value=0, max_value=10**12, places=2), min_size=1, max_size=12),
)
def test_shares_of_later_periods_keep_every_total(parts, totals):
    line = SimpleNamespace(kpi=SimpleNamespace(aggregation="sum", decimals=0), scorecard=SimpleNamespace(period_id=-1))
    first = {f"d{number}": Decimal(part) for number, part in enumerate(parts)}
    given_totals = {-1: sum(first.values()), **dict(enumerate(totals))}
    for period, shares in sharing.shares_again(given_totals, first, line).items():
        assert sum(shares.values()) == given_totals[period]

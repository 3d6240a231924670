"""Reopening a period keeps every card as it was, and shows what changed since."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from kpiapp.models import PeriodReopening
from kpiapp.services import periods
from kpiapp.tenancy import organization_scope
from scorecards.models import CardScore, KeptScore, LineScore, Scorecard
from tests.scorecards.kit import make_card, make_kpi


@pytest.fixture
def reopened(an_phat):
    """November, locked with Lan at 50 % and Minh at 80 %, reopened; then Lan's line was corrected to 70."""
    with organization_scope(an_phat.organization):
        kpi = make_kpi("REV", "Doanh thu")
        for member, percent in ((an_phat.lan, 50), (an_phat.minh, 80)):
            card = make_card(an_phat, member, (kpi, 100, 100))
            CardScore.objects.update_or_create(scorecard=card, defaults={"percent": percent, "measured_weight": 100})
            line = card.lines.get()
            values = {"quantity": percent, "completion": Decimal(percent) / 100}
            LineScore.objects.update_or_create(line=line, defaults=values)
        Scorecard.objects.update(state="agreed", agreed_at="2026-11-20T00:00Z")
        locked = periods.lock_period(period=an_phat.period, on=an_phat.period.last_day, by=an_phat.hr)
        asked = periods.ask_to_reopen(period=locked, reason="A late invoice", by=an_phat.acting(an_phat.hr))
        assert not KeptScore.objects.exists()
        periods.confirm_reopening(reopening=asked, by=an_phat.acting(an_phat.strategy))
        CardScore.objects.filter(scorecard__member=an_phat.lan).update(percent=70)
        LineScore.objects.filter(line__scorecard__member=an_phat.lan).update(quantity=70, completion=Decimal("0.7"))
    return an_phat


def changes(company, member):
    with organization_scope(company.organization):
        pk = PeriodReopening.objects.get().pk
    response = company.client(member).get(company.url(f"scorecards/reopenings/{pk}/"))
    assert response.status_code == 200
    return response


def test_what_was_is_kept_and_cannot_be_changed(reopened):
    with organization_scope(reopened.organization):
        kept = KeptScore.objects.order_by("percent")
        assert [row.percent for row in kept] == [50, 80]
        assert [Decimal(value) for value in next(iter(kept[0].lines.values()))[:3:2]] == [100, 50]
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            kept.update(percent=1)


def test_the_page_shows_the_cards_that_changed_before_and_now(reopened):
    response = changes(reopened, reopened.hr)
    (change,) = response.context["changes"]
    assert (change.card.member_id, change.kept.percent, change.percent) == (reopened.lan.pk, 50, 70)
    (line,) = change.lines
    assert (line.before["quantity"], line.now["quantity"]) == (50, 70)
    assert (line.before["completion"], line.now["completion"]) == (Decimal("0.5"), Decimal("0.7"))
    assert "Doanh thu" in response.content.decode()


def test_a_large_actual_that_did_not_change_is_the_same_to_its_last_place(an_phat):
    with organization_scope(an_phat.organization):
        card = make_card(an_phat, an_phat.lan, (make_kpi("REV"), 100, 100), agreed_by=an_phat.manager)
        CardScore.objects.update_or_create(scorecard=card, defaults={"percent": 50})
        values = {
            "quantity": Decimal("12345678901234567.890123456789"),
            "completion": Decimal("0.5"),
            "state": "scored",
        }
        LineScore.objects.update_or_create(line=card.lines.get(), defaults=values)
        locked = periods.lock_period(period=an_phat.period, on=an_phat.period.last_day, by=an_phat.hr)
        asked = periods.ask_to_reopen(period=locked, reason="A late invoice", by=an_phat.acting(an_phat.hr))
        periods.confirm_reopening(reopening=asked, by=an_phat.acting(an_phat.strategy))
        CardScore.objects.update(percent=60)
    (change,) = changes(an_phat, an_phat.hr).context["changes"]
    assert (change.kept.percent, change.percent, list(change.lines)) == (50, 60, [])


def test_everybody_sees_the_cards_they_are_responsible_for(reopened):
    assert len(changes(reopened, reopened.lan).context["changes"]) == 1
    assert len(changes(reopened, reopened.manager).context["changes"]) == 1
    assert changes(reopened, reopened.minh).context["changes"] == []


def test_a_card_that_came_afterwards_counts_as_changed(reopened):
    with organization_scope(reopened.organization):
        make_card(reopened, reopened.auditor, (make_kpi("NEW"), 100, 1))
    shown = changes(reopened, reopened.hr).context["changes"]
    assert {(change.card.member_id, bool(change.kept)) for change in shown} == {
        (reopened.lan.pk, True),
        (reopened.auditor.pk, False),
    }

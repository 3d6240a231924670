"""The ladder: told on its days, once a step, up from owner to manager to head, and only while something is missing."""

import datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from kpiapp.models import AuditEvent, Department, Notification, Period
from kpiapp.services.refusals import Refused
from scorecards.models import EarlyWarning, LineScore, Scorecard, clock_days, ladder
from scorecards.recompute import refresh_actuals, rescore_cards
from scorecards.services.reminders import (
    remind_of_missing_values,
    remind_of_waiting_entries,
    set_clocks,
    set_ladder,
    tell_of_warnings,
)
from scorecards.services.warnings import refresh_warnings
from tests.scorecards.recompute.conftest import CardMaker


@pytest.fixture
def maker(scope) -> CardMaker:
    """In the open scope of An Phat."""
    return CardMaker(scope)


@pytest.fixture
def missing(maker):
    """An agreed card of Lan with one value missing. Sales is led by Nam, above him stands the director."""
    line = maker.line(maker.card())
    Scorecard.objects.update(state="agreed", agreed_at=timezone.now())
    Department.objects.filter(pk=maker.cast.department.pk).update(head=maker.cast.director)
    rescore_cards(card_ids=[line.scorecard_id], on=datetime.date(2026, 11, 20))
    return line


def told_on(day: datetime.date) -> int:
    return remind_of_missing_values(on=day)


def unread(member) -> list[str]:
    return sorted(Notification.objects.filter(member=member, read_at=None).values_list("kind", flat=True))


def test_the_ladder_climbs_day_by_day(maker, missing):
    """November ends on the 30th: −3, 0, +1 for Lan, +3 for her manager, +7 for the head of her department."""
    counts = {}
    day = datetime.date(2026, 11, 24)
    while day <= datetime.date(2026, 12, 10):
        if count := told_on(day):
            counts[f"{day:%m-%d}"] = count
        day += datetime.timedelta(days=1)
    assert counts == {"11-27": 1, "11-30": 1, "12-01": 1, "12-03": 1, "12-07": 1}
    cast = maker.cast
    assert unread(cast.lan) == ["values.missing"]
    assert unread(cast.manager) == ["values.missing_team"]
    assert unread(cast.director) == ["values.missing_unit"]


def test_a_night_run_twice_or_missed_tells_once(missing):
    assert [told_on(datetime.date(2026, 11, 27)) for _again in range(2)] == [1, 0]
    # The nights of the 30th and the 1st were missed: one reminder for both.
    assert [told_on(datetime.date(2026, 12, 2)) for _again in range(2)] == [1, 0]


def test_what_is_there_waived_or_not_agreed_reminds_nobody(maker, missing):
    last = datetime.date(2026, 11, 30)
    Scorecard.objects.update(state="draft", agreed_at=None)
    assert told_on(last) == 0
    Scorecard.objects.update(state="agreed", agreed_at=timezone.now())
    missing.waived_reason = "Nghỉ thai sản"
    missing.save()
    assert told_on(last) == 0
    missing.waived_reason = ""
    missing.save()
    assert told_on(last) == 1
    maker.entry(missing, value=Decimal(90))
    refresh_actuals(line_ids=[missing.pk])
    rescore_cards(card_ids=[missing.scorecard_id], on=last)
    assert LineScore.objects.get(pk=missing.pk).entries == 1
    assert told_on(last + datetime.timedelta(days=1)) == 0
    assert unread(maker.cast.lan) == []


def test_a_locked_or_long_past_period_reminds_nobody(missing):
    assert told_on(datetime.date(2027, 2, 1)) == 0
    Period.objects.update(state="locked", locked_at=timezone.now())
    assert told_on(datetime.date(2026, 12, 1)) == 0


def test_a_company_has_its_own_ladder(maker, missing):
    with pytest.raises(Refused):
        set_ladder(steps={"owner": [40]}, by=maker.cast.hr)
    set_ladder(steps={"owner": [2], "manager": [], "head": []}, by=maker.cast.hr)
    days = [datetime.date(2026, 11, 30), datetime.date(2026, 12, 2), datetime.date(2026, 12, 9)]
    assert [told_on(day) for day in days] == [0, 1, 0]


def test_entries_that_wait_are_named_to_who_approves_them_every_three_days(maker):
    cast = maker.cast
    entry = maker.entry(maker.line(maker.card()), value=Decimal(5))
    day = timezone.localdate(entry.entered_at) + datetime.timedelta(days=1)
    told = [remind_of_waiting_entries(on=day + datetime.timedelta(days=days)) for days in range(7)]
    assert sum(told) in (2, 3)
    assert unread(cast.manager) == ["entries.wait"]
    assert unread(cast.lan) == []


def test_owners_hear_of_new_warnings_once_a_night(maker):
    cast, on = maker.cast, datetime.date(2026, 11, 20)
    card = maker.card()
    for kind in ("weights", "late"):
        EarlyWarning.objects.create(kind=kind, period=cast.period, scorecard=card, owner=cast.lan, opened_on=on)
    assert [tell_of_warnings(on=on) for _again in range(2)] == [1, 0]
    assert tell_of_warnings(on=on + datetime.timedelta(days=1)) == 0


class TestClocks:
    def open_warning(self, maker, line, on=datetime.date(2026, 12, 5)):
        LineScore.objects.filter(pk=line.pk).update(state="late", watched="status")
        EarlyWarning.objects.all().delete()
        refresh_warnings(period=maker.cast.period, on=on)
        return EarlyWarning.objects.get(kind="late")

    def test_a_company_sets_how_long_there_is(self, maker, missing):
        day = datetime.date(2026, 12, 5)
        assert (self.open_warning(maker, missing).due_on - day).days == 2
        set_clocks(days={**clock_days(), "late": 9}, by=maker.cast.hr)
        assert (self.open_warning(maker, missing).due_on - day).days == 9
        assert clock_days()["off_target"] == 7
        event = AuditEvent.objects.get(action="warning.clock")
        assert (event.before, event.after) == ({"late": 2}, {"late": 9})

    @pytest.mark.parametrize("days", [0, -1, 93])
    def test_a_clock_is_between_a_day_and_three_months(self, maker, days):
        with pytest.raises(Refused, match="92"):
            set_clocks(days={"late": days}, by=maker.cast.hr)

    def test_clocks_leave_the_ladder_as_it_is_and_the_other_way_round(self, maker):
        usual = ladder()
        set_clocks(days={"late": 9}, by=maker.cast.hr)
        assert ladder() == usual
        set_ladder(steps={"owner": [2]}, by=maker.cast.hr)
        assert clock_days()["late"] == 9

    def test_on_the_page_where_reminders_are_set(self, an_phat):
        client = an_phat.client(an_phat.hr)
        page = client.get(an_phat.url("scorecards/reminders/"))
        sent = {field.name: field.initial or field.value() for field in page.context["clocks"]}
        refused = client.post(an_phat.url("scorecards/reminders/"), {**sent, "late": "0", "clocks": "1"})
        assert refused.status_code == 422
        assert refused.context["clocks"]["late"].value() == "0"
        client.post(an_phat.url("scorecards/reminders/"), {**sent, "late": "4", "clocks": "1"})
        page = client.get(an_phat.url("scorecards/reminders/"))
        assert page.context["clocks"]["late"].value() == 4

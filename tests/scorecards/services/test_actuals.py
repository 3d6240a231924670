"""Entries: appended, corrected, withdrawn, approved by others; the card follows at once."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kpiapp.choices import PeriodState
from kpiapp.models import AuditEvent, Period
from scorecards.choices import ActualState
from scorecards.models import Actual
from scorecards.services import actuals
from scorecards.services.actuals import ActualRefused, NewEntry
from scorecards.services.evidence import EvidenceRefused
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi

YESTERDAY = datetime.date(2026, 11, 19)


@pytest.fixture
def revenue(scope):
    kpi = make_kpi("REV", "Net new revenue")
    return line_of(make_card(scope, scope.lan, (kpi, 100, 4000), agreed_by=scope.manager), kpi)


def record(scope, line, value, by=None, **more):
    more = {"on": STORY_DAY, "today": STORY_DAY, **more}
    return actuals.record_actual(line=line, value=D(value), by=scope.acting(by or scope.lan), **more)


def card_percent(line):
    return type(line.scorecard).objects.select_related("score").get(pk=line.scorecard_id).score.percent


def test_an_entry_adds_to_the_actual_and_rescores_the_card(scope, revenue):
    record(scope, revenue, 1000, on=YESTERDAY)
    record(scope, revenue, 2120)
    assert line_of(revenue.scorecard, revenue.kpi).score.quantity == 3120
    assert card_percent(revenue) == 78
    assert AuditEvent.objects.filter(action="actual.record", actor_id=scope.lan.pk).count() == 2


def test_a_correction_keeps_both_entries_and_only_the_new_one_counts(scope, revenue):
    first = record(scope, revenue, 3000)
    second = actuals.correct_actual(
        actual=first, value=D(2000), by=scope.acting(scope.lan), today=STORY_DAY, note="Typo"
    )
    first.refresh_from_db()
    assert (first.state, first.value, second.corrects_id) == (ActualState.CORRECTED, 3000, first.pk)
    assert card_percent(revenue) == 50
    event = AuditEvent.objects.filter(action="actual.correct").get()
    assert (event.before["entries"][0]["value"], event.after["entries"][0]["value"]) == ("3000", "2000")


def test_undo_of_a_correction_brings_the_corrected_entry_back(scope, revenue):
    first = record(scope, revenue, 3000)
    second = actuals.correct_actual(actual=first, value=D(2000), by=scope.acting(scope.lan), today=STORY_DAY)
    actuals.withdraw_actuals(actuals=[second], by=scope.acting(scope.lan), today=STORY_DAY)
    first.refresh_from_db()
    assert first.state == ActualState.RECORDED
    assert card_percent(revenue) == 75


def test_undo_of_the_only_entry_leaves_no_value_rather_than_zero(scope, revenue):
    entry = record(scope, revenue, 3000)
    actuals.withdraw_actuals(actuals=[entry], by=scope.acting(scope.lan), today=STORY_DAY)
    score = line_of(revenue.scorecard, revenue.kpi).score
    assert (score.quantity, score.completion, score.entries) == (None, None, 0)
    assert card_percent(revenue) is None


def test_a_corrected_entry_cannot_be_corrected_again(scope, revenue):
    first = record(scope, revenue, 3000)
    actuals.correct_actual(actual=first, value=D(2000), by=scope.acting(scope.lan), today=STORY_DAY)
    with pytest.raises(ActualRefused):
        actuals.correct_actual(actual=first, value=D(1), by=scope.acting(scope.lan), today=STORY_DAY)


@pytest.mark.parametrize("day", [datetime.date(2026, 10, 31), datetime.date(2026, 12, 1)])
def test_a_day_outside_the_period_is_refused(scope, revenue, day):
    with pytest.raises(ActualRefused):
        record(scope, revenue, 1, on=day)


def test_late_entry_is_taken_until_the_lock_and_not_after(scope, revenue):
    record(scope, revenue, 100, on=datetime.date(2026, 11, 30), today=datetime.date(2026, 12, 5))
    lock(scope)
    with pytest.raises(ActualRefused):
        record(scope, revenue, 1)
    with pytest.raises(ActualRefused):
        actuals.withdraw_actuals(actuals=Actual.objects.all(), by=scope.acting(scope.lan), today=STORY_DAY)


def lock(scope):
    Period.objects.filter(pk=scope.period.pk).update(
        state=PeriodState.LOCKED, locked_at=datetime.datetime(2026, 12, 5, tzinfo=datetime.UTC)
    )


def test_the_same_external_key_again_changes_nothing_and_other_numbers_correct(scope, revenue):
    first = record(scope, revenue, 500, external_key="INV-1", source="api")
    assert record(scope, revenue, 500, external_key="INV-1", source="api") == first
    third = record(scope, revenue, 700, external_key="INV-1", source="api")
    assert third.corrects_id == first.pk
    assert line_of(revenue.scorecard, revenue.kpi).score.quantity == 700


def test_many_entries_store_the_good_ones_and_name_the_bad_ones(scope, revenue, django_assert_max_num_queries):
    entries = [NewEntry(revenue, STORY_DAY, D(n), external_key=f"K{n}") for n in range(1, 41)]
    bad = NewEntry(revenue, datetime.date(2027, 1, 1), D(1))
    twice = NewEntry(revenue, STORY_DAY, D(9), external_key="K1")
    with django_assert_max_num_queries(20):
        outcomes = actuals.record_many(entries=[*entries, bad, twice], by=scope.acting(scope.lan), today=STORY_DAY)
    assert [bool(outcome.actual) for outcome in outcomes] == [True] * 40 + [False, False]
    assert "K1" not in outcomes[40].error
    assert outcomes[40].error
    assert outcomes[41].error
    assert line_of(revenue.scorecard, revenue.kpi).score.quantity == sum(range(1, 41))


def test_a_ratio_wants_its_parts_and_anything_else_one_value(scope):
    share = make_kpi("SHARE", aggregation="ratio", factor=D(100), method="mirror")
    line = line_of(make_card(scope, scope.lan, (share, 100, 8)), share)
    with pytest.raises(ActualRefused):
        record(scope, line, 11)
    entry = actuals.record_actual(
        line=line,
        numerator=D(2),
        denominator=D(4),
        on=STORY_DAY,
        today=STORY_DAY,
        by=scope.acting(scope.lan),
    )
    assert (entry.numerator, entry.denominator) == (2, 4)


class TestJudgement:
    """A reviewer's percent, 0 to 100 and beyond."""

    @pytest.fixture
    def attitude(self, scope):
        kpi = make_kpi("ATT", method="manual", aggregation="last")
        return line_of(make_card(scope, scope.lan, (kpi, 100, None)), kpi)

    def test_nobody_judges_themself(self, scope, attitude):
        with pytest.raises(ActualRefused):
            record(scope, attitude, 90)
        assert record(scope, attitude, 60, by=scope.manager).value == 60

    @pytest.mark.parametrize("value", ["59.99", "100.01"])
    def test_extremes_need_a_comment_and_evidence(self, scope, attitude, value):
        for given in ({}, {"note": "Three complaints"}, {"file": letter()}):
            with pytest.raises(ActualRefused):
                record(scope, attitude, value, by=scope.manager, **given)
        with pytest.raises(EvidenceRefused):
            record(scope, attitude, value, by=scope.manager, note="x", file=letter("letter.exe"))
        assert not Actual.objects.exists()
        entry = record(scope, attitude, value, by=scope.manager, note="Three complaints", file=letter())
        assert [file.filename for file in entry.evidence.all()] == ["letter.txt"]

    def test_a_correction_rests_on_the_evidence_there_was_or_brings_its_own(self, scope, attitude):
        plain = record(scope, attitude, 80, by=scope.manager)
        how = {"by": scope.acting(scope.manager), "today": STORY_DAY, "note": "Three complaints"}
        with pytest.raises(ActualRefused):
            actuals.correct_actual(actual=plain, value=D(40), **how)
        low = actuals.correct_actual(actual=plain, value=D(40), file=letter(), **how)
        lower = actuals.correct_actual(actual=low, value=D(30), **how)
        assert [file.filename for file in lower.evidence.all()] == ["letter.txt"]
        assert low.evidence.count() == 1


def letter(name="letter.txt"):
    return SimpleUploadedFile(name, b"Dear An Phat")


class TestApproval:
    def test_entries_of_others_are_approved_in_bulk_and_ones_own_are_left_out(self, scope, revenue):
        theirs = record(scope, revenue, 1000)
        own = record(scope, revenue, 500, by=scope.manager)
        done = actuals.approve_actuals(actuals=Actual.objects.all(), by=scope.acting(scope.manager))
        theirs.refresh_from_db()
        own.refresh_from_db()
        assert (done, theirs.state, own.state) == (1, ActualState.APPROVED, ActualState.RECORDED)
        assert theirs.decided_by_id == scope.manager.pk

    def test_a_returned_entry_stops_counting_and_needs_a_reason(self, scope, revenue):
        entry = record(scope, revenue, 1000)
        manager = scope.acting(scope.manager)
        with pytest.raises(ActualRefused):
            actuals.return_actual(actual=entry, reason=" ", by=manager, today=STORY_DAY)
        actuals.return_actual(actual=entry, reason="No invoice", by=manager, today=STORY_DAY)
        entry.refresh_from_db()
        assert (entry.state, entry.decision_note) == (ActualState.RETURNED, "No invoice")
        assert card_percent(revenue) is None

    def test_nobody_returns_their_own_entry(self, scope, revenue):
        entry = record(scope, revenue, 1000)
        with pytest.raises(ActualRefused):
            actuals.return_actual(actual=entry, reason="x", by=scope.acting(scope.lan), today=STORY_DAY)

    def test_an_approved_entry_is_corrected_not_withdrawn(self, scope, revenue):
        entry = record(scope, revenue, 1000)
        actuals.approve_actuals(actuals=Actual.objects.all(), by=scope.acting(scope.manager))
        with pytest.raises(ActualRefused):
            actuals.withdraw_actuals(actuals=[entry], by=scope.acting(scope.lan), today=STORY_DAY)
        newer = actuals.correct_actual(actual=entry, value=D(900), by=scope.acting(scope.lan), today=STORY_DAY)
        assert newer.state == ActualState.RECORDED

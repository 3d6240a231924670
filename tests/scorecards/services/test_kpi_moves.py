"""Cards go over to a new version of a KPI: drafts at once, agreed ones by a second person, and told before."""

import datetime

import pytest
from django.utils import timezone

from kpiapp.choices import PeriodKind, PeriodState
from kpiapp.models import AuditEvent, Period
from kpiapp.tenancy import organization_scope
from scorecards.models import CardScore, ChangeRequest, ScorecardLine
from scorecards.moves import kpi_moves
from scorecards.moves.effects import effect_of
from scorecards.services import actuals, changes
from scorecards.services.kpi_moves import move_cards
from strategy.models import KpiVersion
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, make_card, make_kpi

OCTOBER = datetime.date(2026, 10, 1)


@pytest.fixture
def revised(scope):
    """A sum that becomes a mean: Lan's card is agreed, Minh's is a draft; both have 60 and 100 of 100."""
    kpi = make_kpi("A", owner=scope.lan)
    scope.agreed = make_card(scope, scope.lan, (kpi, 100, 100), agreed_by=scope.manager)
    scope.draft = make_card(scope, scope.minh, (kpi, 100, 100))
    for card in (scope.agreed, scope.draft):
        for on, value in ((datetime.date(2026, 11, 6), 60), (STORY_DAY, 30)):
            actuals.record_actual(
                line=card.lines.get(), value=D(value), on=on, today=STORY_DAY, by=scope.acting(scope.strategy)
            )
    newer = KpiVersion.objects.create(
        definition=kpi.definition, number=2, name="A", frequency="month", method="ratio", aggregation="avg"
    )
    kpi.definition.current = newer
    kpi.definition.save()
    scope.kpi, scope.newer = kpi.definition, newer
    return scope


def percent(card):
    return CardScore.objects.get(scorecard=card).percent


def effect(cast, version):
    lines = list(kpi_moves.open_lines(cast.kpi))
    ids = [line.scorecard_id for line in lines]
    told = kpi_moves.changes_to(version, lines)
    found = effect_of(told, card_ids=ids, member=cast.acting(cast.strategy), on=STORY_DAY)
    return {moved.card.pk: moved.move for moved in found.moved}


def test_a_preview_adds_entries_up_as_the_new_version_does_saved_or_not(revised):
    unsaved = KpiVersion(method="ratio", params={}, cap=D("1.2"), floor=D(0), aggregation="avg", factor=D(1))
    for version in (revised.newer, unsaved):
        assert effect(revised, version) == {revised.agreed.pk: (90, 45), revised.draft.pk: (90, 45)}
    assert percent(revised.agreed) == percent(revised.draft) == 90


def test_drafts_move_at_once_and_agreed_cards_wait_for_a_second_person(revised):
    by = revised.acting(revised.strategy)
    done = move_cards(definition=revised.kpi, reason="Means are fairer", by=by, today=STORY_DAY)
    assert (done.drafts, done.requests, done.refused) == (1, 1, [])
    assert (percent(revised.draft), percent(revised.agreed)) == (45, 90)
    request = ChangeRequest.objects.get()
    assert request.changes["kpi"]["numbers"] == [1, 2]
    changes.approve_change(request=request, by=revised.acting(revised.manager), today=STORY_DAY)
    assert percent(revised.agreed) == 45
    assert ScorecardLine.objects.exclude(kpi=revised.newer).count() == 0
    assert AuditEvent.objects.get(action="kpi.move_cards").after["version"] == 2
    assert not kpi_moves.lines_behind(revised.kpi).exists()


def test_from_a_day_on_each_version_scores_its_own_days(revised):
    line = revised.agreed.lines.select_related("kpi", "scorecard__period").get()
    request = changes.request_change(
        line=line,
        changes={"kpi": revised.newer},
        reason="x",
        effective_on=datetime.date(2026, 11, 16),
        by=revised.acting(revised.strategy),
    )
    changes.approve_change(request=request, by=revised.acting(revised.manager), today=STORY_DAY)
    # A sum of 60 against 100 × 10/21 is capped at 120 %; a mean of 30 is 30 % for eleven days.
    assert percent(revised.agreed) == D("72.86")


def test_locked_periods_keep_their_version(revised):
    month = Period.objects.create(kind=PeriodKind.MONTH, starts_on=OCTOBER, ends_on=datetime.date(2026, 11, 1))
    card = make_card(revised, revised.lan, (KpiVersion.objects.get(number=1), 100, 100), period=month)
    Period.objects.filter(pk=month.pk).update(state=PeriodState.LOCKED, locked_at=timezone.now(), locked_by=revised.hr)
    move_cards(definition=revised.kpi, reason="x", by=revised.acting(revised.strategy), today=STORY_DAY)
    assert card.lines.get().kpi.number == 1


def test_a_manager_moves_only_the_cards_within_reach(revised):
    done = move_cards(definition=revised.kpi, reason="x", by=revised.acting(revised.manager), today=STORY_DAY)
    assert (done.drafts, done.requests) == (0, 1)


def test_the_last_year_of_the_one_responsible_is_scored_with_the_new_version(revised):
    month = Period.objects.create(kind=PeriodKind.MONTH, starts_on=OCTOBER, ends_on=datetime.date(2026, 11, 1))
    card = make_card(revised, revised.lan, (KpiVersion.objects.get(number=1), 100, 100), period=month)
    actuals.record_actual(
        line=card.lines.get(), value=D(80), on=OCTOBER, today=STORY_DAY, by=revised.acting(revised.strategy)
    )
    version = KpiVersion(
        method="ratio", params={}, cap=D("0.5"), floor=D(0), aggregation="sum", factor=D(1), owner=revised.lan
    )
    past = kpi_moves.past_of(revised.kpi, version, reader=revised.acting(revised.strategy), on=STORY_DAY)
    assert (past.before, past.after, past.cards) == (80, 50, 1)
    assert kpi_moves.past_of(revised.kpi, version, reader=revised.acting(revised.minh), on=STORY_DAY) is None


def test_the_page_tells_before_it_moves(revised):
    page = revised.url(f"scorecards/kpis/{revised.kpi.pk}/move/")
    client = revised.client(revised.strategy)
    html = client.get(page).content.decode()
    assert "Lê Thị Lan" in html
    assert client.post(page, {"mode": "replace", "reason": ""}).status_code == 422
    assert client.post(page, {"mode": "replace", "reason": "Công bằng hơn"}).status_code == 302
    with organization_scope(revised.organization):
        assert ChangeRequest.objects.count() == 1

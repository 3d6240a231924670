"""From draft to active, reviews, and what happens when the library's definition of a copy changes."""

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest

from kpiapp.models import AuditEvent
from scorecards.services import scorecards as cards
from strategy import catalogue
from strategy.choices import KpiState, MapState
from strategy.kpis import origins
from strategy.models import KpiDefinition, Objective, Perspective, StrategyMap
from strategy.services import kpi_states, kpis
from strategy.services import library as library_copies
from strategy.services import origins as origin_services
from tests.cast import STORY_DAY
from tests.scorecards.kit import assign

LATER = STORY_DAY + datetime.timedelta(days=40)


@pytest.fixture
def objective(scope):
    plan = StrategyMap.objects.create(
        name="Plan",
        state=MapState.PUBLISHED,
        published_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        published_by=scope.strategy,
    )
    lane = Perspective.objects.create(kind="financial", position=0)
    return Objective.objects.create(map=plan, perspective=lane, code="F1", name="Tăng trưởng")


def draft_of(scope, **fields):
    return kpis.create_kpi(
        fields={"name": "Doanh thu mới", "target": Decimal(110), **fields},
        department=scope.department,
        state=KpiState.DRAFT,
        by=scope.acting(scope.manager),
    )


def whole(scope, objective):
    return {
        "owner": scope.lan,
        "source": "Sổ bán hàng",
        "baseline": Decimal(100),
        "objective": objective,
        "due_on": LATER,
        "reevaluate_on": LATER,
    }


def test_a_draft_that_lacks_nothing_is_activated_by_whoever_wrote_it(scope, objective):
    draft = draft_of(scope, **whole(scope, objective))
    kpi_states.activate_kpi(definition=draft, by=scope.acting(scope.manager), on=STORY_DAY)
    assert KpiDefinition.objects.get(pk=draft.pk).state == KpiState.ACTIVE


def test_open_letters_need_the_strategy_office_and_a_reason_which_is_audited(scope):
    draft, manager, office = draft_of(scope), scope.acting(scope.manager), scope.acting(scope.strategy)
    with pytest.raises(kpi_states.StateRefused):
        kpi_states.activate_kpi(definition=draft, by=manager, on=STORY_DAY, reason="Gấp")
    with pytest.raises(kpi_states.StateRefused):
        kpi_states.activate_kpi(definition=draft, by=office, on=STORY_DAY, reason="  ")
    kpi_states.send_kpi(definition=draft, by=manager, on=STORY_DAY, reason="Cần cho tháng này")
    with pytest.raises(kpi_states.StateRefused):
        kpi_states.return_kpi(definition=draft, by=manager, reason="Thôi")
    kpi_states.activate_kpi(definition=draft, by=office, on=STORY_DAY, reason="Đồng ý")
    event = AuditEvent.objects.get(action="kpi.activate")
    assert (event.reason, event.after["open"]) == ("Đồng ý", "S M A R T E")
    assert KpiDefinition.objects.get(pk=draft.pk).state == KpiState.ACTIVE


def test_what_was_given_back_is_a_draft_again(scope):
    draft = draft_of(scope)
    kpi_states.send_kpi(definition=draft, by=scope.acting(scope.manager), on=STORY_DAY, reason="Cần")
    kpi_states.return_kpi(definition=draft, by=scope.acting(scope.strategy), reason="Thiếu nguồn")
    assert KpiDefinition.objects.get(pk=draft.pk).state == KpiState.DRAFT


def test_nobody_is_measured_by_a_draft(scope):
    draft = draft_of(scope)
    with pytest.raises(cards.CardRefused, match="Doanh thu mới"):
        assign(scope, [scope.lan], (draft.current, 100), by=scope.manager)


def test_a_watched_kpi_stands_on_cards_without_counting(scope):
    watched = kpis.create_kpi(fields={"name": "Lượt xem", "is_scored": False}, by=scope.acting(scope.strategy))
    done = assign(scope, [scope.lan], (watched.current, 0), by=scope.manager)
    assert [line.is_scored for line in done.cards[0].lines.all()] == [False]


def test_reviewed_today_is_remembered_with_who(scope):
    kpi = kpis.create_kpi(fields={"name": "Doanh thu"}, by=scope.acting(scope.strategy))
    kpi_states.review_kpi(definition=kpi, by=scope.acting(scope.strategy), on=STORY_DAY)
    kpi.refresh_from_db()
    assert (kpi.reviewed_on, kpi.reviewed_by_id) == (STORY_DAY, scope.strategy.pk)


def test_effort_and_effect_give_the_group(scope):
    by = scope.acting(scope.strategy)
    for effort, effect, group in (
        ("high", "high", "A"),
        ("high", "low", "B"),
        ("low", "high", "B"),
        ("low", "low", "C"),
    ):
        made = kpis.create_kpi(fields={"name": group, "effort": effort, "effect": effect}, by=by)
        assert made.current.group == group


@pytest.fixture
def copy(scope):
    kpi = next(k for k in catalogue.library_kpis().values() if k.target is not None and k.method == "ratio")
    return library_copies.copy_from_library(on=STORY_DAY, kpi=kpi, language="vi", by=scope.acting(scope.strategy)), kpi


@pytest.fixture
def changed_library(copy, monkeypatch):
    """The library after its target and its name were changed."""
    definition, kpi = copy
    changed = replace(kpi, target=kpi.target + 7, name=replace(kpi.name, vi="Tên mới"))
    monkeypatch.setattr(catalogue, "library_kpis", lambda: {kpi.code: changed})
    return definition, changed


def test_a_fresh_copy_has_not_drifted(copy):
    assert origins.drift_of(copy[0]) == []


def test_a_changed_origin_is_told_and_taken_over_without_losing_ones_own(scope, changed_library):
    definition, changed = changed_library
    by = scope.acting(scope.strategy)
    kpis.revise_kpi(
        definition=definition,
        fields={**origin_services._changed(definition), "target": Decimal(3), "name": "Cũ", "owner": scope.lan},
        department=None,
        by=by,
    )
    definition.refresh_from_db()
    assert {drift.after for drift in origins.drift_of(definition)} >= {"Tên mới"}
    origin_services.take_over(definition=definition, by=by)
    definition.refresh_from_db()
    assert (definition.name, definition.current.target) == ("Tên mới", changed.target)
    assert definition.current.owner_id == scope.lan.pk
    assert origins.drift_of(definition) == []


def test_keeping_ones_own_silences_it_and_changes_nothing(scope, changed_library):
    definition, _changed = changed_library
    before = definition.current_id
    origin_services.keep_own(definition=definition, by=scope.acting(scope.strategy))
    definition.refresh_from_db()
    assert definition.current_id == before
    assert origins.drift_of(definition) == []
    with pytest.raises(origin_services.OriginRefused):
        origin_services.take_over(definition=definition, by=scope.acting(scope.strategy))

"""OKR and loose ends: the same rows read in another way, with confidence on top, and what leads nowhere."""

import pytest
from django.db import IntegrityError, transaction

from kpiapp.models import Period
from kpiapp.tenancy import organization_scope
from scorecards.cascade import loose_ends, okr
from scorecards.models import ConfidenceNote, KpiLink
from scorecards.services import cascade, confidence
from scorecards.services.confidence import ConfidenceRefused
from strategy.choices import MapState, PerspectiveKind
from strategy.models import Objective, Perspective, StrategyMap
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi, rescore


@pytest.fixture
def aims(scope):
    """A published map with two objectives; Lan's KPI serves the first."""
    lane = Perspective.objects.create(kind=PerspectiveKind.FINANCIAL, position=1)
    plan = StrategyMap.objects.create(name="Plan", state=MapState.PUBLISHED, published_at="2026-01-01T00:00Z")
    scope.growth, scope.cash = (
        Objective.objects.create(map=plan, perspective=lane, code=code, name=code) for code in ("GROW", "CASH")
    )
    scope.kpi = make_kpi("REV", "Doanh thu", objective=scope.growth)
    scope.card = make_card(scope, scope.lan, (scope.kpi, 100, 60, 20))
    scope.line = line_of(scope.card, scope.kpi)
    return scope


def check_in(cast, score, note=""):
    by = cast.acting(cast.lan)
    return confidence.check_in(line=cast.line, score=score, note=note, on=STORY_DAY, by=by)


def test_the_way_from_baseline_to_target_and_the_latest_confidence(aims):
    aims.line.actuals.create(on=STORY_DAY, value=D(30), entered_by=aims.lan)
    rescore(aims.card)
    check_in(aims, 8)
    check_in(aims, 5, "A customer left")
    (owner,) = okr.groups_of(aims.acting(aims.lan), aims.period, STORY_DAY)
    (result,) = owner.objectives[0].results
    assert (owner.objectives[0].objective, result.way) == (aims.growth, 25)
    assert (result.line.confidence_score, result.confidence.label, result.history) == (5, "at risk", [8, 5])


def test_a_check_in_is_never_changed(aims):
    note = check_in(aims, 8)
    with pytest.raises(IntegrityError), transaction.atomic():
        ConfidenceNote.objects.filter(pk=note.pk).update(score=1)
    with pytest.raises(ConfidenceRefused):
        check_in(aims, 11)


def test_checking_in_on_the_page(aims):
    response = aims.client(aims.lan).post(
        aims.url(f"scorecards/lines/{aims.line.pk}/check-in/"), {"score": "7", "note": "Two deals signed"}
    )
    assert response.status_code == 302
    with organization_scope(aims.organization):
        assert ConfidenceNote.objects.get().level == "on"


def test_what_hangs_loose_is_listed_until_it_is_mended(aims):
    aimless = make_kpi("LOST")
    assert list(loose_ends.objectives_without_measure()) == [aims.cash]
    assert list(loose_ends.orphan_kpis()) == [aimless.definition]
    assert list(loose_ends.kpis_without_card(aims.period)) == [aimless.definition]
    assert set(loose_ends.departments_without_card(aims.period)) == {aims.department, aims.other_department}
    assert list(loose_ends.lines_without_parent(aims.period)) == [aims.line]
    make_card(aims, aims.department, (aims.kpi, 100, 100))
    cascade.link_kpis(
        parent=cascade.owned_kpi(aims.kpi.definition, aims.department),
        child=cascade.owned_kpi(aims.kpi.definition, aims.lan),
        kind="contribution",
        valid_from=aims.period.starts_on,
        by=aims.acting(aims.strategy),
        today=STORY_DAY,
    )
    assert aims.line not in loose_ends.lines_without_parent(aims.period)
    assert aims.department not in loose_ends.departments_without_card(aims.period)


def test_kpis_that_lead_nowhere_come_in_the_order_of_the_alphabet(aims):
    names = {"E": "Đào tạo", "Z": "Eo biển", "A": "Doanh số"}
    kpis = [make_kpi(code, name) for code, name in names.items()]
    make_card(aims, aims.minh, *((kpi, weight, 10) for kpi, weight in zip(kpis, (50, 30, 20), strict=True)))
    rows = loose_ends.kpis_without_parent(aims.acting(aims.strategy), aims.period, STORY_DAY)
    assert [row["name"] for row in rows] == ["Doanh số", "Doanh thu", "Đào tạo", "Eo biển"]


def test_links_of_a_locked_period_stay_as_they_are(aims):
    unit = make_card(aims, aims.department, (aims.kpi, 100, 60))
    parent = line_of(unit, aims.kpi)
    Period.objects.filter(pk=aims.period.pk).update(state="locked", locked_at="2026-12-02T00:00Z")
    client = aims.client(aims.strategy)
    client.post(aims.url(f"scorecards/tree/{parent.pk}/link/"), {"child": [aims.line.pk]})
    assert not KpiLink.objects.exists()

"""The audit of a company: written down by the night, gone when it is mended, shown to those who may see it."""

import datetime

import pytest
from django.utils import timezone

from kpiapp.tenancy import organization_scope
from scorecards.models import QualityFinding
from scorecards.services.quality import refresh_findings
from strategy.models import KpiDefinition, Objective, Perspective, StrategyMap
from tests.scorecards.recompute.conftest import CardMaker

DAY = datetime.date(2026, 11, 20)


@pytest.fixture
def maker(scope) -> CardMaker:
    """In the open scope of An Phat."""
    return CardMaker(scope)


def found(**about) -> list[str]:
    return sorted(QualityFinding.objects.filter(**about).values_list("code", flat=True))


def test_a_night_writes_what_it_finds_and_forgets_what_is_mended(maker):
    card = maker.card(owner_kind="department", department=maker.cast.department)
    line = maker.line(card, weight="90")
    refresh_findings(period=maker.cast.period, on=DAY)
    assert found(scorecard=card) == ["few_kpis", "no_objective", "no_owner", "no_source", "weight_limits", "weights"]
    assert found(department=maker.cast.other_department) == ["no_card"]
    before = dict(QualityFinding.objects.values_list("code", "pk"))
    line.weight = 100
    line.save()
    refresh_findings(period=maker.cast.period, on=DAY)
    after = dict(QualityFinding.objects.values_list("code", "pk"))
    assert before.keys() - after.keys() == {"weights"}
    assert all(after[code] == before[code] for code in after)


def test_cards_of_one_shape_lack_the_same_and_a_second_night_writes_nothing(maker):
    version = maker.kpi()
    cards = [maker.card(member) for member in (maker.cast.lan, maker.cast.minh)]
    for card in cards:
        maker.line(card, version, weight="90")
    maker.line(cards[1], weight="10")
    assert refresh_findings(period=maker.cast.period, on=DAY)
    lacks = [set(found(scorecard=card)) for card in cards]
    assert lacks[0] - lacks[1] == {"weights"}
    before = list(QualityFinding.objects.order_by("pk").values())
    assert refresh_findings(period=maker.cast.period, on=DAY) == 0
    assert list(QualityFinding.objects.order_by("pk").values()) == before


def test_whatever_a_card_is_judged_by_has_it_judged_anew(maker):
    card = maker.card()
    lines = [maker.line(card, weight="40") for _ in range(3)]
    refresh_findings(period=maker.cast.period, on=DAY)
    lacks = {"few_kpis", "no_objective", "no_source", "weights"}
    assert set(found(scorecard=card)) == lacks
    for line in lines:
        line.kpi = maker.kpi(source="ERP")
        line.save()
    refresh_findings(period=maker.cast.period, on=DAY)
    assert set(found(scorecard=card)) == lacks - {"no_source"}
    lines[0].target = None
    lines[0].save()
    refresh_findings(period=maker.cast.period, on=DAY)
    assert "no_target" in found(scorecard=card)
    lines[1].delete()
    lines[2].delete()
    lines[0].weight = 100
    lines[0].save()
    refresh_findings(period=maker.cast.period, on=DAY)
    assert "weights" not in found(scorecard=card)
    lines[0].delete()
    refresh_findings(period=maker.cast.period, on=DAY)
    assert found(scorecard=card) == ["empty"]


def test_the_map_and_kpis_that_nobody_uses(maker):
    lane = Perspective.objects.create(kind="financial", position=1)
    chart = StrategyMap.objects.create(name="2026", state="published", published_at=timezone.now())
    Objective.objects.create(map=chart, perspective=lane, code="F1", name="Lợi nhuận")
    stray = maker.kpi()
    maker.line(maker.card())
    refresh_findings(period=maker.cast.period, on=DAY)
    assert found(map=chart) == ["no_aim_owner", "no_measure"]
    assert found(kpi=stray.definition_id) == ["unused"]


def test_each_sees_the_cards_they_answer_for_and_no_hidden_kpi(an_phat):
    with organization_scope(an_phat.organization):
        maker = CardMaker(an_phat)
        maker.line(maker.card(an_phat.lan), weight="90")
        maker.line(maker.card(an_phat.minh), weight="80")
        secret = maker.kpi()
        KpiDefinition.objects.filter(pk=secret.definition_id).update(is_confidential=True, name="GEHEIM")
        refresh_findings(period=an_phat.period, on=DAY)
    pages = {
        role: an_phat.client(getattr(an_phat, role))
        .get(an_phat.url("scorecards/quality/?period=2026-11"))
        .content.decode()
        for role in ("manager", "hr", "strategy", "lan")
    }
    main = {role: page.split("<main")[1] for role, page in pages.items()}
    assert "Lê Thị Lan" in main["manager"]
    assert "Đỗ Quang Minh" not in main["manager"]
    assert "Đỗ Quang Minh" in main["hr"]
    assert "Đỗ Quang Minh" not in main["lan"]
    assert [role for role, page in main.items() if "GEHEIM" in page] == ["strategy"]


def test_the_panel_of_a_card_says_why_and_names_its_kpis(an_phat):
    with organization_scope(an_phat.organization):
        maker = CardMaker(an_phat)
        card = maker.card(an_phat.lan)
        line = maker.line(card, weight="90")
    address = an_phat.url(f"scorecards/quality/cards/{card.pk}/")
    page = an_phat.client(an_phat.manager).get(address).content.decode()
    assert line.kpi.name in page
    assert an_phat.client(an_phat.minh).get(address).status_code == 404


def test_the_panel_names_no_hidden_kpi(an_phat):
    with organization_scope(an_phat.organization):
        maker = CardMaker(an_phat)
        card = maker.card(an_phat.lan)
        line = maker.line(card, weight="90")
        KpiDefinition.objects.filter(pk=line.kpi.definition_id).update(is_confidential=True)
    address = an_phat.url(f"scorecards/quality/cards/{card.pk}/")
    pages = {role: an_phat.client(getattr(an_phat, role)).get(address).content.decode() for role in ("manager", "hr")}
    assert line.kpi.name in pages["manager"]
    assert line.kpi.name not in pages["hr"]

"""Giving KPIs to people, positions and departments in the browser."""

import datetime

import pytest

from kpiapp.models import Period
from kpiapp.tenancy import organization_scope
from scorecards.models import Scorecard, ScorecardLine


def fields(*kpis, weight="50", target="100"):
    return {
        name: value
        for kpi in kpis
        for name, value in ((f"kpi-{kpi.definition_id}-weight", weight), (f"kpi-{kpi.definition_id}-target", target))
    }


def owners(cast, kpi):
    with organization_scope(cast.organization):
        lines = ScorecardLine.objects.filter(kpi=kpi, scorecard__member__isnull=False)
        return set(lines.values_list("scorecard__member__name", flat=True))


def test_from_the_library_two_clicks_put_a_kpi_on_ones_own_card(filled):
    kpi = filled.kpis[2]
    client = filled.client(filled.hr)
    page = client.get(filled.url(f"scorecards/assign/?kpi={kpi.definition_id}"))
    assert "Đào tạo" in page.content.decode()
    data = {"kpi": kpi.definition_id, "period": "2026-11", "assign": "1", **fields(kpi)}
    response = client.post(filled.url("scorecards/assign/"), data)
    with organization_scope(filled.organization):
        card = Scorecard.objects.get(member=filled.hr)
        assert response["Location"] == filled.url(f"scorecards/cards/{card.pk}/")


def test_everyone_of_a_position_within_reach_and_nobody_else(filled):
    kpi = filled.kpis[2]
    data = {"kpi": kpi.definition_id, "position": filled.position.pk, "period": "2026-11", "assign": "1", **fields(kpi)}
    filled.client(filled.director).post(filled.url("scorecards/assign/"), data)
    assert "Đỗ Quang Minh" in owners(filled, kpi)
    assert "Hoàng Văn Đức" not in owners(filled, kpi)


def test_a_person_out_of_reach_cannot_be_named(filled):
    kpi = filled.kpis[2]
    data = {"kpi": kpi.definition_id, "member": filled.minh.pk, "period": "2026-11", "assign": "1", **fields(kpi)}
    filled.client(filled.manager).post(filled.url("scorecards/assign/"), data)
    assert "Đỗ Quang Minh" not in owners(filled, kpi)


def test_each_cards_weight_afterwards_is_shown_before_anything_is_stored(filled):
    kpi = filled.kpis[1]
    data = {
        "kpi": kpi.definition_id,
        "member": filled.minh.pk,
        "period": "2026-11",
        "recount": "1",
        **fields(kpi, weight="2"),
    }
    html = filled.client(filled.director).post(filled.url("scorecards/assign/"), data).content.decode()
    assert "98% → <b>100%</b>" in html
    assert "Đỗ Quang Minh" not in owners(filled, kpi)


def test_wrong_numbers_come_back_as_typed(filled):
    kpi = filled.kpis[1]
    data = {"kpi": kpi.definition_id, "period": "2026-11", "assign": "1", **fields(kpi, weight="120", target="x1")}
    response = filled.client(filled.director).post(filled.url("scorecards/assign/"), data)
    assert response.status_code == 422
    assert 'value="x1"' in response.content.decode()


def test_a_ready_made_card_brings_its_kpis_with_weights_that_make_100(filled):
    client = filled.client(filled.strategy)
    page = client.get(filled.url("scorecards/assign/"))
    template = page.context["templates"][0]
    response = client.post(
        filled.url("scorecards/assign/"), {"template": template.code, "period": "2026-11", "use": "1"}, follow=True
    )
    html = response.content.decode()
    assert response.context["after"][0].after == 100
    assert str(template.items[0][0].name.vi) in html


@pytest.mark.parametrize("who", ["lan", "auditor", "payroll_maker"])
def test_others_are_out_of_reach_for_those_who_only_propose(filled, who):
    page = filled.client(getattr(filled, who)).get(filled.url("scorecards/assign/"))
    assert page.status_code == 200
    assert page.context["may_assign_others"] is False


def test_when_the_cards_of_the_month_are_agreed_the_next_ones_are_offered(filled):
    kpi = filled.kpis[2]
    with organization_scope(filled.organization):
        december = Period.objects.create(
            kind=filled.period.kind, starts_on=datetime.date(2026, 12, 1), ends_on=datetime.date(2027, 1, 1)
        )
    manager, url = filled.client(filled.manager), filled.url(f"scorecards/assign/?kpi={kpi.definition_id}")
    for_lan = manager.get(f"{url}&member={filled.lan.pk}")
    assert for_lan.context["choice"].periods == [december]
    assert december.label in for_lan.content.decode()
    # Whoever chose a time gets what was chosen; an open card is what is meant.
    assert manager.get(f"{url}&member={filled.lan.pk}&when=now").context["choice"].periods == [filled.period]
    other = filled.client(filled.director).get(f"{url}&member={filled.minh.pk}")
    assert other.context["choice"].periods == [filled.period]
    # For other people, what was offered is looked at anew.
    changed = {"kpi": kpi.definition_id, "member": filled.minh.pk, "when": "pick", "period": "2026-12"}
    director, page = filled.client(filled.director), filled.url("scorecards/assign/")
    assert director.post(page, {**changed, "offered": "2026-12"}).context["choice"].periods == [filled.period]
    assert director.post(page, changed).context["choice"].periods == [december]
    given = {"kpi": kpi.definition_id, "member": filled.lan.pk, "when": "pick", "period": "2026-12", "assign": "1"}
    assert manager.post(filled.url("scorecards/assign/"), {**given, **fields(kpi, weight="100")}).status_code == 302
    with organization_scope(filled.organization):
        assert ScorecardLine.objects.filter(scorecard__period=december, scorecard__member=filled.lan).count() == 1

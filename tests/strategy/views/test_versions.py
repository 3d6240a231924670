"""Pages of the map's history: every publication, one of them drawn as it was, and what two differ in."""

import datetime

import pytest

from kpiapp.tenancy import organization_scope
from strategy.models import MapVersion, Objective, Perspective
from strategy.services import kpis, maps, objectives, publishing
from strategy.services.perspectives import ensure_perspectives

NOW = datetime.datetime(2026, 11, 20, 9, tzinfo=datetime.UTC)


@pytest.fixture
def history(an_phat):
    """Two versions and a draft: cash, then service beside it, then only service."""
    with organization_scope(an_phat.organization):
        by, lanes = an_phat.acting(an_phat.strategy), ensure_perspectives()
        first = maps.create_map(name="2027", by=by)
        objectives.add_objective(strategy_map=first, perspective=lanes["financial"], name="Giữ tiền mặt", by=by)
        published = publishing.publish_map(strategy_map=first, at=NOW, by=by)
        draft = publishing.open_draft(strategy_map=published, by=by)
        objectives.add_objective(strategy_map=draft, perspective=lanes["customer"], name="Phục vụ nhanh", by=by)
        publishing.publish_map(strategy_map=draft, at=NOW, by=by, note="Thêm khách hàng")
        draft = publishing.open_draft(strategy_map=published, by=by)
        objectives.remove_objective(objective=Objective.objects.get(map=draft, code="F1"), at=NOW, by=by)
        return {version.number: version.pk for version in MapVersion.objects.all()}


def text(cast, member, path):
    response = cast.client(member).get(cast.url(f"strategy/map/{path}"))
    assert response.status_code == 200
    return response.content.decode()


def test_everybody_reads_the_history(an_phat, history):
    page = text(an_phat, an_phat.lan, "versions/")
    assert "Thêm khách hàng" in page
    assert f"/versions/{history[1]}/" in page
    assert "Phục vụ nhanh" not in text(an_phat, an_phat.lan, f"versions/{history[1]}/")
    assert "Phục vụ nhanh" in text(an_phat, an_phat.lan, f"versions/{history[2]}/")


def test_two_versions_are_compared_in_words_and_on_the_drawing(an_phat, history):
    page = text(an_phat, an_phat.lan, f"compare/?from={history[1]}&to={history[2]}")
    assert "“Phục vụ nhanh”" in page
    assert 'stroke-width="2.5"' in page
    back = text(an_phat, an_phat.lan, f"compare/?from={history[2]}&to={history[1]}")
    assert 'stroke-dasharray="3 4"' in back


def test_only_editors_compare_with_the_draft(an_phat, history):
    assert "“Giữ tiền mặt”" in text(an_phat, an_phat.strategy, "compare/")
    reader = text(an_phat, an_phat.lan, "compare/?to=draft")
    assert 'value="draft"' not in reader
    assert "“Giữ tiền mặt”" not in reader


def test_nothing_to_compare_is_said(an_phat, binh_minh, history):
    with organization_scope(binh_minh.organization):
        by, lanes = binh_minh.acting(binh_minh.strategy), ensure_perspectives()
        first = maps.create_map(name="2027", by=by)
        objectives.add_objective(strategy_map=first, perspective=lanes["financial"], name="Cash", by=by)
        publishing.publish_map(strategy_map=first, at=NOW, by=by)
    assert "Phục vụ nhanh" not in text(binh_minh, binh_minh.strategy, "compare/")
    assert binh_minh.client(binh_minh.lan).get(binh_minh.url("strategy/map/versions/")).status_code == 200
    assert binh_minh.client(binh_minh.lan).get(binh_minh.url(f"strategy/map/versions/{history[1]}/")).status_code == 404


def test_lanes_are_changed_on_their_page(an_phat, history):
    client = an_phat.client(an_phat.strategy)
    url = an_phat.url("strategy/map/perspectives/")
    assert client.post(url, {"name": "Xã hội"}).status_code == 302
    assert client.post(url, {"name": "xã hội"}).status_code == 422
    with organization_scope(an_phat.organization):
        own = Perspective.objects.get(kind="own")
    change = an_phat.url(f"strategy/map/perspectives/{own.pk}/")
    client.post(change, {"name": "Cộng đồng"})
    client.post(change, {"do": "up"})
    assert "Cộng đồng" in client.get(url).content.decode()
    client.post(change, {"do": "remove"})
    assert client.post(change, {"do": "up"}).status_code == 404


def test_a_theme_stands_on_its_cards_and_lifts_them_out(an_phat, history):
    with organization_scope(an_phat.organization):
        Objective.objects.filter(name="Phục vụ nhanh").update(theme="Tốc độ")
    page = text(an_phat, an_phat.lan, "")
    assert page.count("Tốc độ") >= 3
    assert 'opacity=".3"' not in page
    assert 'opacity=".3"' in text(an_phat, an_phat.lan, "?theme=Tốc+độ")


def test_a_drafts_copy_shows_what_measures_the_published_objective(an_phat, history):
    with organization_scope(an_phat.organization):
        by = an_phat.acting(an_phat.strategy)
        service = Objective.objects.published().get(name="Phục vụ nhanh")
        copy = Objective.objects.get(stands_for=service)
        new = objectives.add_objective(
            strategy_map=copy.map, perspective=copy.perspective, name="Mới trong bản nháp", by=by
        )
        kpis.create_kpi(fields={"name": "Thời gian chờ", "objective": service}, by=by)
    client = an_phat.client(an_phat.strategy)
    page = client.get(an_phat.url(f"strategy/objectives/{copy.pk}/")).content.decode()
    assert "Thời gian chờ" in page
    assert f"?objective={service.pk}" in page
    page = client.get(an_phat.url(f"strategy/objectives/{new.pk}/")).content.decode()
    assert f"kpis/new/?objective={new.pk}" not in page

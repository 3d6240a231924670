"""Pages of the strategy map: drawn from the data, said in words, open to readers, changed by the strategy office."""

import datetime
from decimal import Decimal
from random import Random

import pytest
from django.utils import translation

from kpiapp import registry
from kpiapp.tenancy import organization_scope
from strategy.catalogue import example_maps
from strategy.models import CauseLink, Initiative, Objective, Perspective, StrategyMap
from strategy.services import maps, publishing

NOW = datetime.datetime(2026, 11, 20, 9, tzinfo=datetime.UTC)


@pytest.fixture
def published(an_phat):
    """Southwest's map, published."""
    with organization_scope(an_phat.organization):
        by = an_phat.acting(an_phat.strategy)
        loaded = maps.load_example_map(example=example_maps()["SWA"], language="vi", with_measures=True, by=by)
        return publishing.publish_map(strategy_map=loaded, at=NOW, by=by)


@pytest.fixture
def scores():
    """A source of scores, as the app above registers one."""
    given = {}
    sources = list(registry.OBJECTIVE_SCORES)
    registry.OBJECTIVE_SCORES[:] = [lambda ids, period: {pk: score for pk, score in given.items() if pk in ids}]
    yield given
    registry.OBJECTIVE_SCORES[:] = sources


def text(response):
    return response.content.decode()


def test_the_map_is_drawn_and_said_in_words(an_phat, published, scores):
    with organization_scope(an_phat.organization):
        revenue = Objective.objects.get(map=published, code="F2")
    scores[revenue.pk] = registry.ObjectiveScore(Decimal("92.4"), "at_risk", "/an-phat/why/1/")
    body = text(an_phat.client(an_phat.lan).get(an_phat.url("strategy/map/")))
    assert body.count("<marker") == 1
    assert body.count('marker-end="url(#arrow)"') == len(example_maps()["SWA"].links)
    assert body.count('rx="2" fill="var(--status)"') == len(example_maps()["SWA"].objectives)
    with translation.override("vi"):
        at_risk = translation.gettext("at risk")
    assert f"Tăng doanh thu, 92% {at_risk}" in body
    assert 'href="/an-phat/why/1/"' in body
    assert 'data-status="at_risk"' in body


def test_readers_see_only_the_published_map(an_phat, published):
    with organization_scope(an_phat.organization):
        draft = maps.create_map(name="Bản nháp bí mật", by=an_phat.acting(an_phat.strategy))
    for member, sees in ((an_phat.lan, False), (an_phat.strategy, True)):
        body = text(an_phat.client(member).get(an_phat.url(f"strategy/map/?map={draft.pk}")))
        assert ("Bản nháp bí mật" in body) is sees
    assert an_phat.client(an_phat.lan).get(an_phat.url(f"strategy/map/{draft.pk}/edit/")).status_code == 403
    assert an_phat.client(an_phat.strategy).get(an_phat.url(f"strategy/map/{published.pk}/edit/")).status_code == 404
    assert an_phat.client(an_phat.strategy).get(an_phat.url(f"strategy/map/{draft.pk}/edit/")).status_code == 200


def test_nothing_of_it_exists_for_another_company(an_phat, binh_minh, published):
    with organization_scope(an_phat.organization):
        objective, link = Objective.objects.first(), CauseLink.objects.first()
    client = binh_minh.client(binh_minh.strategy)
    for path in (f"objectives/{objective.pk}/", f"map/{published.pk}/edit/", f"objectives/{objective.pk}/edit/"):
        assert client.get(binh_minh.url(f"strategy/{path}")).status_code == 404
    assert client.post(binh_minh.url(f"strategy/links/{link.pk}/remove/")).status_code == 404
    assert published.name not in text(client.get(binh_minh.url("strategy/map/")))


def test_an_empty_company_is_offered_examples(an_phat):
    client = an_phat.client(an_phat.strategy)
    assert "METROBANK" in text(client.get(an_phat.url("strategy/map/")))
    response = client.post(an_phat.url("strategy/map/example/"), {"example": "MOBIL", "with_measures": "on"})
    with organization_scope(an_phat.organization):
        loaded = StrategyMap.objects.get()
        assert response["Location"] == an_phat.url(f"strategy/map/{loaded.pk}/edit/")
        assert loaded.objectives.count() == 17
    assert "METROBANK" not in text(an_phat.client(an_phat.lan).get(an_phat.url("strategy/map/")))


def test_the_other_examples_are_loaded_beside_a_map_that_is_there(an_phat, published):
    client = an_phat.client(an_phat.strategy)
    page = text(client.get(an_phat.url("strategy/map/new/")))
    assert all(f'value="{code}"' in page for code in example_maps())
    with organization_scope(an_phat.organization):
        before = list(Objective.objects.filter(map=published).order_by("pk").values())
    for code in ("MOBIL", "SWA"):
        wish = {"example": code, "with_initiatives": "on"}
        assert client.post(an_phat.url("strategy/map/example/"), wish).status_code == 302
    with organization_scope(an_phat.organization):
        assert list(Objective.objects.filter(map=published).order_by("pk").values()) == before
        drafts = StrategyMap.objects.filter(state="draft").order_by("pk")
        assert [draft.objectives.count() for draft in drafts] == [17, 8]
        assert Initiative.objects.count() == 6
    menu = text(client.get(an_phat.url("strategy/map/")))
    assert all(f"?map={draft.pk}" in menu for draft in drafts)
    wrong = client.post(an_phat.url("strategy/map/example/"), {"example": "NOPE"})
    assert wrong.status_code == 422


def test_a_map_is_written_by_keyboard_alone(an_phat):
    client = an_phat.client(an_phat.strategy)
    client.post(an_phat.url("strategy/map/new/"), {"name": "Chiến lược 2027"})
    with organization_scope(an_phat.organization):
        strategy_map = StrategyMap.objects.get()
        lanes = {lane.kind: lane.pk for lane in Perspective.objects.all()}
    add = an_phat.url(f"strategy/map/{strategy_map.pk}/objectives/")
    for kind, name in (("financial", "Giữ tiền mặt"), ("process", "Thu nợ đúng hạn"), ("process", "Báo giá nhanh")):
        assert client.post(add, {"perspective": lanes[kind], "name": name}).status_code == 302
    with organization_scope(an_phat.organization):
        cash, collect, quote = Objective.objects.order_by("id")
    link = an_phat.url(f"strategy/objectives/{collect.pk}/links/")
    assert client.post(link, {"target": cash.pk, "strength": "strong", "lag_months": "2"}).status_code == 302
    again = client.post(link, {"target": cash.pk, "strength": "strong", "lag_months": "2"})
    assert again.status_code == 422
    down = client.post(
        an_phat.url(f"strategy/objectives/{cash.pk}/links/"),
        {"target": collect.pk, "strength": "weak", "lag_months": "0"},
    )
    assert down.status_code == 422
    assert "Giữ tiền mặt" in text(down)
    client.post(an_phat.url(f"strategy/objectives/{quote.pk}/move/"), {"to": "earlier"})
    client.post(
        an_phat.url(f"strategy/objectives/{cash.pk}/edit/"),
        {"name": "Giữ vững tiền mặt", "owner": f"Lê Thị Lan ({an_phat.lan.code})", "description": "", "theme": ""},
    )
    with organization_scope(an_phat.organization):
        cash.refresh_from_db()
        assert (cash.name, cash.owner) == ("Giữ vững tiền mặt", an_phat.lan)
        made = CauseLink.objects.get()
        assert (made.strength, made.lag_months) == ("strong", 2)
        row = Objective.objects.filter(perspective=lanes["process"]).order_by("position")
        assert [o.name for o in row] == ["Báo giá nhanh", "Thu nợ đúng hạn"]
    edited = client.post(an_phat.url(f"strategy/links/{made.pk}/"), {"strength": "weak", "lag_months": "99"})
    assert edited.status_code == 302
    client.post(an_phat.url(f"strategy/map/{strategy_map.pk}/publish/"))
    with organization_scope(an_phat.organization):
        made.refresh_from_db()
        strategy_map.refresh_from_db()
        assert made.lag_months == 2
        assert strategy_map.state == "published"


@pytest.fixture
def draft(an_phat, published):
    """The draft of the published map."""
    with organization_scope(an_phat.organization):
        return publishing.open_draft(strategy_map=published, by=an_phat.acting(an_phat.strategy))


def test_edit_opens_a_draft_and_publishing_shows_what_changes(an_phat, published):
    client = an_phat.client(an_phat.strategy)
    opened = client.post(an_phat.url(f"strategy/map/{published.pk}/draft/"))
    with organization_scope(an_phat.organization):
        draft = StrategyMap.objects.get(draft_of=published)
        revenue = Objective.objects.get(map=draft, code="F2")
        lane = Perspective.objects.get(kind="customer")
    assert opened["Location"] == an_phat.url(f"strategy/map/{draft.pk}/edit/")
    at_one = client.post(an_phat.url(f"strategy/map/{published.pk}/draft/"), {"objective": revenue.stands_for_id})
    assert at_one["Location"] == an_phat.url(f"strategy/objectives/{revenue.pk}/edit/")
    client.post(an_phat.url(f"strategy/map/{draft.pk}/objectives/"), {"perspective": lane.pk, "name": "Trả lời trước"})
    client.post(an_phat.url(f"strategy/objectives/{revenue.pk}/remove/"))
    review = an_phat.url(f"strategy/map/{draft.pk}/publish/")
    body = text(client.get(review))
    assert "“Trả lời trước”" in body
    assert "retire_measured" in body
    assert client.post(review, {"note": "Khách trước"}).status_code == 422
    assert "Trả lời trước" not in text(an_phat.client(an_phat.lan).get(an_phat.url("strategy/map/")))
    assert client.post(review, {"note": "Khách trước", "retire_measured": "on"}).status_code == 302
    body = text(an_phat.client(an_phat.lan).get(an_phat.url("strategy/map/")))
    assert "Trả lời trước" in body
    assert "Tăng doanh thu" not in body


def test_a_draft_is_thrown_away(an_phat, published, draft):
    client = an_phat.client(an_phat.strategy)
    assert client.post(an_phat.url(f"strategy/map/{draft.pk}/discard/")).status_code == 302
    assert client.get(an_phat.url(f"strategy/map/{draft.pk}/edit/")).status_code == 404
    assert client.get(an_phat.url("strategy/map/")).status_code == 200


def test_a_double_name_comes_back_as_it_was_typed(an_phat, draft):
    with organization_scope(an_phat.organization):
        lane = Objective.objects.get(map=draft, code="F2").perspective_id
    response = an_phat.client(an_phat.strategy).post(
        an_phat.url(f"strategy/map/{draft.pk}/objectives/"), {"perspective": lane, "name": "tăng doanh thu"}
    )
    assert response.status_code == 422
    assert 'value="tăng doanh thu"' in text(response)


@pytest.mark.parametrize(
    "path",
    [
        "strategy/map/?map={map}",
        "strategy/map/{map}/edit/",
        "strategy/map/{map}/publish/",
        "strategy/objectives/{objective}/",
    ],
)
def test_pages_of_a_map_need_the_same_queries_whatever_its_size(
    an_phat, draft, path, django_assert_max_num_queries, django_assert_num_queries
):
    client = an_phat.client(an_phat.strategy)
    with organization_scope(an_phat.organization):
        objective = Objective.objects.get(map=draft, code="F2")
    url = an_phat.url(path.format(map=draft.pk, objective=objective.pk))
    with django_assert_max_num_queries(20) as counted:
        client.get(url)
    few = len(counted)
    with organization_scope(an_phat.organization):
        for number in range(30):
            made = Objective.objects.create(
                map=draft, perspective=objective.perspective, code=f"X{number}", name=f"Mục tiêu {number}"
            )
            CauseLink.objects.create(map=draft, source=made, target=objective)
    with django_assert_num_queries(few):
        client.get(url)


@pytest.mark.parametrize("path", ["strategy/map/", "strategy/map/{draft}/edit/", "strategy/map/{draft}/edit/?as=list"])
def test_a_map_of_sixty_objectives_comes_with_few_queries(an_phat, published, path, django_assert_max_num_queries):
    random = Random(2026)
    with organization_scope(an_phat.organization):
        lanes = list(Perspective.objects.all())
        made = Objective.objects.bulk_create(
            Objective(map=published, perspective=lanes[n // 15], code=f"X{n}", name=f"Mục tiêu số {n} của công ty")
            for n in range(60)
        )
        # A later objective stands in the same lane or below.
        pairs = [sorted(random.sample(range(max(0, n - 20), n + 1), 2)) for n in range(1, 60)] + [
            [n, n + 15] for n in range(31)
        ]
        CauseLink.objects.bulk_create(
            CauseLink(map=published, source=made[source], target=made[target])
            for target, source in {tuple(pair) for pair in pairs}
        )
        draft = publishing.open_draft(strategy_map=published, by=an_phat.acting(an_phat.strategy))
    client = an_phat.client(an_phat.strategy)
    url = an_phat.url(path.format(draft=draft.pk))
    client.get(an_phat.url("strategy/library/"))
    with django_assert_max_num_queries(20):
        response = client.get(url)
    assert response.content.decode().count("Mục tiêu số") >= 60


def test_palette_finds_objectives_without_accents(an_phat, published):
    body = text(an_phat.client(an_phat.lan).get(an_phat.url("search/?q=tang doanh")))
    assert "Tăng doanh thu" in body

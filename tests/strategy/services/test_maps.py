"""Maps, objectives and links: what may be drawn, what is refused and in which words, and the trail it leaves."""

import datetime

import pytest

from kpiapp.models import AuditEvent
from strategy.catalogue import example_maps
from strategy.choices import MapState
from strategy.models import CauseLink, Initiative, KpiDefinition, Objective, Perspective
from strategy.services import kpis, links, maps, objectives, publishing
from strategy.services.perspectives import ensure_perspectives
from tests.cast import STORY_DAY

NOW = datetime.datetime(2026, 11, 20, 9, tzinfo=datetime.UTC)


@pytest.fixture
def by(scope):
    return scope.acting(scope.strategy)


@pytest.fixture
def lanes(scope):
    return ensure_perspectives()


@pytest.fixture
def drawn(by, lanes):
    """A map with one objective in every lane, by kind."""
    strategy_map = maps.create_map(name="2027", by=by)
    names = {
        "financial": "Protect cash",
        "customer": "Renew nine in ten",
        "process": "Collect on time",
        "learning": "One source of data",
    }
    return {
        kind: objectives.add_objective(strategy_map=strategy_map, perspective=lanes[kind], name=name, by=by)
        for kind, name in names.items()
    }


def last_event():
    return AuditEvent.objects.first()


def test_the_four_perspectives_stand_in_order_and_only_once(scope):
    ensure_perspectives()
    ensure_perspectives()
    kinds = list(Perspective.objects.values_list("kind", flat=True))
    assert kinds == ["financial", "customer", "process", "learning"]


def test_codes_count_up_per_lane(drawn, lanes, by):
    second = objectives.add_objective(
        strategy_map=drawn["financial"].map, perspective=lanes["financial"], name="Grow revenue", by=by
    )
    assert [drawn["financial"].code, second.code, drawn["learning"].code] == ["F1", "F2", "L1"]
    assert last_event().action == "objective.add"
    assert last_event().after["name"] == "Grow revenue"


def test_an_objective_needs_a_name_of_its_own(drawn, lanes, by):
    strategy_map = drawn["financial"].map
    with pytest.raises(objectives.ObjectiveRefused, match="what is to be reached"):
        objectives.add_objective(strategy_map=strategy_map, perspective=lanes["financial"], name="  ", by=by)
    with pytest.raises(objectives.ObjectiveRefused, match="already an objective “Protect cash”"):
        objectives.add_objective(strategy_map=strategy_map, perspective=lanes["customer"], name="protect CASH", by=by)


def test_links_go_up_or_stay_level(drawn, by, lanes):
    link = links.link_objectives(
        source=drawn["process"], target=drawn["financial"], strength="strong", lag_months=3, by=by
    )
    beside = objectives.add_objective(
        strategy_map=link.map, perspective=lanes["process"], name="Quote in one day", by=by
    )
    links.link_objectives(source=beside, target=drawn["process"], by=by)
    assert CauseLink.objects.count() == 2
    event = AuditEvent.objects.get(action="link.add", target_id=drawn["process"].pk)
    assert event.after == {
        "source": "Collect on time",
        "target": "Protect cash",
        "strength": "strong",
        "lag_months": 3,
    }


def test_a_downward_link_is_refused_with_the_reason(drawn, by):
    with pytest.raises(links.LinkRefused, match=r"“Protect cash” \(.+\) cannot drive “Collect on time” .+ other way"):
        links.link_objectives(source=drawn["financial"], target=drawn["process"], by=by)


def test_a_second_link_and_a_link_to_itself_are_refused(drawn, by):
    links.link_objectives(source=drawn["process"], target=drawn["financial"], by=by)
    with pytest.raises(links.LinkRefused, match="already drives"):
        links.link_objectives(source=drawn["process"], target=drawn["financial"], by=by)
    with pytest.raises(links.LinkRefused, match="cannot drive itself"):
        links.link_objectives(source=drawn["process"], target=drawn["process"], by=by)
    with pytest.raises(links.LinkRefused, match="between 0 and 60"):
        links.link_objectives(source=drawn["learning"], target=drawn["process"], lag_months=61, by=by)


def test_a_circle_is_refused_and_its_path_is_named(drawn, by, lanes):
    chain = [
        objectives.add_objective(strategy_map=drawn["process"].map, perspective=lanes["process"], name=name, by=by)
        for name in ("Invoice at once", "Call before due")
    ]
    links.link_objectives(source=drawn["process"], target=chain[0], by=by)
    links.link_objectives(source=chain[0], target=chain[1], by=by)
    with pytest.raises(links.LinkRefused) as refused:
        links.link_objectives(source=chain[1], target=drawn["process"], by=by)
    assert "Collect on time → Invoice at once → Call before due → Collect on time" in str(refused.value)
    assert CauseLink.objects.count() == 2


def test_objectives_of_two_maps_cannot_be_linked(drawn, by, lanes):
    other = maps.create_map(name="Other", by=by)
    there = objectives.add_objective(strategy_map=other, perspective=lanes["financial"], name="Elsewhere", by=by)
    with pytest.raises(links.LinkRefused, match="same map"):
        links.link_objectives(source=drawn["process"], target=there, by=by)


def test_moving_keeps_the_order_people_chose(drawn, by, lanes):
    strategy_map = drawn["financial"].map
    others = [
        objectives.add_objective(strategy_map=strategy_map, perspective=lanes["financial"], name=name, by=by)
        for name in ("Grow revenue", "Lift margin")
    ]
    objectives.move_objective(objective=others[1], perspective=lanes["financial"], position=0, by=by)
    strategy_map.refresh_from_db()
    assert strategy_map.is_arranged
    row = Objective.objects.filter(map=strategy_map, perspective=lanes["financial"]).order_by("position")
    assert next(o.name for o in row) == "Lift margin"
    assert sorted(o.position for o in row) == [0, 1, 2]
    objectives.arrange_map(strategy_map=strategy_map, by=by)
    strategy_map.refresh_from_db()
    assert not strategy_map.is_arranged


def test_a_move_that_would_turn_a_link_downwards_is_refused(drawn, by, lanes):
    links.link_objectives(source=drawn["process"], target=drawn["financial"], by=by)
    with pytest.raises(links.LinkRefused, match=r"Collect on time.+cannot drive.+Protect cash"):
        objectives.move_objective(objective=drawn["financial"], perspective=lanes["learning"], position=0, by=by)
    drawn["financial"].refresh_from_db()
    assert drawn["financial"].perspective_id == lanes["financial"].pk


def test_removing_takes_links_along_but_not_measures(drawn, by):
    links.link_objectives(source=drawn["process"], target=drawn["financial"], by=by)
    kpis.create_kpi(fields={"name": "DSO", "objective": drawn["process"]}, by=by)
    with pytest.raises(objectives.ObjectiveRefused, match="1 KPI serves “Collect on time”"):
        objectives.remove_objective(objective=drawn["process"], at=NOW, by=by)
    objectives.remove_objective(objective=drawn["financial"], at=NOW, by=by)
    assert not CauseLink.objects.standing().exists()
    assert last_event().before["links"] == ["Collect on time → Protect cash"]


@pytest.mark.parametrize("code", list(example_maps()))
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_example_loads_with_its_measures(scope, by, code, language):
    example = example_maps()[code]
    loaded = maps.load_example_map(example=example, language=language, with_measures=True, by=by)
    assert loaded.objectives.count() == len(example.objectives)
    assert loaded.links.count() == len(example.links)
    assert KpiDefinition.objects.filter(current__objective__map=loaded).count() == len(example.measures)
    assert loaded.name == example.name.of(language)
    assert loaded.state == MapState.DRAFT


def test_an_example_without_measures_makes_no_kpi(scope, by):
    maps.load_example_map(example=example_maps()["SWA"], language="vi", with_measures=False, by=by)
    assert not KpiDefinition.objects.exists()


def test_describing_a_map_tells_what_changed(drawn, by):
    strategy_map = drawn["financial"].map
    maps.describe_map(strategy_map=strategy_map, name="2027", vision="First in the North", mission="", by=by)
    event = AuditEvent.objects.get(action="map.describe")
    assert (event.before, event.after) == ({"vision": ""}, {"vision": "First in the North"})


def test_initiatives_of_an_example_are_planned_for_the_objectives_they_serve(scope, by):
    example = example_maps()["SWA"]
    assert len(example.initiatives) == 6
    loaded = maps.load_example_map(
        example=example, language="vi", with_measures=False, initiatives_from=STORY_DAY, by=by
    )
    planned = Initiative.objects.filter(objective_links__objective__map=loaded)
    assert sorted(planned.values_list("name", "objective_links__objective__code")) == sorted(
        (one.name.vi, one.objective) for one in example.initiatives
    )
    assert set(planned.values_list("starts_on", "due_on")) == {(STORY_DAY, STORY_DAY.replace(year=2027, day=19))}


def test_they_stay_with_their_objectives_when_the_example_takes_the_place_of_a_published_map(scope, by):
    example = example_maps()["SWA"]
    first = maps.load_example_map(example=example, language="vi", with_measures=False, by=by)
    publishing.publish_map(strategy_map=first, at=NOW, by=by)
    second = maps.load_example_map(
        example=example, language="vi", with_measures=False, initiatives_from=STORY_DAY, by=by
    )
    published = publishing.publish_map(strategy_map=second, at=NOW, by=by)
    served = Initiative.objects.filter(objective_links__objective__map=published)
    assert served.filter(objective_links__objective__retired_at=None).count() == 6

"""The lanes of the map: renamed, reordered, added and taken away, but never under something that stands there."""

import datetime

import pytest

from kpiapp.models import AuditEvent
from strategy.models import Perspective
from strategy.queries import map_view
from strategy.services import kpis, links, maps, objectives, perspectives

NOW = datetime.datetime(2026, 11, 20, 9, tzinfo=datetime.UTC)


@pytest.fixture
def by(scope):
    return scope.acting(scope.strategy)


@pytest.fixture
def lanes(scope):
    return perspectives.ensure_perspectives()


def labels():
    return [lane.label for lane in Perspective.objects.filter(is_active=True)]


USUAL = ["Financial", "Customer", "Internal process", "Learning & growth"]


def test_a_lane_gets_another_name_and_back_its_usual_one(lanes, by):
    perspectives.rename_perspective(perspective=lanes["learning"], name=" People ", by=by)
    assert labels()[3] == "People"
    event = AuditEvent.objects.get(action="perspective.rename")
    assert (event.before, event.after) == ({"name": "Learning & growth"}, {"name": "People"})
    perspectives.rename_perspective(perspective=lanes["learning"], name="", by=by)
    assert labels() == USUAL
    with pytest.raises(perspectives.PerspectiveRefused, match="already a perspective “customer”"):
        perspectives.rename_perspective(perspective=lanes["learning"], name="customer", by=by)


def test_a_lane_of_ones_own_comes_at_the_foot_goes_and_comes_back(lanes, by):
    made = perspectives.add_perspective(name="Society", by=by)
    assert labels() == [*USUAL, "Society"]
    perspectives.move_perspective(perspective=made, up=True, by=by)
    assert labels() == [*USUAL[:3], "Society", USUAL[3]]
    made.refresh_from_db()
    perspectives.remove_perspective(perspective=made, by=by)
    assert labels() == USUAL
    assert perspectives.add_perspective(name="society", by=by) == made
    for name, sentence in (("", "Give the perspective a name"), ("SOCIETY", "already a perspective")):
        with pytest.raises(perspectives.PerspectiveRefused, match=sentence):
            perspectives.add_perspective(name=name, by=by)


def test_the_top_lane_goes_no_higher(lanes, by):
    perspectives.move_perspective(perspective=lanes["financial"], up=True, by=by)
    perspectives.move_perspective(perspective=lanes["learning"], up=False, by=by)
    assert labels() == USUAL


def test_a_link_keeps_its_lanes_in_order(lanes, by):
    strategy_map = maps.create_map(name="2027", by=by)
    cash, renew = (
        objectives.add_objective(strategy_map=strategy_map, perspective=lanes[kind], name=name, by=by)
        for kind, name in (("financial", "Protect cash"), ("customer", "Renew nine in ten"))
    )
    link = links.link_objectives(source=renew, target=cash, by=by)
    sentence = "“Renew nine in ten” drives “Protect cash”, so “Customer” has to stay below “Financial”"
    with pytest.raises(perspectives.PerspectiveRefused, match=sentence):
        perspectives.move_perspective(perspective=lanes["customer"], up=True, by=by)
    links.unlink(link=link, by=by)
    perspectives.move_perspective(perspective=lanes["customer"], up=True, by=by)
    assert labels()[:2] == ["Customer", "Financial"]


def test_only_an_empty_lane_goes(lanes, by):
    strategy_map = maps.create_map(name="2027", by=by)
    renew = objectives.add_objective(strategy_map=strategy_map, perspective=lanes["customer"], name="Renew", by=by)
    kpis.create_kpi(fields={"name": "Defects", "perspective": lanes["process"]}, by=by)
    with pytest.raises(perspectives.PerspectiveRefused, match="1 objective stands in “Customer”"):
        perspectives.remove_perspective(perspective=lanes["customer"], by=by)
    with pytest.raises(perspectives.PerspectiveRefused, match="1 KPI belongs to “Internal process”"):
        perspectives.remove_perspective(perspective=lanes["process"], by=by)
    objectives.remove_objective(objective=renew, at=NOW, by=by)
    for kind in ("customer", "financial"):
        perspectives.remove_perspective(perspective=lanes[kind], by=by)
    assert [lane.label for lane, _items in map_view(strategy_map, None).lanes] == USUAL[2:]
    perspectives.remove_perspective(perspective=lanes["learning"], by=by)
    kpis.retire_kpi(definition=kpis.KpiDefinition.objects.get(), reason="…", by=by)
    with pytest.raises(perspectives.PerspectiveRefused, match="at least one"):
        perspectives.remove_perspective(perspective=lanes["process"], by=by)

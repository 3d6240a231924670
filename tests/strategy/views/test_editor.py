"""The steps of the map editor over HTTP: the drawing comes back with what was done, how it is undone, or why not."""

import html
import itertools
import json
import re

import pytest

from kpiapp.tenancy import organization_scope
from strategy.catalogue import example_maps
from strategy.models import CauseLink, Objective, Perspective
from strategy.services import maps

EXAMPLE = example_maps()["SWA"]


@pytest.fixture
def draft(an_phat):
    """Southwest's map as a draft."""
    with organization_scope(an_phat.organization):
        by = an_phat.acting(an_phat.strategy)
        return maps.load_example_map(example=EXAMPLE, language="en", with_measures=False, by=by)


@pytest.fixture
def desk(an_phat, draft):
    """Sends steps as the strategy office and reads the answers."""
    return Desk(an_phat, draft)


class Desk:
    def __init__(self, cast, draft):
        self.cast, self.draft = cast, draft
        self.client = cast.client(cast.strategy)
        self.url = cast.url(f"strategy/map/{draft.pk}/steps/")

    def send(self, **step):
        """The answer's status, and what its drawing says about the step."""
        response = self.client.post(self.url, step)
        body = response.content.decode()
        found = {name: html.unescape(value) for name, value in re.findall(r' data-(said|undo|refused)="([^"]*)"', body)}
        return response.status_code, found

    def do(self, **step):
        """A step that works; answers with the step that undoes it."""
        status, found = self.send(**step)
        assert status == 200, found
        return json.loads(found["undo"])

    def objective(self, code):
        with organization_scope(self.cast.organization):
            return Objective.objects.select_related("perspective").get(map=self.draft, code=code)

    def lane(self, kind):
        with organization_scope(self.cast.organization):
            return Perspective.objects.get(kind=kind).pk

    def state(self):
        """Everything the map says, in its drawn order."""
        with organization_scope(self.cast.organization):
            standing = Objective.objects.standing().filter(map=self.draft)
            links = CauseLink.objects.standing().filter(map=self.draft)
            return (
                list(standing.order_by("perspective__position", "position").values_list("pk", "name", "theme")),
                set(links.values_list("source", "target", "strength", "lag_months")),
                [(lane.kind, lane.name) for lane in Perspective.objects.filter(is_active=True)],
            )


def steps(desk):
    """One step of every kind, from the state the ones before left."""
    revenue, customers = desk.objective("F2"), desk.objective("C1")
    with organization_scope(desk.cast.organization):
        link = CauseLink.objects.filter(map=desk.draft).first()
    return [
        {"do": "add", "lane": desk.lane("customer"), "name": "Answer first"},
        {"do": "rename", "objective": revenue.pk, "name": "Grow a lot"},
        {"do": "theme", "objective": revenue.pk, "theme": "Growth"},
        {"do": "move", "objective": revenue.pk, "lane": revenue.perspective_id, "position": 0},
        {"do": "move", "objective": customers.pk, "lane": customers.perspective_id, "position": 9},
        {"do": "relink", "objective": link.source_id, "target": link.target_id, "strength": "strong", "lag_months": 7},
        {"do": "unlink", "objective": link.source_id, "target": link.target_id},
        {"do": "link", "objective": link.source_id, "target": link.target_id, "strength": "weak", "lag_months": 1},
        {"do": "remove", "objective": revenue.pk},
        {"do": "rename_lane", "lane": desk.lane("customer"), "name": "Passengers"},
        {"do": "add_lane", "name": "Society"},
    ]


def test_lanes_are_added_moved_and_taken_away_step_by_step(desk):
    before = desk.state()
    undo = [desk.do(do="add_lane", name="Society")]
    lane = undo[0]["lane"]
    undo.append(desk.do(do="move_lane", lane=lane, up="1"))
    assert [kind for kind, _name in desk.state()[2]][-2:] == ["own", "learning"]
    undo.append(desk.do(do="remove_lane", lane=lane))
    assert desk.state() == before
    desk.do(**undo[2])
    desk.do(**undo[1])
    assert desk.state()[2][-1] == ("own", "Society")
    desk.do(**undo[0])
    assert desk.state() == before


def test_a_lane_that_links_or_objectives_need_stays_and_the_reason_is_said(desk):
    before = desk.state()
    for step in (
        {"do": "move_lane", "lane": desk.lane("financial"), "up": ""},
        {"do": "move_lane", "lane": desk.lane("financial"), "up": "1"},
        {"do": "remove_lane", "lane": desk.lane("customer")},
        {"do": "rename_lane", "lane": desk.lane("customer"), "name": "Tài chính"},
        {"do": "add_lane", "name": " "},
        {"do": "restore_lane", "lane": desk.lane("customer")},
    ):
        status, found = desk.send(**step)
        assert (status, bool(found["refused"])) == (422, True)
    assert desk.state() == before


def test_every_link_can_be_reached_by_keyboard_and_says_what_it_is(desk):
    with organization_scope(desk.cast.organization):
        link = CauseLink.objects.filter(map=desk.draft).select_related("source", "target").first()
    ends = {"objective": link.source_id, "target": link.target_id}
    desk.do(do="relink", **ends, strength="strong", lag_months=2)
    page = html.unescape(desk.client.get(desk.cast.url(f"strategy/map/{desk.draft.pk}/edit/")).content.decode())
    assert page.count('class="map-way" role="button"') == len(EXAMPLE.links)
    way = re.search(rf'id="link-{link.source_id}-{link.target_id}".*? aria-label="([^"]*)"', page)[1]
    assert way.index(link.source.name) < way.index(link.target.name) < way.index("2 ")


def test_every_step_can_be_undone_and_done_again(desk):
    # The first move fixes the order that was drawn before.
    first = desk.objective("F1")
    desk.do(do="move", objective=first.pk, lane=first.perspective_id, position=0)
    states, undos = [desk.state()], []
    for step in steps(desk):
        undos.append(desk.do(**step))
        states.append(desk.state())
    for one, other in itertools.pairwise(states):
        assert one != other
    redos = []
    for undo, was in zip(reversed(undos), reversed(states[:-1]), strict=True):
        redos.append(desk.do(**undo))
        assert desk.state() == was
    for redo, became in zip(reversed(redos), states[1:], strict=True):
        desk.do(**redo)
        assert desk.state() == became


def test_the_order_is_given_to_the_drawing_and_back(desk):
    first = desk.objective("F1")
    desk.do(do="move", objective=first.pk, lane=first.perspective_id, position=1)
    undo = desk.do(do="arrange")
    with organization_scope(desk.cast.organization):
        desk.draft.refresh_from_db()
        assert not desk.draft.is_arranged
    desk.do(**undo)
    with organization_scope(desk.cast.organization):
        desk.draft.refresh_from_db()
        assert desk.draft.is_arranged


def test_a_circle_and_a_downward_link_are_refused_with_the_names_and_nothing_changes(desk):
    with organization_scope(desk.cast.organization):
        link = CauseLink.objects.filter(map=desk.draft).select_related("source", "target").first()
    before = desk.state()
    status, found = desk.send(do="link", objective=link.target_id, target=link.source_id)
    assert status == 422
    assert link.source.name in found["refused"]
    assert link.target.name in found["refused"]
    assert desk.state() == before


@pytest.mark.parametrize(
    "step",
    [
        {"do": "explode"},
        {"do": "rename", "objective": 0, "name": "x"},
        {"do": "unlink", "objective": 0, "target": 0},
        {"do": "add", "lane": 0, "name": "x"},
        {"do": "rename"},
        {"do": "add", "name": ""},
        {"do": "move", "position": "-1"},
        {"do": "link", "lag_months": "many"},
        {},
    ],
)
def test_what_cannot_be_is_answered_with_a_sentence(desk, step):
    before = desk.state()
    status, found = desk.send(**step)
    assert status == 422
    assert found["refused"]
    assert desk.state() == before


def test_what_somebody_else_removed_is_said(desk):
    revenue = desk.objective("F2")
    desk.do(do="remove", objective=revenue.pk)
    status, found = desk.send(do="rename", objective=revenue.pk, name="x")
    assert (status, bool(found["refused"])) == (422, True)


def test_only_drafts_and_only_by_their_editors(desk, an_phat, binh_minh):
    step = {"do": "remove", "objective": desk.objective("F2").pk}
    assert an_phat.client(an_phat.lan).post(desk.url, step).status_code == 403
    other = binh_minh.url(f"strategy/map/{desk.draft.pk}/steps/")
    assert binh_minh.client(binh_minh.strategy).post(other, step).status_code == 404


def test_a_step_asks_little_of_the_database(desk, django_assert_max_num_queries):
    revenue = desk.objective("F2")
    with django_assert_max_num_queries(30):
        desk.do(do="move", objective=revenue.pk, lane=revenue.perspective_id, position=0)


def test_the_editor_has_a_drawing_and_a_list(desk):
    page = desk.client.get(desk.cast.url(f"strategy/map/{desk.draft.pk}/edit/")).content.decode()
    assert page.count('class="map-card"') == len(EXAMPLE.objectives)
    assert page.count('class="map-link"') == len(EXAMPLE.links)
    as_list = desk.client.get(desk.cast.url(f"strategy/map/{desk.draft.pk}/edit/?as=list")).content.decode()
    assert as_list.count('name="to" value="earlier"') == len(EXAMPLE.objectives)

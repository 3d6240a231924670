"""Drafts and versions: the published map keeps its objectives for life, and what was published stays readable."""

import datetime
import itertools

import pytest
from django.db import DatabaseError, transaction

from kpiapp.models import AuditEvent
from strategy.catalogue import example_maps
from strategy.choices import MapState
from strategy.maps.differences import compare, tell, union_of
from strategy.maps.snapshots import content_of, view_of
from strategy.models import CauseLink, KpiDefinition, MapVersion, Objective, StrategyMap
from strategy.queries import choosable_objectives, map_view
from strategy.services import kpis, links, maps, objectives, perspectives, publishing
from strategy.services.perspectives import ensure_perspectives

NOW = datetime.datetime(2026, 11, 20, 9, tzinfo=datetime.UTC)
LATER = NOW + datetime.timedelta(days=30)


@pytest.fixture
def by(scope):
    return scope.acting(scope.strategy)


@pytest.fixture
def lanes(scope):
    return ensure_perspectives()


def write(strategy_map, lanes, names, by):
    """Objectives by kind of lane and name; each drives the one before."""
    made = [
        objectives.add_objective(strategy_map=strategy_map, perspective=lanes[kind], name=name, by=by)
        for kind, name in names
    ]
    for effect, cause in itertools.pairwise(made):
        links.link_objectives(source=cause, target=effect, lag_months=2, by=by)
    return made


@pytest.fixture
def published(by, lanes):
    """Protect cash ← Renew nine in ten ← Collect on time, which a KPI measures."""
    strategy_map = maps.create_map(name="2027", by=by)
    names = [("financial", "Protect cash"), ("customer", "Renew nine in ten"), ("process", "Collect on time")]
    made = write(strategy_map, lanes, names, by)
    kpis.create_kpi(fields={"name": "DSO", "objective": made[2]}, by=by)
    return publishing.publish_map(strategy_map=strategy_map, at=NOW, by=by)


def named(strategy_map, name):
    return Objective.objects.get(map=strategy_map, name=name)


def test_the_first_map_is_published_as_it_is(published):
    assert published.state == MapState.PUBLISHED
    version = MapVersion.objects.get()
    assert (version.number, version.map, version.published_at) == (1, published, NOW)
    assert [one["name"] for one in version.content["objectives"]] == [
        "Protect cash",
        "Renew nine in ten",
        "Collect on time",
    ]


def test_an_empty_draft_and_what_is_no_draft_cannot_be_published(published, by):
    with pytest.raises(maps.MapRefused, match="Only a draft"):
        publishing.publish_map(strategy_map=published, at=LATER, by=by)
    empty = maps.create_map(name="Empty", by=by)
    with pytest.raises(maps.MapRefused, match="at least one objective"):
        publishing.publish_map(strategy_map=empty, at=LATER, by=by)


def test_what_everybody_sees_changes_by_publishing_alone(published, by, lanes):
    cash = named(published, "Protect cash")
    with pytest.raises(maps.MapRefused, match="Open its draft"):
        objectives.edit_objective(objective=cash, name="Grow", owner=None, by=by)
    with pytest.raises(maps.MapRefused, match="Open its draft"):
        objectives.add_objective(strategy_map=published, perspective=lanes["customer"], name="New", by=by)


def test_a_draft_is_a_copy_and_there_is_one(published, by):
    draft = publishing.open_draft(strategy_map=published, by=by)
    assert publishing.open_draft(strategy_map=published, by=by) == draft
    assert content_of(draft) == content_of(published)
    view = map_view(draft, None)
    assert {item.objective.name: item.kpi_count for item in view.objectives}["Collect on time"] == 1
    assert not choosable_objectives(by).filter(map=draft).exists()


def test_publishing_a_draft_keeps_what_kpis_and_links_belong_to(published, by, lanes):
    cash, renew, collect = (named(published, name) for name in ("Protect cash", "Renew nine in ten", "Collect on time"))
    kept = CauseLink.objects.get(source=renew, target=cash)
    draft = publishing.open_draft(strategy_map=published, by=by)
    copy = Objective.objects.get(map=draft, stands_for=cash)
    objectives.edit_objective(objective=copy, name="Grow cash", owner=by, theme="Money", by=by)
    links.unlink(link=CauseLink.objects.get(map=draft, source__stands_for=collect), by=by)
    new = objectives.add_objective(strategy_map=draft, perspective=lanes["learning"], name="One source", by=by)
    links.link_objectives(source=new, target=Objective.objects.get(map=draft, stands_for=collect), by=by)

    publishing.publish_map(strategy_map=draft, at=LATER, by=by, note="  More cash ")

    cash.refresh_from_db()
    assert (cash.map, cash.name, cash.owner, cash.theme) == (published, "Grow cash", by, "Money")
    assert KpiDefinition.objects.get().current.objective == collect
    assert not StrategyMap.objects.filter(pk=draft.pk).exists()
    assert {(link.source_id, link.target_id) for link in CauseLink.objects.all()} == {
        (renew.pk, cash.pk),
        (new.pk, collect.pk),
    }
    assert CauseLink.objects.get(source=renew) == kept
    first, second = MapVersion.objects.order_by("number")
    assert (second.number, second.published_by, second.note) == (2, by, "More cash")
    assert first.content["objectives"][0]["name"] == "Protect cash"
    event = AuditEvent.objects.filter(action="map.publish").first()
    assert event.after == {"version": 2, "added": ["One source"], "changed": ["Grow cash"], "links": 2}


def test_what_leaves_the_map_is_retired_and_asked_about_when_kpis_measure_it(published, by):
    collect = named(published, "Collect on time")
    draft = publishing.open_draft(strategy_map=published, by=by)
    copy = Objective.objects.get(map=draft, stands_for=collect)
    objectives.remove_objective(objective=copy, at=LATER, by=by)
    assert publishing.plan_of(draft).leaving == [(collect, 1)]
    with pytest.raises(publishing.MeasuredRefused, match=r"1 KPI measures .+ “Collect on time”"):
        publishing.publish_map(strategy_map=draft, at=LATER, by=by)
    publishing.publish_map(strategy_map=draft, at=LATER, by=by, retire_measured=True)
    collect.refresh_from_db()
    assert collect.retired_at == LATER
    assert not Objective.objects.published().filter(pk=collect.pk).exists()
    assert KpiDefinition.objects.get().current.objective == collect
    assert not choosable_objectives(by).filter(pk=collect.pk).exists()


def test_a_code_that_was_once_given_is_not_given_again(published, by, lanes):
    draft = publishing.open_draft(strategy_map=published, by=by)
    renew = Objective.objects.get(map=draft, name="Renew nine in ten")
    objectives.remove_objective(objective=renew, at=LATER, by=by)
    publishing.publish_map(strategy_map=draft, at=LATER, by=by)
    draft = publishing.open_draft(strategy_map=published, by=by)
    new = objectives.add_objective(strategy_map=draft, perspective=lanes["customer"], name="Answer first", by=by)
    assert new.code == "C2"


def test_a_map_written_from_nothing_stands_for_objectives_of_the_same_name(published, by, lanes):
    cash = named(published, "Protect cash")
    other = maps.create_map(name="2028", by=by)
    write(other, lanes, [("financial", "protect CASH"), ("customer", "Answer first")], by)
    publishing.publish_map(strategy_map=other, at=LATER, by=by, retire_measured=True)
    published.refresh_from_db()
    cash.refresh_from_db()
    assert (published.name, cash.name, cash.retired_at) == ("2028", "protect CASH", None)
    assert StrategyMap.objects.get() == published
    assert set(Objective.objects.published().values_list("name", flat=True)) == {"protect CASH", "Answer first"}


def test_an_example_with_measures_can_follow_a_published_map(published, by):
    loaded = maps.load_example_map(example=example_maps()["SWA"], language="en", with_measures=True, by=by)
    publishing.publish_map(strategy_map=loaded, at=LATER, by=by, retire_measured=True)
    example = example_maps()["SWA"]
    assert Objective.objects.published().count() == len(example.objectives)
    assert KpiDefinition.objects.filter(current__objective__in=Objective.objects.published()).count() == len(
        example.measures
    )


def test_a_map_published_before_there_were_versions_becomes_its_first(published, by):
    other = StrategyMap.objects.get()
    with transaction.atomic():
        old = MapVersion.objects.get()
        assert old.number == 1
    draft = publishing.open_draft(strategy_map=other, by=by)
    publishing.publish_map(strategy_map=draft, at=LATER, by=by)
    assert list(MapVersion.objects.values_list("number", flat=True)) == [2, 1]


def test_a_version_never_changes(published):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        MapVersion.objects.update(note="other")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        MapVersion.objects.all().delete()


def test_a_version_is_drawn_as_the_map_was(published):
    view = view_of(MapVersion.objects.get().content)
    was = map_view(published, None)
    shown = [[item.objective.name for item in items] for _lane, items in view.lanes]
    assert shown == [[item.objective.name for item in items] for _lane, items in was.lanes]
    assert [(link.source.name, link.target.name) for link in view.links] == [
        (link.source.name, link.target.name) for link in was.links
    ]


def test_two_contents_are_compared_in_words(published, by, lanes):
    before = content_of(published)
    draft = publishing.open_draft(strategy_map=published, by=by)
    cash, renew, collect = (named(draft, name) for name in ("Protect cash", "Renew nine in ten", "Collect on time"))
    objectives.edit_objective(objective=cash, name="Grow cash", owner=by, by=by)
    links.change_link(link=CauseLink.objects.get(map=draft, source=renew), strength="strong", lag_months=6, by=by)
    objectives.remove_objective(objective=collect, at=LATER, by=by)
    objectives.add_objective(strategy_map=draft, perspective=lanes["process"], name="Quote in one day", by=by)
    after = content_of(draft)
    told = {part.heading: part.sentences for part in tell(compare(before, after), before, after, {by.pk: by.name})}
    assert told == {
        "New objectives": ["“Quote in one day” (Internal process)"],
        "Objectives taken off": ["“Collect on time” (Internal process)"],
        "Changed objectives": [f"“Grow cash”: Name: “Protect cash” → “Grow cash”; Who is responsible: – → {by.name}"],
        "Links taken off": ["“Collect on time” drives “Renew nine in ten” (medium, 2 months)"],
        "Changed links": [
            "“Renew nine in ten” drives “Grow cash”: Strength: medium → strong; Months until the effect shows: 2 → 6"
        ],
    }
    both = union_of(before, after)
    assert len(both["objectives"]) == 4
    assert len(both["links"]) == 2


def test_versions_keep_the_perspectives_they_had_and_tell_what_changed(published, by, lanes):
    perspectives.rename_perspective(perspective=lanes["customer"], name="Guests", by=by)
    perspectives.add_perspective(name="Society", by=by)
    draft = publishing.open_draft(strategy_map=published, by=by)
    publishing.publish_map(strategy_map=draft, at=LATER, by=by)
    now, was = (version.content for version in MapVersion.objects.order_by("-number"))
    assert [str(lane) for lane, _items in view_of(was).lanes][1] == "Customer"
    assert [str(lane) for lane, _items in view_of(now).lanes][1::3] == ["Guests", "Society"]
    (told,) = tell(compare(was, now), was, now, {})
    assert (told.heading, told.sentences) == ("Perspectives", ["new: “Society”", "“Customer” → “Guests”"])


def test_a_link_that_was_turned_round_does_not_close_a_circle_in_the_drawing_of_both(published, by, lanes):
    draft = publishing.open_draft(strategy_map=published, by=by)
    first = objectives.add_objective(strategy_map=draft, perspective=lanes["process"], name="First", by=by)
    collect = named(draft, "Collect on time")
    link = links.link_objectives(source=first, target=collect, by=by)
    before = content_of(draft)
    links.unlink(link=link, by=by)
    links.link_objectives(source=collect, target=first, by=by)
    after = content_of(draft)
    both = union_of(before, after)
    assert len(both["links"]) == len(after["links"])
    assert view_of(both).objectives


def test_a_draft_can_be_thrown_away_unless_kpis_belong_to_it(published, by):
    draft = publishing.open_draft(strategy_map=published, by=by)
    publishing.discard_draft(strategy_map=draft, by=by)
    assert StrategyMap.objects.get() == published
    with pytest.raises(maps.MapRefused, match="Only a draft"):
        publishing.discard_draft(strategy_map=published, by=by)
    loaded = maps.load_example_map(example=example_maps()["SWA"], language="en", with_measures=True, by=by)
    with pytest.raises(maps.MapRefused, match="KPIs serve objectives of this draft"):
        publishing.discard_draft(strategy_map=loaded, by=by)


def test_what_was_taken_off_a_draft_comes_back_with_its_links(published, by, lanes):
    draft = publishing.open_draft(strategy_map=published, by=by)
    renew = named(draft, "Renew nine in ten")
    objectives.remove_objective(objective=renew, at=LATER, by=by)
    assert CauseLink.objects.standing().filter(map=draft).count() == 0
    same = objectives.add_objective(strategy_map=draft, perspective=lanes["customer"], name="Renew nine in ten", by=by)
    with pytest.raises(objectives.ObjectiveRefused, match="already an objective"):
        objectives.restore_objective(objective=renew, by=by)
    objectives.remove_objective(objective=same, at=LATER, by=by)
    objectives.restore_objective(objective=renew, by=by)
    assert CauseLink.objects.standing().filter(map=draft).count() == 2

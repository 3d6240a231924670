"""The library in the browser: searched in both languages, two clicks from a KPI to an assignment."""

import pytest
from django.utils.translation import override

from kpiapp.models import AuditEvent
from kpiapp.tenancy import organization_scope
from strategy.catalogue import library_kpis
from strategy.models import KpiDefinition
from strategy.services.kpi_states import StateRefused, activate_kpi
from strategy.services.kpis import create_kpi, revise_kpi
from strategy.services.library import copy_from_library, taken_as_it_is
from strategy.visibility import usable_kpis
from tests.cast import STORY_DAY


def text(response):
    return response.content.decode()


def reason() -> str:
    with override("vi"):
        return taken_as_it_is()


def test_search_without_accents_and_in_the_readers_language(an_phat, binh_minh):
    vietnamese = text(an_phat.client(an_phat.lan).get(an_phat.url("strategy/library/?q=nghi viec tu nguyen")))
    assert "Tỷ lệ nghỉ việc tự nguyện" in vietnamese
    english = text(binh_minh.client(binh_minh.lan).get(binh_minh.url("strategy/library/?q=nghi viec tu nguyen")))
    assert "Voluntary turnover rate" in english
    assert "100 × Voluntary leavers ÷ Headcount" in english


def test_htmx_gets_the_results_alone(an_phat):
    client = an_phat.client(an_phat.lan)
    part = text(client.get(an_phat.url("strategy/library/?template=STL"), headers={"HX-Request": "true"}))
    page = text(client.get(an_phat.url("strategy/library/?template=STL")))
    assert "<html" not in part
    assert part.strip() in page
    assert "STL" not in part or "Trưởng nhóm Kinh doanh" in part


def test_every_kpi_can_be_reached_by_turning_pages(an_phat):
    client = an_phat.client(an_phat.lan)
    pages = [text(client.get(an_phat.url(f"strategy/library/?page={number}"))) for number in range(1, 9)]
    assert sum(page.count('class="row-title"') for page in pages) == 200


def test_readers_cannot_take(an_phat):
    client = an_phat.client(an_phat.lan)
    assert "/strategy/library/use/" not in text(client.get(an_phat.url("strategy/library/")))
    assert client.post(an_phat.url("strategy/library/use/"), {"code": "HRH-01"}).status_code == 403


def test_one_click_of_who_decides_copies_and_goes_on_to_assignment(an_phat):
    client = an_phat.client(an_phat.strategy)
    response = client.post(an_phat.url("strategy/library/use/"), {"code": "STL-01"})
    with organization_scope(an_phat.organization):
        copy = KpiDefinition.objects.get()
        assert (copy.origin, copy.name, copy.state) == ("STL-01", "Doanh số của nhóm", "active")
        event = AuditEvent.objects.get(action="kpi.activate")
        assert event.reason == reason()
        assert set(event.after["open"].split()) == {"S", "M", "A", "R", "E"}
    shown = text(client.get(response["Location"]))
    assert "Chưa có người phụ trách" in shown
    assert response["Location"] == an_phat.url(f"scorecards/assign/?kpi={copy.pk}")
    assert client.post(an_phat.url("strategy/library/use/"), {"code": "STL-01"})["Location"] == response["Location"]
    assert client.post(an_phat.url("strategy/library/use/"), {"code": "NO-99"}).status_code == 404


def test_a_manager_takes_one_into_use_for_their_department(an_phat):
    client = an_phat.client(an_phat.manager)
    response = client.post(an_phat.url("strategy/library/use/"), {"code": "STL-01"})
    with organization_scope(an_phat.organization):
        copy = KpiDefinition.objects.select_related("current").get()
        assert (copy.state, copy.department, copy.current.owner_id) == (
            "active",
            an_phat.department,
            an_phat.manager.pk,
        )
        assert AuditEvent.objects.get(action="kpi.activate").reason == reason()
        assert usable_kpis(an_phat.acting(an_phat.manager), STORY_DAY).get() == copy
    assert response["Location"] == an_phat.url(f"scorecards/assign/?kpi={copy.pk}")


def test_a_whole_card_of_a_manager_is_ready_to_be_given(an_phat):
    response = an_phat.client(an_phat.manager).post(an_phat.url("strategy/library/use-card/"), {"template": "STL"})
    assert response["Location"].startswith(an_phat.url("scorecards/assign/?kpi="))
    with organization_scope(an_phat.organization):
        assert KpiDefinition.objects.filter(state="active").count() == 10


def test_what_a_manager_changed_in_it_is_for_the_strategy_office_again(an_phat):
    with organization_scope(an_phat.organization):
        manager = an_phat.acting(an_phat.manager)
        copy = copy_from_library(kpi=library_kpis()["STL-01"], language="vi", by=manager, on=STORY_DAY)
        changed = create_kpi(
            fields={"name": "Như cũ"}, by=manager, department=an_phat.department, origin="STL-02", state="draft"
        )
        revise_kpi(definition=changed, fields={"name": "Khác hẳn"}, by=manager, department=an_phat.department)
        with pytest.raises(StateRefused):
            activate_kpi(definition=changed, by=manager, on=STORY_DAY, reason="Tôi muốn")
        assert copy.state == "active"


def test_many_drafts_are_sent_and_activated_at_once_for_one_reason(an_phat):
    manager, office = an_phat.client(an_phat.manager), an_phat.client(an_phat.strategy)
    with organization_scope(an_phat.organization):
        by = an_phat.acting(an_phat.manager)
        drafts = [
            str(create_kpi(fields={"name": f"KPI {n}"}, by=by, department=an_phat.department, state="draft").pk)
            for n in range(10)
        ]
    steps = an_phat.url("strategy/library/kpis/steps/")
    assert steps in text(manager.get(an_phat.url("strategy/library/kpis/?state=draft")))
    manager.post(steps, {"kpi": drafts, "activate": "1", "reason": "Tôi muốn"})
    manager.post(steps, {"kpi": drafts, "send": "1", "reason": ""})
    with organization_scope(an_phat.organization):
        assert KpiDefinition.objects.filter(state="draft").count() == 10
    manager.post(steps, {"kpi": drafts, "send": "1", "reason": "Cho đội bán hàng"})
    assert steps not in text(manager.get(an_phat.url("strategy/library/kpis/?state=waiting")))
    assert steps in text(office.get(an_phat.url("strategy/library/kpis/?state=waiting")))
    office.post(steps, {"kpi": drafts, "activate": "1", "reason": "Đồng ý"})
    with organization_scope(an_phat.organization):
        assert KpiDefinition.objects.filter(state="active").count() == 10
        assert AuditEvent.objects.filter(action="kpi.activate", reason="Đồng ý").count() == 10


def test_copies_are_in_the_language_of_the_company(binh_minh):
    binh_minh.client(binh_minh.strategy).post(binh_minh.url("strategy/library/use/"), {"code": "STL-01"})
    with organization_scope(binh_minh.organization):
        assert KpiDefinition.objects.get().name == "Team sales"


def test_a_whole_card_is_taken_at_once(an_phat):
    client = an_phat.client(an_phat.strategy)
    response = client.post(an_phat.url("strategy/library/use-card/"), {"template": "STL"})
    assert response["Location"].startswith(an_phat.url("scorecards/assign/?kpi="))
    assert response["Location"].endswith("&from=STL")
    with organization_scope(an_phat.organization):
        assert KpiDefinition.objects.filter(origin__startswith="STL-", department=None).count() == 10
    assert client.post(an_phat.url("strategy/library/use-card/"), {"template": "nothing"}).status_code == 404


@pytest.mark.parametrize("query", ["q=DOSX", "template=nope&perspective=x&group=Z", "page=999", "q=" + "x" * 500])
def test_odd_addresses_are_no_errors(an_phat, query):
    assert an_phat.client(an_phat.lan).get(an_phat.url(f"strategy/library/?{query}")).status_code == 200


def test_the_library_needs_the_same_queries_however_much_is_in_use(
    an_phat, django_assert_max_num_queries, django_assert_num_queries
):
    client = an_phat.client(an_phat.strategy)
    with django_assert_max_num_queries(20) as counted:
        client.get(an_phat.url("strategy/library/"))
    none_in_use = len(counted)
    client.post(an_phat.url("strategy/library/use-card/"), {"template": "ACC"})
    with django_assert_num_queries(none_in_use):
        client.get(an_phat.url("strategy/library/"))

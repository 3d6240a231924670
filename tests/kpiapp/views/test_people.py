"""The directory finds people with and without accents; what HR does in the browser says what happened."""

import pytest
from django.utils import timezone

from kpiapp import queries
from kpiapp.models import AuditEvent, Department, Employment, Member
from kpiapp.person_field import person_label
from kpiapp.tenancy import organization_scope


def names(response) -> list[str]:
    """Whom the directory shows, in its order."""
    return [member.name for member in response.context["page"]]


@pytest.fixture
def hr(an_phat):
    """HR's browser."""
    return an_phat.client(an_phat.hr)


class TestDirectory:
    @pytest.mark.parametrize("text", ["le thi", "Lê", "thị lê", "NV003", "lan@an"])
    def test_found_by_name_code_or_address(self, an_phat, text):
        response = an_phat.client(an_phat.minh).get(an_phat.url("people/"), {"q": text})
        assert "Lê Thị Lan" in names(response)

    def test_signs_that_mean_something_to_the_database_are_plain_text(self, an_phat, hr):
        assert names(hr.get(an_phat.url("people/"), {"q": "%"})) == []

    def test_by_department_with_all_below_it(self, an_phat, hr):
        with organization_scope(an_phat.organization):
            team = Department.objects.create(code="SAL1", name="Nhóm 1", parent=an_phat.department)
            Employment.objects.filter(member=an_phat.lan).update(department=team)
        found = names(hr.get(an_phat.url("people/"), {"department": an_phat.department.pk}))
        assert found == ["Lê Thị Lan", "Trần Hoài Nam"]

    def test_in_vietnamese_order_of_given_names(self, an_phat, hr):
        found = names(hr.get(an_phat.url("people/")))
        assert found[:4] == ["Vũ Ngọc Ánh", "Ngô Bảo Châu", "Hoàng Văn Đức", "Phạm Thu Hà"]

    def test_a_department_of_another_company_is_no_choice(self, an_phat, binh_minh, hr):
        response = hr.get(an_phat.url("people/"), {"department": binh_minh.department.pk})
        assert len(names(response)) == 10

    def test_those_who_left_stand_apart(self, an_phat, hr):
        hr.post(an_phat.url(f"people/{an_phat.lan.pk}/deactivate/"), {"last_day": "2026-11-20"})
        assert "Lê Thị Lan" not in names(hr.get(an_phat.url("people/")))
        assert names(hr.get(an_phat.url("people/"), {"left": "on"})) == ["Lê Thị Lan"]


class TestPersonField:
    def offered(self, client, cast, **asked) -> str:
        return client.get(cast.url("people/find/"), asked).content.decode()

    @pytest.mark.parametrize("text", ["le thi", "LÊ THỊ LAN", "nv003", "lan@an"])
    def test_people_are_offered_while_typing_with_or_without_accents(self, an_phat, hr, text):
        assert 'data-value="Lê Thị Lan (NV003)"' in self.offered(hr, an_phat, q=text)

    def test_nothing_is_offered_before_a_letter_and_never_many(self, an_phat, hr):
        assert self.offered(hr, an_phat, q=" ").strip() == ""
        with organization_scope(an_phat.organization):
            Member.objects.bulk_create(Member(code=f"X{n}", name=f"Trần Văn {n}") for n in range(30))
        assert self.offered(hr, an_phat, q="tran van").count("data-value") == 10

    def test_within_a_permission_only_those_it_reaches(self, an_phat):
        manager = an_phat.client(an_phat.manager)
        assert "Lê Thị Lan" in self.offered(manager, an_phat, q="le", within="card.edit")
        assert "Đỗ Quang Minh" not in self.offered(manager, an_phat, q="minh", within="card.edit")
        assert "Đỗ Quang Minh" in self.offered(manager, an_phat, q="minh")

    def test_nobody_of_another_company_and_nobody_who_left(self, an_phat, binh_minh, hr):
        with organization_scope(binh_minh.organization):
            Member.objects.create(code="BM77", name="Phan Xa Lạ")
        with organization_scope(an_phat.organization):
            Member.objects.create(code="NV77", name="Phan Đã Nghỉ", is_active=False, deactivated_at=timezone.now())
        assert "Phan" not in self.offered(hr, an_phat, q="phan")

    def test_what_was_typed_comes_back_when_it_means_nobody(self, an_phat, hr):
        place = {"department": an_phat.department.pk, "position": an_phat.position.pk, "on": "2026-12-01"}
        answer = hr.post(an_phat.url(f"people/{an_phat.lan.pk}/move/"), {**place, "manager": "Tran Nobody"})
        assert answer.status_code == 422
        assert 'value="Tran Nobody"' in answer.content.decode()

    def test_a_form_opens_with_the_person_as_they_are_written(self, an_phat, hr):
        page = hr.get(an_phat.url(f"people/{an_phat.lan.pk}/move/")).content.decode()
        assert 'value="Trần Hoài Nam (' in page


class TestPerson:
    @pytest.mark.parametrize(("role", "sees"), [("lan", True), ("manager", True), ("hr", True), ("minh", False)])
    def test_where_somebody_stood_before_is_for_those_concerned(self, an_phat, role, sees):
        response = an_phat.client(getattr(an_phat, role)).get(an_phat.url(f"people/{an_phat.lan.pk}/"))
        assert bool(response.context["history"]) is sees
        assert response.context["standing"].department == an_phat.department

    def test_nothing_typed_is_lost_when_something_is_wrong(self, an_phat, hr):
        response = hr.post(an_phat.url("people/new/"), {"name": "Phan Thu Trang", "email": "no address"})
        assert response.status_code == 422
        assert 'value="Phan Thu Trang"' in response.content.decode()
        assert {"email", "department", "position", "on"} <= set(response.context["form"].errors)

    def test_a_move_of_the_manager_under_their_own_report_names_the_circle(self, an_phat, hr):
        values = {
            "department": an_phat.department.pk,
            "position": an_phat.position.pk,
            "manager": person_label(an_phat.lan),
            "on": "2026-12-01",
        }
        response = hr.post(an_phat.url(f"people/{an_phat.manager.pk}/move/"), values)
        assert response.status_code == 422
        assert "Trần Hoài Nam → Lê Thị Lan → Trần Hoài Nam" in response.content.decode()

    def test_people_and_departments_of_another_company_are_no_choice(self, an_phat, binh_minh, hr):
        with organization_scope(binh_minh.organization):
            stranger = Member.objects.create(code="BM77", name="Phan Xa Lạ")
        values = {
            "department": binh_minh.department.pk,
            "position": binh_minh.position.pk,
            "manager": person_label(stranger),
            "on": "2026-12-01",
        }
        response = hr.post(an_phat.url(f"people/{an_phat.lan.pk}/move/"), values)
        assert {"department", "position", "manager"} <= set(response.context["form"].errors)

    def test_whoever_still_reports_to_somebody_gone_is_counted(self, an_phat, hr):
        response = hr.post(
            an_phat.url(f"people/{an_phat.manager.pk}/deactivate/"), {"last_day": "2026-11-20"}, follow=True
        )
        warnings = [str(message) for message in response.context["messages"] if message.level_tag == "warning"]
        assert len(warnings) == 1
        assert "1 " in warnings[0]
        assert "Trần Hoài Nam" in warnings[0]

    def test_a_new_person_stands_where_they_were_put(self, an_phat, hr, today):
        values = {
            "name": "Phan Thu Trang",
            "department": an_phat.department.pk,
            "position": an_phat.position.pk,
            "manager": person_label(an_phat.manager),
            "on": "2026-11-20",
        }
        hr.post(an_phat.url("people/new/"), values)
        with organization_scope(an_phat.organization):
            member = Member.objects.get(name="Phan Thu Trang")
            assert queries.employment_on(member, today).manager == an_phat.manager
            assert AuditEvent.objects.get(action="person.add").actor_name == "Vũ Ngọc Ánh"

"""People join, move by date, leave and come back, and the history says so."""

import datetime

import pytest

from kpiapp import queries
from kpiapp.models import ApiToken, AuditEvent, Employment, Invitation, Member, RoleGrant
from kpiapp.services import people, tokens
from kpiapp.services.refusals import Refused
from tests.cast import STORY_DAY

DECEMBER = datetime.date(2026, 12, 1)


@pytest.fixture
def hr(scope):
    """HR, acting."""
    return scope.acting(scope.hr)


def move(cast, member, by, **changes):
    """Move somebody, keeping what is not named."""
    standing = queries.employment_on(member, cast.period.starts_on)
    values = {"department": standing.department, "position": standing.position, "manager": standing.manager}
    return people.move_member(member=member, on=DECEMBER, by=by, today=STORY_DAY, **{**values, **changes})


class TestJoining:
    def test_a_person_gets_the_next_free_code(self, scope, hr, today):
        member = people.add_member(
            name="  Phan   Thu Trang ", department=scope.department, position=scope.position, on=today, by=hr
        )
        assert (member.name, member.code) == ("Phan Thu Trang", "NV011")
        assert queries.employment_on(member, today).department == scope.department
        event = AuditEvent.objects.get(action="person.add")
        assert (event.actor_name, event.after["department"]) == (hr.name, "Phòng Kinh doanh")

    @pytest.mark.parametrize(
        ("values", "field", "sentence"),
        [
            ({"code": "NV002"}, "code", "Trần Hoài Nam"),
            ({"email": "LAN@an-phat.example"}, "email", "Lê Thị Lan"),
            ({"name": "   "}, "name", "tên|name"),
        ],
    )
    def test_what_is_taken_or_missing_is_named(self, scope, hr, today, values, field, sentence):
        filled = {"name": "New", "department": scope.department, "position": scope.position, **values}
        with pytest.raises(Refused, match=sentence) as refused:
            people.add_member(**filled, on=today, by=hr)
        assert refused.value.field == field


class TestMoving:
    def test_the_old_place_ends_where_the_new_one_begins(self, scope, hr):
        move(scope, scope.lan, hr, department=scope.other_department, reason="Reorganization")
        ranges = Employment.objects.filter(member=scope.lan).order_by("valid_from")
        assert list(ranges.values_list("valid_from", "valid_to")) == [
            (datetime.date(2026, 1, 1), DECEMBER),
            (DECEMBER, None),
        ]
        event = AuditEvent.objects.get(action="person.move")
        assert event.before == {"department": "Phòng Kinh doanh"}
        assert event.after == {"department": "Phòng Dịch vụ", "valid_from": "2026-12-01"}
        assert event.reason == "Reorganization"

    def test_a_second_move_on_the_same_day_replaces_the_first(self, scope, hr):
        move(scope, scope.lan, hr, department=scope.other_department)
        standing = queries.employment_on(scope.lan, DECEMBER)
        people.move_member(
            member=scope.lan,
            department=scope.department,
            position=standing.position,
            manager=scope.director,
            on=DECEMBER,
            by=hr,
            today=STORY_DAY,
        )
        assert Employment.objects.filter(member=scope.lan).count() == 2
        assert queries.employment_on(scope.lan, DECEMBER).manager == scope.director

    def test_nothing_moves_before_a_planned_move(self, scope, hr, today):
        move(scope, scope.lan, hr, department=scope.other_department)
        with pytest.raises(Refused, match="01/12/2026"):
            people.move_member(
                member=scope.lan,
                department=scope.other_department,
                position=scope.position,
                manager=None,
                on=today,
                by=hr,
                today=today,
            )

    def test_no_change_is_no_move(self, scope, hr):
        with pytest.raises(Refused):
            move(scope, scope.lan, hr)
        assert not AuditEvent.objects.filter(action="person.move").exists()

    def test_a_circle_of_managers_is_named(self, scope, hr):
        with pytest.raises(people.ManagerCycle) as refused:
            move(scope, scope.director, hr, manager=scope.lan)
        assert refused.value.path == ["Hoàng Văn Đức", "Lê Thị Lan", "Trần Hoài Nam", "Hoàng Văn Đức"]
        assert "Hoàng Văn Đức → Lê Thị Lan → Trần Hoài Nam → Hoàng Văn Đức" in str(refused.value)

    def test_a_circle_that_would_only_close_later_is_seen_too(self, scope, hr, today):
        """In December Nam will report to Minh, so Minh cannot report to Lan from today on."""
        move(scope, scope.manager, hr, manager=scope.minh)
        with pytest.raises(people.ManagerCycle):
            people.move_member(
                member=scope.minh,
                department=scope.other_department,
                position=scope.position,
                manager=scope.lan,
                on=today,
                by=hr,
                today=today,
            )


class TestLeaving:
    def leave(self, cast, member, by, last_day):
        """Let somebody go."""
        return people.deactivate_member(
            member=member, organization=cast.organization, last_day=last_day, by=by, reason="Contract ended"
        )

    def test_access_ends_at_once_and_employment_with_the_last_day(self, an_phat, scope, hr, today):
        client = an_phat.client(an_phat.strategy)
        tokens.create_token(name="CRM", by=scope.strategy)
        self.leave(scope, scope.strategy, hr, today)
        assert client.get(an_phat.url("people/")).status_code == 302
        tomorrow = today + datetime.timedelta(days=1)
        assert queries.employment_on(scope.strategy, today)
        assert queries.employment_on(scope.strategy, tomorrow) is None
        assert not RoleGrant.objects.on(tomorrow).filter(member=scope.strategy).exists()
        assert ApiToken.objects.get().revoked_at
        assert not Invitation.objects.filter(member=scope.strategy).exists()

    def test_whoever_belongs_to_another_company_stays_signed_in_there(self, an_phat, binh_minh, scope, hr, today):
        scope.lan.user.organization_ids.append(binh_minh.organization.pk)
        scope.lan.user.save()
        client = an_phat.client(scope.lan)
        self.leave(scope, scope.lan, hr, today)
        assert client.get(an_phat.url("people/")).status_code == 404
        assert "_auth_user_id" in client.session

    def test_nobody_removes_themselves_or_the_last_owner(self, scope, hr, today):
        with pytest.raises(Refused):
            self.leave(scope, scope.hr, hr, today)
        with pytest.raises(Refused, match="Phạm Thu Hà"):
            self.leave(scope, scope.owner, hr, today)

    def test_planned_places_after_the_last_day_disappear(self, scope, hr, today):
        move(scope, scope.lan, hr, department=scope.other_department)
        self.leave(scope, scope.lan, hr, today)
        assert Employment.objects.filter(member=scope.lan).count() == 1

    def test_coming_back(self, scope, hr, today):
        self.leave(scope, scope.lan, hr, today)
        member = people.reactivate_member(
            member=scope.lan,
            organization=scope.organization,
            department=scope.other_department,
            position=scope.position,
            manager=scope.director,
            on=DECEMBER,
            by=hr,
        )
        assert member.is_active
        assert scope.organization.pk in member.user.organization_ids
        assert queries.employment_on(member, DECEMBER).department == scope.other_department


class TestCorrecting:
    def test_only_what_changed_is_written_down(self, scope, hr):
        people.edit_member(member=scope.lan, name="Lê Thị Lan Anh", code=scope.lan.code, email=scope.lan.email, by=hr)
        event = AuditEvent.objects.get(action="person.edit")
        assert (event.before, event.after) == ({"name": "Lê Thị Lan"}, {"name": "Lê Thị Lan Anh"})
        assert Member.objects.get(pk=scope.lan.pk).search_key == "le thi lan anh"

"""The walls around a tenant hold in Python and, behind it, in the database."""

import pytest
from django.db import IntegrityError, connection, transaction

from kpiapp.models import Department, Employment, Member
from kpiapp.services import audit
from kpiapp.tenancy import NoOrganizationScope, OtherOrganization, organization_scope


def test_without_a_scope_neither_reads_nor_writes(an_phat):
    """Forgetting the scope fails loudly."""
    with pytest.raises(NoOrganizationScope):
        Member.objects.count()
    with pytest.raises(NoOrganizationScope):
        Department.objects.create(code="X", name="X")


def test_a_scope_shows_only_its_own_rows(an_phat, binh_minh):
    """The same query, two companies, no row in common."""
    with organization_scope(an_phat.organization):
        mine = set(Member.objects.values_list("pk", flat=True))
    with organization_scope(binh_minh.organization):
        theirs = set(Member.objects.values_list("pk", flat=True))
    assert mine
    assert theirs
    assert not mine & theirs


def test_scopes_nest_and_restore(an_phat, binh_minh):
    """Leaving an inner scope puts the outer one back, in Python and in the database."""
    with organization_scope(an_phat.organization):
        with organization_scope(binh_minh.organization):
            assert Member.objects.filter(pk=binh_minh.lan.pk).exists()
        assert Member.objects.filter(pk=an_phat.lan.pk).exists()
        assert _visible_in_sql() == {an_phat.organization.pk}


def test_an_error_inside_a_nested_scope_restores_too(an_phat, binh_minh):
    """Rolling back the inner scope puts the outer one back."""
    with organization_scope(an_phat.organization):
        with pytest.raises(ValueError, match="stop"), organization_scope(binh_minh.organization):
            raise ValueError("stop")
        assert _visible_in_sql() == {an_phat.organization.pk}


def test_raw_sql_sees_no_other_organization(an_phat, binh_minh):
    """Row security holds where the manager cannot."""
    with organization_scope(an_phat.organization):
        assert _visible_in_sql() == {an_phat.organization.pk}


def test_raw_sql_without_a_scope_sees_nothing(an_phat, binh_minh):
    """No setting, no rows."""
    assert _visible_in_sql() == set()


def test_writing_another_organizations_row_is_refused(an_phat, binh_minh):
    """By the model, and behind it by row security."""
    with organization_scope(an_phat.organization):
        with pytest.raises(OtherOrganization):
            binh_minh.department.save()
        with pytest.raises(Exception, match="row-level security"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO kpiapp_position (organization_id, code, name, search_key, sort_key) "
                "VALUES (%s, 'X', 'X', '', '')",
                [binh_minh.organization.pk],
            )


def test_a_reference_into_another_organization_cannot_be_stored(an_phat, binh_minh):
    """The composite foreign key refuses what a plain one would accept."""
    with organization_scope(an_phat.organization), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="employment_department_same"), transaction.atomic():
            Employment.objects.filter(member=an_phat.lan).update(department_id=binh_minh.department.pk)


@pytest.mark.parametrize(
    ("valid_from", "valid_to"),
    [("2026-06-01", None), ("2025-06-01", "2026-01-02"), ("2025-06-01", None), ("2026-03-01", "2026-03-02")],
)
def test_a_person_cannot_stand_in_two_places_on_one_day(scope, valid_from, valid_to):
    """Lan stands in Sales since 2026-01-01: the database refuses a second place over any day of it."""
    place = {"member": scope.lan, "department": scope.other_department, "position": scope.position}
    with pytest.raises(IntegrityError, match="employment_no_overlap"), transaction.atomic():
        Employment.objects.create(**place, valid_from=valid_from, valid_to=valid_to)


def test_a_place_may_begin_on_the_day_the_other_ends(scope):
    """Ranges are half-open, so nobody stands nowhere on the day between two places."""
    place = {"member": scope.lan, "department": scope.other_department, "position": scope.position}
    Employment.objects.create(**place, valid_from="2025-06-01", valid_to="2026-01-01")
    assert Employment.objects.filter(member=scope.lan).count() == 2


def test_bulk_create_stamps_the_organization(scope):
    """Bulk writes pass the same wall."""
    Department.objects.bulk_create([Department(code="B1", name="Bán lẻ")])
    assert Department.objects.get(code="B1").search_key == "ban le"


def test_the_audit_trail_is_append_only(scope):
    """Not even raw SQL changes it."""
    event = audit.record(action="test.event", target=scope.department, by=scope.hr)
    for statement in ("UPDATE kpiapp_auditevent SET reason = 'x'", "DELETE FROM kpiapp_auditevent"):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert event.actor_name == "Vũ Ngọc Ánh"


def _visible_in_sql() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT organization_id FROM kpiapp_member")
        return {row[0] for row in cursor.fetchall()}

"""Roles for a time; pay opens only with a second person."""

import datetime

import pytest
from django.db import IntegrityError, transaction

from kpiapp import queries
from kpiapp.choices import PAY_ROLES, Role
from kpiapp.models import AuditEvent, Member, RoleGrant
from kpiapp.services import roles
from kpiapp.services.refusals import Refused


@pytest.fixture
def owner(scope):
    """The owner, acting."""
    return scope.acting(scope.owner)


@pytest.fixture
def second_owner(scope, owner, today):
    """Another owner, acting."""
    roles.grant_role(member=scope.director, role=Role.OWNER, valid_from=today, by=owner)
    return scope.acting(scope.director)


def a_year(day) -> datetime.date:
    """The furthest end of a role that opens pay."""
    return day + datetime.timedelta(days=366)


def roles_on(member, day) -> set:
    """Roles that count on a day, without the one everybody has."""
    return set(queries.load_access(Member.objects.filter(pk=member.pk), day).roles) - {Role.EMPLOYEE}


def test_a_role_counts_from_its_day_to_its_end(scope, owner, today):
    end = today + datetime.timedelta(days=10)
    roles.grant_role(member=scope.lan, role=Role.STRATEGY, valid_from=today, valid_to=end, by=owner)
    assert Role.STRATEGY in roles_on(scope.lan, end - datetime.timedelta(days=1))
    assert Role.STRATEGY not in roles_on(scope.lan, end)
    assert AuditEvent.objects.get(action="role.grant").after["role"] == "strategy"


@pytest.mark.parametrize("role", sorted(PAY_ROLES))
@pytest.mark.parametrize("days", [None, 367])
def test_a_role_that_opens_pay_needs_an_end_within_a_year(scope, owner, today, role, days):
    end = today + datetime.timedelta(days=days) if days else None
    with pytest.raises(Refused, match="opens pay, so it needs an end") as refusal:
        roles.grant_role(member=scope.lan, role=role, valid_from=today, valid_to=end, by=owner)
    assert refusal.value.field == "last_day"
    assert not RoleGrant.objects.filter(member=scope.lan).exists()


def test_the_database_takes_no_pay_role_without_an_end(scope, today):
    with pytest.raises(IntegrityError, match="role_grant_pay_ends"), transaction.atomic():
        RoleGrant.objects.create(member=scope.lan, role=Role.PAYROLL_MAKER, valid_from=today)


def test_a_pay_role_that_ends_soon_is_named_until_it_is_given_again(scope, owner, second_owner, today):
    grant = roles.grant_role(
        member=scope.lan,
        role=Role.PAYROLL_MAKER,
        valid_from=today,
        valid_to=today + datetime.timedelta(days=30),
        by=owner,
    )
    assert not queries.ending_pay_grants(today).exists(), "it waits, and counts for nothing yet"
    roles.confirm_grant(grant=grant, by=second_owner)
    assert queries.ending_pay_grants(today).get() == grant
    end = grant.valid_to
    roles.grant_role(member=scope.lan, role=Role.PAYROLL_MAKER, valid_from=end, valid_to=a_year(end), by=owner)
    assert not queries.ending_pay_grants(today).exists()


def test_a_pay_role_waits_for_a_second_person(scope, owner, second_owner, today):
    grant = roles.grant_role(
        member=scope.lan, role=Role.PAYROLL_MAKER, valid_from=today, valid_to=a_year(today), by=owner
    )
    assert Role.PAYROLL_MAKER not in roles_on(scope.lan, today)
    roles.confirm_grant(grant=grant, by=second_owner)
    assert Role.PAYROLL_MAKER in roles_on(scope.lan, today)


def test_the_giver_cannot_confirm(scope, owner, today):
    grant = roles.grant_role(
        member=scope.lan, role=Role.PAYROLL_MAKER, valid_from=today, valid_to=a_year(today), by=owner
    )
    with pytest.raises(Refused):
        roles.confirm_grant(grant=grant, by=owner)


def test_an_owner_cannot_help_themselves_to_pay(scope, owner, second_owner, today):
    """Neither by confirming their own, nor when somebody else gave it to them."""
    own = roles.grant_role(
        member=scope.owner, role=Role.PAYROLL_APPROVER, valid_from=today, valid_to=a_year(today), by=owner
    )
    given = roles.grant_role(
        member=scope.owner, role=Role.PAYROLL_MAKER, valid_from=today, valid_to=a_year(today), by=second_owner
    )
    for grant in (own, given):
        with pytest.raises(Refused):
            roles.confirm_grant(grant=grant, by=owner)
    assert not {Role.PAYROLL_MAKER, Role.PAYROLL_APPROVER} & roles_on(scope.owner, today)


def test_a_payroll_approver_can_be_the_second_person_and_hr_cannot(scope, owner, today):
    grant = roles.grant_role(
        member=scope.lan, role=Role.PAYROLL_MAKER, valid_from=today, valid_to=a_year(today), by=owner
    )
    assert not roles.may_confirm(grant, scope.acting(scope.hr))
    assert roles.may_confirm(grant, scope.acting(scope.payroll_approver))


def test_the_same_role_twice_in_the_same_time_is_refused(scope, owner, today):
    with pytest.raises(Refused, match="Vũ Ngọc Ánh"):
        roles.grant_role(member=scope.hr, role=Role.HR, valid_from=today, by=owner)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.EMPLOYEE, Role.API])
def test_roles_of_the_org_tree_are_not_given(scope, owner, today, role):
    with pytest.raises(Refused):
        roles.grant_role(member=scope.lan, role=role, valid_from=today, by=owner)


def test_a_role_ends_today_and_the_last_owner_stays(scope, owner, today):
    grant = RoleGrant.objects.get(member=scope.hr)
    roles.revoke_grant(grant=grant, on=today, by=owner)
    assert roles_on(scope.hr, today) == set()
    with pytest.raises(Refused, match="Phạm Thu Hà"):
        roles.revoke_grant(grant=RoleGrant.objects.get(member=scope.owner), on=today, by=owner)


def test_an_unconfirmed_grant_that_is_withdrawn_leaves_only_its_trace(scope, owner, today):
    grant = roles.grant_role(
        member=scope.lan, role=Role.PAYROLL_MAKER, valid_from=today, valid_to=a_year(today), by=owner
    )
    roles.revoke_grant(grant=grant, on=today, by=owner)
    assert not RoleGrant.objects.filter(member=scope.lan).exists()
    assert AuditEvent.objects.filter(action="role.revoke").exists()

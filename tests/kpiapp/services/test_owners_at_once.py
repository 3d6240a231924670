"""Two owners who go at the same moment: one stays. These tests commit."""

import threading
import time

import pytest

from kpiapp.choices import Role
from kpiapp.models import RoleGrant
from kpiapp.services import roles
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import organization_scope
from tests.at_once import WAIT, at_once, committed_cast
from tests.cast import STORY_DAY

A_MOMENT = 0.7


@pytest.fixture
def company(django_db_setup, django_db_blocker):
    with committed_cast(django_db_blocker) as cast:
        yield cast


def test_of_two_owners_who_are_revoked_at_once_one_stays(company):
    with organization_scope(company.organization):
        by = company.acting(company.owner)
        roles.grant_role(member=company.director, role=Role.OWNER, valid_from=STORY_DAY, by=by)
        first, second = RoleGrant.objects.filter(role=Role.OWNER).order_by("pk")
    revoked = threading.Event()

    def revoke(grant):
        with organization_scope(company.organization):
            roles.revoke_grant(grant=grant, on=STORY_DAY, by=company.acting(company.owner))
            revoked.set()
            time.sleep(A_MOMENT)

    errors = at_once(lambda: revoke(first), lambda: revoked.wait(WAIT) and revoke(second))
    assert [type(error) for error in errors] == [Refused]
    with organization_scope(company.organization):
        assert RoleGrant.objects.on(STORY_DAY).filter(role=Role.OWNER).count() == 1

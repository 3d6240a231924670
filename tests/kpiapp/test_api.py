"""The API opens to keys and to sessions, never across companies."""

import pytest
from django.test import Client

from kpiapp.models import ApiToken
from kpiapp.services import tokens
from kpiapp.tenancy import organization_scope


@pytest.fixture
def key(an_phat) -> str:
    """A key of An Phát."""
    with organization_scope(an_phat.organization):
        return tokens.create_token(name="CRM", by=an_phat.acting(an_phat.owner))[1]


def get(client, path, key=""):
    """A request with a key, or with the session of the client."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return client.get(path, headers=headers)


def test_a_key_reads_people(an_phat, key):
    """With today's standing, by codes."""
    answer = get(Client(), "/api/v1/an-phat/people/", key)
    assert answer.status_code == 200
    lan = next(row for row in answer.json()["results"] if row["code"] == an_phat.lan.code)
    assert (lan["department"], lan["position"], lan["manager"]) == ("SAL", "REP", an_phat.manager.code)


def test_a_key_is_marked_as_used(an_phat, key):
    """So that an owner sees which keys are dead."""
    get(Client(), "/api/v1/an-phat/periods/", key)
    with organization_scope(an_phat.organization):
        assert ApiToken.objects.get().last_used_on


def test_a_revoked_key_opens_nothing(an_phat, key):
    """From the next request on."""
    with organization_scope(an_phat.organization):
        tokens.revoke_token(token=ApiToken.objects.get(), by=an_phat.acting(an_phat.owner))
    assert get(Client(), "/api/v1/an-phat/people/", key).status_code == 404


def test_a_key_does_not_open_another_company(an_phat, binh_minh, key):
    """Its company is not there for it."""
    answer = get(Client(), "/api/v1/binh-minh/people/", key)
    assert answer.status_code == 404
    assert answer.json() == {"detail": "Not found."}


def test_without_a_key_or_a_session_there_is_nothing(an_phat):
    """And the answer says what to send."""
    answer = get(Client(), "/api/v1/an-phat/people/")
    assert answer.status_code == 401
    assert "Bearer" in answer.json()["detail"]


def test_a_session_reads_too(an_phat, binh_minh):
    """Of one's own company only; rows of another one are not found by their id either."""
    client = an_phat.client(an_phat.lan)
    assert get(client, f"/api/v1/an-phat/people/{an_phat.minh.pk}/").json()["name"] == "Đỗ Quang Minh"
    assert get(client, f"/api/v1/an-phat/people/{binh_minh.minh.pk}/").status_code == 404


def test_a_session_needs_its_csrf_token_to_write(an_phat):
    """A page elsewhere cannot write in the name of a signed-in reader: refused before the method is looked at."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(an_phat.lan.user)
    answer = client.post("/api/v1/an-phat/people/", {}, content_type="application/json")
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]


def test_pages_hold_still_while_people_join(an_phat, key):
    """Pages go by id, each with the address of the next."""
    first = get(Client(), "/api/v1/an-phat/people/?page_size=4", key).json()
    second = get(Client(), first["next"], key).json()
    ids = [row["id"] for row in first["results"] + second["results"]]
    assert ids == sorted(set(ids))
    assert len(ids) == 8


@pytest.mark.parametrize("people", [1, 3])
def test_questions_to_the_database_do_not_grow(an_phat, key, people, django_assert_max_num_queries):
    """The same number for one person and for three."""
    with django_assert_max_num_queries(14):
        get(Client(), f"/api/v1/an-phat/people/?page_size={people}", key)

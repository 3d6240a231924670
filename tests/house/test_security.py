"""What every answer says to the browser, and that no page carries a script or a style of its own."""

import re

import pytest
from django.conf import settings
from django.core.cache import cache
from django.template.loader import get_template
from django.test import Client

from tests.cast import PASSWORD
from tests.house.test_sizes import ROOT, listed

TEMPLATES = [path for path in listed("templates/**") if path.suffix == ".html"]
INLINE = {
    "a script in the page": r"<script(?![^>]*\bsrc=)[^>]*>",
    "a style in the page": r"<style\b",
    "a style attribute": r"\sstyle\s*=",
    "a handler in an attribute": r"\son[a-z]+\s*=\s*[\"']",
    "a javascript address": r"javascript:",
    "htmx code in an attribute": r"\shx-on[:-]|hx-vals=[\"']js:",
}


@pytest.fixture
def answer(an_phat):
    """A page of a company."""
    return an_phat.client(an_phat.owner).get(an_phat.url("people/"))


def test_the_content_security_policy_is_strict(answer):
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "*" not in policy


def test_other_headers(answer):
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(an_phat):
    cache.clear()
    answer = Client().post("/accounts/login/", {"login": an_phat.lan.email, "password": PASSWORD})
    cookie = answer.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_key_is_shown_in_an_answer_nobody_keeps(an_phat):
    answer = an_phat.client(an_phat.owner).post(an_phat.url("settings/keys/"), {"name": "CRM"})
    assert "no-store" in answer.headers["Cache-Control"]
    assert "kpi_" in answer.content.decode()
    again = an_phat.client(an_phat.owner).get(an_phat.url("settings/keys/"))
    assert "kpi_" not in again.content.decode()


@pytest.mark.parametrize("what", INLINE)
def test_no_template_carries_code_or_style(what):
    found = [
        str(path.relative_to(ROOT))
        for path in TEMPLATES
        if re.search(
            INLINE[what], re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.S)
        )
    ]
    assert found == []


def test_every_form_that_writes_carries_its_token():
    """A form with method="post" has the CSRF token inside."""
    forms = re.compile(r"<form\b(?=[^>]*method=[\"']?post)[^>]*>(.*?)</form>", re.S | re.I)
    bare = [
        str(path.relative_to(ROOT))
        for path in TEMPLATES
        for body in forms.findall(path.read_text())
        if "csrf_token" not in body
    ]
    assert bare == []


def test_errors_say_what_to_do_and_reveal_nothing():
    """The pages for 403, 404, 429 and 500 exist in our own look."""
    for name in ("400", "403", "403_csrf", "404", "429", "500"):
        assert get_template(f"{name}.html")

"""Every address × method × role × {own company, other company, signed out}, as the one table says."""

import logging
from collections import Counter

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from kpiapp.services import tokens
from kpiapp.tenancy import organization_scope
from tests.house import routes
from tests.house.world import CANARIES, PAY_CANARY, SECRETS, build_world, keep_a_secret
from tests.house.world_pay import RATE_CANARY

ROUTES = routes.all_routes()
INSIDE = [route for route in ROUTES if route.is_inside]
OUTSIDE = [route for route in ROUTES if not route.is_inside]
TABLE = routes.read_table()
OUTSIDE_TABLE = routes.read_outside()
CLOSED = {403, 404, 405}
# Who reads amounts: payroll, and Lan her own.
READS_PAY = {"payroll_maker", "payroll_approver", "lan"}
READS_RATES = READS_PAY | {"auditor"}
# Whom the confidential KPI concerns: Lan, who is measured by it, those above her, the strategy office; and auditors.
KNOWS_SECRETS = {"lan", "manager", "director", "strategy", "auditor"}
COUNTS: Counter = Counter()


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """Both companies, built once; each request is taken back. Refusals are expected here and need no log."""
    log = logging.getLogger("django.request")
    level = log.level
    log.setLevel(logging.CRITICAL)
    yield from _build(django_db_blocker, tmp_path_factory)
    log.setLevel(level)


def _build(django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "MEDIA_ROOT", tmp_path_factory.mktemp("media"))
        with transaction.atomic():
            yield {slug: World(slug, language) for slug, language in (("an-phat", "vi"), ("binh-minh", "en"))}
            transaction.set_rollback(True)


class World:
    """A company, what lies in it, and everybody's session."""

    def __init__(self, slug: str, language: str):
        self.slug = slug
        self.cast, self.things = build_world(slug, language)
        with organization_scope(self.cast.organization):
            keep_a_secret(self.cast, self.things)
            _token, key = tokens.create_token(name="Machine", by=self.cast.owner)
        self.sessions = {role: self._session(getattr(self.cast, role)) for role in routes.ROLES}
        self.sessions[routes.KEY] = key

    def _session(self, member) -> str:
        client = Client()
        client.force_login(member.user)
        return client.cookies[settings.SESSION_COOKIE_NAME].value

    def address(self, route: routes.Route, row: routes.Row, company: str) -> tuple[str, str]:
        """An address in a company that points at the things that lie here, and the body that goes with it."""
        names = [name for name in route.arguments if name != "organization"]
        parts = [self.things.get(row.arguments[name], row.arguments[name]) for name in names]
        query = f"?{row.query.format(**self.things)}" if row.query else ""
        return reverse(route.name, args=[company, *parts]) + query, row.body.format(**self.things)


def ask(method: str, path: str, session: str = "", body: str = ""):
    """One request in a browser of its own (or with an API key), whose effects are taken back."""
    client = Client(raise_request_exception=True)
    if session.startswith(tokens.PREFIX):
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {session}"
    elif session:
        client.cookies[settings.SESSION_COOKIE_NAME] = session
    with transaction.atomic():
        response = client.generic(method, path, body, content_type="application/x-www-form-urlencoded")
        answer = b"".join(response.streaming_content) if response.streaming else response.content
        transaction.set_rollback(True)
    COUNTS["cells"] += 1
    return response, answer.decode(errors="replace") + str(response.headers)


def fits(expected: str, status: int) -> bool:
    """Whether a status is of the expected kind; a refused form (422) is an open door."""
    if expected == "open":
        return status < 500 and status not in {401, *CLOSED}
    return status in {"hidden": {404}, "forbidden": {403}, "closed": CLOSED}[expected]


def test_every_route_has_a_row_and_every_row_a_route():
    """Whoever adds an address says who may open it."""
    assert sorted({route.name for route in INSIDE} - set(TABLE)) == [], "add these to tests/house/access.yaml"
    assert sorted(set(TABLE) - {route.name for route in INSIDE}) == [], "these rows have no route any more"
    assert sorted({route.name for route in OUTSIDE} - set(OUTSIDE_TABLE)) == []
    assert sorted(set(OUTSIDE_TABLE) - {route.name for route in OUTSIDE}) == []


def test_every_page_of_a_company_is_marked():
    """By @requires(…) or @open_to_members; the API by its permissions."""
    unmarked = [
        route.name
        for route in INSIDE
        if not hasattr(route.view, "permission") and not getattr(getattr(route.view, "cls", None), "permissions", None)
    ]
    assert unmarked == []


@pytest.mark.parametrize("route", [r for r in INSIDE if r.name in TABLE], ids=lambda route: route.name)
class TestInside:
    """Addresses of a company."""

    def test_everybody_in_their_own_company(self, world, route):
        """As the table says, and nothing of the other company in any answer."""
        row, here = TABLE[route.name], world["an-phat"]
        path, sent = here.address(route, row, here.slug)
        wrong = []
        for method in route.methods:
            for role in route.actors:
                response, body = ask(method, path, here.sessions[role], sent)
                expected = row.expected(method, role)
                if not fits(expected, response.status_code):
                    wrong.append(f"{method} as {role}: {response.status_code}, expected {expected}")
                wrong += leaks(body, role, method)
        assert wrong == []

    def test_nobody_in_the_other_company(self, world, route):
        """Its addresses are not there, and its rows are not found under one's own."""
        row, here, there = TABLE[route.name], world["an-phat"], world["binh-minh"]
        attempts = [(*there.address(route, row, there.slug), {404})]
        if there.address(route, row, here.slug) != here.address(route, row, here.slug):
            attempts.append((*there.address(route, row, here.slug), CLOSED))
        wrong = []
        for path, sent, statuses in attempts:
            for method in route.methods:
                for role in route.actors:
                    response, body = ask(method, path, here.sessions[role], sent)
                    allowed = {404} if row.expected(method, role) in {"open", "hidden"} else statuses
                    if response.status_code not in allowed:
                        wrong.append(f"{method} {path} as {role}: {response.status_code}")
                    wrong += leaks(body, role, method)
        assert wrong == []

    def test_nobody_signed_out(self, world, route):
        """Pages lead to the sign-in page, also whoever has an API key; the API says 401."""
        row, here = TABLE[route.name], world["an-phat"]
        path, _sent = here.address(route, row, here.slug)
        for method in route.methods:
            for key in ("", "kpi_wrong") if route.is_api else ("", here.sessions[routes.KEY]):
                response, body = ask(method, path, key)
                if route.is_api:
                    assert response.status_code == (404 if key else 401), method
                else:
                    assert response.status_code == 302, method
                    assert response["Location"].startswith("/accounts/login/")
                assert not any(canary in body for canary in (*CANARIES.values(), *SECRETS.values()))

    def test_a_page_is_read_and_sent_and_nothing_else(self, world, route):
        """Whoever may open it cannot put, patch or delete it: a way in that nobody thought of is closed."""
        row, here = TABLE[route.name], world["an-phat"]
        if route.is_api:
            return
        path, sent = here.address(route, row, here.slug)
        may = next(role for roles in row.may.values() for role in sorted(roles))
        for method in routes.OTHER_METHODS:
            response, _body = ask(method, path, here.sessions[may], sent)
            assert response.status_code == 405, method


def leaks(body: str, role: str, method: str) -> list[str]:
    """Words of the other company, amounts before who may not read pay, a confidential KPI before whom it is not for."""
    found = []
    if CANARIES["binh-minh"] in body:
        found.append(f"{method} as {role}: shows the other company")
    digits = body.replace(".", "").replace(",", "").replace("\u00a0", "")
    if role not in READS_PAY and str(PAY_CANARY) in digits:
        found.append(f"{method} as {role}: shows pay")
    if role not in READS_RATES and str(RATE_CANARY) in digits:
        found.append(f"{method} as {role}: shows what a position pays")
    if role not in KNOWS_SECRETS and any(secret in body for secret in SECRETS.values()):
        found.append(f"{method} as {role}: shows a confidential KPI")
    COUNTS["leaks"] += len(found)
    return found


@pytest.mark.parametrize("route", [r for r in OUTSIDE if r.name in OUTSIDE_TABLE], ids=lambda route: route.name)
def test_addresses_outside_any_company(world, route):
    """What somebody gets who is signed out, and who is signed in."""
    row = OUTSIDE_TABLE[route.name]
    path = reverse(route.name, kwargs={name: row[name] for name in route.arguments})
    for session, column in (("", "signed_out"), (world["an-phat"].sessions["lan"], "signed_in")):
        for method, status in row[column].items():
            response, body = ask(method, path, session)
            assert response.status_code == status, f"{method} {column}"
            assert CANARIES["binh-minh"] not in body


def test_report(world, record_property):
    """How much was tried."""
    record_property("figure", f"access: {len(ROUTES)} routes, {COUNTS['cells']} cells, {COUNTS['leaks']} leaks")
    assert COUNTS["leaks"] == 0

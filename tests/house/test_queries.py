"""What pages ask of the database: few questions, and not one more for more rows or more people."""

from dataclasses import dataclass

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kpiapp.tenancy import organization_scope
from scorecards.models import Scorecard
from scorecards.recompute import compare_cards
from tests.cast import STORY_DAY
from tests.house import routes
from tests.house.crowd import Crowd
from tests.house.world import build_world

BUDGET = 20
TABLE = routes.read_table()
# Who opens a page that several may open: a scope of oneself, of a team and of everything ask different questions.
READERS = ("lan", "manager", "strategy", "payroll_maker", "hr", "owner", "payroll_approver", "auditor")
READERS_OF_A_PAGE = 2
SIZES = (("1 row", 1, 1), ("3 rows", 2, 2), ("50 people", 48, 0), ("500 people", 450, 0))
# A route without a row fails in test_access.
ROUTES = [route for route in routes.all_routes() if route.name in TABLE and "GET" in TABLE[route.name].may]


def visits():
    """Each page with a few of those who may open it."""
    for route in ROUTES:
        may = [role for role in READERS if role in TABLE[route.name].may["GET"]]
        for role in may[:READERS_OF_A_PAGE]:
            yield route, role


@pytest.fixture(scope="module")
def counts(django_db_setup, django_db_blocker, tmp_path_factory):
    """Queries of every visit, by the size of the company; the rows are counted, not the sizes of the answers."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "MEDIA_ROOT", tmp_path_factory.mktemp("media"))
        with transaction.atomic():
            cast, things = build_world("an-phat", "vi")
            with connection.cursor() as cursor:
                # Nobody analyses rows of an open transaction; without statistics a plan may take minutes.
                cursor.execute("SET LOCAL enable_nestloop = off")
            crowd, found = Crowd(cast, things), {}
            clients = {role: cast.client(getattr(cast, role)) for role in READERS}
            for size, people, rows in SIZES:
                with organization_scope(cast.organization):
                    crowd.add_people(people)
                    crowd.add_rows(rows)
                    # A process keeps the rules it has compiled: whoever comes first with a new KPI pays for it.
                    compare_cards(card_ids=Scorecard.objects.values_list("pk", flat=True), on=STORY_DAY)
                found[size] = {
                    (route.name, role): count(clients[role], path_of(route, cast, things)) for route, role in visits()
                }
            yield found
            transaction.set_rollback(True)


def path_of(route: routes.Route, cast, things: dict) -> str:
    """The address of a page, pointing at things of the world."""
    row = TABLE[route.name]
    names = [name for name in route.arguments if name != "organization"]
    arguments = [things.get(row.arguments[name], row.arguments[name]) for name in names]
    return reverse(route.name, args=[cast.organization.slug, *arguments])


@dataclass(frozen=True)
class Visit:
    """What one visit asked of the database, how long the page was, and whether a person can be chosen on it."""

    statements: list[str]
    length: int
    chooses_person: bool


def count(client: Client, path: str) -> Visit:
    """One visit; its statements without those that open and close the transaction."""
    # Django keeps 9,000 statements and complains about more: all visits together ask for that many.
    connection.queries_log.clear()
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
        # Read to its end, as a browser would, which closes the file behind it: close() would close the connection, too.
        page = b"".join(response)
    assert response.status_code < 400, f"{path}: {response.status_code}"
    statements = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    return Visit(statements, len(page), b"data-person=" in page)


@pytest.mark.parametrize(("route", "role"), list(visits()), ids=lambda part: getattr(part, "name", part))
def test_a_page_asks_little_and_the_same_at_any_size(counts, route, role):
    by_size = {size: len(found[route.name, role].statements) for size, found in counts.items()}
    assert max(by_size.values()) <= BUDGET, counts["3 rows"][route.name, role].statements
    assert len(set(by_size.values())) == 1, f"{by_size}: {extra(counts, route.name, role)}"


def test_a_page_on_which_a_person_is_chosen_is_as_long_for_fifty_people_as_for_five_hundred(counts):
    few, many = counts["50 people"], counts["500 people"]
    choosing = [visit for visit in many if many[visit].chooses_person]
    assert {"kpiapp:person_new", "kpiapp:department_edit", "kpiapp:role_grant"} <= {name for name, _role in choosing}
    longer = {
        visit: (few[visit].length, many[visit].length)
        for visit in choosing
        if not in_proportion(few[visit], many[visit])
    }
    assert not longer


def in_proportion(few: Visit, many: Visit) -> bool:
    """Numbers on the page may have grown a digit; a list of people would make it several times as long."""
    return abs(many.length - few.length) < few.length * 0.02


def extra(counts: dict, name: str, role: str) -> list[str]:
    """The statements that came with more rows."""
    fewest, most = sorted((found[name, role].statements for found in counts.values()), key=len)[:: len(counts) - 1]
    seen = {statement.split(" WHERE ")[0] for statement in fewest}
    new = [statement for statement in most if statement.split(" WHERE ")[0] not in seen]
    return [statement[:300] for statement in new or most]

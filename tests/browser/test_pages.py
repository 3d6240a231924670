"""Every page, as it looks in use: fits a phone, in both languages, light and dark, and nothing complains."""

from contextlib import ExitStack

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.house import routes

TABLE = routes.read_table()
# The role of the access table to the login of the demo company, the one whose pages are fullest first.
LOGINS = {
    "payroll_maker": "payroll.maker",
    "strategy": "strategy",
    "manager": "manager",
    "hr": "hr",
    "owner": "owner",
    "payroll_approver": "payroll.approver",
    "auditor": "auditor",
    "lan": "employee",
}
# Own pages are fullest for the one whose card, entries and pay they show.
OF_THE_EMPLOYEE = {"scorecards:mine", "payroll:payslips"}
# Addresses that answer GET with something else than a page of their own, and why.
NOT_PAGES = {
    "kpiapp:search": "rows of the palette",
    "strategy:kpi_scoring": "the fields of a method, swapped into a form",
    "kpiapp:people_options": "options of a field",
    "strategy:formula_names": "options of a field",
    "strategy:kpi_formula": "what a formula gives, swapped into a form",
    "scorecards:line_longer": "a part of the page of a line",
    "scorecards:kpi_longer": "a part of the page of a KPI",
    "scorecards:evidence_file": "a file",
    "payroll:what_if": "a part of the tier page",
    "payroll:tier_table_effect": "a part of the tier page",
    "scorecards:request_effect": "a part of the page of changes",
    "scorecards:card_quality": "a panel of the page where a card is edited",
    "scorecards:map_quality": "a panel of the editor of the map",
    "scorecards:kpi_beside": "panels of the form of a KPI",
    "kpiapp:import_errors": "a file",
    "kpiapp:import_template": "a file",
    "kpiapp:import_current": "a file",
}
PAGES = [
    route
    for route in routes.all_routes()
    if route.is_inside
    and not route.is_api
    and route.name in TABLE
    and "GET" in TABLE[route.name].may
    and route.name not in NOT_PAGES
]
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
# The same outside any company.
NOT_PAGES_OUTSIDE = {
    "healthz": "for machines",
    "set_language": "takes POST alone",
    "account_set_password": "for accounts without a password, which nobody has",
    "account_confirm_login_code": "for signing in by code, which is off",
}
OUTSIDE_TABLE = routes.read_outside()
ROUTE_ARGUMENTS = {route.name: route.arguments for route in routes.all_routes()}
OUTSIDE = [route for route in routes.all_routes() if not route.is_inside and route.name not in NOT_PAGES_OUTSIDE]


def reader(name: str) -> str:
    """Who opens the page."""
    may = TABLE[name].may["GET"]
    if name in OF_THE_EMPLOYEE:
        return "employee"
    return next(login for role, login in LOGINS.items() if role in may)


def path_of(route: routes.Route, company: str, samples: dict) -> str:
    """Its address, pointing at rows of the demo company."""
    row = TABLE[route.name]
    names = [name for name in route.arguments if name != "organization"]
    arguments = [samples.get(row.arguments[name], row.arguments[name]) for name in names]
    return reverse(route.name, args=[company, *arguments])


def overflow(page: Page) -> list[str]:
    """What sticks out of a narrow screen: the page as a whole may never scroll sideways."""
    return page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
          [...document.body.querySelectorAll("*")]
            .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
            .filter((one) => !one.closest(".table-container, svg"))
            .slice(0, 5).map((one) => one.outerHTML.slice(0, 160))"""
    )


@pytest.fixture(scope="module")
def windows(visits):
    """One window per login and theme for the whole module: pages come quickly, and the cache is warm."""
    with ExitStack() as stack:
        opened: dict[tuple, Page] = {}

        def window(login: str | None, language: str, *, dark: bool) -> Page:
            if (login, language, dark) not in opened:
                visit = visits.open(login, language=language, dark=dark, width=PHONE["width"])
                opened[login, language, dark] = stack.enter_context(visit)
            elif login:
                visits.speak(opened[login, language, dark].context, language)
            return opened[login, language, dark]

        yield window


def look(page: Page, address: str, *, on_a_phone: bool) -> list:
    """Open an address; what is wrong with it: something sticks out on a phone, or axe finds something."""
    page.set_viewport_size(PHONE)
    answer = page.goto(address)
    wrong: list = [] if answer.ok else [f"{answer.status} {address}"]
    wrong += [("sticks out", html) for html in overflow(page)]
    wrong += [] if page.locator("h1").count() == 1 else [("h1", page.locator("h1").count())]
    wrong += [] if page.title().split("·")[0].strip() not in {"", "KPI"} else [("title", page.title())]
    if not on_a_phone:
        page.set_viewport_size(DESK)
    return wrong + violations(page)


# Light, at a desk, in Vietnamese; dark, on a phone, in English: each page twice instead of eight times. Language by
# language, because it belongs to the user and not to the window.
LOOKS = [("vi", False), ("en", True)]


@pytest.mark.parametrize(
    ("language", "dark", "route"),
    [(*look, route) for look in LOOKS for route in PAGES],
    ids=lambda part: getattr(part, "name", None),
)
def test_a_page_inside_a_company(windows, visits, language, dark, route):
    page = windows(reader(route.name), language, dark=dark)
    path = path_of(route, "an-phat", visits.product.samples["an-phat"])
    assert look(page, visits.product.address + path, on_a_phone=dark) == []
    assert page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize(("language", "dark"), LOOKS)
@pytest.mark.parametrize("login", ["manager", "hr", "strategy", "owner", "payroll.approver"])
def test_the_home_of_a_role(windows, visits, language, dark, login):
    """What its panels are differs from role to role."""
    page = windows(login, language, dark=dark)
    assert look(page, visits.url(), on_a_phone=dark) == []


@pytest.mark.parametrize(
    ("language", "dark", "route"),
    [(*look, route) for look in LOOKS for route in OUTSIDE],
    ids=lambda part: getattr(part, "name", None),
)
def test_a_page_outside_any_company(windows, visits, language, dark, route):
    """Signed out where that is possible; what a mailed link leads to with a link that works."""
    row = OUTSIDE_TABLE[route.name]
    arguments = visits.product.samples["outside"][language].get(route.name, {})
    page = windows(None if arguments or row["signed_out"]["GET"] == 200 else "owner", language, dark=dark)
    assert look(page, visits.product.address + reverse(route.name, kwargs=arguments), on_a_phone=dark) == []
    assert page.locator("html").get_attribute("lang") == language


# A link that was used before or never given: which page says so, and how.
DEAD_LINKS = {
    "accept_invitation": 404,
    "account_reset_password_from_key": 200,
    "account_confirm_email": 200,
}


@pytest.mark.parametrize(("name", "status"), DEAD_LINKS.items())
def test_a_mailed_link_that_no_longer_works_says_so_on_a_page_like_the_rest(visits, name, status):
    dead = {key: value for key, value in OUTSIDE_TABLE[name].items() if key in ROUTE_ARGUMENTS[name]}
    address = visits.product.address + reverse(
        name, kwargs=dead | {"company": "an-phat"} if "company" in dead else dead
    )
    with visits.open(None, expected=(status,)) as page:
        assert look(page, address, on_a_phone=True) == ([f"{status} {address}"] if status != 200 else [])


@pytest.mark.parametrize(("role", "path", "status"), [("employee", "nobody/", 404), ("employee", "audit/", 403)])
def test_a_refusal_looks_like_the_rest(visits, role, path, status):
    with visits.open(role, expected=(status,)) as page:
        assert look(page, visits.url(path), on_a_phone=False) == [f"{status} {visits.url(path)}"]


def test_the_first_load_of_home_is_under_100_kb(visits):
    with visits.open("employee", language="vi") as page:
        wire, received = page.context.new_cdp_session(page), []
        wire.send("Network.enable")
        wire.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
        page.goto(visits.url())
        page.wait_for_load_state("networkidle")
        assert len(received) > 10
        assert sum(received) < 100_000

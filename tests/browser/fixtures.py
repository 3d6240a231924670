"""Fixtures of every test that needs a browser: one product for the whole run, one Chromium per module."""

import os

import pytest


@pytest.fixture(scope="session")
def browser_is_there():
    """Before the product is started for it: without a browser its tests are skipped, or fail where it is required."""
    from tests.browser.visits import chromium_path

    if chromium_path() is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("No Chromium on this machine, and REQUIRE_BROWSER=1. Install one, or name it in CHROMIUM.")
        pytest.skip("No Chromium on this machine.")


@pytest.fixture(scope="session")
def product(browser_is_there):
    """The running product, started by the first test that asks for it."""
    from django.conf import settings

    from tests.browser.product import running_product

    with running_product(*settings.TEST_SERVERS) as product:
        yield product


@pytest.fixture(scope="session")
def storage_states():
    """Cookies of those who signed in before."""
    return {}


@pytest.fixture(scope="module")
def chromium(browser_is_there):
    """A browser for one module: while it is open, this process cannot talk to the database."""
    from playwright.sync_api import sync_playwright

    from tests.browser.visits import launch

    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def visits(chromium, product, storage_states):
    """Opens windows: `with visits.open("employee", language="vi") as page:`."""
    from tests.browser.visits import Visits

    return Visits(product, chromium, storage_states)

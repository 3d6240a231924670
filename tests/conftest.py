"""Fixtures for every test: a migrated database reached as the app role, and a cast of two companies."""

import datetime

import pytest
from django.core.management import call_command
from django.utils import translation
from hypothesis import HealthCheck, settings

from kpiapp.tenancy import organization_scope
from tests.cast import Cast, build_cast

# How fast a loaded machine makes up examples says nothing about what they prove.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

pytest_plugins = ["tests.browser.fixtures"]


def pytest_terminal_summary(terminalreporter):
    """Figures that tests noted with `record_property("figure", …)`, whichever process found them."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    for report in reports:
        for name, text in getattr(report, "user_properties", ()):
            if name == "figure" and report.when == "call":
                terminalreporter.write_line(text)


@pytest.fixture(autouse=True)
def english():
    """Every test begins in the language of the code, whatever the one before it left behind."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker):
    """The throw-away servers (kpiapp.settings starts them) hold one database: the owner migrates it, tests do not."""
    with django_db_blocker.unblock():
        call_command("migrate", database="owner", verbosity=0)


@pytest.fixture
def today() -> datetime.date:
    """The day on which the cast's story is told."""
    return datetime.date(2026, 11, 20)


@pytest.fixture
def an_phat(db) -> Cast:
    """A Vietnamese company with one person for every role."""
    return build_cast("an-phat", "vi")


@pytest.fixture
def binh_minh(db) -> Cast:
    """Another company, of whose rows nothing may ever show."""
    return build_cast("binh-minh", "en")


@pytest.fixture
def scope(an_phat):
    """The scope of an_phat is open while the test runs."""
    with organization_scope(an_phat.organization):
        yield an_phat

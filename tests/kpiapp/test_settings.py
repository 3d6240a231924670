"""Settings under test: whatever addresses are exported, tests know only their own throw-away servers."""

import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings

from kpiapp import servers

ROOT = Path(__file__).parents[2]
# It migrates, commits rows and empties tables as their owner.
EMPTIES_TABLES = "tests/kpiapp/services/test_owners_at_once.py"


@pytest.fixture
def somebodys():
    """A database somebody works with, as its owner sees it."""
    postgres, _ = settings.TEST_SERVERS
    postgres.create_database("somebodys")
    with closing(psycopg2.connect(postgres.url(servers.OWNER, "somebodys"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE kpiapp_organization (name text)")
            cursor.execute("INSERT INTO kpiapp_organization VALUES ('a real one')")
            yield cursor
    postgres.drop_database("somebodys")


def test_tests_leave_the_database_alone_that_the_environment_names(somebodys, tmp_path):
    postgres, valkey = settings.TEST_SERVERS
    outside = {
        "DATABASE_URL": postgres.url(servers.APP, "somebodys"),
        "DATABASE_OWNER_URL": postgres.url(servers.OWNER, "somebodys"),
        "REDIS_URL": valkey.url(7),
        "EMAIL_URL": "smtp+tls://somebody:secret@mail.example:587",
        "MEDIA_ROOT": str(tmp_path),
    }
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", EMPTIES_TABLES],
        cwd=ROOT,
        env={**os.environ, **outside},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert " passed" in run.stdout, run.stdout + run.stderr
    somebodys.execute("SELECT name FROM kpiapp_organization")
    assert somebodys.fetchall() == [("a real one",)]
    somebodys.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    assert somebodys.fetchone() == (1,)
    assert list(tmp_path.iterdir()) == []


def test_no_setting_of_a_deployment_reaches_a_test():
    """Each of them is taken out of the environment before it is read."""
    source = (ROOT / "kpiapp/settings.py").read_text()
    read = set(re.findall(r'(?:_setting|environ\.get)\("([A-Z_]+)"', source)) - {"DATA_DIR", "PORT", "LOG_LEVEL"}
    assert read <= set(re.findall(r'"([A-Z_]+)"', source.split("if TESTING:")[1].split("os.environ.pop")[0]))
    assert not read & set(os.environ)
    assert settings.DATABASES["default"]["NAME"] == servers.DATABASE

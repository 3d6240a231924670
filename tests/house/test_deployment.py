"""The production shape: what it refuses, who gets which secret, and that nothing names a machine."""

import os
import re
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import yaml
from django.conf import settings

from kpiapp import servers

ROOT = Path(__file__).parents[2]
OUR_SERVICES = ("migrate", "web", "worker", "beat")


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def start(*command: str, **environment: str) -> str:
    """Start a program of production with these settings; what it said when it refused."""
    postgres, valkey = settings.TEST_SERVERS
    good = {
        "DATABASE_URL": postgres.url(servers.APP),
        "REDIS_URL": valkey.url(),
        "SECRET_KEY": "long enough to sign with, and known to nobody else",
        "ALLOWED_HOSTS": "kpi.example.com",
    }
    clean = {name: value for name, value in os.environ.items() if name not in {"DEBUG", "DATABASE_OWNER_URL"}}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**clean, **good, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stderr if done.returncode else ""


class TestRefusals:
    def test_good_settings_and_the_app_role_are_accepted(self):
        assert start("-c", "import kpiapp.wsgi") == ""

    @pytest.mark.parametrize(
        ("environment", "sentence"),
        [
            ({"SECRET_KEY": ""}, "Set the environment variable SECRET_KEY."),
            ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
            ({"ALLOWED_HOSTS": ""}, "Set the environment variable ALLOWED_HOSTS."),
            ({"REDIS_URL": ""}, "Set the environment variable REDIS_URL."),
            ({"DEBUG": "1"}, "DEBUG=1 is for development only"),
            ({"HTTPS": "0"}, "HTTPS=0 is for this machine alone"),
        ],
    )
    def test_unsafe_settings(self, environment, sentence):
        assert sentence in start("-c", "import kpiapp.wsgi", **environment)

    @pytest.mark.parametrize(
        ("role", "reason"), [(servers.SUPERUSER, "is a superuser"), (servers.OWNER, "owns tables")]
    )
    @pytest.mark.parametrize(
        "command", [("-c", "import kpiapp.wsgi"), ("-m", "celery", "-A", "kpiapp", "worker", "--concurrency", "1")]
    )
    def test_a_database_role_that_could_pass_row_security(self, django_db_setup, role, reason, command):
        said = start(*command, DATABASE_URL=settings.TEST_SERVERS[0].url(role))
        assert f"The database role “{role}” {reason}" in said
        assert "Give DATABASE_URL the role kpiapp_app" in said

    def test_a_role_that_may_bypass_row_security(self):
        postgres, _ = settings.TEST_SERVERS
        with closing(psycopg2.connect(postgres.url(servers.SUPERUSER))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("CREATE ROLE passer LOGIN BYPASSRLS PASSWORD 'by'")
                of_app = f"{servers.APP}:{postgres.memory[servers.APP]}@"
                said = start("-c", "import kpiapp.wsgi", DATABASE_URL=postgres.url().replace(of_app, "passer:by@"))
                cursor.execute("DROP ROLE passer")
        assert "The database role “passer” may bypass row security" in said


class TestCompose:
    def test_every_part_is_there(self, compose):
        assert set(compose["services"]) == {"postgres", "valkey", *OUR_SERVICES}

    @pytest.mark.parametrize("name", OUR_SERVICES)
    def test_our_parts_get_the_app_role_and_only_migrations_the_owner(self, compose, name):
        environment = compose["services"][name]["environment"]
        assert environment["DATABASE_URL"].startswith("postgresql://kpiapp_app:")
        assert ("DATABASE_OWNER_URL" in environment) is (name == "migrate")
        assert "DEBUG" not in environment

    def test_no_secret_has_a_default(self):
        text = (ROOT / "docker-compose.yml").read_text()
        for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "OWNER_PASSWORD", "APP_PASSWORD", "VALKEY_PASSWORD"):
            assert f"${{{name}:?" in text
            assert f"${{{name}:-" not in text

    def test_the_database_is_tuned_as_the_embedded_one_that_is_measured(self, compose):
        given = compose["services"]["postgres"]["command"][2::2]
        assert {f"{name}={value}" for name, value in servers.TUNING.items()} < set(given)

    def test_nothing_runs_before_its_migrations_and_one_beat_ticks(self, compose):
        for name in ("web", "worker", "beat"):
            needs = compose["services"][name]["depends_on"]
            assert needs == {"migrate": {"condition": "service_completed_successfully"}}
        assert "deploy" not in compose["services"]["beat"]

    def test_what_lasts_has_a_volume_and_a_health_check(self, compose):
        for name in ("postgres", "valkey", "web", "worker"):
            assert "healthcheck" in compose["services"][name]
        mounts = [mount for service in compose["services"].values() for mount in service["volumes"]]
        named = {mount.split(":")[0] for mount in mounts if not mount.startswith(".")}
        assert named == set(compose["volumes"])

    def test_the_database_is_made_by_the_same_files_as_in_development(self, compose):
        assert "./kpiapp/sql:/docker-entrypoint-initdb.d:ro" in compose["services"]["postgres"]["volumes"]
        scripts = sorted(path.name for path in (ROOT / "kpiapp/sql").iterdir())
        assert scripts == ["1_roles.sql", "2_database.sql", "3_passwords.sh"]


class TestImage:
    def test_it_runs_as_an_ordinary_user_with_collected_files(self):
        final = (ROOT / "Dockerfile").read_text().split("\nFROM ")[-1]
        assert re.search(r"^USER kpiapp$", final, re.MULTILINE)
        assert "collectstatic" in (ROOT / "Dockerfile").read_text()

    def test_no_local_data_gets_into_it(self):
        ignored = (ROOT / ".dockerignore").read_text().split()
        assert {".git", ".venv", ".data", ".env", "node_modules"} <= set(ignored)


class TestLocks:
    @pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
    def test_every_package_is_pinned_with_hashes_and_no_host_is_named(self, name):
        text = (ROOT / name).read_text()
        entries = re.split(r"\n(?=[a-z])", text.split("\n", 6)[-1])
        assert len(entries) > 30
        assert all("==" in entry and "--hash=sha256:" in entry for entry in entries if entry[0].isalpha())
        assert "://" not in text
        assert not re.search(r"--(index-url|extra-index-url|find-links|trusted-host)", text)

    def test_the_lock_holds_what_the_project_names(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        for names, lock in (
            (project["dependencies"], "requirements.lock"),
            (project["optional-dependencies"]["dev"], "requirements-dev.lock"),
        ):
            pinned = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / lock).read_text(), re.MULTILINE))
            wanted = {re.split(r"[<>=!~;\[ ]", name)[0].lower() for name in names}
            assert wanted <= pinned


@pytest.mark.parametrize(("required", "outcome"), [("0", "1 skipped"), ("1", "1 error")])
def test_a_missing_browser_is_a_failure_where_one_is_required(tmp_path, required, outcome):
    clean = {name: value for name, value in os.environ.items() if name != "CHROMIUM"}
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/journeys/test_employee.py",
            "-k",
            "keyboard",
        ],
        cwd=ROOT,
        env={**clean, "PATH": str(tmp_path), "REQUIRE_BROWSER": required},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert outcome in run.stdout.splitlines()[-1], run.stdout
    assert "No Chromium on this machine" in run.stdout


def test_only_the_ci_script_knows_where_the_acceptance_data_lies():
    script = (ROOT / ".ci/run").read_text()
    assert "REQUIRE_BROWSER=1" in script
    assert "ACCEPTANCE_DATA" in script
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    place = "/".join(("shared", "data"))
    for name in listed:
        path = ROOT / name
        if name != ".ci/run" and path.is_file() and path.stat().st_size < 500_000:
            assert place.encode() not in path.read_bytes(), name

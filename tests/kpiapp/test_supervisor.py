"""“make run” as a newcomer meets it: up, struck by kill -9 everywhere, down without a trace, up again with its data."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import closing, suppress
from pathlib import Path

import psutil
import psycopg2
import pytest
from django.conf import settings

from kpiapp import servers, supervisor
from kpiapp.processes import free_port, wait_until
from payroll.management.commands.seed_demo import SHOWN_ROLES

ROOT = Path(supervisor.__file__).parent.parent
# Seconds in which even a first start, demo companies included, has said what it says.
PATIENCE = 300
OURS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")


class Run:
    """One “make run” in a data folder."""

    def __init__(self, data_dir: Path, port: int, *words: str, **environment: str) -> None:
        self.data_dir, self.port = data_dir, port
        clean = {name: value for name, value in os.environ.items() if name not in OURS}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kpiapp.supervisor", *words],
            cwd=ROOT,
            env={**clean, "DATA_DIR": str(data_dir), "PORT": str(port), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until(self, start: str) -> str:
        """The next line that starts so; fails when the output ends first, and ends it when it stays away."""
        said = []
        patience = threading.Timer(PATIENCE, self.process.kill)
        patience.start()
        try:
            for line in self.process.stdout:
                said.append(line)
                if line.startswith(start):
                    return line.strip()
        finally:
            patience.cancel()
        raise AssertionError("".join(said))

    def children(self) -> dict[str, int]:
        known = json.loads((self.data_dir / "children.json").read_text())
        return {name: pid for name, (pid, _) in known.items()}

    def pair(self) -> dict[str, int | None]:
        both = servers.Postgres(self.data_dir / "postgres"), servers.Valkey(self.data_dir / "valkey")
        return {server.name: server.pid() for server in both}

    def healthy(self) -> bool:
        return supervisor.healthy(self.port)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=30)
        return self.process.returncode, said


@pytest.fixture(scope="module")
def data_dir():
    with tempfile.TemporaryDirectory(prefix="kpiapp-run-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path
        supervisor.end_leftovers(path)
        for server in (servers.Valkey(path / "valkey"), servers.Postgres(path / "postgres")):
            server.stop()


@pytest.fixture(scope="module")
def run(data_dir):
    """A run that says Ready; it goes through all tests of this module in their order."""
    run = Run(data_dir, free_port())
    assert run.until("Ready:") == f"Ready: http://127.0.0.1:{run.port}/"
    yield run
    if run.process.poll() is None:
        run.process.kill()
    run.process.communicate()


def gone(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def test_ready_means_that_a_page_answers(run):
    assert run.healthy()
    assert set(run.children()) == {"web", "worker", "beat"}


def test_ready_is_followed_by_a_login_for_every_role(run):
    for slug, roles in (("an-phat", SHOWN_ROLES), ("brightwater", ("employee", "manager", "hr", "owner"))):
        assert run.until(f"  /{slug}/") == f"/{slug}/  password “demo”"
        for role in roles:
            assert run.until(f"    {role.replace('.', ' ')} ").split()[-1] == f"{role}@{slug}.example"


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_a_killed_child_comes_back(run, name):
    before = run.children()
    os.kill(before[name], signal.SIGKILL)
    assert "signal 9" in run.until(f"{name}: ended")
    assert wait_until(lambda: run.children().get(name, before[name]) != before[name] and run.healthy(), 15, pause=0.05)
    assert {n: pid for n, pid in run.children().items() if n != name} == {
        n: pid for n, pid in before.items() if n != name
    }


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_killed_server_comes_back_and_the_site_with_it(run, name):
    before = run.pair()[name]
    os.kill(before, signal.SIGKILL)
    run.until(f"{name}: ended")
    assert wait_until(lambda: run.pair()[name] not in (None, before) and run.healthy(), 15, pause=0.05)


def test_a_second_run_with_the_same_data_is_refused_with_a_sentence(run):
    second = Run(run.data_dir, free_port())
    assert second.process.communicate(timeout=10)[0] == (
        "It runs already with this DATA_DIR. Stop it, or set DATA_DIR and PORT.\n"
    )
    assert second.process.returncode == 1


def test_forgetting_is_refused_while_it_runs(run):
    forget = Run(run.data_dir, run.port, "forget")
    assert "runs already" in forget.process.communicate(timeout=10)[0]
    assert run.healthy()


def test_after_kill_9_of_the_supervisor_nothing_stays_and_the_next_start_keeps_the_data(run):
    query(run.data_dir, "CREATE TABLE mark AS SELECT 7 AS number")
    left = [*run.children().values(), *run.pair().values()]
    run.process.kill()
    if sys.platform.startswith("linux"):
        assert wait_until(lambda: all(gone(pid) for pid in left), 20, pause=0.1)
    again = Run(run.data_dir, run.port)
    again.until("Ready:")
    assert query(run.data_dir, "SELECT number FROM mark") == [(7,)]
    pids = [*again.children().values(), *again.pair().values()]
    code, _ = again.stop(signal.SIGINT)  # Ctrl-C
    assert code == 0
    assert all(gone(pid) for pid in pids)
    assert not supervisor.healthy(run.port)


def test_forgetting_leaves_an_empty_house(data_dir):
    forget = Run(data_dir, free_port(), "forget")
    forget.process.communicate(timeout=20)
    assert {path.name for path in data_dir.iterdir()} <= {"supervisor.lock", "servers.lock", "lease.lock"}


def test_a_port_in_use_is_said_before_anything_starts(data_dir):
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        port = squatter.getsockname()[1]
        blocked = Run(data_dir, port)
        said = blocked.process.communicate(timeout=10)[0]
    assert said == f"Port {port} is in use. Choose another one: PORT={port + 1} make run\n"
    assert not (data_dir / "postgres").exists()


def test_one_address_without_the_other_is_refused(data_dir):
    half = Run(data_dir, free_port(), DATABASE_URL="postgresql://somewhere/kpiapp")
    assert half.process.communicate(timeout=10)[0] == "Set REDIS_URL together with DATABASE_URL.\n"


def test_with_addresses_given_it_starts_no_server_of_its_own(django_db_setup, data_dir):
    postgres, valkey = settings.TEST_SERVERS
    own = Run(
        data_dir,
        free_port(),
        DATABASE_URL=postgres.url(servers.APP),
        DATABASE_OWNER_URL=postgres.url(servers.OWNER),
        REDIS_URL=valkey.url(9),
        SECRET_KEY="long enough to sign with, and known to nobody else",
        ALLOWED_HOSTS="localhost",
        HTTPS="0",
    )
    own.until("Ready:")
    assert not (data_dir / "postgres").exists()
    assert not (data_dir / "valkey").exists()
    pids = own.children().values()
    assert own.stop(signal.SIGTERM)[0] == 0
    assert all(gone(pid) for pid in pids)
    assert postgres.answers()
    assert valkey.answers()


def test_unsafe_addresses_are_refused_with_a_sentence(data_dir):
    postgres, valkey = settings.TEST_SERVERS
    unsafe = Run(
        data_dir,
        free_port(),
        DATABASE_URL=postgres.url(servers.SUPERUSER),
        REDIS_URL=valkey.url(9),
        SECRET_KEY="long enough to sign with, and known to nobody else",
        ALLOWED_HOSTS="kpi.example.com",
    )
    assert "The database role “postgres” is a superuser" in unsafe.process.communicate(timeout=20)[0]
    assert unsafe.process.returncode == 1


def query(data_dir: Path, statement: str) -> list[tuple]:
    owner = servers.Postgres(data_dir / "postgres").url(servers.OWNER)
    with closing(psycopg2.connect(owner)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []

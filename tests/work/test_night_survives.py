"""A night through kill -9 of workers, broker and database: nothing lost, nothing done twice, the same numbers."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psutil
import psycopg2
import pytest

from kpiapp import servers
from kpiapp.services.jobs import LOCK_SPACE

pytestmark = pytest.mark.work

PEOPLE, PART = 2_000, 20
ENDED = ("done", "failed")
VICTIMS = ["child", "postgres", "child", "valkey", "main", "child"] * 2
# Parts that get done between two kills: one that is struck five times running is given up, which is another matter.
BETWEEN = 5
ROOT = Path(__file__).parents[2]

RESULTS = """
SELECT c.scorecard_id, c.percent, c.measured_weight, c.status, c.lines_scored,
       array_agg((s.line_id, s.state, s.raw, s.completion, s.status)::text ORDER BY s.line_id)
FROM scorecards_cardscore c JOIN scorecards_linescore s USING (scorecard_id) GROUP BY c.scorecard_id ORDER BY 1
"""
# Forget every score, and from now on note each write of a card's and a line's.
FORGET = """
DELETE FROM kpiapp_job; DELETE FROM scorecards_rollupscore; DELETE FROM scorecards_earlywarning;
UPDATE scorecards_cardscore SET percent = NULL, status = 'none', measured_weight = 0, lines_scored = 0,
    night_percent = NULL, previous_percent = NULL, changed_by_id = NULL;
UPDATE scorecards_linescore SET state = 'not_due', raw = NULL, completion = NULL, status = 'none',
    night_completion = NULL, previous_completion = NULL, changed_by_id = NULL;
CREATE TABLE written (kind text, id bigint);
GRANT INSERT ON written TO PUBLIC;
CREATE FUNCTION note_line() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO written VALUES ('line', NEW.line_id); RETURN NULL; END $$;
CREATE FUNCTION note_card() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO written VALUES ('card', NEW.scorecard_id); RETURN NULL; END $$;
CREATE TRIGGER note_line AFTER UPDATE ON scorecards_linescore FOR EACH ROW EXECUTE FUNCTION note_line();
CREATE TRIGGER note_card AFTER UPDATE ON scorecards_cardscore FOR EACH ROW EXECUTE FUNCTION note_card();
"""
# A part whose runner is alive holds its lock; the row of a dead one says “running” until somebody takes it over.
AT_WORK = f"""
SELECT 1 FROM kpiapp_job j JOIN pg_locks l ON l.locktype = 'advisory' AND l.classid = {LOCK_SPACE} AND l.objid = j.id
WHERE j.parent_id IS NOT NULL AND j.state = 'running' LIMIT 1
"""
DONE = "SELECT count(*) FROM kpiapp_job WHERE parent_id IS NOT NULL AND state = 'done'"


class Installation:
    """Servers of their own with a company on them, real workers beside them, and means to kill any of it."""

    def __init__(self, folder: Path):
        self.postgres = servers.Postgres(folder / "postgres").start()
        self.valkey = servers.Valkey(folder / "valkey").start()
        self.environment = {
            **os.environ,
            "DATA_DIR": str(folder),
            "DATABASE_URL": self.postgres.url(servers.APP),
            "DATABASE_OWNER_URL": self.postgres.url(servers.OWNER),
            "REDIS_URL": self.valkey.url(),
            "SECRET_KEY": "x" * 50,
            "ALLOWED_HOSTS": "localhost",
            "HTTPS": "0",
            "DJANGO_SETTINGS_MODULE": "kpiapp.settings",
            "LOG_LEVEL": "CRITICAL",
        }
        self.log = (folder / "log").open("w")
        self.children: list[subprocess.Popen] = []
        self.worker: subprocess.Popen | None = None

    def must(self, *arguments: str) -> None:
        """Run a command of tests.work.company to its end."""
        assert self.program(*arguments).wait() == 0, Path(self.log.name).read_text()[-2000:]

    def program(self, *arguments: str) -> subprocess.Popen:
        """Start tests.work.company with a command."""
        return self._spawn("tests.work.company", *arguments)

    def _spawn(self, module: str, *arguments: str) -> subprocess.Popen:
        child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
        )
        self.children.append(child)
        return child

    def start_worker(self) -> None:
        """A Celery worker with two processes."""
        options = ["-A", "kpiapp", "worker", "--concurrency=2", "--without-gossip", "--without-mingle"]
        self.worker = self._spawn("celery", *options, "--loglevel=CRITICAL")

    def query(self, sql: str) -> list[tuple]:
        """As superuser; [] while the database is down."""
        try:
            with closing(psycopg2.connect(self.postgres.url(servers.SUPERUSER))) as connection:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute(sql)
                    return cursor.fetchall() if cursor.description else []
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            return []

    def kill_at_work(self, victim: str, *, done: int) -> bool:
        """kill -9 of one of them while a part is at work, and what a supervisor does next; False after the night.

        It comes once so many parts are done. Which process has the part cannot be told from outside, so "child" takes
        all that there are.
        """
        while self.state_of_night() not in ENDED and self.query(DONE) < [(done,)]:
            time.sleep(0.01)
        with self.frozen_at_work() as children:
            if victim in ("postgres", "valkey"):
                server = getattr(self, victim)
                pid = server.pid()
                os.kill(pid, signal.SIGKILL)
                while server.pid() == pid:
                    time.sleep(0.01)
                server.start()
            else:
                if victim == "main":
                    self.worker.kill()
                    self.worker.wait()
                self.signal(children, signal.SIGKILL)
                if victim == "main":
                    self.start_worker()
        return bool(children)

    @contextmanager
    def frozen_at_work(self) -> Iterator[list[psutil.Process]]:
        """The worker's processes, held still while one has a part; those left go on afterwards. [] after the night."""
        children: list[psutil.Process] = []
        while not children and self.state_of_night() not in ENDED:
            found = psutil.Process(self.worker.pid).children()
            self.signal(found, signal.SIGSTOP)
            if self.query(AT_WORK):
                children = found
            else:
                self.signal(found, signal.SIGCONT)
                time.sleep(0.01)
        yield children
        self.signal(children, signal.SIGCONT)

    @staticmethod
    def signal(processes: list[psutil.Process], number: int) -> None:
        """Send it to those that are still there."""
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def state_of_night(self) -> str:
        """Empty while the database is down."""
        rows = self.query("SELECT state FROM kpiapp_job WHERE parent_id IS NULL")
        return rows[0][0] if rows else ""

    def wait_for_night(self, seconds: int) -> str:
        """State of the night once it has ended, or after so many seconds."""
        deadline = time.monotonic() + seconds
        while (state := self.state_of_night()) not in ENDED and time.monotonic() < deadline:
            time.sleep(0.1)
        return state

    def close(self) -> None:
        """End what this test started."""
        for child in self.children:
            for process in psutil.Process(child.pid).children() if child.poll() is None else []:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            child.kill()
            child.wait()
        self.log.close()
        self.valkey.stop()
        self.postgres.stop()


@pytest.fixture
def installation():
    """Durable servers, since what was promised has to survive them. pytest's own folders let no server's user pass."""
    folder = Path(tempfile.mkdtemp(prefix="kpiapp-work-"))
    folder.chmod(0o711)
    made = Installation(folder)
    yield made
    made.close()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_night_survives_kills_of_workers_broker_and_database(installation, record_property):
    installation.must("build", str(PEOPLE))
    installation.start_worker()
    installation.program("sweep")
    installation.must("night", str(PEOPLE))
    assert installation.wait_for_night(60) == "done"
    undisturbed = installation.query(RESULTS)
    assert len(undisturbed) == PEOPLE

    installation.query(FORGET)
    installation.must("night", str(PART))
    hits = [installation.kill_at_work(victim, done=number * BETWEEN) for number, victim in enumerate(VICTIMS)]
    assert all(hits), "the night was over before the last kill"
    assert installation.wait_for_night(90) == "done", installation.query(
        "SELECT state, count(*), max(attempt), max(stops), max(error) FROM kpiapp_job GROUP BY state"
    )

    lost, doubled = lost_and_doubled(installation)
    kills = f"kill -9, {len(VICTIMS)} times in a night of {PEOPLE} cards with 10 lines each"
    record_property("figure", f"{kills}: lost {lost}, doubled {doubled}")
    assert installation.query(RESULTS) == undisturbed
    parts = installation.query(
        "SELECT state, attempt, (result->>'cards_changed')::int FROM kpiapp_job WHERE parent_id IS NOT NULL"
    )
    assert (len(parts), {state for state, _, _ in parts}) == (PEOPLE // PART, {"done"})
    assert sum(attempt - 1 for _, attempt, _ in parts) >= len(VICTIMS) - VICTIMS.count("valkey"), "a kill hit no part"
    assert sum(changed for _, _, changed in parts) == PEOPLE, "lost or doubled"
    assert (lost, doubled) == (0, 0)


def lost_and_doubled(installation: Installation) -> tuple[int, int]:
    """Cards and lines that were not written although all had to be, and how often one was written once more."""
    found = installation.query("SELECT kind, count(*), count(DISTINCT id) FROM written GROUP BY kind")
    lost = PEOPLE + PEOPLE * 10 - sum(distinct for _, _, distinct in found)
    return lost, sum(count - distinct for _, count, distinct in found)

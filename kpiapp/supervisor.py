"""“make run”: servers, migrations, web, worker and beat under one roof. Imports no Django."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO

from kpiapp import servers
from kpiapp.processes import (
    Lease,
    ServerError,
    die_with_parent,
    exclusive,
    free_port,
    log_tail,
    wait_until,
    write_private,
)

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "payroll/management/commands/seed_demo.py"
READY_SECONDS = 90
WRITTEN = ("postgres", "valkey", "logs", "mail", "media", "children.json", "secret_key")
LONGEST_BACKOFF = 30.0
STEADY_SECONDS = 30  # who ran this long starts again at once
GUNICORN = "gunicorn --config python:kpiapp.webserver kpiapp.wsgi"
WORKER = "celery -A kpiapp worker --concurrency 2 --prefetch-multiplier 1 --without-gossip --without-mingle"
# The lock of a killed beat expires after five intervals; then the next one ticks.
BEAT = "celery -A kpiapp beat -S redbeat.RedBeatScheduler --max-interval 5 --pidfile="


@dataclass
class Child:
    """One process we keep alive; its output goes to its log."""

    name: str
    command: list[str]
    stop_seconds: float
    logs: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    backoff: float = 0.5
    due_at: float = field(default=0.0)

    def start(self) -> None:
        self.process = spawn(self.command, self.logs / f"{self.name}.log")
        self.started_at = time.monotonic()

    def bury_if_dead(self) -> None:
        """Note a death, end what it left behind, and choose the moment to start again."""
        process = self.process
        if process is None or process.poll() is None:
            return
        code = process.returncode
        signal_group(process.pid, signal.SIGKILL)
        self.process = None
        steady = time.monotonic() - self.started_at > STEADY_SECONDS
        self.backoff = 0.5 if steady else min(self.backoff * 2, LONGEST_BACKOFF)
        self.due_at = time.monotonic() + self.backoff
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        log = self.logs / f"{self.name}.log"
        say(f"{self.name}: ended with {how}, starts again in {self.backoff:.0f} s. {log} ends with: {log_tail(log, 1)}")

    def stop(self) -> None:
        """Ask, wait, insist; returns when it and its own children are gone."""
        if self.process is None:
            return
        process, self.process = self.process, None
        signal_group(process.pid, signal.SIGTERM, leader_only=True)
        if not wait_until(lambda: process.poll() is not None, self.stop_seconds, pause=0.02):
            say(f"{self.name}: did not stop within {self.stop_seconds:.0f} s and was killed.")
        signal_group(process.pid, signal.SIGKILL)
        process.wait()


class Supervisor:
    """Brings everything up in order, watches it, takes it down in the reverse order."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir
        self.port = port
        self.logs = data_dir / "logs"
        self.embedded = "DATABASE_URL" not in os.environ
        # Demo accounts have known passwords: never in a database that somebody brought, unless asked for.
        self.demo = DEMO.exists() and os.environ.get("DEMO", "1" if self.embedded else "0") == "1"
        self.stopping = False
        self.servers: tuple[servers.Server, ...] = ()
        self.servers_due_at = 0.0
        python = [sys.executable, "-m"]
        web = [*python, *GUNICORN.split(), "--bind", f"127.0.0.1:{port}"]
        self.children = [
            Child("web", web, 8, self.logs),
            Child("worker", [*python, *WORKER.split()], 10, self.logs),
            Child("beat", [*python, *BEAT.split()], 5, self.logs),
        ]

    def run(self) -> int:
        """Until a signal comes; returns the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        os.environ["DATA_DIR"] = str(self.data_dir)
        with OnlyOne(self.data_dir):
            end_leftovers(self.data_dir)
            if free_port(self.port) != self.port:
                raise ServerError(f"Port {self.port} is in use. Choose another one: PORT={self.port + 1} make run")
            if self.embedded:
                servers.ensure(self.data_dir)  # its lease stops the servers when we leave, whichever way
                self.servers = servers.started(self.data_dir)
            try:
                return self._serve()
            finally:
                for child in reversed(self.children):
                    child.stop()
                (self.data_dir / "children.json").unlink(missing_ok=True)

    def _serve(self) -> int:
        self._step("-c", "import kpiapp.wsgi")  # settings and database role: a refusal is best said once, here
        self._step("manage.py", "migrate", "--database", "owner", "--noinput")
        if self.demo:
            self._step("manage.py", "seed_demo", "--if-empty")
        for child in self.children:
            self._start(child)
        if not wait_until(self._up, READY_SECONDS, pause=0.1):
            raise ServerError(f"The web server does not answer. The end of its log:\n{log_tail(self.logs / 'web.log')}")
        if not self.stopping:
            say(f"Ready: http://127.0.0.1:{self.port}/")
            if self.demo:
                self._step("manage.py", "seed_demo", "--show-logins", output=sys.stdout)
        while not self.stopping:
            self._watch()
            time.sleep(0.2)
        return 0

    def _on_signal(self, number: int, frame: object) -> None:
        self.stopping = True

    def _start(self, child: Child) -> None:
        child.start()
        known = {c.name: [c.process.pid, birth(c.process.pid)] for c in self.children if c.process}
        write_private(self.data_dir / "children.json", json.dumps(known))

    def _watch(self) -> None:
        """One look at everything: bury and restart what died."""
        now = time.monotonic()
        if now >= self.servers_due_at and any(server.pid() is None for server in self.servers):
            self._revive_servers()
        for child in self.children:
            child.bury_if_dead()
            if child.process is None and now >= child.due_at:
                self._start(child)

    def _revive_servers(self) -> None:
        before = [server.memory["port"] for server in self.servers]
        alive = {server.name: server.pid() for server in self.servers}
        say(f"{', '.join(name for name, pid in alive.items() if pid is None)}: ended, starts again.")
        try:
            self.servers = servers.started(self.data_dir)
        except ServerError as error:
            say(str(error))
            self.servers_due_at = time.monotonic() + LONGEST_BACKOFF
            return
        # One may have ended while another was being started: it is back by now, and said, too.
        if also := [server.name for server in self.servers if alive[server.name] not in (None, server.pid())]:
            say(f"{', '.join(also)}: ended, starts again.")
        if before != [server.memory["port"] for server in self.servers]:
            for child in self.children:  # they know the old address; the watch starts them again
                child.stop()

    def _step(self, *arguments: str, output: IO[str] | None = None) -> None:
        """Run Python with these arguments to its end; raises ServerError with what it said when it fails."""
        if self.stopping:
            return
        log = self.logs / "setup.log"
        process = spawn([sys.executable, *arguments], log, output)
        wait_until(lambda: self.stopping or process.poll() is not None, float("inf"), pause=0.02)
        if self.stopping:
            signal_group(process.pid, signal.SIGTERM)
        if process.wait() and not self.stopping:
            raise ServerError(f"“{' '.join(arguments)}” failed. The end of {log}:\n{log_tail(log, 15)}")

    def _up(self) -> bool:
        self._watch()
        return self.stopping or healthy(self.port)


def healthy(port: int) -> bool:
    """Whether the web server on this machine answers its health page."""
    host = os.environ.get("ALLOWED_HOSTS", "127.0.0.1").split(",")[0]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz/", headers={"Host": host})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def spawn(command: list[str], log: Path, output: IO[str] | None = None) -> subprocess.Popen[bytes]:
    """A process in a group of its own that gets SIGTERM when we are killed (on Linux)."""
    log.parent.mkdir(mode=0o700, exist_ok=True)
    with log.open("ab") as file:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output or file,
            stderr=file,
            start_new_session=True,  # Ctrl-C reaches us only, and we stop them in order
            preexec_fn=die_with_parent(signal.SIGTERM),
        )


def signal_group(leader: int, number: int, *, leader_only: bool = False) -> None:
    """Signal a child of ours and, unless told otherwise, what it started itself."""
    try:
        os.kill(leader, number) if leader_only else os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):  # macOS answers so for a group of zombies
        return


def birth(pid: int) -> float | None:
    """When the process was created, to tell it from a later one with the same number."""
    import psutil

    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None


def end_leftovers(data_dir: Path) -> None:
    """End the children of a supervisor that was killed."""
    path = data_dir / "children.json"
    if not path.exists():
        return
    mine = [(pid, born) for pid, born in json.loads(path.read_text()).values() if born is not None]
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid, born in mine:
            if birth(pid) == born:
                signal_group(pid, number)
        if wait_until(lambda: all(birth(pid) != born for pid, born in mine), 10, pause=0.05):
            break
    path.unlink()


class OnlyOne:
    """Hold the supervisor's lock of a data folder; a second one gets a sentence."""

    def __init__(self, data_dir: Path) -> None:
        servers.claim(data_dir)
        self.file = (data_dir / "supervisor.lock").open("a")

    def __enter__(self) -> None:
        try:
            flock(self.file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise ServerError("It runs already with this DATA_DIR. Stop it, or set DATA_DIR and PORT.") from None

    def __exit__(self, *error: object) -> None:
        self.file.close()


def say(text: str) -> None:
    print(text, flush=True)


def forget(data_dir: Path) -> None:
    """Stop our servers and remove everything we ever wrote to the data folder, and nothing else."""
    if not data_dir.exists():
        return
    with OnlyOne(data_dir), exclusive(data_dir / "servers.lock"):
        if not Lease(data_dir / "lease.lock").release():
            raise ServerError("A command still uses these servers. Let it end first.")
        for server in (servers.Valkey(data_dir / "valkey"), servers.Postgres(data_dir / "postgres")):
            server.stop()
            shutil.rmtree(server.home)
        for name in WRITTEN:
            path = data_dir / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """Read the environment and run, or forget; a sentence and exit code 1 when it cannot."""
    data_dir = Path(os.environ.get("DATA_DIR") or ROOT / ".data").resolve()
    try:
        if arguments == ["forget"]:
            forget(data_dir)
            return 0
        if "DATABASE_URL" in os.environ and "REDIS_URL" not in os.environ:
            raise ServerError("Set REDIS_URL together with DATABASE_URL.")
        return Supervisor(data_dir, int(os.environ.get("PORT") or 8000)).run()
    except ServerError as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

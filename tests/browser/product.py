"""The whole product in processes of its own, as it runs in production: web server, worker, servers, demo companies."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kpiapp import servers, supervisor
from kpiapp.processes import die_with_parent, free_port, log_tail, wait_until

ROOT = Path(__file__).parents[2]
DATABASE = "browser"
BROKER = 1  # the number of a database that no other test uses
START_SECONDS = 60


@dataclass(frozen=True)
class Product:
    """A running product: where it answers, what its web server and worker say, and rows that pages can show."""

    address: str
    folder: Path
    samples: dict[str, dict]

    def last_words(self) -> str:
        """The end of what the web server and the worker said."""
        return "\n".join(log_tail(self.folder / f"{name}.log", 30) for name in ("web", "worker"))

    def mails(self) -> list[str]:
        """What was mailed so far, the oldest first."""
        files = sorted((self.folder / "mail").glob("*"), key=lambda file: file.stat().st_mtime_ns)
        return [file.read_text() for file in files]


@contextmanager
def running_product(postgres: servers.Postgres, valkey: servers.Valkey) -> Iterator[Product]:
    """Migrate, fill and start; stop and forget at the end."""
    folder, port = Path(tempfile.mkdtemp(prefix="kpiapp-browser-")), free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DEBUG"},
        "DATABASE_URL": postgres.url(servers.APP, DATABASE),
        "DATABASE_OWNER_URL": postgres.url(servers.OWNER, DATABASE),
        "REDIS_URL": valkey.url(BROKER),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "HTTPS": "0",
        "DATA_DIR": str(folder),
        "LOG_LEVEL": "WARNING",
    }
    children: list[subprocess.Popen[bytes]] = []

    def start(name: str, *command: str) -> subprocess.Popen[bytes]:
        with (folder / f"{name}.log").open("ab") as log:
            children.append(
                subprocess.Popen(
                    [sys.executable, *command],
                    cwd=ROOT,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=die_with_parent(signal.SIGTERM),
                )
            )
        return children[-1]

    def finish(name: str, *command: str) -> None:
        if start(name, *command).wait():
            raise RuntimeError(f"{' '.join(command)} failed:\n{log_tail(folder / f'{name}.log', 30)}")

    postgres.create_database(DATABASE)
    try:
        collected = start("static", "manage.py", "collectstatic", "--noinput", "--ignore", "src", "-v", "0")
        finish("setup", "manage.py", "migrate", "--database", "owner", "--noinput", "--verbosity", "0")
        finish("setup", "manage.py", "seed_demo")
        finish("setup", "-m", "tests.browser.stage", str(folder / "samples.json"))
        if collected.wait():
            raise RuntimeError(log_tail(folder / "static.log", 30))
        start("worker", "-m", *supervisor.WORKER.replace("--concurrency 2", "--concurrency 1").split())
        start("web", "-m", *supervisor.GUNICORN.split(), "--bind", f"127.0.0.1:{port}")
        if not wait_until(lambda: supervisor.healthy(port), START_SECONDS, pause=0.05):
            raise RuntimeError(log_tail(folder / "web.log", 30))
        samples = json.loads((folder / "samples.json").read_text())
        yield Product(f"http://localhost:{port}", folder, samples)
    finally:
        for child in reversed(children):
            child.terminate()
            child.wait()
        postgres.drop_database(DATABASE)
        shutil.rmtree(folder)

"""The product over HTTP: one web worker that serves one request after the other, and a browser that is signed in."""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple
from urllib.parse import urlencode

import psutil
from django.conf import settings
from django.test import Client

from kpiapp.models import User

STARTS_WITHIN = 60


class Worker(NamedTuple):
    """Where the web worker listens, and its process."""

    port: int
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Processor time so far: what other programs on the machine do not change."""
        times = self.process.cpu_times()
        return times.user + times.system


@contextmanager
def web_worker() -> Iterator[Worker]:
    """A single synchronous gunicorn worker on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "kpiapp.wsgi", "--worker-class", "sync", "--workers", "1"]
    command += ["--bind", f"127.0.0.1:{port}", "--no-control-socket", "--log-level", "error"]
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=dict(os.environ))
    try:
        _wait(server, port)
        yield Worker(port, psutil.Process(server.pid).children()[0])
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait(server: subprocess.Popen, port: int) -> None:
    for _ in range(STARTS_WITHIN * 10):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit("The web worker did not start.")


class Browser:
    """A signed-in user who asks one thing after the other, each on a connection of its own, and times the answers."""

    def __init__(self, port: int, user: User) -> None:
        self.port = port
        client = Client()
        client.force_login(user)
        self.cookies = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}

    def get(self, path: str) -> tuple[float, int]:
        """Seconds until the answer was read, and its size in bytes as sent; anything but 200 ends the benchmark."""
        return self._ask("GET", path, {})

    def post(self, path: str, fields: dict[str, str]) -> tuple[float, int]:
        """The same for a form sent by htmx."""
        token = self.cookies[settings.CSRF_COOKIE_NAME]
        form = {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": token, "HX-Request": "true"}
        return self._ask("POST", path, form, urlencode(fields))

    def _ask(self, method: str, path: str, headers: dict[str, str], body: str | None = None) -> tuple[float, int]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        started = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, {"Cookie": cookie, "Accept-Encoding": "gzip", **headers})
        answer = connection.getresponse()
        content = answer.read()
        seconds = time.perf_counter() - started
        connection.close()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        if answer.status != 200:
            sys.exit(f"{method} {path}: {answer.status}")
        return seconds, len(content)


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    ordered = sorted(seconds)
    return {"p50_ms": 1000 * statistics.median(ordered), "p95_ms": 1000 * ordered[int(0.95 * len(ordered))]}

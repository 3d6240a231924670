"""The web server keeps answering while browsers hold connections on which they say nothing."""

import socket
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from kpiapp.processes import free_port, wait_until

ROOT = Path(__file__).parents[2]
SILENT = 60  # a thread that waited for each of them would be gone for half a minute


def answers(port: int, timeout: float) -> bool:
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=timeout).status == 200
    except OSError:
        return False


def test_silent_connections_hold_up_nobody():
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "python:kpiapp.webserver", "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen([*command, "wsgiref.simple_server:demo_app"], cwd=ROOT, stderr=subprocess.DEVNULL) as server:
        try:
            assert wait_until(lambda: answers(port, 1), 30, pause=0.1)
            with ExitStack() as open_ones:
                for _ in range(SILENT):
                    open_ones.enter_context(socket.create_connection(("127.0.0.1", port)))
                assert all(answers(port, 10) for _ in range(10))
        finally:
            server.terminate()

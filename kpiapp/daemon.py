"""A server of our own: its folder and memory, its user, its pid file, start and stop. Imports no Django."""

import json
import os
import secrets
import signal
import subprocess
from functools import partial
from pathlib import Path
from typing import ClassVar

from kpiapp.processes import (
    SYSTEM_FOLDER,
    ServerError,
    die_with_parent,
    free_port,
    log_tail,
    owned_pid,
    reachable_by,
    send,
    server_user,
    wait_until,
    working_in,
    write_private,
)

START_SECONDS = 60  # recovery after a crash may take its time
STOP_SECONDS = 10


class Server:
    """What both servers share: a folder with memory, an unprivileged user, a pid file, start and stop.

    With durable=False nothing survives a crash, and the server dies with the process that started it.
    """

    name: str
    stop_signals: tuple[int, ...]
    # What this process launched, by home: servers outlive the objects that speak for them.
    launched: ClassVar[dict[Path, subprocess.Popen[bytes]]] = {}

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self.durable = durable
        self.user = server_user()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.memory = self._remembered()
        self.home = self._home()
        self.log = self.folder.parent / "logs" / f"{self.name}.log"

    def first_memory(self) -> dict[str, str | int]:
        """What is decided once for a new folder: passwords, the port."""
        raise NotImplementedError

    def pid_file(self) -> Path:
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def prepare(self) -> None:
        """Make the files the server needs; runs before every start, with no server running."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether it serves requests now; must be quick."""
        raise NotImplementedError

    def after_first_start(self) -> None:
        """Runs once, when the new server answers."""

    def pid(self) -> int | None:
        child = self.launched.get(self.home)
        if child is not None and child.poll() is not None:  # buries our own child when it has died
            del self.launched[self.home]
        return owned_pid(self.pid_file(), str(self.home))

    def start(self) -> "Server":
        """Start unless it runs already; returns when it answers. Raises ServerError with a sentence."""
        wait_until(lambda: self.pid() is None or self.answers(), START_SECONDS)  # a killed one may not be gone yet
        if self.pid() is None:
            self._bury()
            self._launch()
        elif not self.answers():
            raise ServerError(f"{self.name} runs but does not answer. Look into {self.log}.")
        if not self.memory.get("ready"):
            self.after_first_start()
            self._remember(ready=1)
        return self

    def stop(self) -> None:
        """Stop it and wait until it is gone, with growing force; nothing happens when it does not run."""
        for number in (*self.stop_signals, signal.SIGKILL):
            pid = self.pid()
            if pid is None:
                return
            send(pid, number)
            wait_until(lambda: self.pid() is None, STOP_SECONDS)

    def _launch(self) -> None:
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        for _ in range(3):
            self.prepare()
            process = self._spawn()
            if not wait_until(partial(self._settled, process), START_SECONDS):
                raise ServerError(f"{self.name} runs but does not answer. Look into {self.log}.")
            if process.poll() is None:
                return
            self._remember(port=free_port())  # perhaps it was taken between the look and the start
        raise ServerError(f"{self.name} did not start. The end of {self.log}:\n{log_tail(self.log)}")

    def _settled(self, process: subprocess.Popen[bytes]) -> bool:
        return process.poll() is not None or self.answers()

    def _spawn(self) -> subprocess.Popen[bytes]:
        before = self.launched.pop(self.home, None)
        if before is not None:
            wait_until(lambda: before.poll() is not None, STOP_SECONDS)
        with self.log.open("ab") as log:
            process = self.launched[self.home] = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,  # Ctrl-C in the terminal is not meant for it
                preexec_fn=None if self.durable else die_with_parent(signal.SIGQUIT),
                **self._as_user(),
            )
        return process

    def _bury(self) -> None:
        """Children of a killed server may outlive it for a moment: wait until none works in its folder."""
        if self.pid_file().exists():
            for number in (signal.SIGQUIT, signal.SIGKILL):
                for pid in working_in(self.pid_file().parent):
                    send(pid, number)
                if wait_until(
                    lambda: not working_in(self.pid_file().parent),
                    STOP_SECONDS,
                    pause=0.05,
                ):
                    break
            self.pid_file().unlink(missing_ok=True)

    def _as_user(self) -> dict:
        if self.user is None:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    def _given(self, path: Path) -> Path:
        """Hand a file or folder to the user the server runs as."""
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)
        return path

    def _home(self) -> Path:
        """Where the server's own files lie: our folder, or below /var/lib when its user cannot reach that."""
        if self.user is None or reachable_by(self.user, self.folder):
            self._given(self.folder)
            return self.folder
        SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        home = SYSTEM_FOLDER / f"{self.name}-{self.memory['token']}"
        home.mkdir(mode=0o700, exist_ok=True)
        return self._given(home)

    def _remembered(self) -> dict:
        path = self.folder / "memory.json"
        if path.exists():
            return json.loads(path.read_text())
        self.memory = {}
        self._remember(token=secrets.token_hex(8), **self.first_memory())
        return self.memory

    def _remember(self, **facts: str | int) -> None:
        self.memory.update(facts)
        draft = self.folder / ".memory.json"
        write_private(draft, json.dumps(self.memory, indent=1))
        draft.rename(self.folder / "memory.json")

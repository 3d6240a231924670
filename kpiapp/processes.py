"""Processes of our own on this machine: locks between them, who is alive, how to end one. Imports no Django."""

import ctypes
import fcntl
import json
import os
import pwd
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import ClassVar

PR_SET_PDEATHSIG = 1
# Where root puts what the unprivileged server user must reach, when our own folders are closed to it.
SYSTEM_FOLDER = Path("/var/lib/kpiapp")
START_SECONDS = 60  # recovery after a crash may take its time
STOP_SECONDS = 10


class ServerError(RuntimeError):
    """A server or program cannot run here; the message is a sentence that says what to do."""


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file alone; waits for others. The kernel lets go of it when a process is killed."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Lease:
    """A share in something many processes use; the last one out may switch it off."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")
        self._holder = os.getpid()
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def release(self) -> bool:
        """Give the share back; True when nobody else holds one. Does nothing in a forked child."""
        if self._holder != os.getpid() or self._file.closed:
            return False
        # Closing instead of LOCK_UN: forked children that still run keep their share of it.
        path = Path(self._file.name)
        self._file.close()
        if not path.exists():
            return True
        with path.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True


def die_with_parent(number: int) -> Callable[[], None] | None:
    """For Popen's preexec_fn: the kernel sends the signal when our process ends, however it ends (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) and None


def free_port(preferred: int | None = None) -> int:
    """A loopback port nobody listens on: the preferred one when it is free."""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServerError("No free port is left on 127.0.0.1.")


def owned_pid(pid_file: Path, mark: str) -> int | None:
    """The process a pid file names, if it lives and its command line carries our mark; else None.

    Numbers of processes are given out again: without the mark we would signal a stranger.
    """
    try:
        pid = int(pid_file.read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    import psutil  # costs 50 ms, and servers that are up never need it

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return pid if any(mark in word for word in process.cmdline()) else None
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None


def working_in(folder: Path) -> list[int]:
    """Processes whose current directory is the folder."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied, FileNotFoundError):
            continue
    return found


def send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def wait_until(done: Callable[[], bool], seconds: float, pause: float = 0.01) -> bool:
    """Poll until the condition holds; False when the time is over first."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def server_user() -> pwd.struct_passwd | None:
    """The unprivileged user that servers run as when we are root (PostgreSQL refuses root); else None."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise ServerError(
            "PostgreSQL does not run as root, and this machine has no user “nobody”. Run as another user."
        ) from None


def reachable_by(user: pwd.struct_passwd, path: Path) -> bool:
    """Whether the user may walk down to the path: every existing folder above it lets others (or the user) pass."""
    for folder in path.absolute().parents:
        if not folder.exists():
            continue
        status = folder.stat()
        if status.st_uid == user.pw_uid:
            allowed = status.st_mode & 0o100
        elif status.st_gid == user.pw_gid:
            allowed = status.st_mode & 0o010
        else:
            allowed = status.st_mode & 0o001
        if not allowed:
            return False
    return True


def log_tail(path: Path, lines: int = 8) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""


def write_private(path: Path, text: str) -> Path:
    """A file only we can read, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return path


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

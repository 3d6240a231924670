"""Processes of our own on this machine: locks between them, who is alive, how to end one. Imports no Django."""

import ctypes
import fcntl
import os
import pwd
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PR_SET_PDEATHSIG = 1
# Where root puts what the unprivileged server user must reach, when our own folders are closed to it.
SYSTEM_FOLDER = Path("/var/lib/kpiapp")


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
    """For Popen's preexec_fn: the kernel sends the signal when our process ends, however it ends (Linux only).

    A shell has its jobs in the background ignore SIGINT and SIGQUIT, and they hand that down: here it is taken back.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def before_exec() -> None:
        signal.signal(number, signal.SIG_DFL)
        prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)

    return before_exec


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


def usable_memory() -> int:
    """Bytes of memory that the machine has, or the container around us may take."""
    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    allowed = limit.read_text().strip() if limit.is_file() else ""
    return min(installed, int(allowed)) if allowed.isdigit() else installed

"""PostgreSQL and Valkey of our own for development, demo and tests. Imports no Django."""

import atexit
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from kpiapp.binaries import postgres_bin, runnable_by, valkey_server
from kpiapp.daemon import Server
from kpiapp.processes import (
    Lease,
    ServerError,
    exclusive,
    free_port,
    usable_memory,
    write_private,
)

DATABASE = "kpiapp"
THROW_AWAY = "kpiapp-throw-away-"
SUPERUSER, OWNER, APP = "postgres", "kpiapp_owner", "kpiapp_app"
SQL = Path(__file__).parent / "sql"
# What nights and pages are measured with; docker-compose.yml gives it to its own server, too.
TUNING = {
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
    "jit": "off",
}
# Megabytes the database keeps pages in; what it does not touch, it does not take.
SHARED_LEAST, SHARED_MOST = 128, 4096
SOCKET_PATH_LIMIT = 100  # bytes; the kernel's limit is 107 on Linux and 103 on macOS


# Commands of manage.py that work without a database.
SERVERLESS_COMMANDS = frozenset(
    {"check_cases", "collectstatic", "compilemessages", "diffsettings", "help", "makemessages", "version"}
)


@dataclass(frozen=True)
class Addresses:
    """Where the servers of one DATA_DIR answer, and the secret key of the installation."""

    database_url: str
    database_owner_url: str
    redis_url: str
    secret_key: str


def shared_megabytes(memory: int) -> int:
    """An eighth of so many bytes of memory, since workers and web server live beside the database; within bounds."""
    return min(max(memory // 8 // 2**20, SHARED_LEAST), SHARED_MOST)


class Postgres(Server):
    """One cluster: a superuser only this file uses, kpiapp_owner (migrates) and kpiapp_app (owns nothing)."""

    name = "postgres"
    stop_signals = (
        signal.SIGINT,
        signal.SIGQUIT,
    )  # PostgreSQL's “fast” and “immediate”

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        super().__init__(folder, durable=durable)
        self.data = self.home / "data"
        self.socket_folder = self.home / "run"
        path = str(self.socket_folder / ".s.PGSQL.65535")
        if len(path.encode()) > SOCKET_PATH_LIMIT or "," in path:  # PostgreSQL reads a comma as “and”
            digest = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
            self.socket_folder = Path(tempfile.gettempdir()) / f"kpiapp-{digest}"

    def first_memory(self) -> dict[str, str | int]:
        return {
            "port": free_port(),
            **{role: secrets.token_urlsafe(24) for role in (SUPERUSER, OWNER, APP)},
        }

    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def url(self, role: str = APP, database: str = DATABASE) -> str:
        """Over the unix socket: faster than loopback, and out of reach for other users."""
        host = quote(str(self.socket_folder), safe="")
        return f"postgresql://{role}:{self.memory[role]}@{host}:{self.memory['port']}/{database}"

    def loopback_url(self, role: str = APP, database: str = DATABASE) -> str:
        return f"postgresql://{role}:{self.memory[role]}@127.0.0.1:{self.memory['port']}/{database}"

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self.socket_folder / f".s.PGSQL.{self.memory['port']}"))
        except OSError:
            return False
        # The socket opens before recovery ends; the last line of the pid file tells when it has.
        return self.pid_file().read_text().splitlines()[-1].strip() == "ready" if self.pid_file().exists() else False

    def prepare(self) -> None:
        self.socket_folder.mkdir(mode=0o700, exist_ok=True)
        self._given(self.socket_folder)
        self._remember(port=free_port(int(self.memory["port"])))
        if (self.data / "PG_VERSION").exists() and self.memory.get("ready"):
            return
        self._clear_half_made()
        password = self.home / "first_password"
        write_private(password, str(self.memory[SUPERUSER]))
        self._given(password)
        initdb = runnable_by(self.user, postgres_bin() / "initdb")
        arguments = [
            f"--pgdata={self.data}",
            f"--username={SUPERUSER}",
            f"--pwfile={password}",
        ]
        arguments += [
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-instructions",
            *locale_of(initdb),
        ]
        made = subprocess.run(
            [initdb, *arguments, *([] if self.durable else ["--no-sync"])],
            check=False,  # its own words go into our error
            capture_output=True,
            text=True,
            cwd=self.home,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
            **self._as_user(),
        )
        password.unlink()
        if made.returncode:
            raise ServerError(f"The database could not be made in {self.data}:\n{made.stderr.strip()}")

    def _clear_half_made(self) -> None:
        """Remove what an interrupted first start left; it never held anything."""
        if self.data.exists():
            if not self.memory.get("begun"):
                raise ServerError(f"{self.data} exists, but its passwords in {self.folder} are gone. Move it away.")
            shutil.rmtree(self.data)
        self._remember(begun=1, ready=0)

    def command(self) -> list[str]:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.memory["port"],
            "unix_socket_directories": self.socket_folder,
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "shared_buffers": f"{shared_megabytes(usable_memory()) if self.durable else SHARED_LEAST}MB",
            **TUNING,
        }
        if not self.durable:
            options |= {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "autovacuum": "off",
            }
        words = [
            str(runnable_by(self.user, postgres_bin() / "postgres")),
            "-D",
            str(self.data),
        ]
        return words + [word for name, value in options.items() for word in ("-c", f"{name}={value}")]

    def after_first_start(self) -> None:
        roles = (SQL / "1_roles.sql").read_text()
        self._execute(
            "postgres",
            roles,
            *(f"ALTER ROLE {r} PASSWORD '{self.memory[r]}'" for r in (OWNER, APP)),
        )
        self.create_database(DATABASE)

    def create_database(self, name: str, template: str | None = None) -> None:
        """A database of the owner's with our extensions and grants; from a template it is a plain copy."""
        source = f' TEMPLATE "{template}"' if template else ""
        self._execute("postgres", f'CREATE DATABASE "{name}" OWNER {OWNER}{source}')
        if not template:
            self._execute(name, (SQL / "2_database.sql").read_text())

    def drop_database(self, name: str) -> None:
        """Drop it if it exists, with its connections."""
        self._execute("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _execute(self, database: str, *statements: str) -> None:
        import psycopg2  # costs 100 ms, and only a new database needs it

        with closing(psycopg2.connect(self.url(SUPERUSER, database))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)


class Valkey(Server):
    """One server on loopback with a password; the append-only file keeps queued work over a crash."""

    name = "valkey"
    stop_signals = (signal.SIGTERM,)

    def first_memory(self) -> dict[str, str | int]:
        return {"port": free_port(), "password": secrets.token_urlsafe(24)}

    def pid_file(self) -> Path:
        return self.home / "valkey.pid"

    def url(self, db: int = 0) -> str:
        return f"redis://:{self.memory['password']}@127.0.0.1:{self.memory['port']}/{db}"

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", int(self.memory["port"])), timeout=1) as probe:
                probe.sendall(f"AUTH {self.memory['password']}\r\nPING\r\n".encode())
                return probe.makefile("rb").readline() == b"+OK\r\n" and self.pid_file().exists()
        except OSError:
            return False

    def prepare(self) -> None:
        self._remember(port=free_port(int(self.memory["port"])))
        options = {
            "bind": "127.0.0.1",
            "port": self.memory["port"],
            "requirepass": self.memory["password"],
            "dir": f'"{self.home}"',
            "pidfile": f'"{self.pid_file()}"',
            "set-proc-title": "no",  # our mark for owned_pid is the path on its command line
            "save": '""',
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }
        lines = "".join(f"{name} {value}\n" for name, value in options.items())
        self._given(write_private(self.home / "valkey.conf", lines))

    def command(self) -> list[str]:
        return [
            str(runnable_by(self.user, valkey_server())),
            str(self.home / "valkey.conf"),
        ]


def locale_of(initdb: Path) -> list[str]:
    """Unicode-aware lower() and ILIKE, the same on every machine; PostgreSQL before 17 asks the system for it."""
    banner = subprocess.run([initdb, "--version"], capture_output=True, text=True, check=True).stdout
    if int(banner.split()[2].split(".")[0]) >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8"]


def needed(arguments: list[str], environment: Mapping[str, str]) -> bool:
    """Whether this command line needs servers of our own: no address is given, and it talks to a database."""
    if environment.get("DATABASE_URL"):
        return False
    by_manage = Path(arguments[0]).name in {"manage.py", "django-admin"}
    command = next((word for word in arguments[1:] if not word.startswith("-")), "help")
    return not (by_manage and command in SERVERLESS_COMMANDS)


def claim(data_dir: Path) -> None:
    """Make the data folder; raises ServerError when it is not ours to write to."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServerError(
            f"{data_dir} cannot be made ({error.strerror}). Set DATA_DIR to a folder of yours."
        ) from error
    if not os.access(data_dir, os.W_OK):
        raise ServerError(f"{data_dir} belongs to another user. Set DATA_DIR to a folder of yours.")


def started(data_dir: Path) -> tuple[Postgres, Valkey]:
    """The servers of the data folder, started when they are down; safe when several processes try at once."""
    with exclusive(data_dir / "servers.lock"):
        postgres, valkey = Postgres(data_dir / "postgres"), Valkey(data_dir / "valkey")
        for server in (postgres, valkey):
            if not server.answers():
                server.start()
    return postgres, valkey


def ensure(data_dir: Path) -> Addresses:
    """Addresses of the running servers; whichever process leaves last stops them at its exit."""
    claim(data_dir)
    lease = Lease(data_dir / "lease.lock")
    atexit.register(leave, data_dir, lease)
    postgres, valkey = started(data_dir)
    return Addresses(postgres.url(APP), postgres.url(OWNER), valkey.url(), secret_key(data_dir))


def leave(data_dir: Path, lease: Lease) -> None:
    """Give the lease back; the last one out stops the servers."""
    if not data_dir.exists():
        return
    with exclusive(data_dir / "servers.lock"):
        if lease.release():
            Valkey(data_dir / "valkey").stop()
            Postgres(data_dir / "postgres").stop()


def secret_key(data_dir: Path) -> str:
    """The installation's secret key, made once."""
    path = data_dir / "secret_key"
    with exclusive(data_dir / "servers.lock"):
        if not path.exists():
            write_private(path, secrets.token_urlsafe(50))
    return path.read_text()


@contextmanager
def throw_away() -> Iterator[tuple[Postgres, Valkey]]:
    """Servers for one test run in a folder of their own: fast, forgetful, gone with our process."""
    sweep_throw_aways()
    folder = Path(tempfile.mkdtemp(prefix=THROW_AWAY))
    lease = Lease(folder / "lease.lock")
    folder.chmod(0o711)  # the servers' user must pass; their own folders inside are 0700
    servers = (
        Postgres(folder / "postgres", durable=False),
        Valkey(folder / "valkey", durable=False),
    )
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            server.stop()
            shutil.rmtree(server.home)
        lease.release()
        shutil.rmtree(folder)


def sweep_throw_aways() -> None:
    """Remove what killed test runs left behind."""
    for lock in Path(tempfile.gettempdir()).glob(f"{THROW_AWAY}*/lease.lock"):
        if lock.stat().st_uid == os.geteuid() and Lease(lock).release():
            shutil.rmtree(lock.parent, ignore_errors=True)

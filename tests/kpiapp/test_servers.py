"""PostgreSQL and Valkey of our own: made, shared, killed, restarted, moved."""

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import psycopg2
import pytest
import redis

from kpiapp import processes, servers

ROOT = Path(servers.__file__).parent.parent


@pytest.fixture
def folder():
    """A folder other users may pass, as a project's folder is; pytest's own is closed to the server's user."""
    with tempfile.TemporaryDirectory(prefix="kpiapp-test-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path
        for server in (servers.Valkey(path / "valkey"), servers.Postgres(path / "postgres")):
            server.stop()


@pytest.fixture(scope="module")
def pair():
    """Throw-away servers for the tests that only look."""
    with servers.throw_away() as both:
        yield both


def query(url: str, statement: str):
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() if cursor.description else None


def run_python(code: str, *arguments: str, **kwargs) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True, **kwargs
    )


def test_a_small_machine_keeps_its_memory_and_a_large_one_uses_it():
    megabytes = [servers.shared_megabytes(int(size * 2**30)) for size in (0.5, 8, 24, 512)]
    assert megabytes == [128, 1024, 3072, 4096]
    assert processes.usable_memory() > 0


class TestRoles:
    @pytest.mark.parametrize("role", [servers.APP, servers.OWNER])
    def test_neither_role_may_pass_row_security(self, pair, role):
        powers = "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        assert query(pair[0].url(role), powers) == (False, False, False, False)

    def test_the_app_role_uses_the_owners_tables_and_sequences_but_not_truncate(self, pair):
        postgres, _ = pair
        query(postgres.url(servers.OWNER), "CREATE TABLE note (id serial PRIMARY KEY, text text)")
        assert query(postgres.url(), "INSERT INTO note (text) VALUES ('a') RETURNING id") == (1,)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            query(postgres.url(), "TRUNCATE note")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            query(postgres.url(), "CREATE TABLE mine (id int)")

    def test_a_copy_of_a_database_keeps_grants_and_extensions(self, pair):
        postgres, _ = pair
        postgres.create_database("first")
        postgres.create_database("copy", "first")
        query(postgres.url(servers.OWNER, "copy"), "CREATE TABLE late (id int)")
        assert query(postgres.url(database="copy"), "SELECT count(*) FROM late") == (0,)
        extensions = "SELECT array_agg(extname ORDER BY extname) FROM pg_extension WHERE extname <> 'plpgsql'"
        assert query(postgres.url(database="copy"), extensions) == (["btree_gist", "pg_trgm", "unaccent"],)
        postgres.drop_database("copy")
        with pytest.raises(psycopg2.OperationalError, match="does not exist"):
            query(postgres.url(database="copy"), "SELECT 1")

    def test_a_password_is_asked_for_on_socket_and_loopback(self, pair):
        postgres, valkey = pair
        for url in (postgres.url(), postgres.loopback_url()):
            with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
                query(url.replace(str(postgres.memory[servers.APP]), "guess"), "SELECT 1")
        assert query(postgres.loopback_url(), "SELECT current_user") == (servers.APP,)
        with socket.create_connection(("127.0.0.1", int(valkey.memory["port"]))) as stranger:
            stranger.sendall(b"PING\r\n")
            assert stranger.recv(100).startswith(b"-NOAUTH")

    def test_vietnamese_letters_have_lower_case(self, pair):
        assert query(pair[0].url(), "SELECT lower('ĐIỂM THƯỞNG')") == ("điểm thưởng",)


class TestFiles:
    def test_data_and_passwords_are_closed_to_others(self, pair):
        for server in pair:
            assert stat.S_IMODE(server.home.stat().st_mode) == 0o700
            assert stat.S_IMODE((server.folder / "memory.json").stat().st_mode) == 0o600

    def test_root_lends_the_servers_an_unprivileged_user(self, pair):
        expected = processes.server_user()
        for server in pair:
            owner = Path(server.home).stat().st_uid
            assert owner == (expected.pw_uid if expected else os.geteuid())

    def test_a_long_path_gets_a_short_socket(self, folder):
        deep = folder / ("long" * 30)
        postgres = servers.Postgres(deep, durable=False).start()
        try:
            assert query(postgres.url(), "SELECT 1") == (1,)
        finally:
            postgres.stop()
            postgres.socket_folder.rmdir()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root lends its servers another user")
    def test_below_a_closed_folder_the_data_moves_where_the_servers_user_may_go(self, folder):
        (folder / "closed").mkdir(mode=0o700)
        valkey = servers.Valkey(folder / "closed" / "valkey", durable=False).start()
        try:
            assert valkey.home.parent == processes.SYSTEM_FOLDER
            with closing(redis.Redis.from_url(valkey.url())) as client:
                assert client.ping()
        finally:
            valkey.stop()
            for file in valkey.home.iterdir():
                file.unlink()
            valkey.home.rmdir()

    def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(self, folder):
        (folder / "file").touch()
        with pytest.raises(processes.ServerError, match=r"cannot be made .* Set DATA_DIR to a folder of yours"):
            servers.ensure(folder / "file" / "data")

    def test_a_path_with_spaces_works(self, folder):
        postgres = servers.Postgres(folder / "của tôi, 100 %" / "postgres", durable=False)
        valkey = servers.Valkey(folder / "của tôi, 100 %" / "valkey", durable=False)
        try:
            assert query(postgres.start().url(), "SELECT 1") == (1,)
            assert valkey.start().answers()
        finally:
            postgres.stop()
            valkey.stop()
            postgres.socket_folder.rmdir()


class TestSharing:
    def test_asking_again_is_cheap(self, folder):
        first = servers.ensure(folder)
        times = []
        for _ in range(5):
            started_at = time.perf_counter()
            assert servers.ensure(folder) == first
            times.append(time.perf_counter() - started_at)
        assert min(times) < 0.005

    def test_commands_at_once_share_one_server_and_the_last_stops_it(self, folder):
        code = (
            "import sys, time; from pathlib import Path; from kpiapp import servers\n"
            "print(servers.ensure(Path(sys.argv[1])).database_url, flush=True); time.sleep(float(sys.argv[2]))"
        )
        asking = [
            subprocess.Popen([sys.executable, "-c", code, folder, seconds], cwd=ROOT, stdout=subprocess.PIPE, text=True)
            for seconds in ("0", "0.5", "2")
        ]
        addresses = {process.stdout.readline().strip() for process in asking}
        assert len(addresses) == 1
        asking[0].communicate()
        asking[1].communicate()
        assert query(addresses.pop(), "SELECT 1") == (1,)
        asking[2].communicate()
        assert [s.pid() for s in (servers.Postgres(folder / "postgres"), servers.Valkey(folder / "valkey"))] == [
            None
        ] * 2

    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            ("manage.py migrate", True),
            ("manage.py collectstatic --noinput", False),
            ("manage.py", False),
            ("celery -A kpiapp worker", True),
        ],
    )
    def test_commands_without_a_database_start_nothing(self, line, expected):
        assert servers.needed(line.split(), {}) is expected
        assert servers.needed(line.split(), {"DATABASE_URL": "postgresql://elsewhere/kpiapp"}) is False


class TestCrashes:
    def test_data_and_queued_work_survive_kill_9(self, folder):
        postgres, valkey = servers.Postgres(folder / "postgres"), servers.Valkey(folder / "valkey")
        try:
            postgres.start(), valkey.start()
            query(postgres.url(servers.OWNER), "CREATE TABLE kept (id int)")
            query(postgres.url(), "INSERT INTO kept VALUES (7)")
            with closing(redis.Redis.from_url(valkey.url())) as client:
                client.rpush("celery", "task")
                client.execute_command("WAITAOF", 1, 0, 2000)
            busy = psycopg2.connect(postgres.url())  # its backend outlives the postmaster for a moment
            for server in (postgres, valkey):
                os.kill(server.pid(), signal.SIGKILL)
                assert processes.wait_until(lambda server=server: server.pid() is None, 5)
            postgres.start(), valkey.start()
            busy.close()
            assert query(postgres.url(), "SELECT id FROM kept") == (7,)
            with closing(redis.Redis.from_url(valkey.url())) as client:
                assert client.lrange("celery", 0, -1) == [b"task"]
        finally:
            valkey.stop(), postgres.stop()

    def test_a_first_start_that_was_killed_is_repeated(self, folder):
        postgres = servers.Postgres(folder / "postgres", durable=False)
        postgres.prepare()
        assert not postgres.memory["ready"]
        postgres.start()
        assert query(postgres.url(), "SELECT 1") == (1,)

    def test_a_pid_file_that_names_a_stranger_harms_nobody(self, folder):
        valkey = servers.Valkey(folder / "valkey")
        stranger = subprocess.Popen(["sleep", "60"])
        try:
            valkey.pid_file().write_text(f"{stranger.pid}\n")
            assert valkey.pid() is None
            valkey.start()
            assert valkey.answers()
            valkey.stop()
            assert stranger.poll() is None
        finally:
            stranger.kill()
            stranger.wait()

    def test_a_port_taken_meanwhile_is_exchanged(self, folder):
        valkey = servers.Valkey(folder / "valkey").start()
        valkey.stop()
        with socket.create_server(("127.0.0.1", int(valkey.memory["port"]))) as squatter:
            valkey.start()
            try:
                assert valkey.memory["port"] != squatter.getsockname()[1]
                assert valkey.answers()
            finally:
                valkey.stop()

    @pytest.mark.parametrize("handled", [signal.SIG_DFL, signal.SIG_IGN])
    def test_throw_away_servers_go_with_a_killed_run(self, handled):
        """Also where the run was started in the background of a shell, which ignores SIGQUIT for it."""
        code = (
            "from kpiapp import servers; import time\n"
            "with servers.throw_away() as pair:\n"
            "    print(*(s.pid() for s in pair), pair[0].folder.parent, flush=True); time.sleep(60)"
        )
        before = partial(signal.signal, signal.SIGQUIT, handled)
        run = subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, preexec_fn=before
        )
        *pids, left = run.stdout.readline().split()
        run.kill()
        run.communicate()
        if sys.platform.startswith("linux"):
            # A postmaster that quits kills children that were just starting after five seconds of its own.
            assert processes.wait_until(lambda: not any(alive(int(pid)) for pid in pids), 10)
            servers.sweep_throw_aways()
            assert not Path(left).exists()


def alive(pid: int) -> bool:
    import psutil

    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False

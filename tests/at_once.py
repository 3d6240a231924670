"""Many writers at the same moment, each with a connection of its own. What these tests write is committed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connections

from tests.cast import Cast, build_cast

WAIT = 20


@contextmanager
def committed_cast(blocker) -> Iterator[Cast]:
    """A company that other connections see; its tables are emptied afterwards by the role that owns them."""
    with blocker.unblock():
        yield build_cast("an-phat", "vi")
        with connections["owner"].cursor() as cursor:
            cursor.execute("TRUNCATE kpiapp_organization, kpiapp_user CASCADE")
        connections.close_all()


def at_once(*functions: Callable[[], object]) -> list[Exception]:
    """Call functions in threads that start together; what they raised, in any order."""
    gate, errors = threading.Barrier(len(functions)), []

    def call(function):
        try:
            gate.wait(timeout=WAIT)
            function()
        except Exception as error:  # noqa: BLE001  (whatever went wrong is shown by the test)
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call, args=[function]) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=3 * WAIT)
    return errors

"""How gunicorn serves the product, wherever it runs: `gunicorn -c python:kpiapp.webserver kpiapp.wsgi`."""

import gc

from gunicorn.workers import gthread

worker_class = "gthread"
workers = 2
threads = 4
graceful_timeout = 5
control_socket_disable = True
# Longer than proxies and browsers keep a connection: we must not close one while a request is on its way.
keepalive = 75


class Connection(gthread.TConn):
    """A connection that takes no thread until its request has begun.

    Browsers open spare connections and say nothing on them. A thread would wait five seconds on each, and eight of
    them would hold up everybody; without the wait the worker's loop watches them.
    """

    def wait_for_data(self, timeout: float) -> bool:
        """Whether data is here already."""
        return super().wait_for_data(0)


gthread.TConn = Connection


def post_worker_init(worker) -> None:
    """What is loaded by now is never garbage: a collection that walks through all of it costs a request 50 ms."""
    gc.collect()
    gc.freeze()

"""How gunicorn serves the product, wherever it runs: `gunicorn -c python:kpiapp.webserver kpiapp.wsgi`."""

from gunicorn.workers import gthread

worker_class = "gthread"
workers = 2
threads = 4
graceful_timeout = 5
control_socket_disable = True

# Browsers open spare connections and say nothing on them. A thread would wait five seconds on each, and eight of them
# would hold up everybody; with no wait the worker's loop watches them and gives threads only to requests.
gthread.DEFAULT_WORKER_DATA_TIMEOUT = 0

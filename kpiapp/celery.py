"""The Celery app, its beat schedule, and ring(): tell a worker that a job row waits."""

import gc
import logging
import os
import sys

from celery import Celery
from celery.schedules import crontab
from celery.signals import task_prerun, worker_init, worker_process_init
from django.db import close_old_connections
from kombu.exceptions import OperationalError

from kpiapp.startup import refuse_unsafe_worker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpiapp.settings")
app = Celery("kpiapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Connections are kept between tasks, as between requests: a new one asks for its password and knows no table yet.
app.conf["CELERY_DB_REUSE_MAX"] = sys.maxsize
worker_init.connect(refuse_unsafe_worker)
app.conf.beat_schedule = {
    # Every quarter of an hour: each organization's night starts once its own local date has turned.
    "nightly": {"task": "kpiapp.tasks.start_nights", "schedule": crontab(minute="*/15")},
    "digests": {"task": "kpiapp.tasks.start_digests", "schedule": crontab(minute="*/15")},
    "sweep": {"task": "kpiapp.tasks.sweep_jobs", "schedule": 30.0},
}
RETRY = {"max_retries": 1, "interval_start": 0, "interval_step": 0}

logger = logging.getLogger(__name__)


@task_prerun.connect
def leave_lost_connections(**signal) -> None:
    """What a restarted database has closed, or is too old, is opened anew."""
    close_old_connections()


@worker_process_init.connect
def set_aside_what_is_loaded(**signal) -> None:
    """Nothing of it is ever garbage: without this, reading a few thousand rows has all of it walked through again."""
    gc.collect()
    gc.freeze()


def ring(organization_id: int, job_id: int, *, after_seconds: int = 0) -> bool:
    """Tell a worker that a job waits. The row is the truth: when the broker is down the sweeper rings later."""
    try:
        app.send_task(
            "kpiapp.tasks.run_job",
            args=[organization_id, job_id],
            countdown=after_seconds or None,
            retry=True,
            retry_policy=RETRY,
        )
    except OperationalError:
        logger.warning("The broker is down: job %s of organization %s waits for the sweeper.", job_id, organization_id)
        return False
    return True

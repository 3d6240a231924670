"""The Celery app, its beat schedule, and ring(): tell a worker that a job row waits."""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_init

from kpiapp.startup import refuse_unsafe_worker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpiapp.settings")
app = Celery("kpiapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
worker_init.connect(refuse_unsafe_worker)
app.conf.beat_schedule = {
    # Every quarter of an hour: each organization's night starts once its own local date has turned.
    "nightly": {"task": "kpiapp.tasks.start_nights", "schedule": crontab(minute="*/15")},
    "sweep": {"task": "kpiapp.tasks.sweep_jobs", "schedule": 30.0},
}

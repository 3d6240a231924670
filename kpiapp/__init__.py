"""The project package and the core app: tenancy, people, periods, permissions, audit, imports, jobs."""

from kpiapp.celery import app as celery_app

__all__ = ["celery_app"]

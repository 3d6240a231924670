"""The core app."""

from django.apps import AppConfig


class KpiAppConfig(AppConfig):
    """Core: tenancy, people, periods, permissions, audit, imports, jobs."""

    name = "kpiapp"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        """Register the system checks."""
        from kpiapp import checks  # noqa: F401  (registering is its side effect)

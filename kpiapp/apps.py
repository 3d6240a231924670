"""The core app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KpiAppConfig(AppConfig):
    """Core: tenancy, people, periods, permissions, audit, imports, jobs."""

    name = "kpiapp"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        """Register the system checks, and what the core app itself offers to its pages."""
        from kpiapp import audit_words, checks, home_panels, notices, question_notices, registry, search  # noqa: F401  (checks register themselves)
        from kpiapp.imports import HANDLERS
        from kpiapp.permissions import Permission
        from kpiapp.services.calendars import start_calendar
        from kpiapp.services.import_files import clean_in_the_night

        registry.IMPORT_HANDLERS.update({handler.kind: handler for handler in HANDLERS})
        registry.ORGANIZATION_STARTERS.append(start_calendar)
        registry.NIGHT_STEPS.append((90, clean_in_the_night))
        item = registry.NavigationItem
        registry.NAVIGATION += [
            item("me", _("Home"), "kpiapp:home", "home", 0, shown=home_panels.has_home, is_exact=True, pinned=1),
            item("company", _("People"), "kpiapp:people", "users", 40, Permission.PEOPLE_READ),
            item("administration", _("Periods"), "kpiapp:periods", "calendar", 10, shown=home_panels.keeps_periods),
            item("administration", _("Imports"), "kpiapp:imports", "file-up", 20, Permission.IMPORT_ACTUALS),
            item("administration", _("Night"), "kpiapp:jobs", "moon", 30, Permission.JOB_READ),
            item("administration", _("Audit trail"), "kpiapp:audit", "history", 40, Permission.AUDIT_READ),
            item("administration", _("Settings"), "kpiapp:settings", "settings", 50, Permission.ROLE_READ),
        ]
        registry.JOB_LABELS |= {
            "night": _("Night"),
            "import": _("Import"),
            "notifications.digests": _("Mails of the day"),
            "notifications.urgent": _("Urgent mail"),
        }
        # Pages and people stand on top of what the apps above find.
        registry.SEARCHES[:0] = [search.find_pages, search.find_people]
        registry.HOME_FACTS.append(home_panels.facts)
        registry.HOME_PANELS.append(home_panels.panels)
        registry.NOTIFICATIONS.update(notices.KINDS | question_notices.KINDS)
        registry.AUDIT_NOUNS.update(audit_words.NOUNS)
        registry.AUDIT_WORDS.update(audit_words.WORDS)

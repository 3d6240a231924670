"""Strategy: the map, its objectives, and what is measured."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StrategyConfig(AppConfig):
    """Maps, objectives, cause links, the KPI library and the KPIs of an organization."""

    name = "strategy"

    def ready(self):
        """Register pages, searches, words of the audit trail, and what a new organization begins with."""
        from kpiapp import registry
        from kpiapp.permissions import Permission
        from strategy import audit_words, home_panels, notices, search, visibility
        from strategy.imports import HANDLERS
        from strategy.services.perspectives import start_perspectives
        from strategy.services.plans import reasons_to_keep_the_fiscal_year

        item = registry.NavigationItem
        registry.NAVIGATION += [
            item(
                "company",
                _("Strategy map"),
                "strategy:map",
                "map",
                10,
                Permission.STRATEGY_READ,
                pinned=6,
                short=_("Map"),
            ),
            item("company", _("Initiatives"), "strategy:initiatives", "flag", 12, Permission.STRATEGY_READ),
            item("company", _("Foundations"), "strategy:foundations", "lightbulb", 11, Permission.STRATEGY_READ),
            item("company", _("KPI library"), "strategy:library", "library", 30, Permission.KPI_READ),
        ]
        registry.IMPORT_HANDLERS.update({handler.kind: handler for handler in HANDLERS})
        registry.SEARCHES += [search.find_kpis, search.find_objectives]
        registry.HOME_FACTS.append(home_panels.facts)
        registry.HOME_PANELS.append(home_panels.panels)
        registry.ORGANIZATION_STARTERS.append(start_perspectives)
        registry.NOTIFICATIONS.update(notices.KINDS)
        registry.HIDDEN_EVENTS.append(visibility.hidden_events)
        registry.AUDIT_NOUNS.update(audit_words.NOUNS)
        registry.AUDIT_WORDS.update(audit_words.WORDS)
        registry.FISCAL_YEAR_CHECKS.append(reasons_to_keep_the_fiscal_year)

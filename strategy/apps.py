"""Strategy: the map, its objectives, and what is measured."""

from django.apps import AppConfig


class StrategyConfig(AppConfig):
    """Maps, objectives, cause links, the KPI library and the KPIs of an organization."""

    name = "strategy"

"""Scorecards: who is measured by what, and how far they are."""

from django.apps import AppConfig


class ScorecardsConfig(AppConfig):
    """Cards, lines, actuals and scores."""

    name = "scorecards"

"""Payroll: from score to tier to pay line to file."""

from django.apps import AppConfig


class PayrollConfig(AppConfig):
    """Tiers, pay rates, pay runs and their exports."""

    name = "payroll"

"""Addresses of strategy inside an organization."""

app_name = "strategy"

urlpatterns: list = []

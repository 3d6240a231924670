"""Addresses of scorecards inside an organization."""

app_name = "scorecards"

urlpatterns: list = []

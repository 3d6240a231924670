"""Addresses of the scorecards API."""

urlpatterns: list = []

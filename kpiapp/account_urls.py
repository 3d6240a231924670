"""Addresses of a user, outside any organization. Language names and theme belong to the user, not to a company."""

from django.urls import path

from kpiapp.views import account

urlpatterns = [
    path("language/", account.set_language, name="set_language"),
]

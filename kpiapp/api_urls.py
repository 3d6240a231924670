"""Addresses of the REST API of an organization."""

from django.urls import include, path

app_name = "api"

urlpatterns = [
    path("", include("scorecards.api_urls")),
]

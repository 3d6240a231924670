"""Addresses of the core app inside an organization."""

from django.urls import path

from kpiapp.views import home

app_name = "kpiapp"

urlpatterns = [
    path("", home.home, name="home"),
]

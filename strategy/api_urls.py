"""Addresses of the strategy API."""

from django.urls import path

from strategy import api

urlpatterns = [path("plans/", api.Plans.as_view(), name="plans")]

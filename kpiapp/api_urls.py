"""Addresses of the REST API of an organization."""

from django.urls import include, path

from kpiapp.api import people, periods

app_name = "api"

urlpatterns = [
    path("people/", people.PersonList.as_view(), name="people"),
    path("people/<int:pk>/", people.PersonDetail.as_view(), name="person"),
    path("periods/", periods.PeriodList.as_view(), name="periods"),
    path("", include("strategy.api_urls")),
    path("", include("scorecards.api_urls")),
]

"""All addresses. Whatever belongs to an organization lies under its slug."""

from django.urls import include, path

from kpiapp.views import account, health

organization_patterns = [
    path("", include("kpiapp.organization_urls")),
    path("strategy/", include("strategy.urls")),
    path("scorecards/", include("scorecards.urls")),
    path("pay/", include("payroll.urls")),
]

urlpatterns = [
    path("healthz/", health.healthz, name="healthz"),
    path("accounts/", include("kpiapp.account_urls")),
    path("accounts/", include("allauth.account.urls")),
    path("", account.landing, name="landing"),
    path("api/v1/<slug:organization>/", include("kpiapp.api_urls")),
    path("<slug:organization>/", include(organization_patterns)),
]

"""Addresses of a user, outside any organization. Language names and theme belong to the user, not to a company."""

from django.urls import path

from kpiapp.views import account, invitations

urlpatterns = [
    path("language/", account.set_language, name="set_language"),
    path("invitation/<slug:company>/<str:token>/", invitations.accept_invitation, name="accept_invitation"),
]

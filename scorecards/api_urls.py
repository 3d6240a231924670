"""Addresses of the scorecards API."""

from django.urls import path

from scorecards import api

urlpatterns = [
    path("cards/", api.CardList.as_view(), name="card_list"),
    path("lines/", api.LineList.as_view(), name="line_list"),
    path("scores/", api.ScoreList.as_view(), name="score_list"),
    path("actuals/", api.Actuals.as_view(), name="actuals"),
]

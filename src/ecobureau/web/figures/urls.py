"""Addresses of the figures."""

from __future__ import annotations

from django.urls import path

from ecobureau.web.figures import pages, ranking

app_name = "figures"
urlpatterns = [
    path("figures/", pages.figures_page, name="home"),
    path("figures/export.xlsx", pages.export_page, name="export"),
    path("figures/ranking/", ranking.ranking_page, name="ranking"),
    path("figures/ranking.xlsx", ranking.export_page, name="ranking_export"),
]

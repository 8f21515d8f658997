"""Addresses of the figures."""

from __future__ import annotations

from django.urls import path

from ecobureau.web.figures import pages

app_name = "figures"
urlpatterns = [
    path("figures/", pages.figures_page, name="home"),
    path("figures/export.xlsx", pages.export_page, name="export"),
]

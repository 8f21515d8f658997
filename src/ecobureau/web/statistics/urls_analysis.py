"""Addresses of the analyses of the statistics."""

from __future__ import annotations

from django.urls import URLPattern, path

from ecobureau.web.statistics import analysis

urlpatterns: list[URLPattern] = [
    path("statistics/analysis/", analysis.analysis_page, name="analysis"),
    path("statistics/analysis/file/<slug:form>/", analysis.analysis_file, name="analysis_file"),
    path("statistics/analysis/station/<int:station>/", analysis.analysis_of_station, name="analysis_station"),
]

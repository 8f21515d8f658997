"""Addresses of the reports of the statistics."""

from __future__ import annotations

from django.urls import URLPattern, path

from ecobureau.web.statistics import report_pages as pages

_ONE = "statistics/reports/<slug:medium>/<slug:period>/<int:place>/<slug:day>/"

urlpatterns: list[URLPattern] = [
    path("statistics/reports/", pages.reports_page, name="reports"),
    path("statistics/reports/go/", pages.jump, name="report_jump"),
    path(_ONE, pages.report_page, name="report"),
    path(f"{_ONE}<slug:form>/", pages.report_file, name="report_file"),
]

"""Addresses of rectification that are not the kernel's."""

from __future__ import annotations

from django.urls import path, re_path

from ecobureau.web.core.pages import lists
from ecobureau.web.rectification import pages

app_name = "rectification"
urlpatterns = [
    path("rectifications/", lists.list_page, {"plural": "rectifications"}, name="list"),
    path("rectifications/month/", pages.month_page, name="month"),
    re_path(r"^rectifications/month\.(?P<form>pdf|xlsx)$", pages.month_file, name="month_file"),
]

"""Addresses of the shift's pages."""

from __future__ import annotations

from django.urls import path, re_path

from ecobureau.web.handover import pages

app_name = "handover"
urlpatterns = [
    path("handover/", pages.shift_page, name="shift"),
    re_path(r"^handover/report\.(?P<form>pdf|xlsx)$", pages.shift_file, name="file"),
    path("handover/week/", pages.week_page, name="week"),
    re_path(r"^handover/week\.(?P<form>pdf|xlsx)$", pages.week_file, name="week_file"),
    path("handover/things/<str:code>/", pages.things_page, name="things"),
    path("handover/<str:number>/things/<str:code>/", pages.things_page, name="frozen_things"),
]

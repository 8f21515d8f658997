"""Addresses of clues that have a name of their own; the rest is the kernel's."""

from __future__ import annotations

from django.urls import path

from ecobureau.web.core.pages import lists

app_name = "clues"
urlpatterns = [path("clues/", lists.list_page, {"plural": "clues"}, name="list")]

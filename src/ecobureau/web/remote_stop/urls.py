"""Addresses of remote stops that are not the kernel's."""

from __future__ import annotations

from django.urls import path

from ecobureau.web.remote_stop import pages, transfer

app_name = "remote_stop"
urlpatterns = [
    path("remotestops/<str:number>/transfer.pdf", transfer.transfer_page, name="transfer"),
    path("remotestops/of/<str:number>/", pages.open_page, name="open"),
]

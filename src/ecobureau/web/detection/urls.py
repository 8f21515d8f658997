"""Addresses of detection."""

from django.urls import path

from ecobureau.web.detection import pack, pages

app_name = "detection"
urlpatterns = [
    path("outlets/<int:pk>/chain/", pages.chain_page, name="chain"),
    path("outlets/<int:pk>/chain/new/", pages.link_page, name="link"),
    path("outlets/<int:pk>/chain/<int:link>/remove/", pages.unlink, name="unlink"),
    path("outlets/<int:pk>/permitted/", pages.amount_page, name="amount"),
    path("totals/", pages.totals_page, name="totals"),
    path("totals.csv", pages.totals_csv, name="totals_csv"),
    path("totals/<int:pk>/<slug:factor>/", pages.total_page, name="total"),
    path("patterns/", pages.patterns_page, name="patterns"),
    path("patterns/<slug:pattern>/", pages.pattern_page, name="pattern"),
    path("patterns/<slug:pattern>/replay/", pages.replay_view, name="replay"),
    path("passes/", pages.passes_page, name="passes"),
    path("passes/<int:pk>/", pages.pass_page, name="pass"),
    path("clues/<number:number>/verdict/", pages.verdict_view, name="verdict"),
    path("clues/<number:number>/pack/", pack.pack_view, name="pack"),
]

"""Addresses of detection."""

from django.urls import path

from ecobureau.web.detection import pack, pages, pattern_pages, total_pages

app_name = "detection"
urlpatterns = [
    path("outlets/<int:pk>/chain/", pages.chain_page, name="chain"),
    path("outlets/<int:pk>/chain/new/", pages.link_page, name="link"),
    path("outlets/<int:pk>/chain/<int:link>/change/", pages.link_change_page, name="link_change"),
    path("outlets/<int:pk>/chain/<int:link>/end/", pages.link_end_page, name="link_end"),
    path("outlets/<int:pk>/models/", pattern_pages.models_page, name="models"),
    path("outlets/<int:pk>/permitted/", total_pages.amount_page, name="amount"),
    path("outlets/<int:pk>/permitted/<int:amount>/change/", total_pages.amount_change_page, name="amount_change"),
    path("outlets/<int:pk>/permitted/<int:amount>/end/", total_pages.amount_end_page, name="amount_end"),
    path("totals/", total_pages.totals_page, name="totals"),
    path("totals.csv", total_pages.totals_csv, name="totals_csv"),
    path("totals/<int:pk>/<slug:factor>/", total_pages.total_page, name="total"),
    path("patterns/", pattern_pages.patterns_page, name="patterns"),
    path("patterns/<slug:pattern>/", pattern_pages.pattern_page, name="pattern"),
    path("patterns/<slug:pattern>/replay/", pattern_pages.replay_view, name="replay"),
    path("patterns/<slug:pattern>/decide/", pattern_pages.decide_view, name="decide"),
    path("passes/", pattern_pages.passes_page, name="passes"),
    path("passes/<int:pk>/", pattern_pages.pass_page, name="pass"),
    path("clues/<number:number>/verdict/", pages.verdict_view, name="verdict"),
    path("clues/<number:number>/pack/", pack.pack_view, name="pack"),
]

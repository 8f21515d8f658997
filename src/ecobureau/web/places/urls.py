"""Addresses of the bureau's tree and its rosters."""

from django.urls import path

from ecobureau.web.places import pages

app_name = "places"
urlpatterns = [
    path("grids/", pages.tree_page, name="grids"),
    path("rosters/", pages.rosters_page, name="rosters"),
    path("rosters/shifts/<int:pk>/", pages.shift_page, name="shift"),
    path("rosters/shifts/<int:pk>/remove/", pages.remove_shift_page, name="remove_shift"),
]

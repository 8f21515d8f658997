"""Addresses of the bureau's tree and its rosters."""

from django.urls import path

from ecobureau.web.places import org_pages, pages

app_name = "places"
urlpatterns = [
    path("grids/", pages.tree_page, name="grids"),
    path("grids/unit/", org_pages.unit_page, name="unit"),
    path("grids/unit/new/", org_pages.new_page, name="new_unit"),
    path("grids/unit/edit/", org_pages.edit_page, name="edit_unit"),
    path("grids/unit/area/", org_pages.area_page, name="area"),
    path("grids/areas/", org_pages.collection_page, name="areas"),
    path("rosters/copy/", pages.copy_week_page, name="copy_week"),
    path("rosters/<int:pk>/hours/", pages.hours_page, name="hours"),
    path("rosters/", pages.rosters_page, name="rosters"),
    path("rosters/shifts/<int:pk>/", pages.shift_page, name="shift"),
    path("rosters/shifts/<int:pk>/remove/", pages.remove_shift_page, name="remove_shift"),
]

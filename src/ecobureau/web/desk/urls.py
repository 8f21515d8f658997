"""Addresses of the duty desk, the map, the homes of the roles and the gallery."""

from django.urls import path

from ecobureau.web.desk import duty, gallery, home

app_name = "desk"
urlpatterns = [
    path("", home.home_page, name="home"),
    path("desk/", duty.duty_page, name="duty"),
    path("desk/<number:number>/", duty.duty_page, name="duty_clue"),
    path("design/", gallery.gallery, name="gallery"),
]

"""Addresses of the duty desk, the map, the homes of the roles and the gallery."""

from django.urls import path

from ecobureau.web.desk import gallery

app_name = "desk"
urlpatterns = [
    path("design/", gallery.gallery, name="gallery"),
]

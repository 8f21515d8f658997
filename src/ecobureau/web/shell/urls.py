"""Addresses of the frame."""

from django.urls import path

from ecobureau.web.shell import pages

app_name = "shell"
urlpatterns = [
    path("prefs/keys/", pages.keys, name="keys"),
    path("prefs/", pages.preference, name="preference"),
    path("live-token/", pages.live_token, name="live_token"),
    path("offline/", pages.offline, name="offline"),
    path("help/", pages.help_page, name="help"),
    path("sw.js", pages.service_worker, name="service_worker"),
    path("manifest.webmanifest", pages.manifest, name="manifest"),
]

"""The addresses of the office pages. Each app adds its own `urls.py`; portal and open APIs have their own."""

import importlib.util

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.urls")),
    path("", include("ecobureau.web.shell.urls")),
]
for _app in settings.INSTALLED_APPS:
    if _app.startswith("ecobureau.web.") and importlib.util.find_spec(f"{_app}.urls"):
        urlpatterns.append(path("", include(f"{_app}.urls")))

handler500 = "ecobureau.web.shell.pages.server_error"

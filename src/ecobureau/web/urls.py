"""The addresses of the office pages. Each app adds its own `urls.py`; portal and open APIs have their own."""

import importlib.util

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from ecobureau.web.accounts.pages import forgotten_page

urlpatterns: list[URLPattern | URLResolver] = [
    # Before allauth's page of this address, which would promise a mail.
    path("accounts/password/reset/", forgotten_page, name="forgotten"),
    path("accounts/", include("allauth.urls")),
    path("", include("ecobureau.web.shell.urls")),
]
for _app in settings.INSTALLED_APPS:
    if _app.startswith("ecobureau.web.") and importlib.util.find_spec(f"{_app}.urls"):
        urlpatterns.append(path("", include(f"{_app}.urls")))

handler404 = "ecobureau.web.shell.pages.not_found"
handler500 = "ecobureau.web.shell.pages.server_error"

"""Whoever was given a temporary password changes it before anything else."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from ecobureau.web.core.middleware import Handler, wants_json

_OPEN = ("/accounts/", "/static/", "/healthz", "/metrics", "/prefs/", "/offline/", "/sw.js", "/manifest.webmanifest")


class TemporaryPasswordMiddleware:
    """Send people with a temporary password to the page that changes it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        must = getattr(request.user, "must_change_password", False)
        if must and not request.path.startswith(_OPEN) and not wants_json(request):
            return redirect(reverse("account_change_password"))
        return self.get_response(request)

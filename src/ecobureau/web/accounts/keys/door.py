"""Where a key comes in: `Authorization: Bearer ebk_…` on an address of the API, and nowhere else."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from ecobureau.web.accounts.keys import services
from ecobureau.web.core.middleware import Handler, client_ip, language_of
from ecobureau.web.core.refusals import REFUSALS, Refused

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_STATUS = {"accounts.key.too_fast": 429, "accounts.key.read_only": 403}


class KeyMiddleware:
    """Sign a request of the API in by its key. A session beside it does not count then, nor does its CSRF token."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not request.path.startswith("/api/"):
            return self.get_response(request)
        try:
            key = services.use(text.strip(), client_ip(request))
        except Refused as refused:
            return _answer(request, refused.code, refused)
        if request.method not in _READS and not key.may_write:
            REFUSALS.labels("accounts.key.read_only").inc()
            return _answer(request, "accounts.key.read_only", Refused("accounts.key.read_only"))
        request.user = key.user
        request.api_key = key  # type: ignore[attr-defined]
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        response = self.get_response(request)
        services.note_use(request.viewer, key, request.method or "", request.path, response.status_code)  # type: ignore[attr-defined]
        return response


def _answer(request: HttpRequest, code: str, refused: Refused) -> JsonResponse:
    status = _STATUS.get(code, 401)
    response = JsonResponse({"code": code, "detail": refused.text(language_of(request))}, status=status)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if "seconds" in refused.params:
        response.headers["Retry-After"] = str(refused.params["seconds"])
    return response


class KeyAuthentication(BaseAuthentication):
    """Tell the API framework who the middleware has let in."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the account and the key of the request, None where it came without one."""
        plain = request._request
        key = getattr(plain, "api_key", None)
        return None if key is None else (plain.user, key)

    def authenticate_header(self, request: Request) -> str:
        """Return how to sign in."""
        return "Bearer"

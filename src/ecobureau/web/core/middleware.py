"""What surrounds every request: its id, the security policy, the size limit, the viewer, refusals as pages."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme

from ecobureau.clock import now
from ecobureau.domain.workflow import beijing_day
from ecobureau.rulepacks import load
from ecobureau.web.core.access import viewer_of
from ecobureau.web.core.refusals import REFUSALS, Refused
from ecobureau.words import say, set_language

Handler = Callable[[HttpRequest], HttpResponseBase]

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,36}\Z")
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_STATUS = {
    "core.sign_in": 401,
    "core.changed_meanwhile": 409,
    "core.uuid_taken": 409,
    "core.no_access": 403,
    "core.not_your_role": 403,
    "core.four_eyes": 403,
    "core.too_large": 413,
    "core.not_found": 404,
    "detection.not_administrator": 403,
    "detection.own_proposal": 403,
    "detection.not_approver": 403,
    "detection.not_office": 403,
    "detection.not_judge": 403,
}


def language_of(request: HttpRequest) -> str:
    """Return `zh` or `en`, the language in force for the request."""
    return "en" if (translation.get_language() or "").startswith("en") else "zh"


def wants_json(request: HttpRequest) -> bool:
    """Say whether the answer should be JSON: the API, or a script that asks for it."""
    return request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", "")


def status_of(code: str) -> int:
    """Return the HTTP status of a refusal; 422 where the request is understood and cannot be done."""
    return _STATUS.get(code, 422)


def _way_back(request: HttpRequest) -> str:
    """Return where the reader came from, if that is a page of ours."""
    came = request.headers.get("Referer", "")
    near = url_has_allowed_host_and_scheme(came, allowed_hosts={request.get_host()})
    return came if near and urlsplit(came).path != request.path else "/"


def refusal_response(request: HttpRequest, refused: Refused, template: str = "core/refused.html") -> HttpResponse:
    """Return a refusal as page or JSON, with its status."""
    status = status_of(refused.code)
    text = refused.text(language_of(request))
    if wants_json(request):
        return JsonResponse({"code": refused.code, "detail": text}, status=status)
    context = {"code": refused.code, "text": text, "status": status, "back": _way_back(request)}
    return render(request, template, context, status=status)


class RequestMiddleware:
    """Give each request an id and a nonce, answer with the security policy, and refuse bodies that are too large.

    The size is judged by Content-Length before a byte of the body is read. A body without one counts as empty for WSGI.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if _REQUEST_ID.match(given) else secrets.token_hex(12)  # type: ignore[attr-defined]
        request.csp_nonce = secrets.token_urlsafe(18)  # type: ignore[attr-defined]
        response = self._too_large(request) or self.get_response(request)
        response.headers["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        response.headers.setdefault(
            "Content-Security-Policy",
            POLICY.format(nonce=request.csp_nonce),  # type: ignore[attr-defined]
        )
        response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=(self)")
        return response

    @staticmethod
    def _too_large(request: HttpRequest) -> HttpResponse | None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = max_upload_bytes() + 1024 * 1024
        if not length.isdigit() or int(length) <= limit:
            return None
        REFUSALS.labels("core.too_large").inc()
        lang = "en" if request.headers.get("Accept-Language", "").lower().startswith("en") else "zh"
        text = say("core.too_large", lang, limit=max_upload_bytes() // 1024 // 1024, size=int(length) // 1024 // 1024)
        if wants_json(request):
            response: HttpResponse = JsonResponse({"code": "core.too_large", "detail": text}, status=413)
        else:
            response = HttpResponse(text, status=413, content_type="text/plain; charset=utf-8")
        response.headers["Connection"] = "close"
        return response


def max_upload_bytes() -> int:
    """Return the largest file of a record in bytes (rule `attachment.max_mb`)."""
    return int(str(load("sla").at("attachment.max_mb", beijing_day(now())).value)) * 1024 * 1024


class ViewerMiddleware:
    """Put the viewer on the request, in the language and look the person chose; turn `Refused` into an answer."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        chosen = getattr(user, "language", "") if user.is_authenticated else ""
        if chosen and chosen != translation.get_language():
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen
        set_language(language_of(request))
        request.viewer = SimpleLazyObject(lambda: self._viewer(request))  # type: ignore[attr-defined]
        response = self.get_response(request)
        if chosen:
            response.headers.setdefault("Content-Language", chosen)
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    @staticmethod
    def _viewer(request: HttpRequest) -> object:
        return viewer_of(
            request.user,
            lang=language_of(request),
            ip=client_ip(request),
            request_id=getattr(request, "request_id", ""),
        )

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        return refusal_response(request, exception) if isinstance(exception, Refused) else None


def client_ip(request: HttpRequest) -> str | None:
    """Return the caller's address; behind our own proxy (`ECOBUREAU_TLS=1`) the last hop it names."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if forwarded and settings.SECURE_PROXY_SSL_HEADER:
        return forwarded.split(",")[-1].strip() or None
    return request.META.get("REMOTE_ADDR") or None

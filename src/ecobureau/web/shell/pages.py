"""Pages of the frame itself: preferences, help, offline page, service worker, manifest, error page."""

from __future__ import annotations

import hashlib
import logging
import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.defaults import page_not_found

from ecobureau.web.core import live
from ecobureau.web.shell import keymap
from ecobureau.web.shell.context import LARGE_COOKIE, MODULES, THEME_COOKIE
from ecobureau.web.shell.services import keep_keys, keep_preference
from ecobureau.words import say

log = logging.getLogger(__name__)
TOPICS_AT_MOST = 40
YEAR = 365 * 24 * 3600
COOKIES = {"theme": THEME_COOKIE, "large": LARGE_COOKIE, "language": settings.LANGUAGE_COOKIE_NAME}
CHOICES = {
    "theme": ("light", "dark", "auto"),
    "large": ("0", "1"),
    "sound": ("0", "1"),
    "language": tuple(code for code, _name in settings.LANGUAGES),
}
PHONE_FILES = (
    "vendor/tabler.min.css",
    "vendor/icons.svg",
    "vendor/htmx.min.js",
    "vendor/idiomorph-ext.min.js",
    "eb/css/tokens.css",
    "eb/css/base.css",
    "eb/css/controls.css",
    "eb/css/shell.css",
    "eb/css/pages.css",
    "eb/css/narrow.css",
    "eb/css/parts.css",
    "eb/css/cards.css",
    "eb/css/facts.css",
    "eb/css/notes.css",
    "eb/css/phone.css",
    "eb/css/islands.css",
    "eb/js/boot.js",
)
PHONE_MODULES = ("eb/words", "eb/clock", "eb/live", "eb/keys", "eb/photo", "eb/queue", "eb/visit", "eb/voice")


def _way_back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        parts = urlsplit(wanted)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"
    return "/"


@require_POST
def preference(request: HttpRequest) -> HttpResponse:
    """Keep a choice of the reader: theme, large type or language. In a cookie for a year, so that it works before
    sign-in, and with the user where there is one."""
    name, value = request.POST.get("name", ""), request.POST.get("value", "")
    if value not in CHOICES.get(name, ()):
        return HttpResponseBadRequest(_("没有这个选项：{name}={value}").format(name=name[:20], value=value[:20]))
    answer = HttpResponse(status=204) if request.headers.get("X-EB-Quiet") else redirect(_way_back(request))
    keep_preference(request.user, name, value)
    if name in COOKIES:
        answer.set_cookie(COOKIES[name], value, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return answer


@require_POST
def keys(request: HttpRequest) -> HttpResponse:
    """Keep the letters a person gives to the keys; empty ones go back to the house's."""
    if not request.user.is_authenticated:
        return HttpResponseBadRequest(_("请先登录"))
    try:
        keep_keys(request.user, keymap.read({} if "reset" in request.POST else request.POST.dict()))
    except keymap.BadKeys as bad:
        messages.error(request, say(bad.code, None, **bad.params))
    else:
        messages.success(request, say("shell.keys.kept"))
    return redirect(_way_back(request))


@require_GET
@never_cache
def live_token(request: HttpRequest) -> HttpResponse:
    """Hand out a short pass for `/live?token=…`: of the topics asked for (`t=`, at most 40) those they may hear.

    It is fetched anew before each connection.
    """
    viewer = getattr(request, "viewer", None)
    if viewer is None or viewer.user_id is None:
        return JsonResponse({"error": _("请先登录")}, status=403)
    topics = request.GET.getlist("t")[:TOPICS_AT_MOST]
    try:
        token = live.token(viewer, topics)
    except (LookupError, ValueError):
        return JsonResponse({"error": _("没有这个更新主题：{names}").format(names=", ".join(topics)[:200])}, status=400)
    return JsonResponse({"token": token})


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """Show what a phone shows without network."""
    return render(request, "eb/offline.html")


@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    """Explain marks, states and keys."""
    return render(request, "eb/help.html")


@require_GET
@never_cache
def service_worker(request: HttpRequest) -> HttpResponse:
    """Serve the worker of the phone pages at the root, with the addresses of this release's files."""
    files = [static(path) for path in PHONE_FILES] + [static(MODULES[name]) for name in PHONE_MODULES]
    release = hashlib.sha256("".join(files).encode()).hexdigest()[:12]
    answer = render(
        request, "eb/sw.js", {"files": files, "release": release}, content_type="text/javascript; charset=utf-8"
    )
    answer["Service-Worker-Allowed"] = "/"
    return answer


@require_GET
def manifest(request: HttpRequest) -> JsonResponse:
    """Serve the description by which a phone installs the pages."""
    return JsonResponse(
        {
            "name": _("线上生态环境局"),
            "short_name": _("环境任务"),
            "start_url": "/m/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#F2F5F6",
            "theme_color": "#0E6377",
            "icons": [
                {"src": static("eb/marks/app.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any maskable"},
                *(
                    {"src": static(f"eb/marks/app-{n}.png"), "sizes": f"{n}x{n}", "type": "image/png", "purpose": "any"}
                    for n in (192, 512)
                ),
            ],
        },
        content_type="application/manifest+json",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is nothing at an address: to programs as JSON, to people as a page."""
    if request.path.startswith("/api/"):
        words = _("没有这个接口地址：{path}。看 /api/schema 里有哪些。").format(path=request.path[:200])
        return JsonResponse({"code": "core.no_address", "detail": words}, status=404)
    return page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Show the page of an unexpected failure, with a short code that also stands in the log."""
    code = secrets.token_hex(2).upper()
    log.error("page failed, code %s: %s %s", code, request.method, request.path)
    try:
        return render(request, "500.html", {"code": code}, status=500)
    except Exception:
        log.exception("the error page itself failed, code %s", code)
        words = _("出错了，编号 {code}").format(code=code)
        return HttpResponse(words, status=500, content_type="text/plain; charset=utf-8")

"""Pages about the house itself: health, metrics, audit, inbox, preferences."""

from __future__ import annotations

import ipaddress
import os
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_GET, require_POST
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.rulepacks import load
from ecobureau.web.core import auditing, notices, selectors
from ecobureau.web.core.middleware import client_ip
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, 503 when not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
            cursor.fetchone()
    except Exception as error:
        return JsonResponse({"ok": False, "database": type(error).__name__}, status=503)
    return JsonResponse({"ok": True, "database": "ok"})


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus figures of this process; from this machine, or with the token of `ECOBUREAU_METRICS_TOKEN`."""
    token = os.environ.get("ECOBUREAU_METRICS_TOKEN", "")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    near = client_ip(request)
    at_home = not settings.SECURE_PROXY_SSL_HEADER and near is not None and ipaddress.ip_address(near).is_loopback
    if not at_home and not (token and constant_time_compare(given, token)):
        refuse(Refusal("core.no_access"), what="metrics")
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


@require_GET
@signed_in
def audit_page(request: HttpRequest) -> HttpResponse:
    """The audit, newest first, for auditors and administrators; looking at it is audited too."""
    return render(request, "core/audit.html", {"page": auditing.page(viewer_in(request), request.GET)})


@require_GET
@signed_in
def inbox_page(request: HttpRequest) -> HttpResponse:
    """The viewer's notices."""
    found = selectors.inbox(viewer_in(request), unread=request.GET.get("all") != "1")
    return render(request, "core/inbox.html", {"groups": _folded(found)})


def _folded(found: list[tuple[Any, str, str]]) -> list[dict[str, Any]]:
    """Return notices by kind, the kind with the newest one first; beyond `message.fold_count` of a kind are folded."""
    shown = int(str(load("messages").at("message.fold_count", beijing(now()).date()).value))
    groups: dict[str, list[dict[str, Any]]] = {}
    for notice, text, url in found:
        groups.setdefault(notice.code, []).append({"notice": notice, "text": text, "url": url})
    return [{"shown": rows[:shown], "folded": rows[shown:]} for rows in groups.values()]


@require_GET
@signed_in
def bell_view(request: HttpRequest) -> HttpResponse:
    """The bell of the top bar with the number of unread notices."""
    return render(request, "eb/bell.html")


@require_POST
@signed_in
def read_page(request: HttpRequest) -> HttpResponse:
    """Mark notices as read."""
    notices.mark_read(viewer_in(request), [int(pk) for pk in request.POST.getlist("id") if pk.isdigit()])
    return redirect("core:inbox")

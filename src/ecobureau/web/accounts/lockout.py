"""What somebody sees who is locked out: why, and for how long."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from ecobureau.web.accounts.adapter import _viewer
from ecobureau.web.core import audit
from ecobureau.web.core.middleware import refusal_response
from ecobureau.web.core.refusals import REFUSALS, Refused


def username_of(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """Return the sign-in name that is tried, as it is counted: lower case, from the credentials or the form."""
    given = (credentials or {}).get("username") or (request.POST.get("login", "") if request is not None else "")
    return str(given).strip().lower()[:150]


def locked_out(request: HttpRequest, response: Any = None, credentials: dict[str, Any] | None = None) -> HttpResponse:
    """Return the page of a lock-out (429) and write it to the audit."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    audit.write(_viewer(request), "lock_out", username=username_of(request, credentials))
    REFUSALS.labels("accounts.locked_out").inc()
    refused = Refused("accounts.locked_out", {"times": settings.AXES_FAILURE_LIMIT, "minutes": minutes})
    answer = refusal_response(request, refused)
    answer.status_code = 429
    answer.headers["Retry-After"] = str(minutes * 60)
    return answer

"""The one way by which this program calls others: to hosts that the installation names, with a deadline, no detours.

`ECOBUREAU_MESSAGE_HOSTS` lists them, comma-separated; nothing is called by default. An entry is a host
(`qyapi.weixin.qq.com`: HTTPS and mail on any port), or a whole origin (`http://10.0.0.5:8080`, `smtp://10.0.0.5:25`:
that very port, also without TLS).
"""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from ecobureau.clock import monotonic
from ecobureau.web.messages.channels.base import NotSent

MOST_BYTES = 64 * 1024


def host_is_named(host: str, port: int | None = None, scheme: str = "https") -> bool:
    """Say whether the installation lets this program call a host."""
    for entry in settings.MESSAGE_HOSTS:
        if "://" in entry:
            named = urlsplit(entry)
            if (named.scheme, named.hostname, named.port) == (scheme, host.lower(), port):
                return True
        elif scheme != "http" and entry.lower() == host.lower():
            return True
    return False


def post_json(url: str, body: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    """POST JSON and return the JSON that came back. Redirects are not followed.

    Raises:
        NotSent: host not named, no answer in time, an answer that is no success, or no JSON.
    """
    parts = _checked(url)
    ends = monotonic() + timeout_s
    link = _link(parts, timeout_s)
    try:
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        payload = json.dumps(body, ensure_ascii=False).encode()
        link.request("POST", path, payload, {"Content-Type": "application/json; charset=utf-8"})
        answer = link.getresponse()
        raw = _read(answer, ends)
    except (OSError, http.client.HTTPException) as error:
        raise NotSent("messages.no_answer", again=True, host=parts.hostname, why=_why(error)) from error
    finally:
        link.close()
    if not 200 <= answer.status < 300:
        again = answer.status >= 500 or answer.status == 429
        raise NotSent("messages.bad_status", again=again, host=parts.hostname, status=answer.status)
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise NotSent("messages.no_json", again=False, host=parts.hostname) from error
    if not isinstance(found, dict):
        raise NotSent("messages.no_json", again=False, host=parts.hostname)
    return found


def _checked(url: str) -> Any:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise NotSent("messages.bad_address", again=False) from error
    if parts.scheme not in ("https", "http") or not host or parts.username or parts.password:
        raise NotSent("messages.bad_address", again=False)
    if not host_is_named(host, port, parts.scheme):
        raise NotSent("messages.host_not_named", again=False, host=host)
    return parts


def _link(parts: Any, timeout_s: float) -> http.client.HTTPConnection:
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout_s, context=context)


def _read(answer: http.client.HTTPResponse, ends: float) -> bytes:
    """Read a bounded answer; one that comes drop by drop has no more time than another."""
    raw = b""
    while len(raw) <= MOST_BYTES:
        if monotonic() > ends:
            raise TimeoutError("the answer took too long")
        piece = answer.read1(8192)
        if not piece:
            return raw
        raw += piece
    raise OSError("the answer is too large")


def _why(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:120]

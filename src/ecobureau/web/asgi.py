"""The door of the web process: `/live` streams by hand, everything else to Django in a pool of threads.

Run by `granian --interface asginl --loop uvloop --no-ws ecobureau.web.asgi:application`.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from typing import Any, cast

from a2wsgi import WSGIMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecobureau.web.settings")

from ecobureau.config import database_url
from ecobureau.web.core import shared
from ecobureau.web.live import Hub, Message, Receive, Send, serve
from ecobureau.web.settings_parts import WEB_THREADS
from ecobureau.web.wsgi import application as django_pages

pages: Any = WSGIMiddleware(cast(Any, django_pages), workers=WEB_THREADS)
_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = weakref.WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop, made at its first use.

    Raises:
        RuntimeError: no database address is set.
    """
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        url = database_url("app")
        if url is None:
            raise RuntimeError("DATABASE_URL is not set; live news need the database")
        _hubs[loop] = Hub(url, os.environ.get("ECOBUREAU_WEB_NAME", ""), heard=shared.heard, ears=shared.listening)
    return _hubs[loop]


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Answer one request."""
    if scope["type"] == "http" and scope["path"] == "/live":
        from ecobureau.web.core.live import read_token

        await serve(hub(), scope, receive, send, read_token)
    elif scope["type"] == "http":

        async def read() -> Message:
            # granian's own awaitable is no coroutine, and the pool's threads can hand only coroutines to this loop.
            return await receive()

        await pages(scope, read, send)

"""Pieces of the settings that need a line of code."""

from __future__ import annotations

import os
import secrets
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ecobureau.config import data_dir, database_url

WEB_THREADS = int(os.environ.get("ECOBUREAU_WEB_THREADS", "8"))


def django_secret() -> str:
    """Return Django's secret key from the environment, else from a 0600 file in the data folder, made at first use."""
    given = os.environ.get("ECOBUREAU_SECRET_KEY")
    if given:
        return given
    path = data_dir() / "django-secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text()
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_urlsafe(48))
    return path.read_text()


def database() -> dict[str, Any]:
    """Return the `DATABASES` entry of the DSN in force (`ECOBUREAU_AS_OWNER=1` takes the owner's)."""
    url = database_url("owner" if os.environ.get("ECOBUREAU_AS_OWNER") == "1" else "app")
    entry: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"pool": {"min_size": 1, "max_size": WEB_THREADS, "timeout": 10}},
    }
    if os.environ.get("ECOBUREAU_NO_POOL") == "1":
        entry["OPTIONS"] = {}
    if url is None:
        return {**entry, "NAME": "ecobureau"}
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        **entry,
        "NAME": unquote(parts.path.lstrip("/")) or "ecobureau",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or "") or query.get("host", ""),
        "PORT": str(parts.port or query.get("port", "")),
    }

"""Where things are: read from the environment, never from the repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

Role = Literal["app", "owner"]


def data_dir() -> Path:
    """Return the data folder (`ECOBUREAU_DATA`, else `data` below the current folder)."""
    return Path(os.environ.get("ECOBUREAU_DATA", "data")).resolve()


def database_url(role: Role = "app") -> str | None:
    """Return the DSN for a role, or None where the program owns its PostgreSQL.

    Args:
        role: `app` for the processes, `owner` for migrations. Where only `DATABASE_URL` is set it serves both.
    """
    if role == "owner":
        return os.environ.get("DATABASE_OWNER_URL") or os.environ.get("DATABASE_URL")
    return os.environ.get("DATABASE_URL")


def key_file() -> Path:
    """Return the file that holds the key of sealed secrets (`ECOBUREAU_KEY_FILE`, else `<data>/key`)."""
    named = os.environ.get("ECOBUREAU_KEY_FILE")
    return Path(named) if named else data_dir() / "key"


def demo() -> bool:
    """Say whether this is the demonstration city (`ECOBUREAU_DEMO=1`)."""
    return os.environ.get("ECOBUREAU_DEMO") == "1"

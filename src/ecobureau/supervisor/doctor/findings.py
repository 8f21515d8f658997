"""What a check is given and what it hands back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from psycopg import Connection

Level = Literal["ok", "warn", "bad"]


class Finding(NamedTuple):
    """One result: how bad, the message code (its text says how to mend it) and the values in it."""

    level: Level
    code: str
    params: dict[str, object]


def ok(code: str, /, **params: object) -> list[Finding]:
    return [Finding("ok", code, params)]


def warn(code: str, /, **params: object) -> list[Finding]:
    return [Finding("warn", code, params)]


def bad(code: str, /, **params: object) -> list[Finding]:
    return [Finding("bad", code, params)]


@dataclass(slots=True)
class Surroundings:
    """What the checks look at.

    data: data folder. now: present instant (aware). app_url, owner_url: as set in the environment, None where not.
    db: connection as the application, None if the database cannot be reached or does not exist yet.
    db_trouble: why `db` is None. owned: the server was started by us for this look only.
    """

    data: Path
    now: datetime
    host: str = "127.0.0.1"
    web_port: int = 8000
    gateway_port: int = 9212
    app_url: str | None = None
    owner_url: str | None = None
    db: Connection[tuple[object, ...]] | None = None
    db_trouble: Finding | None = None
    owned: bool = False

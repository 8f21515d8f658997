"""News for open pages: NOTIFY `live` with the transaction, and the short token that says who may hear what.

Payload (JSON): `{"t": topic, "k": kind, "id": id, "org": path}`. Topics: `list:<kind>` (heard by place),
`record:<kind>:<id>`, `presence:<kind>:<id>` (who has it open),
`user:<id>`, and `feed` for the health of the data. `org` is the grid where there is one, else the
organisation's path; empty means that the topic alone decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import connection

from ecobureau.web.core.models import Record

CHANNEL = "live"
TOKEN_SECONDS = 120
_SALT = "ecobureau.live"


def publish(topic: str, kind: str = "", id: int | None = None, org: str = "") -> None:
    """Send news when the transaction in hand commits (PostgreSQL drops it on roll-back and merges equal ones)."""
    publish_all([(topic, org)], kind, id)


def publish_all(topics: Iterable[tuple[str, str]], kind: str = "", id: int | None = None) -> None:
    """Send the same news on several topics, each with the place it is heard at ('' = the topic alone), in one go."""
    told = [json.dumps({"t": topic, "k": kind, "id": id, "org": org}, separators=(",", ":")) for topic, org in topics]
    if not told:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {', '.join(['pg_notify(%s, %s)'] * len(told))}", [x for each in told for x in (CHANNEL, each)]
        )


def record_changed(record: Record) -> None:
    """Tell lists, the record's own page and its owner that it has changed."""
    from ecobureau.web.core.registry import kind_of

    topics = {f"user:{record.owner_person_id}"} if record.owner_person_id else set()
    more = kind_of(type(record)).live_of
    topics.update(more(record) if more is not None else ())
    place = record.grid or record.org_path
    heard = [(f"list:{record.KIND}", place), (f"record:{record.KIND}:{record.pk}", "")]
    publish_all([*heard, *((topic, "") for topic in sorted(topics))], record.KIND, record.pk)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a connection to `/live` may hear: topic → places ('' alone = everything of the topic)."""

    user_id: int
    topics: dict[str, tuple[str, ...]]

    def hears(self, topic: str, org: str) -> bool:
        """Say whether news of `topic` at `org` is for this connection."""
        places = self.topics.get(topic)
        return places is not None and any(org.startswith(place) for place in places)


def token(viewer: Any, topics: Iterable[str] | None = None, more: Iterable[str] = ()) -> str:
    """Return a signed token (good for TOKEN_SECONDS to connect) for those of the topics that the viewer may hear.

    Args:
        viewer: the `access.Viewer`. topics: as in the module's head; default: own news, the feed and the lists of every
            kind. more: further ones, for example the record of the page. What they may not hear is left out.
    """
    from ecobureau.web.core import registry

    if topics is None:
        topics = [f"user:{viewer.user_id}", "feed", *(f"list:{kind.code}" for kind in registry.kinds())]
    granted: dict[str, list[str]] = {}
    for topic in (*topics, *more):
        places = _places(viewer, topic)
        if places:
            granted[topic] = list(places)
    return signing.dumps({"u": viewer.user_id, "t": granted}, salt=_SALT, compress=True)


def _places(viewer: Any, topic: str) -> tuple[str, ...]:
    from ecobureau.web.core import access, registry

    word, _, rest = topic.partition(":")
    if viewer.user_id is None:
        return ()
    if word == "user":
        return ("",) if rest == str(viewer.user_id) else ()
    if word == "list":
        return access.live_paths(viewer, registry.get(rest))
    if word in ("record", "presence"):
        code, _, number = rest.partition(":")
        record = registry.get(code).records().filter(pk=int(number)).first()
        return ("",) if record is not None and access.allowed(viewer, "view", record) is None else ()
    return ("",) if word == "feed" and viewer.grants else ()


def read_token(text: str) -> Ticket:
    """Return what a token grants.

    Raises:
        django.core.signing.BadSignature: forged, or too old.
    """
    raw = signing.loads(text, salt=_SALT, max_age=TOKEN_SECONDS)
    return Ticket(raw["u"], {topic: tuple(places) for topic, places in raw["t"].items()})

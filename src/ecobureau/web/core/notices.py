"""Lines in people's inboxes, and who is meant by the words of an escalation rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ecobureau.clock import now
from ecobureau.domain.workflow import Role
from ecobureau.web.core import live, people
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Notice, Record

Sink = Callable[[Sequence[Notice], Record], None]
_sinks: list[Sink] = []


def register(sink: Sink) -> None:
    """Add one who hears of every notice that is written, in its transaction (done once, by the messages app)."""
    if sink not in _sinks:
        _sinks.append(sink)


def _part(path: str, depth: int) -> str:
    parts = path.strip("/").split("/")[:depth]
    return f"/{'/'.join(parts)}/" if parts != [""] else "/"


def addressees(tell: str, record: Record, at: datetime, clock: str = "") -> tuple[int, ...]:
    """Return who is meant by `owner`, `unit_head`, `district_leader` or `city_centre` for this record.

    Where nobody holds the role at the place itself, the nearest place above answers. `owner` without a person means the
    dispatchers of its unit.

    Args:
        clock: code of the clock it is about; `owner` and `unit_head` are then those it waits for.

    Raises:
        ValueError: another word.
    """
    person, unit = record.waits_for(clock)
    if tell == "owner":
        if person:
            return (person,)
        return people.holders(Role.DISPATCHER, unit, at) or people.holders(Role.DUTY_OFFICER, record.org_path, at)
    if tell == "unit_head":
        return people.holders(Role.UNIT_HEAD, unit, at)
    if tell == "district_leader":
        return people.holders(Role.LEADER, _part(record.org_path, 2), at)
    if tell == "city_centre":
        centre = _part(record.org_path, 1)
        return people.holders(Role.DUTY_OFFICER, centre, at) + people.holders(Role.LEADER, centre, at)
    raise ValueError(f"nobody is called {tell!r}")


def tell(word: str, record: Record, code: str, params: Mapping[str, Any], at: datetime, *, clock: str = "") -> None:
    """Write a notice to those whom an escalation word means; `clock` as in `addressees`."""
    send(addressees(word, record, at, clock), record, code, params, at)


def send(users: Iterable[int], record: Record, code: str, params: Mapping[str, Any], at: datetime) -> None:
    """Write a notice (message code and parameters) about a record to each of `users`."""
    wanted = list(dict.fromkeys(users))
    written = Notice.objects.bulk_create(
        Notice(
            user_id=user,
            kind=record.KIND,
            object_id=record.pk,
            number=record.number,
            code=code,
            params={**params, "number": record.number},
            at=at,
        )
        for user in wanted
    )
    live.publish_all([(f"user:{user}", "") for user in wanted], record.KIND, record.pk)
    for sink in _sinks:
        sink(written, record)


def unread(viewer: Viewer) -> int:
    """Return how many of the viewer's notices are unread."""
    return Notice.objects.filter(user_id=viewer.id, read_at__isnull=True).count() if viewer.user_id else 0


def mark_read(viewer: Viewer, ids: Iterable[int]) -> int:
    """Mark the viewer's own notices among `ids` as read; returns how many."""
    done = Notice.objects.filter(user_id=viewer.id, pk__in=list(ids), read_at__isnull=True).update(read_at=now())
    if done:
        live.publish(f"user:{viewer.id}", "notice")
    return done

"""Writing and checking the chain of a record's history."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ecobureau.web.core.models import History, HistoryPersonal

GENESIS = "0" * 64


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: instants as ISO text in UTC, other odd things as text."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def canonical(value: Mapping[str, Any]) -> str:
    """Return the canonical JSON text: sorted keys, no blanks, UTF-8 letters as they are."""
    return json.dumps(plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def chained(prev_hash: str, body: str) -> str:
    """Return sha256(prev_hash + newline + body) in hex."""
    return hashlib.sha256(f"{prev_hash}\n{body}".encode()).hexdigest()


def digest(salt: str, value: str) -> str:
    """Return the digest that stands in the chain for a personal word."""
    return hashlib.sha256(f"{salt}:{value}".encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What happened, before it is written."""

    verb: str
    from_state: str
    to_state: str
    actor_id: int | None
    at: datetime
    reason: str = ""
    at_device: datetime | None = None
    client_uuid: UUID | None = None
    data: Mapping[str, Any] | None = None
    changes: Mapping[str, Any] | None = None
    papers: tuple[Mapping[str, Any], ...] = ()
    clocks: tuple[Mapping[str, Any], ...] = ()
    personal: Mapping[str, str] | None = None


def append(kind: str, object_id: int, number: str, act: Act) -> History:
    """Write the next entry of a record's chain. The caller holds the record's row lock."""
    last = History.objects.filter(kind=kind, object_id=object_id).order_by("-seq").first()
    seq, prev = (last.seq + 1, last.hash) if last else (1, GENESIS)
    entry, salted = _entry(kind, object_id, number, seq, prev, act)
    entry.save(force_insert=True)
    HistoryPersonal.objects.bulk_create(_beside(entry, salted))
    return entry


def begin_many(kind: str, acts: Iterable[tuple[int, str, Act]], batch: int = 1000) -> int:
    """Write the first entry of many new records' chains at once; returns how many.

    Args:
        acts: (id of the record, its number, what happened); none of the records may have a history yet.
    """
    made = [_entry(kind, object_id, number, 1, GENESIS, act) for object_id, number, act in acts]
    History.objects.bulk_create([entry for entry, _salted in made], batch_size=batch)
    beside = [row for entry, salted in made for row in _beside(entry, salted)]
    HistoryPersonal.objects.bulk_create(beside, batch_size=batch)
    return len(made)


def _beside(entry: History, salted: Mapping[str, tuple[str, str]]) -> list[HistoryPersonal]:
    return [
        HistoryPersonal(entry=entry, field=field, salt=salt, value=value) for field, (salt, value) in salted.items()
    ]


def _entry(
    kind: str, object_id: int, number: str, seq: int, prev: str, act: Act
) -> tuple[History, dict[str, tuple[str, str]]]:
    """Return an unsaved entry and the personal words that stand beside it, salted."""
    salted = {field: (secrets.token_hex(16), value) for field, value in (act.personal or {}).items() if value}
    body = canonical(
        {
            "kind": kind,
            "id": object_id,
            "number": number,
            "seq": seq,
            "verb": act.verb,
            "from": act.from_state,
            "to": act.to_state,
            "actor": act.actor_id,
            "reason": act.reason,
            "at": act.at,
            "at_device": act.at_device,
            "client": act.client_uuid,
            "data": act.data or {},
            "changes": act.changes or {},
            "papers": act.papers,
            "clocks": act.clocks,
            "digests": {field: digest(salt, value) for field, (salt, value) in salted.items()},
        }
    )
    entry = History(
        kind=kind,
        object_id=object_id,
        number=number,
        seq=seq,
        verb=act.verb,
        from_state=act.from_state,
        to_state=act.to_state,
        actor_id=act.actor_id,
        reason=act.reason,
        at=act.at,
        at_device=act.at_device,
        client_uuid=act.client_uuid,
        body=body,
        prev_hash=prev,
        hash=chained(prev, body),
    )
    return entry, salted


@dataclass(frozen=True, slots=True)
class ChainFault:
    """One thing wrong with a chain: entry number, message code ('core.chain.…')."""

    seq: int
    code: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """Outcome of a check: how many entries, the head's hash, what is wrong."""

    kind: str
    object_id: int
    entries: int
    head: str
    faults: tuple[ChainFault, ...]

    @property
    def ok(self) -> bool:
        return not self.faults


def verify_chain(kind: str, object_id: int, version: int | None = None) -> ChainReport:
    """Check a record's history from its first entry.

    Checks: numbers without gap, each link, each hash, columns against the hashed body, personal words against their
    digests (an erased one is no fault), and, with `version` (the record's), that no entry is missing at the end.
    """
    faults: list[ChainFault] = []
    prev, seq = GENESIS, 0
    for entry in History.objects.filter(kind=kind, object_id=object_id).order_by("seq").prefetch_related("personal"):
        seq += 1
        if entry.seq != seq:
            faults.append(ChainFault(entry.seq, "core.chain.gap"))
            seq = entry.seq
        if entry.prev_hash != prev:
            faults.append(ChainFault(seq, "core.chain.link"))
        if entry.hash != chained(entry.prev_hash, entry.body):
            faults.append(ChainFault(seq, "core.chain.hash"))
        if not _columns_agree(entry):
            faults.append(ChainFault(seq, "core.chain.columns"))
        if not _personal_agrees(entry):
            faults.append(ChainFault(seq, "core.chain.personal"))
        prev = entry.hash
    if version is not None and version != seq:
        faults.append(ChainFault(seq, "core.chain.short"))
    return ChainReport(kind, object_id, seq, prev, tuple(faults))


def _columns_agree(entry: History) -> bool:
    body = json.loads(entry.body)
    columns = {
        "kind": entry.kind,
        "id": entry.object_id,
        "number": entry.number,
        "seq": entry.seq,
        "verb": entry.verb,
        "from": entry.from_state,
        "to": entry.to_state,
        "actor": entry.actor_id,
        "reason": entry.reason,
        "client": plain(entry.client_uuid),
    }
    instants = {"at": entry.at, "at_device": entry.at_device}
    return all(body.get(key) == value for key, value in columns.items()) and all(
        (datetime.fromisoformat(body[key]) if body.get(key) else None) == value for key, value in instants.items()
    )


def _personal_agrees(entry: History) -> bool:
    digests = json.loads(entry.body).get("digests", {})
    return all(digests.get(each.field) == digest(each.salt, each.value) for each in entry.personal.all())

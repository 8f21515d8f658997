"""Frames for the tests of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from ecobureau.storage.types import Arrival, Kind, Part, Period, Reading

NOON = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
"""12:00 in Beijing."""
SECONDS = {Kind.RT: 30, Kind.MINUTE: 600, Kind.HOUR: 3600, Kind.DAY: 86400}
Texts = Mapping[str, Mapping[str, str]]


def readings(texts: Texts) -> list[Reading]:
    """{"a34013": {"avg": "1.230", "flag": "D"}} → readings; the mark is N unless told."""
    out = []
    for code, stats in texts.items():
        numbers = {stat: text for stat, text in stats.items() if stat != "flag"}
        out.append(Reading.of(code, "mg/m3", numbers, stats.get("flag", "N")))
    return out


def frame(
    texts: Texts,
    start: datetime = NOON,
    *,
    station: int = 7,
    kind: Kind = Kind.MINUTE,
    raw: bytes | None = None,
    received: datetime | None = None,
    part: tuple[int, int] | None = None,
    backfilled: bool = False,
    run: int = 1,
    cn: str = "2051",
    st: str = "31",
) -> Arrival:
    """A frame with data; the same arguments give the same bytes."""
    end = start if kind is Kind.RT else start + timedelta(seconds=SECONDS[kind])
    period = Period(station, st, kind, SECONDS[kind], start, end, readings(texts), backfilled)
    raw = raw if raw is not None else repr((station, kind, start, texts, part)).encode()
    split = None if part is None else Part(part[1], part[0], st, kind, SECONDS[kind], [])
    return Arrival(
        received or end + timedelta(seconds=2), raw, sha256(raw).digest(), run, station, f"MN{station}", cn, "data",
        qn="20260310120000001", period=period, part=split, live=not backfilled,
    )  # fmt: skip


def timeless(
    texts: Texts, part: tuple[int, int], received: datetime, *, station: int = 7, qn: str = "", run: int = 1
) -> Arrival:
    """A packet of a split message without DataTime."""
    raw = repr((station, texts, part, received)).encode()
    split = Part(part[1], part[0], "31", Kind.MINUTE, 600, readings(texts))
    return Arrival(received, raw, sha256(raw).digest(), run, station, f"MN{station}", "2051", "part", qn=qn, part=split)


def other(verdict: Any, raw: bytes = b"##0000", *, received: datetime = NOON, **fields: Any) -> Arrival:
    """A frame that is no data."""
    arrival = Arrival(received, raw, sha256(raw).digest(), 1, 7, "MN7", "9021", verdict)
    return replace(arrival, **fields)

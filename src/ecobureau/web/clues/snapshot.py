"""The snapshot of the device data round a clue (workflow reference 1.7), made by the program from what is stored.

It holds every value of the subject's stations round the clue's window as it was sent, with marks, revisions and device
parameters, and of each value the raw frame with its SHA-256 from the moment of receipt, so that anybody can check it
against the sealed frames. The bytes are canonical JSON: the same data give the same bytes and the same hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.clues.models import Clue
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.selectors import Watched
from ecobureau.web.telemetry.selectors import store

FORMAT = 1
_ROUND: Mapping[Kind, tuple[timedelta, timedelta]] = {
    Kind.RT: (timedelta(hours=1), timedelta(hours=1)),
    Kind.MINUTE: (timedelta(hours=6), timedelta(hours=24)),
    Kind.HOUR: (timedelta(hours=48), timedelta(days=31)),
    Kind.DAY: (timedelta(days=30), timedelta(days=31)),
}
"""How far before the first and behind the last instant of the clue's window each kind of data is taken."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The file's bytes (UTF-8 JSON), how many rows it holds, and the hash of its data without head and occasion."""

    content: bytes
    rows: int
    data_sha256: str

    @property
    def sha256(self) -> str:
        """The hash of the file, hex."""
        return hashlib.sha256(self.content).hexdigest()


def has_series(clue: Clue | None) -> bool:
    """Say whether a clue is about something whose instruments report to the bureau."""
    return clue is not None and (clue.station_id is not None or clue.outlet_id is not None)


def canonical(value: Any) -> bytes:
    """Return canonical JSON: keys sorted, no blanks, UTF-8."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def take(clue: Clue, at: datetime, *, task: str, occasion: str) -> Snapshot:
    """Return the snapshot of a clue's data as stored at `at`.

    Args:
        task: number of the task it is made for; occasion: `arrive` or `submit`.
    """
    stations = sources.watched_at(clue.station_id, clue.outlet_id)
    taken = [_of_station(each, clue, at) for each in stations]
    rows = sum(len(series["points"]) for station in taken for series in station["series"])
    data = {"stations": taken, "frames": _frames(taken)}
    digest = hashlib.sha256(canonical(data)).hexdigest()
    head = {
        "what": "ecobureau data snapshot",
        "format": FORMAT,
        "clue": clue.number,
        "task": task,
        "occasion": occasion,
        "taken_at": at.isoformat(),
        "window": [clue.first_at.isoformat(), clue.last_at.isoformat()],
        "data_sha256": digest,
        "rows": rows,
    }
    return Snapshot(canonical({**head, **data}), rows, digest)


def _of_station(station: Watched, clue: Clue, at: datetime) -> dict[str, Any]:
    series: list[dict[str, Any]] = []
    left_out: list[dict[str, str]] = []
    for kind, (before, behind) in _ROUND.items():
        start, end = clue.first_at - before, min(at, clue.last_at + behind)
        try:
            found = read.series(store(), station.station_id, None, kind, None, None, start, end)
        except read.TooMany as error:
            left_out.append({"kind": kind.value, "why": str(error)})
            continue
        series += [_series(kind, factor, points) for factor, points in sorted(found.items()) if points]
    return {
        "code": station.code,
        "name": station.name,
        "st": station.st,
        "outlet": station.outlet_code,
        "enterprise": station.enterprise_name,
        "series": series,
        "left_out": left_out,
        "revisions": _revisions(station.station_id, clue, at),
        "parameters": [
            {"device": row.device, "name": row.name, "value": row.value, "since": row.valid_from.isoformat()}
            for row in read.parameters(store(), station.station_id, at)
        ],
    }


def _series(kind: Kind, factor: str, points: list[read.Point]) -> dict[str, Any]:
    stats = sorted({stat for point in points for stat in point.reading.stats})
    return {
        "factor": factor,
        "kind": kind.value,
        "unit": points[-1].reading.unit,
        "columns": ["start", "end", "received_at", "flag", "revised", "backfilled", "raw", *stats],
        "points": [
            [
                point.start.isoformat(),
                point.end.isoformat(),
                point.received_at.isoformat(),
                point.flag,
                point.revised,
                point.backfilled,
                point.raw_id,
                *(point.text(stat) for stat in stats),
            ]
            for point in points
        ],
    }


def _revisions(station_id: int, clue: Clue, at: datetime) -> list[dict[str, Any]]:
    start, end = clue.first_at - _ROUND[Kind.HOUR][0], min(at, clue.last_at + _ROUND[Kind.HOUR][1])
    return [
        {
            "kind": row.kind.value,
            "start": row.start.isoformat(),
            "factor": row.code,
            "stat": row.stat,
            "old": row.old,
            "new": row.new,
            "made_at": row.made_at.isoformat(),
        }
        for row in read.revisions(store(), station_id, start, end)
    ]


def _frames(stations: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return raw frame → SHA-256 of its bytes at receipt, for every frame that gave a value."""
    ids = {point[6] for station in stations for series in station["series"] for point in series["points"]}
    return {str(id_): digest.hex() for id_, digest in sorted(read.digests(store(), ids).items())}

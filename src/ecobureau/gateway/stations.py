"""The stations that may speak: read from the view `gateway_station`, secrets opened, looked up by MN."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ecobureau.domain.hj212 import Edition
from ecobureau.gateway.log import logger
from ecobureau.secret import WrongKey, unseal

COLUMNS = (
    "station_id, mn, st, edition, dialect, password_sealed, sm4_key_sealed, stamp_rule, rtd_interval_s, "
    "minute_interval, accept_from, active, unit_overrides, factor_map, max_frames_per_minute, relay, revision"
)
QUERY = f"select {COLUMNS} from gateway_station"


@dataclass(frozen=True, slots=True)
class Station:
    """One data logger and how to read it.

    Attributes:
        password: what PW must say; None where the sealed one cannot be opened.
        stamp_rule: whether DataTime names the start or the end of a period.
        rtd_interval_s: seconds between real-time frames. minute_interval: minutes of a 2051 period.
        accept_from: DataTime before this instant (aware) is refused.
        unit_overrides: factor code to unit. factor_map: code as sent to code of the factor table.
        revision: changes whenever any of it changes.
    """

    station_id: int
    mn: str
    st: str
    edition: Edition | None
    dialect: str
    password: bytes | None
    sm4_key: bytes | None
    stamp_rule: Literal["start", "end"]
    rtd_interval_s: int
    minute_interval: int
    accept_from: datetime
    active: bool
    unit_overrides: Mapping[str, str] = field(default_factory=dict)
    factor_map: Mapping[str, str] = field(default_factory=dict)
    max_frames_per_minute: int = 600
    relay: bool = False
    revision: int = 0

    def knows(self, password: str | None) -> bool:
        """Say whether `password` is the station's, in time that does not tell how much of it is right."""
        if self.password is None:
            return False
        return hmac.compare_digest((password or "").encode(), self.password)


def _open(sealed: object, mn: str, what: str) -> bytes | None:
    if sealed is None:
        return None
    try:
        return unseal(bytes(sealed)).encode()  # type: ignore[call-overload]
    except WrongKey as error:
        logger.error("secret_unreadable", mn=mn, what=what, key_file=str(error))
        return None


def _key(sealed: object, mn: str) -> bytes | None:
    """The SM4 key: kept as 32 hex digits or as 16 characters."""
    opened = _open(sealed, mn, "sm4_key")
    if opened is None or len(opened) != 32:
        return opened
    try:
        return bytes.fromhex(opened.decode())
    except ValueError:
        return opened


def read_station(row: Mapping[str, Any]) -> Station:
    """Return the station of one row of the view."""
    return Station(
        station_id=row["station_id"],
        mn=row["mn"],
        st=row["st"],
        edition=None if row["edition"] is None else Edition(row["edition"]),
        dialect=row["dialect"] or "",
        password=_open(row["password_sealed"], row["mn"], "password"),
        sm4_key=_key(row["sm4_key_sealed"], row["mn"]),
        stamp_rule="end" if row["stamp_rule"] == "end" else "start",
        rtd_interval_s=row["rtd_interval_s"],
        minute_interval=row["minute_interval"],
        accept_from=row["accept_from"],
        active=row["active"],
        unit_overrides=row["unit_overrides"] or {},
        factor_map=row["factor_map"] or {},
        max_frames_per_minute=row["max_frames_per_minute"],
        relay=row["relay"],
        revision=row["revision"],
    )


class Registry:
    """All stations by MN. Replaced as a whole, so that a reader never sees half of a change."""

    def __init__(self) -> None:
        self._by_mn: dict[str, Station] = {}

    def get(self, mn: str | None) -> Station | None:
        """Return the station of an MN, or None."""
        return self._by_mn.get(mn) if mn else None

    def sm4_key(self, mn: str) -> bytes | None:
        """Return the SM4 key of an MN, or None."""
        station = self._by_mn.get(mn)
        return station.sm4_key if station else None

    def __len__(self) -> int:
        return len(self._by_mn)

    def fresh(self, rows: Iterable[Mapping[str, Any]]) -> dict[str, Station]:
        """Return the stations of `rows`; those whose revision is known are taken over without opening secrets."""
        known = self._by_mn
        found: dict[str, Station] = {}
        for row in rows:
            before = known.get(row["mn"])
            same = before is not None and before.revision == row["revision"] and before.active == row["active"]
            if same and before is not None and before.station_id == row["station_id"]:
                found[row["mn"]] = before
            else:
                found[row["mn"]] = read_station(row)
        return found

    def replace(self, stations: dict[str, Station]) -> None:
        """Put `stations` in place of what was there."""
        self._by_mn = stations

"""What is filed of the devices of outlets (备案): declared work on them and their records. P36 reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ecobureau.clock import beijing
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Instrument, Notice

_FILED_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Filings:
    """What is filed of the devices of an outlet: declared work on them, and their records."""

    work: tuple[Notice, ...]
    devices: tuple[Instrument, ...]

    def hold(self, station_id: int, device: str, value: str, at: datetime) -> bool:
        """Return whether a parameter that took `value` at a moment is covered.

        By work that was declared no later than a day after; by a device record that begins on the day or the day
        before or after; or by one in force then that names the value as range or detection limit.
        """
        for notice in self.work:
            ended = notice.ends is not None and at > notice.ends
            if notice.starts <= at and not ended and notice.filed_at <= at + _FILED_WITHIN:
                return True
        day = beijing(at).date()
        for row in self.devices:
            if row.station_id != station_id or device not in ("", row.factor_id):
                continue
            if abs((row.valid_from - day).days) <= 1:
                return True
            ended = row.valid_to is not None and row.valid_to < day
            named = {row.range_low, row.range_high, row.detection_limit} - {None}
            if row.valid_from <= day and not ended and _number(value) in named:
                return True
        return False


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def filings_of(stations: Mapping[int, list[int]], start: datetime, end: datetime) -> dict[int, Filings]:
    """Return the filings of outlets that touch [start, end); outlets of which nothing was ever filed are left out.

    Args:
        stations: station ids by outlet.
    """
    every = [station for ids in stations.values() for station in ids]
    devices = sources.instruments_of(every, date.min, beijing(end).date() + timedelta(days=1))
    work: dict[int, list[Notice]] = {}
    for pk, rows in sources.notices_of(stations, datetime.min.replace(tzinfo=UTC), end).items():
        work[pk] = [one for one in rows if one.kind in (Notice.Kind.MAINTENANCE, Notice.Kind.CALIBRATION)]
    out: dict[int, Filings] = {}
    for pk, ids in stations.items():
        own = tuple(row for station in ids for row in devices.get(station, ()))
        if own or work.get(pk):
            out[pk] = Filings(tuple(work.get(pk, ())), own)
    return out

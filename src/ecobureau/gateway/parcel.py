"""A batch on its way to the writing process: arrivals to bytes and back.

What a plain data frame says fits a tuple of plain values, which `marshal` writes ten times as fast as any other way;
what both sides know (forms of readings, streams) is sent once. Everything else travels as it is. Both ends are one
program on one machine, started by each other.
"""

from __future__ import annotations

import marshal
import pickle
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ecobureau.storage.sheet import Form, Sheet
from ecobureau.storage.types import Arrival, Kind, Period

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_FORMS = 8192
Received = Mapping[tuple[int, date], int]


def micros(instant: datetime) -> int:
    """Return microseconds since 1970."""
    span = instant - EPOCH
    return (span.days * 86400 + span.seconds) * 1_000_000 + span.microseconds


class Packer:
    """The sending end of one connection; remembers which forms the other end knows."""

    def __init__(self) -> None:
        self._told: set[int] = set()

    def pack(self, batch: Sequence[Arrival], received: Received, token: int) -> bytes:
        """Return a batch as bytes."""
        plain: list[Any] = []
        others: list[tuple[int, Arrival]] = []
        forms: dict[int, Any] = {}
        forget = len(self._told) > MOST_FORMS
        if forget:
            self._told.clear()
        last: datetime | None = None
        at = 0
        for number, one in enumerate(batch):
            period = one.period
            sheet = period.readings if period is not None else None
            if (
                period is None
                or type(sheet) is not Sheet
                or one.verdict != "data"
                or one.part is not None
                or one.events
                or one.parameters
                or one.station_id != period.station_id
            ):
                others.append((number, one))
                continue
            form = sheet.form
            if form.number not in self._told:
                self._told.add(form.number)
                forms[form.number] = form.factors
            if one.received_at is not last:
                last, at = one.received_at, micros(one.received_at)
            plain.append(
                (
                    *(at, one.raw, one.sha256, period.station_id, one.cn, one.session_id, one.deviations, one.live),
                    *(period.st, period.kind.value, period.interval_s, period.backfilled),
                    *(micros(period.start), micros(period.end)),
                    *(form.number, sheet.values, sheet.decimals, sheet.flags),
                )
            )
        run_id = batch[0].run_id if batch else 0
        counts = [(station, day.toordinal(), frames) for (station, day), frames in received.items()]
        rest = pickle.dumps(others) if others else b""
        return marshal.dumps((token, run_id, counts, forget, forms, plain, rest), 2)


class Unpacker:
    """The receiving end."""

    def __init__(self) -> None:
        self._forms: dict[int, Form] = {}

    def unpack(self, data: bytes) -> tuple[list[Arrival], dict[tuple[int, date], int], int]:
        """Return arrivals, what was received, and the number of the batch."""
        token, run_id, counts, forget, forms, plain, rest = marshal.loads(data)  # noqa: S302 - from our own parent process
        if forget:
            self._forms.clear()
        for number, factors in forms.items():
            self._forms[number] = Form.of(factors)
        batch = [self._arrival(run_id, *words) for words in plain]
        for place, arrival in pickle.loads(rest) if rest else ():  # noqa: S301 - from our own parent process
            batch.insert(place, arrival)
        received = {(station, date.fromordinal(day)): frames for station, day, frames in counts}
        return batch, received, token

    def _arrival(
        self, run_id: int, at: int, raw: bytes, sha256: bytes, station: int, cn: str, session: int | None,
        deviations: tuple[str, ...], live: bool, st: str, kind: str, interval_s: int, backfilled: bool, start: int,
        end: int, form: int, values: tuple[float, ...], decimals: tuple[int, ...], flags: tuple[str, ...],
    ) -> Arrival:  # fmt: skip
        begin = EPOCH + timedelta(microseconds=start)
        finish = begin if end == start else EPOCH + timedelta(microseconds=end)
        readings = Sheet(self._forms[form], values, decimals, flags)
        period = Period(station, st, _KINDS[kind], interval_s, begin, finish, readings, backfilled)
        received_at = EPOCH + timedelta(microseconds=at)
        return Arrival(
            *(received_at, raw, sha256, run_id, station, "", cn, "data", "", "", session, "", deviations, period),
            live=live,
        )


_KINDS = {kind.value: kind for kind in Kind}

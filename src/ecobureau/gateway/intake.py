"""From a frame to what is queued for the database: who sent it, what it is to storage, what it will be answered."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ecobureau import clock
from ecobureau.domain.hj212 import Frame
from ecobureau.domain.hj212.commands import ANSWERS
from ecobureau.gateway.answers import Answers
from ecobureau.gateway.connection import Connection, Hold
from ecobureau.gateway.factors import Translator, load_factors
from ecobureau.gateway.limits import Buckets, TokenBucket
from ecobureau.gateway.log import logger
from ecobureau.gateway.normalise import Meaning, Receipt, normalise
from ecobureau.gateway.settings import Settings
from ecobureau.gateway.stations import Station
from ecobureau.gateway.writer import Job
from ecobureau.storage.types import Arrival

if TYPE_CHECKING:
    from ecobureau.gateway.server import Gateway

SILENT = frozenset({"crc", "length", "header", "truncated"})
"""Errors after which nobody can say who sent what: never answered."""
JOB_OVERHEAD = 2048
"""Bytes a queued frame holds beside its raw bytes, roughly: readings, texts, lists."""


class Heard:
    """What the process keeps of one station while it is heard: its translator and its allowance."""

    __slots__ = ("answers", "bucket", "station", "translator")

    def __init__(self, station: Station) -> None:
        self.station = station
        self.translator = Translator(load_factors(), station.factor_map, station.unit_overrides)
        self.bucket = TokenBucket(station.max_frames_per_minute)
        self.answers = Answers(station.dialect)


class Intake:
    """Makes jobs of the frames of all connections of a gateway.

    Args:
        gateway: whose registry, metrics and listeners it uses.
    """

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self._gateway = gateway
        self.heard: dict[str, Heard] = {}
        self._errors = Buckets(settings.error_frames_per_minute)
        self._receipt = Receipt.of(clock.now(), timedelta(seconds=settings.future_tolerance))
        self._login = None if settings.heartbeat_answer == "none" else settings.heartbeat_answer

    def jobs(self, connection: Connection, frames: Sequence[Frame]) -> list[Job]:
        """Return a job for each frame of one read, in order."""
        receipt = self._receipt = self._receipt.later(clock.now())
        now = clock.monotonic()
        return [self._safely(connection, frame, receipt, now) for frame in frames]

    def forget_stations(self) -> None:
        """Drop what belongs to stations that are no longer in the registry."""
        for mn in [mn for mn in self.heard if self._gateway.registry.get(mn) is None]:
            del self.heard[mn]

    def _safely(self, connection: Connection, frame: Frame, receipt: Receipt, now: float) -> Job:
        """A frame that the program itself stumbles over is set aside with the reason; the others of its read go on."""
        try:
            return self._job(connection, frame, receipt, now)
        except Exception as error:
            logger.exception("frame_not_understood", mn=frame.mn, cn=frame.cn, raw=frame.raw[:2000].hex())
            self._gateway.note_fault(type(error).__name__, str(error))
            reason = f"poison.{type(error).__name__}"
            return self._quarantine(connection, frame, self._gateway.registry.get(frame.mn), reason, receipt, now)

    def _job(self, connection: Connection, frame: Frame, receipt: Receipt, now: float) -> Job:
        station = self._gateway.registry.get(frame.mn)
        reason = self._refusal(frame, station)
        if reason or station is None:
            return self._quarantine(connection, frame, station, reason, receipt, now)
        heard = self.heard.get(station.mn)
        if heard is None or heard.station is not station:
            heard = self.heard[station.mn] = Heard(station)
        self._slow_down(connection, heard.bucket.owe(now))
        if frame.mn not in connection.mns:
            self._login_of(connection, station, frame)
        for seen in connection.watch.look(frame):
            frame.deviations.append(seen)
        meaning = normalise(frame, station, heard.translator, receipt)
        if frame.ok:
            for listener in self._gateway.listeners:
                listener.on_frame(connection, station, frame)
        return self._queue_up(connection, frame, heard, meaning, receipt, now)

    def _slow_down(self, connection: Connection, seconds: float) -> None:
        if not seconds:
            return
        if not connection.held & Hold.RATE:
            self._gateway.metrics.throttled += 1
            logger.info("slowed_down", peer=connection.peer, mns=list(connection.mns)[:8])
        connection.wait(seconds)

    def _refusal(self, frame: Frame, station: Station | None) -> str:
        """Why a frame is not taken as the station's word; empty when it is."""
        if frame.error in SILENT:
            return f"frame.{frame.error}"
        if station is None:
            return "station.unknown"
        if station.password is None:
            return "station.secret_unreadable"
        if not station.knows(frame.pw):
            return "station.password"
        return "" if station.active else "station.inactive"

    def _quarantine(
        self,
        connection: Connection,
        frame: Frame,
        station: Station | None,
        reason: str,
        receipt: Receipt,
        now: float,
    ) -> Job:
        """Keep the raw bytes, answer nothing; beyond the allowance of its address the connection has to wait."""
        self._gateway.metrics.errors[reason] += 1
        self._gateway.metrics.deviations.update(one.code for one in frame.deviations)
        if not connection.held & Hold.RATE:
            logger.info("quarantined", peer=connection.peer, mn=frame.mn, cn=frame.cn, reason=reason)
        self._slow_down(connection, self._errors.owe(connection.address, now))
        meaning = Meaning("control", reason, tuple(dict.fromkeys(one.code for one in frame.deviations)))
        arrival = self._arrival(connection, frame, station, meaning, receipt.at)
        arrival.verdict = "quarantine"
        return Job(arrival, None, connection, len(frame.raw) + JOB_OVERHEAD, True, now, receipt.day)

    def _queue_up(
        self,
        connection: Connection,
        frame: Frame,
        heard: Heard,
        meaning: Meaning,
        receipt: Receipt,
        now: float,
    ) -> Job:
        if meaning.deviations:
            self._gateway.metrics.deviations.update(meaning.deviations)
        answer = None if frame.cn in ANSWERS else heard.answers.to(frame, self._login)
        arrival = self._arrival(connection, frame, heard.station, meaning, receipt.at)
        return Job(arrival, answer, connection, len(frame.raw) + JOB_OVERHEAD, meaning.live, now, receipt.day)

    def _arrival(
        self, connection: Connection, frame: Frame, station: Station | None, meaning: Meaning, received_at: datetime
    ) -> Arrival:
        return Arrival(
            received_at,
            frame.raw,
            hashlib.sha256(frame.raw).digest(),
            self._gateway.run_id,
            station.station_id if station else None,
            frame.mn or "",
            frame.cn or "",
            meaning.verdict,
            meaning.reason,
            frame.qn or "",
            connection.sessions.get(station.mn) if station else None,
            connection.peer,
            meaning.deviations,
            meaning.period,
            meaning.events,
            meaning.parameters,
            meaning.part,
            meaning.live,
        )

    def _login_of(self, connection: Connection, station: Station, frame: Frame) -> None:
        """A station speaks on this connection for the first time: the newest connection holds it."""
        connection.mns[station.mn] = station.station_id
        before = self._gateway.holders.get(station.mn)
        if before is not None and before is not connection:
            self._gateway.metrics.deviations["stream.several_connections"] += 1
            logger.info("newer_connection", mn=station.mn, before=before.peer, now=connection.peer)
        self._gateway.holders[station.mn] = connection
        for listener in self._gateway.listeners:
            listener.on_login(connection, station)

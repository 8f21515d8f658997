"""What no frame can tell: silence and missing values. Looked at every minute."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.db import connection, transaction

from ecobureau.clock import beijing, now
from ecobureau.domain import judging
from ecobureau.storage import books, read, sessions
from ecobureau.storage.types import Kind
from ecobureau.web.clues.judge import facts, findings
from ecobureau.web.clues.judge.memory import Memory
from ecobureau.web.clues.judge.run import _lock
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.selectors import LoggerPlan

SILENT_SOCKET = timedelta(seconds=90)
SILENT_GATEWAY = timedelta(seconds=90)
"""While no gateway listens nothing can be said of devices; after that each gets its full time anew."""
MISSING_AT_ONCE = 40
_CHUNK = 200
_WATCHED_KINDS = (Kind.MINUTE, Kind.HOUR)
_next_missing = 0


def tick() -> bool:
    """Look for silent devices, and for missing values at some of the stations, in turn. Returns False: no hurry."""
    at = now()
    plans = [plan for plan in sources.plans() if plan.active]
    connection.ensure_connection()
    runs = books.runs(connection.connection)
    alive = [run.started_at for run in runs if run.ended_at is None and at - run.heartbeat_at < SILENT_GATEWAY]
    if alive or not runs:
        for begin in range(0, len(plans), _CHUNK):
            _silence(plans[begin : begin + _CHUNK], at, min(alive, default=None))
    _missing(plans, at)
    return False


@transaction.atomic
def _silence(plans: list[LoggerPlan], at: datetime, listening_since: datetime | None) -> None:
    stations = sorted({plan.station_id for plan in plans})
    _lock(stations)
    connection.ensure_connection()
    heard: dict[int, datetime] = {}
    for state in read.stream_states(connection.connection, stations):
        heard[state.station_id] = max(heard.get(state.station_id, state.received_at), state.received_at)
    sockets = sessions.holders(connection.connection, stations)
    lookup = facts.look_up(stations, at - timedelta(hours=1), at)
    memory, rule = Memory(stations), facts.params(beijing(at).date())
    for plan in plans:
        where = lookup.where(plan.station_id)
        if where is None:
            continue
        socket = sockets.get(plan.station_id)
        alive = socket is not None and at - socket.heartbeat_at < SILENT_SOCKET
        last_data = heard.get(plan.station_id)
        seen = [when for when in (last_data, socket.heartbeat_at if socket else None) if when is not None]
        key = (plan.station_id, "", "", "R-SILENCE")
        state_now, found = judging.step_silence(
            judging.SilenceState.from_json(memory.get(key)),
            judging.SilenceFacts(
                where,
                max(seen, default=None),
                last_data,
                plan.accept_from,
                plan.rtd_interval_s or plan.minute_interval * 60,
                plan.active,
                alive,
                listening_since,
                judging.Context(declared=lookup.declared(plan.station_id)),
            ),
            rule,
            at,
        )
        memory.put(key, state_now.to_json())
        findings.act_on(found, lookup.watched[plan.station_id], at)
    memory.write(at)


def _missing(plans: list[LoggerPlan], at: datetime) -> None:
    """Count what came in the window of each stream; a share of the stations each time, so that a tick stays short."""
    global _next_missing
    if not plans:
        return
    turn = [plans[(_next_missing + step) % len(plans)] for step in range(min(MISSING_AT_ONCE, len(plans)))]
    _next_missing = (_next_missing + len(turn)) % len(plans)
    _missing_of(turn, at)


@transaction.atomic
def _missing_of(plans: list[LoggerPlan], at: datetime) -> None:
    stations = sorted({plan.station_id for plan in plans})
    _lock(stations)
    since = {plan.station_id: plan.accept_from for plan in plans}
    lookup = facts.look_up(stations, at - timedelta(days=2), at)
    memory, rule = Memory(stations), facts.params(beijing(at).date())
    connection.ensure_connection()
    by_station = defaultdict(list)
    for state in read.stream_states(connection.connection, stations):
        if state.kind in _WATCHED_KINDS and state.interval_s:
            by_station[state.station_id].append(state)
    for station, streams in by_station.items():
        where = lookup.where(station)
        if where is None:
            continue
        for its in streams:
            stream = judging.Stream(its.kind.value, its.interval_s)
            end = its.newest + timedelta(seconds=its.interval_s)
            start = end - timedelta(seconds=rule.missing_window_s[stream.kind])
            context = judging.Context(declared=lookup.declared(station))
            for factor, points in facts.series(station, its.st, its.kind, its.interval_s, start, end).items():
                key = (station, stream.code, factor, "R-MISSING")
                counted = judging.count_window(
                    where,
                    factor,
                    stream,
                    points,
                    end,
                    rule,
                    since=since[station],
                    context=context,
                    factor_word=lookup.word(factor),
                )
                before = judging.MissingState.from_json(memory.get(key))
                state_now, found = judging.step_missing(before, counted, rule, at)
                memory.put(key, state_now.to_json())
                findings.act_on(found, lookup.watched[station], at)
    memory.write(at)

"""The judge on arrival: drains the queue that the writers fill, in batches, each in one transaction with its clues."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import connection, transaction

from ecobureau.clock import beijing, now
from ecobureau.domain import judging
from ecobureau.storage import queue, read
from ecobureau.storage.queue import Dirty
from ecobureau.storage.types import Kind
from ecobureau.web.clues.judge import facts, findings
from ecobureau.web.clues.judge.facts import Lookup
from ecobureau.web.clues.judge.memory import Memory
from ecobureau.web.clues.models import JudgeFault
from ecobureau.web.core import outage

log = logging.getLogger("ecobureau.judge")
BATCH = 200
_LONGEST = timedelta(days=7)
_LOCK = 0x65624A75
Stretch = tuple[datetime, datetime]


def judge_waiting() -> bool:
    """Judge one batch of what waits. Returns whether there was anything, so that the loop comes back at once."""
    try:
        return bool(drain(BATCH))
    except Exception as error:
        if outage.is_away(error):
            raise
        log.exception("a batch could not be judged; taking its stretches one by one")
        return bool(_one_by_one())


@transaction.atomic
def drain(limit: int) -> int:
    """Take at most `limit` dirty stretches, judge them and commit their clues with their removal.

    Returns:
        How many stretches were taken.
    """
    connection.ensure_connection()
    taken = queue.take(connection.connection, limit)
    if taken:
        _judge(taken, now())
    return len(taken)


def _one_by_one() -> int:
    done = 0
    while done < BATCH:
        try:
            if not drain(1):
                return done
        except Exception as error:
            if outage.is_away(error):
                raise
            _set_aside(error)
        done += 1
    return done


@transaction.atomic
def _set_aside(error: Exception) -> None:
    """Move the stretch that cannot be judged out of the way, where `doctor` and the data page show it."""
    connection.ensure_connection()
    for row in queue.take(connection.connection, 1):
        log.exception("cannot judge station %s %s", row.station_id, row.kind, exc_info=error)
        JudgeFault.objects.create(
            station_id=row.station_id,
            stream=f"{row.st}:{row.kind}:{row.interval_s}",
            start_at=row.start,
            end_at=row.end,
            error=f"{type(error).__name__}: {error}"[:500],
            at=now(),
        )


def _judge(taken: Sequence[Dirty], at: datetime) -> None:
    stations = sorted({row.station_id for row in taken})
    _lock(stations)
    start = min(row.start for row in taken) - timedelta(days=1)
    end = max(row.end for row in taken) + timedelta(days=1)
    lookup = facts.look_up(stations, start, end)
    memory = Memory(stations)
    streams: dict[tuple[int, str, Kind, int], list[Dirty]] = defaultdict(list)
    for row in taken:
        if row.station_id in lookup.watched:
            streams[(row.station_id, row.st, row.kind, row.interval_s)].append(row)
    for (station, st, kind, interval), rows in streams.items():
        for first, last in stretches(rows):
            points = facts.series(station, st, kind, interval, first, last)
            _judge_stream(lookup, memory, station, judging.Stream(kind.value, interval), kind, points, at)
        if any(row.cause == "revised" for row in rows):
            _judge_rewrites(lookup, memory, station, st, kind, interval, rows, at)
    memory.write(at)


def _lock(stations: Sequence[int]) -> None:
    """Two judges must not hold one station's memory at once; sorted, so that they cannot block each other."""
    with connection.cursor() as cursor:
        for station in stations:
            cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_LOCK, station])


def stretches(rows: Sequence[Dirty]) -> list[Stretch]:
    """Join dirty stretches of one stream that touch, at most a week long, in order of time."""
    joined: list[Stretch] = []
    for row in sorted(rows, key=lambda row: (row.start, row.end)):
        first, last = row.start, row.end
        if joined and first <= joined[-1][1] + timedelta(hours=2) and last - joined[-1][0] <= _LONGEST:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _judge_stream(
    lookup: Lookup,
    memory: Memory,
    station: int,
    stream: judging.Stream,
    kind: Kind,
    series: Mapping[str, list[judging.Point]],
    at: datetime,
) -> None:
    where = lookup.where(station)
    if where is None:
        return
    watched, rule = lookup.watched[station], facts.params(beijing(at).date())
    for factor, points in series.items():
        if not points:
            continue
        limits, said = lookup.limit_spans(station, factor), []
        if limits:
            key = (station, stream.code, factor, "R-OVER")
            over_facts = judging.OverFacts(where, factor, stream, points, limits, watched.o2_ref, lookup.word(factor))
            before = judging.OverState.from_json(memory.get(key))
            over, found = judging.step_over(before, over_facts, rule, at)
            if any(finding.phase == "open" for finding in found):
                context = facts.context(lookup, station, factor, kind, points, beijing(at).date())
                over, found = judging.step_over(before, replace(over_facts, context=context), rule, at)
            memory.put(key, over.to_json())
            said += found
        key = (station, stream.code, factor, "R-RANGE")
        spans = lookup.range_spans(station, factor)
        ranged, found = judging.step_range(
            judging.RangeState.from_json(memory.get(key)),
            judging.RangeFacts(where, factor, stream, points, spans, lookup.word(factor)),
            rule,
            at,
        )
        memory.put(key, ranged.to_json())
        findings.act_on([*said, *found], watched, at)


def _judge_rewrites(
    lookup: Lookup,
    memory: Memory,
    station: int,
    st: str,
    kind: Kind,
    interval: int,
    rows: Sequence[Dirty],
    at: datetime,
) -> None:
    where, rule = lookup.where(station), facts.params(beijing(at).date())
    if where is None:
        return
    stream = judging.Stream(kind.value, interval)
    first, last = min(row.start for row in rows), max(row.end for row in rows)
    seen_key = (station, stream.code, "", "R-REVISED")
    seen = int((memory.get(seen_key) or {}).get("revision", 0))
    until = last + timedelta(microseconds=1)
    fresh = [
        row
        for row in read.revisions(connection.connection, station, first, until)
        if row.id > seen and (row.st, row.kind, row.interval_s) == (st, kind, interval) and row.stat != "flag"
    ]
    if not fresh:
        return
    series = facts.series(station, st, kind, interval, first, last)
    by_factor: dict[str, list[judging.Rewrite]] = defaultdict(list)
    for row in fresh:
        point = next((each for each in series.get(row.code, []) if each.start == row.start), None)
        if point is not None:
            by_factor[row.code].append(_rewrite(point, row))
    for factor, rewrites in by_factor.items():
        key = (station, stream.code, factor, "R-REVISED")
        state, found = judging.step_revised(
            judging.RevisedState.from_json(memory.get(key)),
            judging.RevisedFacts(
                where,
                factor,
                stream,
                rewrites,
                lookup.limit_spans(station, factor),
                lookup.watched[station].o2_ref,
                lookup.word(factor),
            ),
            rule,
            at,
        )
        memory.put(key, state.to_json())
        findings.act_on(found, lookup.watched[station], at)
    memory.put(seen_key, {"revision": max(row.id for row in fresh)})


def _rewrite(point: judging.Point, row: read.Revised) -> judging.Rewrite:
    was = replace(point, values={**point.values, row.stat: _number(row.old)}, ref=str(row.old_raw_id))
    now_ = replace(point, values={**point.values, row.stat: _number(row.new)}, ref=str(row.new_raw_id))
    return judging.Rewrite(was, now_, None, row.made_at, row.stat)


def _number(text: str | None) -> float | None:
    return float(text) if text is not None else None

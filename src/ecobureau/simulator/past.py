"""The frames that a logger has sent in the past: what a platform would hold by now, with the time each one arrived."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ecobureau.domain.hj212 import Edition, encode, flag
from ecobureau.simulator import content
from ecobureau.simulator.content import Message
from ecobureau.simulator.incidents import Incident, rewritten_hour
from ecobureau.simulator.plan import StationPlan
from ecobureau.simulator.plant import Plant
from ecobureau.simulator.times import DAY, EAST, digits
from ecobureau.simulator.timetable import Timetable
from ecobureau.simulator.world import Settings


@dataclass(frozen=True, slots=True)
class Past:
    """How far back to go from `now` (epoch seconds): days of hour and day data, hours of minute data, minutes of
    real-time data."""

    now: int
    days: int = 7
    minute_hours: int = 6
    realtime_minutes: int = 30


Sent = tuple[float, bytes]
"""Epoch of arrival, and the frame."""


def past_frames(plan: StationPlan, seed: int, incidents: Sequence[Incident], past: Past) -> list[Sent]:
    """Return the frames of one logger in the order they arrived, all before `past.now`.

    What fell into a cut of the link arrives after it (or never, by the incident's `backfill`), real-time data never.
    """
    plant = Plant(plan, seed, incidents)
    table = Timetable(plan, plant.own_seed, Settings())
    cuts = [one for one in plant.incidents if one.kind == "offline"]
    found: list[tuple[float, int, Message]] = []
    for order, (at, message) in enumerate(_uploads(plant, table, past)):
        arrived = _arrival(at, order, message, cuts)
        if arrived is not None and arrived <= past.now:
            message.late = arrived > at
            found.append((arrived, order, message))
    found.sort(key=lambda one: one[:2])
    return list(_frames(plan, found))


def _uploads(plant: Plant, table: Timetable, past: Past) -> Iterator[tuple[float, Message]]:
    """Every upload with the moment it was due, in order."""
    plan, now = plant.plan, past.now
    reach = {
        content.DAY_DATA: past.days * DAY,
        content.HOUR_DATA: past.days * DAY,
        content.MINUTE: past.minute_hours * 3600,
        content.RT: past.realtime_minutes * 60,
    }
    if plan.kind in ("flue", "sewage"):
        reach["2041"] = past.days * DAY
    due: list[tuple[float, str, int]] = []
    for cn, span in reach.items():
        step, east = table.step(cn), EAST if cn in (content.DAY_DATA, "2041") else 0
        length = 0 if cn == content.RT else step
        lag = table.lag(cn)
        start = (now - span + east) // step * step - east
        while start + length + lag <= now:
            due.append((start + length + lag, cn, start))
            start += step
    heapq.heapify(due)
    rewrites = sorted((one for one in plant.incidents if one.kind == "rewritten"), key=lambda one: one.start)
    while due:
        at, cn, start = heapq.heappop(due)
        while rewrites and rewrites[0].start <= at:
            one = rewrites.pop(0)
            yield one.start, _rewritten(plant, one)
        if cn == content.RT:
            yield at, content.realtime(plant, start)
        elif cn == "2041":
            yield at, content.run_hours(plant, start)
        else:
            yield at, content.period(plant, cn, start)
        if cn == content.MINUTE and plan.edition > 0:
            for message in table.information(plant, start):
                yield at, message


def _rewritten(plant: Plant, incident: Incident) -> Message:
    changed = {str(incident.factor): incident.times}
    return content.period(plant, content.HOUR_DATA, rewritten_hour(incident), changed=changed)


def _arrival(at: float, order: int, message: Message, cuts: Sequence[Incident]) -> float | None:
    for cut in cuts:
        if cut.start <= at < cut.end:
            if not cut.backfill or message.cn == content.RT:
                return None
            return cut.end + 5 + (order % 600) * 0.2
    return at


def _frames(plan: StationPlan, found: Sequence[tuple[float, int, Message]]) -> Iterator[Sent]:
    edition, key = Edition(plan.edition), bytes.fromhex(plan.key) if plan.key else None
    last = 0
    for arrived, _order, message in found:
        split = len(message.packets) > 1
        for number, cp in enumerate(message.packets, 1):
            last = max(last + 1, int(arrived * 1000))
            frame = encode(
                qn=f"{digits(last // 1000)}{last % 1000:03d}",
                st=message.st or plan.st,
                cn=message.cn,
                pw=plan.pw,
                mn=plan.mn,
                flag=flag(edition, answer=plan.answers, split=split),
                cp=cp,
                pnum=len(message.packets) if split else None,
                pno=number if split else None,
                rf="1" if message.late and plan.edition == 2 else None,
                key=key,
            )
            yield last / 1000, frame

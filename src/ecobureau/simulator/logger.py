"""One data logger: it collects by its timetable, sends one upload at a time, waits for the answer, sends again.

What is not answered is kept and back-filled after the link returns; newly collected data go first
(HJ 212-2025 8.1.2). A resend repeats frame and QN.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ecobureau.domain.hj212 import (
    Edition,
    Frame,
    encode,
    flag,
    heartbeat,
)
from ecobureau.simulator import content
from ecobureau.simulator.commands import take_request
from ecobureau.simulator.content import Message, Pull
from ecobureau.simulator.deviate import Departure, depart
from ecobureau.simulator.incidents import Incident, rewritten_hour
from ecobureau.simulator.line import Line
from ecobureau.simulator.plant import Plant
from ecobureau.simulator.shelf import Shelf
from ecobureau.simulator.times import DAY, digits
from ecobureau.simulator.timetable import Timetable
from ecobureau.simulator.world import World


@dataclass(slots=True)
class Waiting:
    """An upload on the wire."""

    message: Message
    frame: bytes
    clean: bytes
    qn: str
    tries: int = 1
    departure: Departure | None = None


class Logger:
    """A logger with its queues. Create it, then `start()` within the event loop.

    Args:
        plant: its readings. world: the run it belongs to.
    """

    def __init__(self, plant: Plant, world: World) -> None:
        self.plant, self.plan, self.world = plant, plant.plan, world
        self.key = bytes.fromhex(self.plan.key) if self.plan.key else None
        self.over_time, self.re_count = world.settings.over_time, world.settings.re_count
        self.sends_realtime = True
        self.sends_state = self.plan.kind in ("flue", "sewage")
        self.live: deque[Message] = deque()
        self.shelf = Shelf(world.settings.keep_realtime)
        self.pulls: deque[Pull] = deque()
        self.line: Line | None = None
        self.waiting: Waiting | None = None
        self.booted = int(world.time.now())
        self.timetable = Timetable(self.plan, plant.own_seed, world.settings)
        self.parameters: dict[tuple[str, str], str] = {}
        self.bottle = 0
        self._dialling: asyncio.Task[None] | None = None
        self._wait_before_dial = 0.0
        self._last_ms = 0
        self._next_backfill = 0.0
        self._backfill_booked = False
        self._bookings = 0
        self._said_boot = False
        self.luck = random.Random(plant.own_seed * 31 + 5)

    # -- life ---------------------------------------------------------------------------------------------------------

    def start(self, spread: float = 0.0) -> None:
        """Begin: dial in `spread` seconds at most, and collect from now on."""
        now = self.world.time.now()
        self.timetable.begin(now)
        for incident in self.plant.incidents:
            if incident.kind == "offline" and incident.end > now:
                self._at(incident.start, self.cut)
                self._at(incident.end, self.dial)
            elif incident.kind == "rewritten" and incident.start >= now:
                self._at(incident.start, lambda one=incident: self._rewrite(one))  # type: ignore[misc]
            elif incident.kind == "treatment_off" and incident.end > now:
                for moment in (incident.start, incident.end):
                    self._at(moment, self._report_state)
        self.world.agenda.after(self.plant.own_seed % 1000 / 1000.0 * spread, self.dial)
        self.rebook()
        self._plan_cut()

    def stop(self) -> None:
        """Hang up."""
        if self._dialling is not None:
            self._dialling.cancel()
        if self.line is not None:
            self.line.close()

    def _at(self, moment: float, call: Callable[[], None]) -> None:
        self.world.agenda.after(self.world.time.until(moment), call)

    @property
    def offline(self) -> Incident | None:
        """The incident that keeps the link down now, if any."""
        now = self.world.time.now()
        return next((i for i in self.plant.incidents if i.kind == "offline" and i.start <= now < i.end), None)

    # -- the link -----------------------------------------------------------------------------------------------------

    def dial(self) -> None:
        """Connect, unless connected, dialling or kept off."""
        if self.line is None and self._dialling is None and not self.offline and not self.world.stopping:
            self._dialling = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        try:
            loop = asyncio.get_running_loop()
            await asyncio.wait_for(
                loop.create_connection(
                    lambda: Line(self, self.plan.edition, self.key), self.world.host, self.world.port
                ),
                10,
            )
        except (OSError, TimeoutError):
            self._dial_again()
        finally:
            self._dialling = None

    def _dial_again(self) -> None:
        self._wait_before_dial = min(30.0, self._wait_before_dial * 2 or 0.5)
        self.world.agenda.after(self._wait_before_dial * (0.75 + self.luck.random() / 2), self.dial)

    def line_up(self, line: Line) -> None:
        self.line = line
        self.world.tally["connected"] += 1
        if self.departs() and self.world.settings.codes is None:
            line.write(b"DTU:%b\r\n" % self.plan.mn.encode())
        if not self._said_boot and self.plan.edition > 0:
            self._said_boot = True
            self.live.appendleft(content.boot(self.plan, self.booted))
        self.pump()

    def line_down(self, line: Line) -> None:
        if self.line is not line:
            return
        self.line = None
        self.world.tally["cut"] += 1
        self.pulls.clear()
        self._shelve()
        if not self.world.stopping:
            self._dial_again()

    def cut(self) -> None:
        """Lose the link now."""
        if self.line is not None:
            self.line.close()

    def _plan_cut(self) -> None:
        if self.world.settings.cuts > 0:
            self._at(self.world.time.now() + self.luck.expovariate(self.world.settings.cuts / DAY), self._chance_cut)

    def _chance_cut(self) -> None:
        self._wait_before_dial = self.luck.uniform(30, 300) / self.world.time.speed
        self.cut()
        self._plan_cut()

    def _shelve(self) -> None:
        """Put what was under way, and what waits, on the back-fill shelf."""
        under_way = [self.waiting.message] if self.waiting is not None else []
        self.waiting = None
        for message in (*under_way, *self.live):
            self._keep(message)
        self.live.clear()

    def _keep(self, message: Message) -> None:
        self.world.tally["dropped"] += self.shelf.keep(message)

    # -- collecting ---------------------------------------------------------------------------------------------------

    def rebook(self) -> None:
        """Follow the timetable after one of its intervals was changed."""
        self._bookings += 1
        booking = self._bookings
        self._at(self.timetable.next_due(), lambda: self._tick(booking))

    def _tick(self, booking: int) -> None:
        if self.world.stopping or booking != self._bookings:
            return
        for cn, moment in self.timetable.take(self.world.time.now()):
            for message in self._collect(cn, moment):
                self._give(message)
        self.rebook()
        self.pump()

    def _give(self, message: Message) -> None:
        away = self.offline
        if away is not None and (not away.backfill or message.cn == content.RT):
            return
        if self.line is None:
            self._keep(message)
        else:
            self.live.append(message)

    def _collect(self, cn: str, moment: int) -> list[Message]:
        """Return the uploads of one entry of the timetable: the instant, or the period that starts at `moment`."""
        if cn == content.RT:
            return [content.realtime(self.plant, moment)] if self.sends_realtime else []
        if cn == "9015":
            return [Message("9015", "", [""], moment, notice=True, st="91")]
        if cn == "2021":
            return [content.facility(moment, self._runs(moment))] if self.sends_state else []
        if cn == "2041":
            return [content.run_hours(self.plant, moment)]
        found = [self.period(cn, moment)]
        if cn == content.MINUTE and self.plan.edition > 0:
            found += self.timetable.information(self.plant, moment)
        return found

    def period(self, cn: str, start: int) -> Message:
        """Return the upload of a period, with what was rewritten of it up to now."""
        now = self.world.time.now()
        changed = {
            str(one.factor): one.times
            for one in self.plant.incidents
            if one.kind == "rewritten" and cn == content.HOUR_DATA and one.start <= now and rewritten_hour(one) == start
        }
        return content.period(self.plant, cn, start, changed=changed)

    def _rewrite(self, incident: Incident) -> None:
        self._give(self.period(content.HOUR_DATA, rewritten_hour(incident)))
        self.pump()

    def _runs(self, moment: float) -> bool:
        return not any(i.kind == "treatment_off" and i.start <= moment < i.end for i in self.plant.incidents)

    def _report_state(self) -> None:
        now = int(self.world.time.now())
        if self.sends_state:
            self._give(content.facility(now, self._runs(now)))
            self.pump()

    # -- sending ------------------------------------------------------------------------------------------------------

    def pump(self) -> None:
        """Send the next upload, if the line is free: live data first, then what was asked for, then back-fill."""
        while self.line is not None and self.waiting is None:
            message = self._next()
            if message is None:
                return
            self._send(message)

    def _next(self) -> Message | None:
        if self.live:
            return self.live.popleft()
        while self.pulls:
            pull = self.pulls[0]
            if pull.messages:
                return pull.messages.popleft()
            if pull.closing is not None and self.line is not None:
                self.line.write(pull.closing)
            self.pulls.popleft()
        if self.shelf:
            now = asyncio.get_running_loop().time()
            if now >= self._next_backfill:
                self._next_backfill = now + 1.0 / self.world.settings.per_second
                self.world.tally["backfilled"] += 1
                return self._from_shelf()
            if not self._backfill_booked:
                self._backfill_booked = True
                self.world.agenda.after(self._next_backfill - now, self._go_on)
        return None

    def _from_shelf(self) -> Message:
        cn_start = self.shelf.next_owed()
        if cn_start is None:
            return self.shelf.take()
        cn, start = cn_start
        message = content.realtime(self.plant, start) if cn == content.RT else self.period(cn, start)
        message.late = True
        return message

    def _go_on(self) -> None:
        self._backfill_booked = False
        self.pump()

    def qn(self) -> str:
        """Return a fresh QN: the time of sending in milliseconds, never the same twice."""
        self._last_ms = max(self._last_ms + 1, int(self.world.time.now() * 1000))
        return f"{digits(self._last_ms // 1000)}{self._last_ms % 1000:03d}"

    def _send(self, message: Message) -> None:
        asks = self.plan.answers if message.asks is None else message.asks
        qn = self.qn()
        clean = self.frame_of(message, qn, asks)
        self.world.tally["sent"] += 1
        waiting = Waiting(message, clean, clean, qn)
        if self.key is None and message.packets[message.done] and self.departs():
            departed = depart(clean, self.luck, self.world.settings.codes)
            if departed is not None:
                waiting.frame, waiting.departure = departed
                self.world.tally["deviated"] += 1
        self._write(waiting.frame)
        if asks:
            self.waiting = waiting
            self._watch(waiting)
        else:
            self._advance(message)

    def frame_of(self, message: Message, qn: str, asks: bool) -> bytes:
        """Return the frame of a message's next packet."""
        plan, split = self.plan, len(message.packets) > 1
        if message.cn == "9015":
            return heartbeat(qn=qn, mn=plan.mn, pw=plan.pw, answer=asks)
        return encode(
            qn=qn,
            st=message.st or plan.st,
            cn=message.cn,
            pw=plan.pw,
            mn=plan.mn,
            flag=flag(Edition(plan.edition), answer=asks, split=split),
            cp=message.packets[message.done],
            pnum=len(message.packets) if split else None,
            pno=message.done + 1 if split else None,
            rf="1" if message.late and plan.edition == 2 else None,
            key=self.key if message.cn[0] == "2" or message.cn in ("1014", "3020") else None,
        )

    def departs(self) -> bool:
        """Say by luck whether the next thing sent departs from the standard."""
        share = self.world.settings.deviations
        return share > 0 and self.luck.random() < share

    def _write(self, frame: bytes) -> None:
        line = self.line
        if line is None:
            return
        if self.world.settings.split_writes and self.luck.random() < self.world.settings.split_writes:
            line.write_broken(frame, self.luck.randrange(1, len(frame)))
            self.world.agenda.after(0.02, line.release)
        else:
            line.write(frame)

    def _advance(self, message: Message) -> None:
        message.done += 1
        if message.done < len(message.packets):
            self._send(message)

    def _watch(self, waiting: Waiting) -> None:
        seen = waiting.tries
        self.world.agenda.after(self.over_time, lambda: self._overdue(waiting, seen))

    def _overdue(self, waiting: Waiting, tries: int) -> None:
        if self.waiting is not waiting or waiting.tries != tries or self.line is None:
            return
        if waiting.tries > self.re_count:
            self.world.tally["given_up"] += 1
            self.line.close()
            return
        waiting.tries += 1
        if waiting.departure is not None and waiting.departure.spoils:
            waiting.frame, waiting.departure = waiting.clean, None
        self.world.tally["resent"] += 1
        self._write(waiting.frame)
        self._watch(waiting)

    # -- hearing ------------------------------------------------------------------------------------------------------

    def heard(self, frame: Frame) -> None:
        """Take one frame of the platform."""
        if not frame.ok:
            return
        if frame.cn in ("9013", "9014"):
            self._answered(frame)
        elif frame.cn not in ("9011", "9012") and frame.mn == self.plan.mn:
            take_request(self, frame)
        self.pump()

    def _answered(self, frame: Frame) -> None:
        waiting = self.waiting
        if waiting is None or frame.cn != ("9013" if waiting.message.notice else "9014"):
            return
        changed_qn = waiting.departure is not None and waiting.departure.code.startswith("qn.")
        if frame.exchange != waiting.qn and not changed_qn:
            return
        self._wait_before_dial = 0.0
        message = waiting.message
        self.waiting = None
        self.world.tally["answered"] += 1
        self.world.journal.answered(
            self.plan.mn,
            message.cn,
            waiting.qn,
            message.data_time,
            message.packets[message.done],
            waiting.tries,
            waiting.departure.code if waiting.departure else None,
        )
        self._advance(message)

    def reply(self, data: bytes | None) -> None:
        """Send an answer, if the link is up and there is one."""
        if self.line is not None and data is not None:
            self.line.write(data)

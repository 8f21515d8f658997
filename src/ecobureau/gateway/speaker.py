"""Speaks with devices: commands from the web, the time when a logger asks for it, the set-up of first contact.

One outstanding request per logger. What comes of it is written to the command's row; uploads that come as a reply are
stored like any other data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ecobureau import clock
from ecobureau.domain.hj212 import COMMANDS, CannotEncode, Edition, Frame, request, surface_water
from ecobureau.domain.hj212.commands import Direction
from ecobureau.domain.hj212.commands import Kind as CommandKind
from ecobureau.domain.hj212.dialogue import Action, ActionKind, Event, EventKind, Exchange, Exchanges, Timeouts
from ecobureau.domain.hj212.times import to_text
from ecobureau.gateway.connection import Connection
from ecobureau.gateway.listener import Listener
from ecobureau.gateway.log import logger
from ecobureau.gateway.server import Gateway
from ecobureau.gateway.stations import Station
from ecobureau.gateway.steps import Step
from ecobureau.storage.commands import Command, State

SET_TIME = "1012"
STATE_OF = {
    EventKind.ACCEPTED: State.ACCEPTED,
    EventKind.REFUSED: State.REFUSED,
    EventKind.DONE: State.DONE,
    EventKind.FAILED: State.FAILED,
    EventKind.ANSWERED: State.DONE,
}


@dataclass(slots=True)
class Line:
    """The newest connection of a logger and what is under way on it."""

    station: Station
    connection: Connection
    edition: Edition
    exchanges: Exchanges = field(default_factory=Exchanges)
    asks: dict[Exchange, int | None] = field(default_factory=dict)
    """Exchange to the id of its command; None for those of our own."""
    timer: asyncio.TimerHandle | None = None


class Speaker(Listener):
    """The dialogues of one gateway process.

    Args:
        gateway: whose connections it speaks on.
        claim: takes waiting commands for this process; given station -> session id of those that are here and idle.
        note: hands a step on to be written; never blocks.
    """

    def __init__(
        self,
        gateway: Gateway,
        claim: Callable[[Mapping[int, int]], Awaitable[list[Command]]],
        note: Callable[[Step], None],
    ) -> None:
        self._gateway = gateway
        self._settings = gateway.settings
        self._claim = claim
        self._note = note
        self._lines: dict[str, Line] = {}
        self._mn_of: dict[int, str] = {}
        self._wanted = asyncio.Event()
        self._last_qn = datetime.min.replace(tzinfo=clock.BEIJING)
        self._timeouts = Timeouts(
            self._settings.answer_timeout, self._settings.execution_timeout, self._settings.answer_retries
        )

    # From the gateway.

    def on_login(self, connection: Connection, station: Station) -> None:
        before = self._lines.get(station.mn)
        if before is not None:
            self._abandon(before, "newer_connection")
        line = Line(station, connection, station.edition if station.edition is not None else Edition.E2017)
        self._lines[station.mn] = line
        self._mn_of[station.station_id] = station.mn
        if self._settings.first_contact:
            for cn, params in self._first_contact(station):
                self._submit(line, cn, params, None)
        self._wanted.set()

    def on_frame(self, connection: Connection, station: Station, frame: Frame) -> None:
        line = self._lines.get(station.mn)
        if line is None or line.connection is not connection:
            return
        line.station = station
        if frame.cn == "1013" and self._settings.set_time_on_notice:
            connection.after_answers(lambda: self._set_time(line))
        if not line.asks:
            return
        if station.edition is None and frame.edition is not None:
            line.edition = frame.edition
        events, actions = line.exchanges.on_frame(frame, clock.monotonic())
        for exchange, event in events:
            self._happened(line, exchange, event)
        self._act(line, [(line.exchanges.current, action) for action in actions])

    def on_lost(self, connection: Connection) -> None:
        for mn in connection.mns:
            line = self._lines.get(mn)
            if line is not None and line.connection is connection:
                self._abandon(line, "connection_lost")
                del self._lines[mn]
                self._mn_of.pop(line.station.station_id, None)

    # Commands of the table.

    def wake(self) -> None:
        """Commands may wait: look for them."""
        self._wanted.set()

    async def run(self) -> None:
        """Fetch commands for the loggers that are here and idle, whenever woken; until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            idle = {
                line.station.station_id: line.connection.sessions[mn]
                for mn, line in self._lines.items()
                if not line.asks and mn in line.connection.sessions
            }
            if not idle:
                continue
            for command in await self._claim(idle):
                self._start(command)

    def _start(self, command: Command) -> None:
        line = self._lines.get(self._mn_of.get(command.station_id, ""))
        if line is None:
            self._note(Step(command.id, clock.now(), State.FAILED, "connection_lost"))
            return
        self._submit(line, command.cn, command.params, command.id)

    def _submit(self, line: Line, cn: str, params: Mapping[str, str], command_id: int | None) -> None:
        now = clock.now()
        given = dict(params)
        if cn in (SET_TIME, surface_water.SET_TIME) and "SystemTime" not in given:
            given["SystemTime"] = to_text(now)
        qn = self._next_qn(now)
        password = (line.station.password or b"").decode()
        try:
            cn, data, kind = self._request(line, cn, qn, password, given)
        except CannotEncode as error:
            logger.warning("command_cannot_be_sent", mn=line.station.mn, cn=cn, code=error.code, params=error.params)
            if command_id is not None:
                self._note(Step(command_id, now, State.FAILED, error.code))
            return
        exchange = Exchange(data, qn, cn, self._timeouts, kind=kind, pw=password, mn=line.station.mn)
        line.asks[exchange] = command_id
        self._act(line, [(exchange, action) for action in line.exchanges.submit(exchange, clock.monotonic())])

    @staticmethod
    def _request(
        line: Line, cn: str, qn: str, password: str, params: Mapping[str, str]
    ) -> tuple[str, bytes, CommandKind]:
        """Return code, frame and kind of a request, as the station's edition or dialect has it."""
        station = line.station
        if surface_water.speaks(station.dialect):
            return surface_water.ask(cn, qn=qn, st=station.st, pw=password, mn=station.mn, params=params)
        data = request(cn, qn=qn, st=station.st, pw=password, mn=station.mn, edition=line.edition, params=params)
        use = COMMANDS[cn].use(Direction.DOWN, line.edition)
        return cn, data, use.kind if use is not None else CommandKind.REQUEST

    def _set_time(self, line: Line) -> None:
        if self._lines.get(line.station.mn) is line:
            self._submit(line, SET_TIME, {}, None)

    def _next_qn(self, now: datetime) -> str:
        """A QN of its own for every request of this process, even within a millisecond."""
        now = max(now.replace(microsecond=now.microsecond // 1000 * 1000), self._last_qn + timedelta(milliseconds=1))
        self._last_qn = now
        return to_text(now, milliseconds=True)

    def _first_contact(self, station: Station) -> list[tuple[str, dict[str, str]]]:
        """Set-up commands in the order of the standard. Source: HJ 212-2017 6.6.1 (initialisation)."""
        found = [
            ("1012", {}),
            (
                "1000",
                {
                    "OverTime": str(round(self._settings.answer_timeout)),
                    "ReCount": str(self._settings.answer_retries),
                },
            ),
            ("1062", {"RtdInterval": str(station.rtd_interval_s)}),
        ]
        if station.edition is not Edition.E2005:
            found.append(("1064", {"MinInterval": str(station.minute_interval)}))
        return found

    # What happens in an exchange.

    def _happened(self, line: Line, exchange: Exchange, event: Event) -> None:
        for odd in event.deviations:
            self._gateway.metrics.deviations[odd.code] += 1
        command_id = line.asks.get(exchange)
        if command_id is not None:
            state = STATE_OF.get(event.kind)
            code = event.code or ""
            asked = event.kind in (EventKind.ACCEPTED, EventKind.REFUSED)
            executed = event.kind in (EventKind.DONE, EventKind.FAILED)
            if state is not None:
                self._gateway.metrics.commands[state] += 1
            self._note(
                Step(
                    command_id,
                    clock.now(),
                    state,
                    qn_rtn=code if asked else "",
                    exe_rtn=code if executed else "",
                    frames=int(event.kind is EventKind.DATA),
                )
            )
        self._settle(line, exchange)

    def _act(self, line: Line, actions: Sequence[tuple[Exchange | None, Action]]) -> None:
        for exchange, action in actions:
            if exchange is None:
                continue
            for odd in action.deviations:
                self._gateway.metrics.deviations[odd.code] += 1
            if action.kind is ActionKind.SEND:
                self._send(line, exchange, action.data)
            else:
                self._over(line, exchange, action.kind)
            self._settle(line, exchange)
        self._set_timer(line)

    def _send(self, line: Line, exchange: Exchange, data: bytes) -> None:
        if not line.connection.send(data):
            return
        command_id = line.asks.get(exchange)
        logger.info("command_sent", mn=line.station.mn, cn=exchange.cn, qn=exchange.qn, time=exchange.sent)
        if command_id is not None:
            self._gateway.metrics.commands[State.SENT] += 1
            if exchange.sent == 1:
                self._note(Step(command_id, clock.now(), qn=exchange.qn or ""))

    def _over(self, line: Line, exchange: Exchange, kind: ActionKind) -> None:
        """No answer in time. Replies without a 9012 are all there is: done. A link that brought nothing at all since
        the request is unusable and closed (HJ 212-2017 6.6.6); one that brings data is not."""
        done = kind is ActionKind.GIVE_UP and exchange.uploads > 0
        state = State.DONE if done else State.TIMED_OUT
        note = "no_9012" if done else ("no_answer" if kind is ActionKind.CLOSE else "no_result")
        command_id = line.asks.get(exchange)
        if command_id is not None:
            self._gateway.metrics.commands[state] += 1
            self._note(Step(command_id, clock.now(), state, note))
        waited = self._timeouts.answer * (self._timeouts.retries + 1)
        if kind is ActionKind.CLOSE and clock.monotonic() - line.connection.last_byte >= waited:
            line.connection.close("unusable")

    def _settle(self, line: Line, exchange: Exchange) -> None:
        if exchange.state.over and exchange in line.asks:
            del line.asks[exchange]
            self._wanted.set()
        self._set_timer(line)

    def _set_timer(self, line: Line) -> None:
        if line.timer is not None:
            line.timer.cancel()
            line.timer = None
        deadline = line.exchanges.deadline
        if deadline != float("inf"):
            line.timer = self._gateway.loop.call_later(max(0.0, deadline - clock.monotonic()), self._tick, line)

    def _tick(self, line: Line) -> None:
        line.timer = None
        self._act(line, line.exchanges.tick(clock.monotonic()))

    def _abandon(self, line: Line, why: str) -> None:
        if line.timer is not None:
            line.timer.cancel()
        for command_id in line.asks.values():
            if command_id is not None:
                self._gateway.metrics.commands[State.FAILED] += 1
                self._note(Step(command_id, clock.now(), State.FAILED, why))
        line.asks.clear()

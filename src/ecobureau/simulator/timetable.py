"""When a logger collects and sends what: real-time, minute, hour and day data, states, heartbeats, information."""

from __future__ import annotations

import heapq

from ecobureau.simulator import content
from ecobureau.simulator.content import Message
from ecobureau.simulator.factors import FACTORS
from ecobureau.simulator.plan import StationPlan
from ecobureau.simulator.plant import Plant
from ecobureau.simulator.times import DAY, EAST, HOUR
from ecobureau.simulator.world import Settings

_STATE_EVERY = HOUR


class Timetable:
    """The next due moment of each kind of upload of one logger.

    Args:
        plan: intervals (they may change while it runs). own_seed: spreads the loggers over the seconds.
    """

    def __init__(self, plan: StationPlan, own_seed: int, settings: Settings) -> None:
        self.plan = plan
        self.settings = settings
        self._spread = own_seed % 97 / 97.0
        self._heap: list[tuple[float, str, int]] = []

    def lag(self, cn: str) -> float:
        """Return the seconds from the end of a period (or the instant) to its sending."""
        if not self.settings.lag:
            return 0.0
        widest = {content.RT: min(20.0, self.plan.rtd_interval * 0.5), content.MINUTE: 18.0, content.HOUR_DATA: 30.0}
        return 1.0 + self._spread * widest.get(cn, 60.0)

    def begin(self, now: float) -> None:
        """Fill the table with what ends after `now`."""
        self._heap = []
        kinds = [content.RT, content.MINUTE, content.HOUR_DATA, content.DAY_DATA]
        if self.plan.kind in ("flue", "sewage"):
            kinds += ["2021", "2041"]
        if self.plan.edition == 2 and self.settings.heartbeat:
            kinds.append("9015")
        for cn in kinds:
            self._put(cn, now)

    def _put(self, cn: str, now: float) -> None:
        """Enter the first moment of `cn` after `now`; what is collected is named by its start."""
        step, east = self.step(cn), EAST if cn in (content.DAY_DATA, "2041") else 0
        end = int((now + east) // step + 1) * step - east
        start = end - step if cn in (content.MINUTE, content.HOUR_DATA, content.DAY_DATA, "2041") else end
        heapq.heappush(self._heap, (end + self.lag(cn), cn, start))

    def step(self, cn: str) -> int:
        """Return the seconds between two uploads of a kind."""
        if cn == content.RT:
            return self.plan.rtd_interval
        if cn == content.MINUTE:
            return self.plan.minute_interval * 60
        return {content.HOUR_DATA: HOUR, "2021": _STATE_EVERY, "9015": self.settings.heartbeat or HOUR}.get(cn, DAY)

    def next_due(self) -> float:
        """Return the simulated moment of the next entry."""
        return self._heap[0][0]

    def take(self, now: float) -> list[tuple[str, int]]:
        """Return what is due at `now` as (command, start or instant), and enter what follows each."""
        found = []
        while self._heap[0][0] <= now:
            _due, cn, start = heapq.heappop(self._heap)
            found.append((cn, start))
            ended = start + (
                self.step(cn) if cn in (content.MINUTE, content.HOUR_DATA, content.DAY_DATA, "2041") else 0
            )
            self._put(cn, ended)
        return found

    def changed(self, cn: str, now: float) -> None:
        """Enter `cn` anew after its interval was changed."""
        self._heap = [entry for entry in self._heap if entry[1] != cn]
        heapq.heapify(self._heap)
        self._put(cn, now)

    def information(self, plant: Plant, start: int) -> list[Message]:
        """Return what the analysers report about themselves (3020) of the minute period that starts at `start`."""
        codes = [code for code in self.plan.factors if FACTORS[code].calibrated]
        if not codes:
            return []
        code, block = codes[0], plant.block(start // HOUR)
        first = start % HOUR // 60
        marks = block.marks[code][first : first + self.plan.minute_interval]
        before = block.marks[code][first - 1] if first else plant.block(start // HOUR - 1).marks[code][59]
        found, pol_id = [], self.plan.wire(code)
        for minute, mark in enumerate(marks):
            moment = start + minute * 60
            if mark == "C" and before != "C":
                found.append(content.information(moment, pol_id, [("i12001", "3"), ("i11001", "//开始自动校准//")]))
            elif before == "C" and mark != "C":
                said = [("i12001", "0"), ("i11001", "//自动校准完成，误差合格//")]
                said += [("i13008", "1.000"), ("i13007", "0.000")]
                found.append(content.information(moment, pol_id, said))
            before = mark
        return found

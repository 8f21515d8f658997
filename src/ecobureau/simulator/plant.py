"""The readings of one station, hour by hour, with nightly calibration, weekly care, rare faults and incidents."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from ecobureau.simulator.block import CLEAN, Block, Readings
from ecobureau.simulator.factors import CONVERTED, FACTORS
from ecobureau.simulator.incidents import Incident, disturb
from ecobureau.simulator.nature import curves_of, rhythm_load
from ecobureau.simulator.plan import StationPlan
from ecobureau.simulator.statistics import Stats, hour_stats
from ecobureau.simulator.times import DAY, EAST, HOUR, weekday


class Plant:
    """Makes and keeps the readings of one station.

    Args:
        plan: the station. seed: the city's seed. incidents: those of any station; only this one's are kept.
    """

    def __init__(self, plan: StationPlan, seed: int, incidents: Sequence[Incident] = ()) -> None:
        self.plan = plan
        self.seed = seed
        self.own_seed = plan.seed(seed)
        self.incidents = [one for one in incidents if one.mn == plan.mn]
        self._kept: dict[int, Block] = {}
        self._hours: dict[int, Stats] = {}

    def hour(self, hour: int) -> Stats:
        """Return the statistics of a whole hour; those of the last 26 are kept, for the day's."""
        found = self._hours.get(hour)
        if found is None:
            found = hour_stats(self.plan, self.block(hour))
            if len(self._hours) >= 26:
                del self._hours[next(iter(self._hours))]
            self._hours[hour] = found
        return found

    def block(self, hour: int) -> Block:
        """Return the readings of `hour` (hours since the epoch); the last three are kept."""
        found = self._kept.get(hour)
        if found is None:
            found = self._make(hour)
            if len(self._kept) >= 3:
                del self._kept[next(iter(self._kept))]
            self._kept[hour] = found
        return found

    def _make(self, hour: int) -> Block:
        plan = self.plan
        curves = curves_of(plan, self.seed, hour)
        draw = random.Random(self.own_seed * 1_000_000_007 + 700_000_001 + hour).random
        values = {code: _readings(code, curves[code], draw) for code in plan.factors}
        block = Block(hour, values, dict.fromkeys(plan.factors, CLEAN))
        for first, last, mark, codes in self._marked(hour):
            for code in codes:
                block.set_mark(code, first, last, mark)
                _marked_values(block, code, first, last, mark, plan.levels.get(code, 0.0))
        if self.incidents:
            disturb(block, plan, self.incidents, self.seed)
        self._convert(block)
        return block

    def _convert(self, block: Block) -> None:
        ref, oxygen = self.plan.o2_ref, block.values.get("a19001")
        if ref is None or oxygen is None:
            return
        times = (21.0 - ref) * 100.0
        for code in self.plan.factors:
            if code in CONVERTED:
                block.converted[code] = [
                    None if value is None or o2 is None or o2 >= 2000 else int(value * times / (2100 - o2) + 0.5)
                    for value, o2 in zip(block.values[code], oxygen, strict=True)
                ]

    def _marked(self, hour: int) -> list[tuple[int, int, str, tuple[str, ...]]]:
        """Return (first minute, minute after the last, mark, factors) of what is marked within the hour."""
        begin = hour * HOUR
        found = [
            (max(0, (start - begin) // 60), min(60, (end - begin) // 60), mark, codes)
            for start, end, mark, codes in self._marked_day((begin + EAST) // DAY)
            if start < begin + HOUR and end > begin
        ]
        found = [one for one in found if one[0] < one[1]]
        if self.plan.rhythm == "dayshift":
            still = [rhythm_load("dayshift", begin + minute * 60) <= 0.0 for minute in range(60)]
            if any(still):
                first = still.index(True)
                found.append((first, 60 - still[::-1].index(True), "F", self.plan.factors))
        return found

    def _marked_day(self, day: int) -> list[tuple[int, int, str, tuple[str, ...]]]:
        """Return (start, end, mark, factors) of a Beijing day: nightly calibration, weekly care, rare faults."""
        plan, own = self.plan, self.own_seed
        midnight = day * DAY - EAST
        calibrated = tuple(code for code in plan.factors if FACTORS[code].calibrated)
        found: list[tuple[int, int, str, tuple[str, ...]]] = []
        if calibrated:
            start = midnight + 3600 + own % 200 * 60
            length = 15 if plan.kind == "air" else 20 + own // 7 % 20
            found.append((start, start + length * 60, "C", calibrated))
        if weekday(midnight) == own // 11 % 5 and (day // 7 + own) % 2 == 0:
            start = midnight + (9 * 60 + own // 13 % 300) * 60
            found.append((start, start + (35 + own // 17 % 50) * 60, "M", plan.factors))
        luck = random.Random(own * 1_000_000_007 + 900_000_011 + day)
        if luck.random() < 0.06:
            code = calibrated[luck.randrange(len(calibrated))] if calibrated else plan.factors[0]
            start = midnight + luck.randrange(DAY // 60 - 90) * 60
            found.append((start, start + (20 + luck.randrange(50)) * 60, "D", (code,)))
        return found


_SCATTER = tuple(random.Random(20).gauss(0.0, 1.0) for _ in range(8192))
"""Scatter of single readings; every hour of a factor takes another stretch of it."""


def _readings(code: str, curve: list[float], draw: Callable[[], float]) -> Readings:
    spec = FACTORS[code]
    scale = spec.scale
    if spec.held:
        return [int(curve[0] * scale + 0.5)] * 60
    if code == "LA":
        return _loudness(curve, draw)
    out: Readings = []
    here, noise = int(draw() * 8100), spec.noise
    for k in range(6):
        base, step = curve[k] * scale, (curve[k + 1] - curve[k]) * scale / 10.0
        stretch = _SCATTER[here + 10 * k : here + 10 * k + 10]
        out += [int((base + step * i) * (1.0 + noise * one) + 0.5) for i, one in enumerate(stretch)]
    if code == "a01008":
        return [(value or 0) % 360 for value in out]
    if code == "a01002":
        return [min(1000, value or 0) for value in out]
    return out


def _loudness(curve: list[float], draw: Callable[[], float]) -> Readings:
    out: Readings = []
    for k in range(6):
        base, step = curve[k] * 10.0, curve[k + 1] - curve[k]
        out += [int(base + step * i + 55.0 * (draw() + draw() - 1.0) + 110.0 * draw() ** 9 + 0.5) for i in range(10)]
    return out


def _marked_values(block: Block, code: str, first: int, last: int, mark: str, level: float) -> None:
    """What an instrument shows while it is calibrated (zero gas, then span gas) or faulty (stuck)."""
    values, scale = block.own(code), FACTORS[code].scale
    if mark == "C" and level > 0:
        for minute in range(first, last):
            values[minute] = int((0.01 if minute % 30 < 15 else 1.8) * level * scale + minute % 3)
    elif mark == "D":
        values[first:last] = [values[first]] * (last - first)

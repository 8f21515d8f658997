"""Minute, hour and day statistics of readings, in whole numbers, rounded once.

Minutes come from readings, hours from ten-minute pieces, days from hours (annex D of HJ 212-2017): sums for flow
and amounts, flow-weighted means for waste water, plain means of the valid members for gas and air, energy means
for noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ecobureau.simulator.block import CLEAN, Block
from ecobureau.simulator.factors import CONVERTED, FACTORS, NEVER_SUMMED, NOT_A_NUMBER_OF_GAS
from ecobureau.simulator.plan import StationPlan

COU_DECIMALS = {"a00000": 0, "w00000": 2}
"""Decimals of discharged amounts: m3 for flows, else 3 (kg)."""

VALID_SHARE = 0.75
"""Share of normal members that makes a gas period normal (HJ 212-2017 annex D)."""


class Stat(NamedTuple):
    """Statistics of one factor in one period; whole numbers of the factor's resolution, `cou` of COU_DECIMALS."""

    avg: int
    low: int
    high: int
    cou: int | None = None
    zs_avg: int | None = None
    zs_low: int | None = None
    zs_high: int | None = None
    flag: str = "N"


Stats = dict[str, Stat]


def mean(total: int, count: int) -> int:
    """Return total / count as the nearest whole number, halves up."""
    return (2 * total + count) // (2 * count)


def cou_scale(code: str) -> int:
    """Return the whole numbers per m3 or kg of a factor's amount."""
    return int(10 ** COU_DECIMALS.get(code, 3))


def mark_of(marks: Sequence[str], water: bool) -> str:
    """Return the mark of a period from those of its members.

    Water: any abnormal member makes it abnormal. Else normal with at least 75 % normal members. An abnormal period
    takes the commonest mark of its abnormal members.
    """
    odd = [mark for mark in marks if mark != "N"]
    if not odd or (not water and len(marks) - len(odd) >= VALID_SHARE * len(marks)):
        return "N"
    return max(sorted(set(odd)), key=odd.count)


def minute_stats(plan: StationPlan, block: Block, first: int, last: int) -> Stats:
    """Return the statistics of minutes first..last-1 of an hour, by factor; factors without readings are left out."""
    if plan.kind == "noise":
        return _noise(block.values["LA"][first:last], block.marks["LA"][first:last])
    water = plan.kind in ("sewage", "river")
    flow_code = {"sewage": "w00000", "flue": "a00000"}.get(plan.kind)
    flows = block.values[flow_code][first:last] if flow_code in block.values else None
    out: Stats = {}
    for code in plan.factors:
        values = block.values[code][first:last]
        marks: Sequence[str] = block.marks[code]
        flag = "N"
        if None in values:
            if values.count(None) == len(values):
                continue
            marks = [mark for mark, value in zip(marks[first:last], values, strict=True) if value is not None]
            used = [value for value in values if value is not None]
            flag = mark_of(marks, water)
            kept_flows = None
        elif marks is CLEAN:
            used, kept_flows = values, flows  # type: ignore[assignment]
        else:
            marks = marks[first:last]
            flag = mark_of(marks, water)
            used, kept_flows = values, flows  # type: ignore[assignment]
            if flag == "N" and "N" in marks:
                used = [value for value, mark in zip(values, marks, strict=True) if mark == "N"]  # type: ignore[misc]
                kept_flows = None
        out[code] = _minute(code, plan, block, first, last, used, flag, kept_flows, flows)
    return out


def _minute(
    code: str,
    plan: StationPlan,
    block: Block,
    first: int,
    last: int,
    used: list[int],
    flag: str,
    weights: list[int | None] | None,
    flows: list[int | None] | None,
) -> Stat:
    avg, cou = mean(sum(used), len(used)), None
    if flows is not None:
        if code == "w00000":
            cou = mean(sum(used) * (last - first) * 60 * 100, len(used) * 100 * 1000)
        elif code == "a00000":
            cou = mean(sum(used) * (last - first) * 60, len(used) * 10)
        elif plan.kind == "sewage" and code not in NEVER_SUMMED:
            litres = sum(flow or 0 for flow in flows) * 60
            if weights is not None and litres:
                flowing = [flow or 0 for flow in weights]
                avg = mean(sum(v * q for v, q in zip(used, flowing, strict=True)), sum(flowing))
            cou = _kilograms(code, avg, mean(litres, 1000))
        elif plan.kind == "flue" and code not in NOT_A_NUMBER_OF_GAS:
            volume = sum(flow or 0 for flow in flows) * 60 / 10.0
            cou = int(avg / FACTORS[code].scale * volume * 1e-6 * 1000 + 0.5)
    zs = block.converted.get(code)
    if zs is None:
        return Stat(avg, min(used), max(used), cou, flag=flag)
    marks = block.marks[code]
    kept: list[int] = [
        value
        for value, mark in zip(zs[first:last], marks[first:last], strict=True)
        if value is not None and (flag != "N" or mark == "N")
    ]
    if not kept:
        return Stat(avg, min(used), max(used), cou, flag=flag)
    total: int = sum(kept)
    return Stat(avg, min(used), max(used), cou, mean(total, len(kept)), min(kept), max(kept), flag)


def _kilograms(code: str, avg: int, hundredths_of_m3: int) -> int:
    """Return the load in thousandths of kg from a mean in mg/L and a volume in 0.01 m3."""
    return mean(avg * hundredths_of_m3, FACTORS[code].scale * 100)


def hour_stats(plan: StationPlan, block: Block) -> Stats:
    """Return the statistics of an hour, from its six ten-minute pieces."""
    return joined(plan, [minute_stats(plan, block, first, first + 10) for first in range(0, 60, 10)])


def day_stats(plan: StationPlan, hours: Sequence[Stats]) -> Stats:
    """Return the statistics of a day from its hours; the nightly calibration does not spoil it."""
    return joined(plan, hours, strict_water=False)


def joined(plan: StationPlan, pieces: Sequence[Stats], *, strict_water: bool = True) -> Stats:
    """Return the statistics of a longer period from those of equal pieces of it, as they were sent.

    Args:
        strict_water: whether one abnormal piece makes a period of water abnormal.
    """
    if plan.kind == "noise":
        return _joined_noise(pieces)
    water = strict_water and plan.kind in ("sewage", "river")
    out: Stats = {}
    for code in plan.factors:
        here = [piece[code] for piece in pieces if code in piece]
        if not here:
            continue
        flag = mark_of([one.flag for one in here], water)
        used = [one for one in here if one.flag == "N"] if flag == "N" else here
        avg = mean(sum(one.avg for one in used), len(used))
        if plan.kind == "sewage" and code not in NEVER_SUMMED and code != "w00000":
            avg = _weighted(code, pieces, flag) or avg
        cou = None if here[0].cou is None else sum(one.cou or 0 for one in here)
        low, high = min(one.low for one in used), max(one.high for one in used)
        zs = [one for one in used if one.zs_avg is not None] if code in CONVERTED else []
        if zs:
            zs_avg = mean(sum(one.zs_avg or 0 for one in zs), len(zs))
            zs_low, zs_high = min(one.zs_low or 0 for one in zs), max(one.zs_high or 0 for one in zs)
            out[code] = Stat(avg, low, high, cou, zs_avg, zs_low, zs_high, flag)
        else:
            out[code] = Stat(avg, low, high, cou, flag=flag)
    return out


def _weighted(code: str, pieces: Sequence[Stats], flag: str) -> int | None:
    """Return the flow-weighted mean of the pieces that count, or None where nothing flowed."""
    pairs = [
        (piece[code].avg, piece["w00000"].cou or 0)
        for piece in pieces
        if code in piece and "w00000" in piece and (flag != "N" or piece[code].flag == "N")
    ]
    volume = sum(flow for _avg, flow in pairs)
    return mean(sum(avg * flow for avg, flow in pairs), volume) if volume else None


_ENERGY = [10.0 ** (tenths / 100.0) for tenths in range(1600)]
_PERCENTILES = (("L5", 0.05), ("L10", 0.1), ("L50", 0.5), ("L90", 0.9), ("L95", 0.95))


def energy_mean(tenths: Sequence[int]) -> int:
    """Return the energy mean of sound levels in tenths of a dB."""
    return int(100.0 * math.log10(sum(_ENERGY[max(0, min(1599, one))] for one in tenths) / len(tenths)) + 0.5)


def _noise(values: Sequence[int | None], marks: Sequence[str]) -> Stats:
    used = sorted((value for value in values if value is not None), reverse=True)
    if not used:
        return {}
    flag = mark_of(marks, water=False)
    out = {"Leq": energy_mean(used), "LMx": used[0], "LMn": used[-1]}
    for name, share in _PERCENTILES:
        out[name] = used[min(len(used) - 1, int(share * len(used)))]
    return {name: Stat(value, value, value, flag=flag) for name, value in out.items()}


def _joined_noise(pieces: Sequence[Stats]) -> Stats:
    pieces = [piece for piece in pieces if piece]
    if not pieces:
        return {}
    flag = mark_of([piece["Leq"].flag for piece in pieces], water=False)
    used = [piece for piece in pieces if piece["Leq"].flag == "N"] if flag == "N" else pieces
    out = {
        "Leq": energy_mean([piece["Leq"].avg for piece in used]),
        "LMx": max(piece["LMx"].avg for piece in used),
        "LMn": min(piece["LMn"].avg for piece in used),
    }
    for name, _share in _PERCENTILES:
        out[name] = mean(sum(piece[name].avg for piece in used), len(used))
    return {name: Stat(value, value, value, flag=flag) for name, value in out.items()}

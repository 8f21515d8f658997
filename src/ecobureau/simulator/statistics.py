"""Minute, hour and day statistics of readings, in whole numbers, rounded once.

Minutes come from readings, hours from ten-minute pieces, days from hours (annex D of HJ 212-2017): sums for flow
and amounts, flow-weighted means for waste water, plain means of the valid members for gas and air, energy means
for noise.
"""

from __future__ import annotations

import math
import operator
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
    kind = plan.kind
    if kind == "noise":
        return _noise(block.values["LA"][first:last], block.marks["LA"][first:last])
    flow_code = {"sewage": "w00000", "flue": "a00000"}.get(kind)
    flows = [flow or 0 for flow in block.values[flow_code][first:last]] if flow_code in block.values else None
    flow = _Flow(kind, flows, sum(flows) * 60, last - first) if flows is not None else None
    water = kind in ("sewage", "river")
    out: Stats = {}
    for code, readings in block.values.items():
        values, marks = readings[first:last], block.marks[code]
        zs = block.converted.get(code)
        if marks is CLEAN and None not in values:
            out[code] = _minute(code, values, "N", flow, zs[first:last] if zs else None, whole=True)  # type: ignore[arg-type]
            continue
        members = [(value, mark, at) for at, (value, mark) in enumerate(zip(values, marks[first:last], strict=True))]
        present = [one for one in members if one[0] is not None]
        if not present:
            continue
        flag = mark_of([mark for _value, mark, _at in present], water)
        kept = [one for one in present if one[1] == "N"] if flag == "N" else present
        used = [value for value, _mark, _at in kept if value is not None]
        zs_used = [zs[first + at] for _value, _mark, at in kept] if zs else None
        out[code] = _minute(code, used, flag, flow, zs_used, whole=len(used) == len(values))
    return out


class _Flow(NamedTuple):
    """What flowed during a minute period: readings, their sum over the seconds, and the period's minutes."""

    kind: str
    readings: list[int]
    amount: int
    minutes: int


def _minute(
    code: str, used: list[int], flag: str, flow: _Flow | None, zs: Sequence[int | None] | None, *, whole: bool
) -> Stat:
    """Return the statistics of the readings that count. `whole`: they are all of the period's."""
    low, high = min(used), max(used)
    avg = low if low == high else mean(sum(used), len(used))
    cou = None
    if flow is not None:
        if code == "w00000":
            cou = mean(sum(used) * flow.minutes * 60, len(used) * 1000)
        elif code == "a00000":
            cou = mean(sum(used) * flow.minutes * 60, len(used) * 10)
        elif flow.kind == "sewage":
            if code not in NEVER_SUMMED:
                if whole and flow.amount and low != high:
                    weighted = sum(map(operator.mul, used, flow.readings))
                    avg = mean(weighted * 60, flow.amount)
                cou = _kilograms(code, avg, mean(flow.amount, 1000))
        elif code not in NOT_A_NUMBER_OF_GAS:
            cou = int(avg / FACTORS[code].scale * flow.amount * 1e-4 + 0.5)
    if zs is None:
        return Stat(avg, low, high, cou, None, None, None, flag)
    near = [value for value in zs if value is not None]
    if not near:
        return Stat(avg, low, high, cou, None, None, None, flag)
    return Stat(avg, low, high, cou, mean(sum(near), len(near)), min(near), max(near), flag)


def _kilograms(code: str, avg: int, hundredths_of_m3: int) -> int:
    """Return the load in thousandths of kg from a mean in mg/L and a volume in 0.01 m3."""
    return mean(avg * hundredths_of_m3, FACTORS[code].scale * 100)


_PIECES = range(0, 60, 10)


def hour_stats(plan: StationPlan, block: Block) -> Stats:
    """Return the statistics of an hour, from its six ten-minute pieces."""
    if plan.kind != "noise" and _undisturbed(block):
        return _clean_hour(plan.kind, block)
    return joined(plan, [minute_stats(plan, block, first, first + 10) for first in _PIECES])


def _undisturbed(block: Block) -> bool:
    return all(marks is CLEAN for marks in block.marks.values()) and not any(
        None in values for values in (*block.values.values(), *block.converted.values())
    )


def _clean_hour(kind: str, block: Block) -> Stats:
    """The same as joining six pieces, for an hour without marks or gaps: no piece is ever made."""
    values: dict[str, list[int]] = block.values  # type: ignore[assignment]
    flows = values.get({"sewage": "w00000", "flue": "a00000"}.get(kind, ""))
    amounts = [sum(flows[first : first + 10]) * 60 for first in _PIECES] if flows else None
    volumes = [mean(amount, 1000) for amount in amounts] if amounts and kind == "sewage" else None
    out: Stats = {}
    for code, readings in values.items():
        low, high = min(readings), max(readings)
        means = [low] * 6 if low == high else _means(code, readings, flows if volumes else None, amounts)
        avg, cou = mean(sum(means), 6), None
        if amounts is not None:
            if volumes is not None:
                if code == "w00000":
                    cou = sum(mean(sum(readings[first : first + 10]) * 600, 10000) for first in _PIECES)
                elif code not in NEVER_SUMMED:
                    total = sum(volumes)
                    avg = mean(sum(map(operator.mul, means, volumes)), total) if total else avg
                    cou = sum(map(_kilograms, (code,) * 6, means, volumes))
            elif code == "a00000":
                cou = sum(mean(sum(readings[first : first + 10]) * 600, 100) for first in _PIECES)
            elif code not in NOT_A_NUMBER_OF_GAS:
                scale = FACTORS[code].scale
                cou = sum([int(m / scale * a * 1e-4 + 0.5) for m, a in zip(means, amounts, strict=True)])
        zs: list[int] | None = block.converted.get(code)  # type: ignore[assignment]
        if zs is None:
            out[code] = Stat(avg, low, high, cou)
        else:
            zs_avg = mean(sum([(sum(zs[first : first + 10]) * 2 + 10) // 20 for first in _PIECES]), 6)
            out[code] = Stat(avg, low, high, cou, zs_avg, min(zs), max(zs))
    return out


def _means(code: str, readings: list[int], flows: list[int] | None, amounts: list[int] | None) -> list[int]:
    """The means of the six pieces, weighted with the flow where there is one (waste water, but not its own)."""
    if flows is None or amounts is None or code == "w00000" or code in NEVER_SUMMED:
        return [(sum(readings[first : first + 10]) * 2 + 10) // 20 for first in _PIECES]
    found = []
    for first, amount in zip(_PIECES, amounts, strict=True):
        piece = readings[first : first + 10]
        weighted = sum(map(operator.mul, piece, flows[first : first + 10])) * 60
        found.append(mean(weighted, amount) if amount else mean(sum(piece), 10))
    return found


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

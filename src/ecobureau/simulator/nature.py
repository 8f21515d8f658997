"""The plant, the river, the air and the street behind a station: smooth, correlated, the same for the same seed.

Every hour of every station draws its own random numbers, so any hour of the past can be made again alone. A latent
movement is the sum of a six-hour, a one-hour and a ten-minute part; factors follow latents, load and time of day.
"""

from __future__ import annotations

import math
import random
from functools import lru_cache

from ecobureau.simulator.plan import StationPlan
from ecobureau.simulator.times import DAY, EAST, HOUR, local_hours, weekday

LATENTS = 6
POINTS = 7
"""Points of an hour, ten minutes apart; the last is the first of the next hour."""

Curve = list[float]


def _normal(rng: random.Random) -> float:
    draw = rng.random
    return (draw() + draw() + draw() + draw() - 2.0) * 1.732


@lru_cache(maxsize=8192)
def _knots(seed: int, salt: int, step: int) -> tuple[float, ...]:
    rng = random.Random(seed * 1_000_000_007 + salt * 100_000_007 + step)
    return tuple(_normal(rng) for _ in range(LATENTS))


@lru_cache(maxsize=8192)
def _fine(seed: int, hour: int) -> tuple[tuple[float, ...], ...]:
    rng = random.Random(seed * 1_000_000_007 + 300_000_021 + hour)
    return tuple(tuple(_normal(rng) for _ in range(LATENTS)) for _ in range(POINTS - 1))


def latents(seed: int, hour: int) -> list[Curve]:
    """Return LATENTS curves of POINTS values, each about standard normal and continuous from hour to hour."""
    slow0, slow1 = _knots(seed, 6, hour // 6), _knots(seed, 6, hour // 6 + 1)
    near0, near1 = _knots(seed, 1, hour), _knots(seed, 1, hour + 1)
    fine = (*_fine(seed, hour), _fine(seed, hour + 1)[0])
    within = hour % 6
    curves = []
    for channel in range(LATENTS):
        low, high, here, there = slow0[channel], slow1[channel], near0[channel], near1[channel]
        curves.append(
            [
                0.85 * (low + (high - low) * (within + k / 6) / 6)
                + 0.5 * (here + (there - here) * k / 6)
                + 0.25 * fine[k][channel]
                for k in range(POINTS)
            ]
        )
    return curves


def _bell(hours: float, centre: float, width: float) -> float:
    away = (hours - centre + 12.0) % 24.0 - 12.0
    return math.exp(-away * away / (2.0 * width * width))


def rhythm_load(rhythm: str, epoch: float) -> float:
    """Return how hard a plant works at `epoch`: 0 stopped, 1 full."""
    hours, day = local_hours(epoch), weekday(epoch)
    if rhythm == "grid":
        shape = 0.62 + 0.16 * _bell(hours, 10.5, 2.6) + 0.24 * _bell(hours, 19.0, 2.4)
        return shape - (0.07 if day >= 5 else 0.0)
    if rhythm == "weekday":
        if day == 6:
            return 0.32
        return (0.45 + 0.45 * _bell(hours, 13.0, 4.5)) * (0.85 if day == 5 else 1.0)
    if rhythm == "dayshift":
        if day == 6 or not 7.5 <= hours < 20.0:
            return 0.0
        return min(0.9, (hours - 7.5) * 1.8, (20.0 - hours) * 1.8)
    if rhythm == "municipal":
        return 0.62 + 0.25 * _bell(hours, 9.5, 2.2) + 0.3 * _bell(hours, 20.5, 2.4) + (0.03 if day >= 5 else 0.0)
    return 0.88


def stopped(plan: StationPlan, epoch: float) -> bool:
    """Say whether the plant stands still at `epoch` by its rhythm (mark F)."""
    return plan.rhythm == "dayshift" and rhythm_load("dayshift", epoch) <= 0.0


def _season(epoch: float) -> float:
    """-1 in mid-January, +1 in mid-July."""
    day = (epoch + EAST) / DAY % 365.25
    return -math.cos((day - 16.0) / 365.25 * 2.0 * math.pi)


def curves_of(plan: StationPlan, seed: int, hour: int) -> dict[str, Curve]:
    """Return POINTS undisturbed values of every factor during `hour` (hours since the epoch), in the factor's unit.

    Args:
        seed: the city's seed. Stations of one city share the weather.
    """
    moving = latents(plan.seed(seed), hour)
    return _KINDS[plan.kind](plan, moving, hour, seed)


def _flue(plan: StationPlan, moving: list[Curve], hour: int, seed: int) -> dict[str, Curve]:
    from ecobureau.simulator.plan import PROFILES

    base = PROFILES[plan.profile]
    o2_usual, warm, capacity = float(base["o2"]), float(base["temp"]), float(plan.capacity or 50.0)
    ref, levels = plan.o2_ref, plan.levels
    velocity = 9.0 + (plan.seed(0) % 90) / 10.0
    out: dict[str, Curve] = {code: [] for code in plan.factors}
    for k in range(POINTS):
        epoch = hour * HOUR + k * 600
        plain = rhythm_load(plan.rhythm, epoch)
        load = max(0.0, min(1.05, plain + 0.05 * moving[0][k])) if plain > 0 else 0.0
        running = load > 0.03
        o2 = min(20.7, o2_usual + (2.6 * (0.85 - load) if ref else 0.0) + 0.22 * moving[1][k]) if running else 20.9
        share = (21.0 - o2) / (21.0 - ref) if ref is not None else 1.0
        values = {
            "a19001": o2,
            "a00000": capacity * load * (1.0 + 0.015 * moving[5][k]) if running else 0.0,
            "a01011": velocity * load * (1.0 + 0.02 * moving[5][k]) if running else 0.0,
            "a01012": warm + 9.0 * (load - 0.8) + 1.6 * moving[0][k] if running else 26.0 + 6.0 * _season(epoch),
            "a01013": -0.09 - 0.12 * load + 0.008 * moving[5][k],
            "a01014": 8.5 + 1.1 * moving[4][k] + 3.0 * (load - 0.8) if running else 2.4,
        }
        for channel, code in enumerate(levels):
            if not running:
                values[code] = levels[code] * 0.02
                continue
            wander = math.exp(0.13 * moving[1 + channel % 4][k] + 0.06 * moving[0][k])
            values[code] = levels[code] * wander * (0.94 + 0.07 * load) * share
        for code in plan.factors:
            out[code].append(values.get(code, 0.0))
    return out


def _sewage(plan: StationPlan, moving: list[Curve], hour: int, seed: int) -> dict[str, Curve]:
    levels, capacity = plan.levels, float(plan.capacity or 20.0)
    out: dict[str, Curve] = {code: [] for code in plan.factors}
    for k in range(POINTS):
        epoch = hour * HOUR + k * 600
        plain = rhythm_load(plan.rhythm, epoch)
        load = max(0.04, plain * (1.0 + 0.07 * moving[0][k])) if plain > 0 else 0.0
        dilute = 1.0 + 0.1 * (load - 0.7)
        for code in plan.factors:
            if code == "w00000":
                value = capacity * load
            elif code == "w01010":
                value = 19.0 + 6.5 * _season(epoch) + 0.5 * moving[5][k]
            elif code == "w01001":
                value = levels.get(code, 7.4) + 0.13 * moving[4][k]
            else:
                channel = 1 + (plan.factors.index(code) % 3)
                value = levels.get(code, 1.0) * dilute * math.exp(0.14 * moving[channel][k] + 0.07 * moving[1][k])
            out[code].append(value)
    return out


@lru_cache(maxsize=512)
def _weather(seed: int, hour: int) -> tuple[tuple[float, ...], ...]:
    """Return (temperature, humidity, pressure, wind, direction, regional factor) of the city at each point."""
    moving = latents(seed * 31 + 17, hour)
    rows = []
    for k in range(POINTS):
        epoch = hour * HOUR + k * 600
        hours = local_hours(epoch)
        sun = max(0.0, math.sin((hours - 6.0) / 12.0 * math.pi)) if 6.0 <= hours <= 18.0 else 0.0
        heat = 16.8 + 12.5 * _season(epoch) + 4.2 * math.cos((hours - 15.0) / 24.0 * 2.0 * math.pi) + 1.8 * moving[0][k]
        damp = max(22.0, min(99.0, 76.0 - 2.3 * (heat - 16.8 - 12.5 * _season(epoch)) + 5.0 * moving[1][k]))
        wind = max(0.2, 1.7 + 0.8 * sun + 0.7 * moving[2][k])
        rows.append(
            (
                heat,
                damp,
                101.6 - 0.9 * _season(epoch) + 0.35 * moving[3][k],
                wind,
                (95.0 + 70.0 * moving[4][k]) % 360.0,
                math.exp(0.38 * moving[5][k] - 0.12 * (wind - 1.7)) * (1.0 - 0.28 * _season(epoch)),
                sun,
            )
        )
    return tuple(rows)


def _air(plan: StationPlan, moving: list[Curve], hour: int, seed: int) -> dict[str, Curve]:
    levels = plan.levels
    out: dict[str, Curve] = {code: [] for code in plan.factors}
    for k, (heat, damp, pressure, wind, direction, region, sun) in enumerate(_weather(seed, hour)):
        hours = local_hours(hour * HOUR + k * 600)
        rush = _bell(hours, 8.2, 1.6) + 1.1 * _bell(hours, 19.2, 2.2)
        fine = levels.get("a34004", 38.0) * region * (1.0 + 0.18 * rush) * math.exp(0.10 * moving[0][k])
        nitrogen = levels.get("a21004", 30.0) * (0.62 + 0.55 * rush - 0.28 * sun) * math.exp(0.12 * moving[1][k])
        values = {
            "a34004": fine,
            "a34002": fine * (1.55 + 0.12 * moving[2][k]) + 6.0 * wind,
            "a21026": 7.5 * math.exp(0.16 * moving[3][k]) * (0.9 + 0.2 * rush),
            "a21004": max(3.0, nitrogen),
            "a21005": (0.45 + 0.22 * rush + 0.006 * fine) * math.exp(0.06 * moving[4][k]),
            "a05024": max(
                4.0, levels.get("a05024", 65.0) * (0.55 + 0.95 * sun * (0.8 + 0.02 * heat)) - 0.45 * nitrogen
            ),
            "a01001": heat + 0.3 * moving[5][k],
            "a01002": damp,
            "a01006": pressure,
            "a01007": max(0.1, wind + 0.15 * moving[4][k]),
            "a01008": (direction + 6.0 * moving[3][k]) % 360.0,
        }
        for code in plan.factors:
            out[code].append(values.get(code, 1.0))
    return out


def _river(plan: StationPlan, moving: list[Curve], hour: int, seed: int) -> dict[str, Curve]:
    levels = plan.levels
    out: dict[str, Curve] = {code: [] for code in plan.factors}
    for k in range(POINTS):
        epoch = hour * HOUR + k * 600
        hours = local_hours(epoch)
        warm = 17.5 + 9.5 * _season(epoch) + 0.7 * math.cos((hours - 16.0) / 24.0 * 2.0 * math.pi) + 0.4 * moving[0][k]
        saturated = 14.6 - 0.39 * warm + 0.0052 * warm * warm
        values = {
            "w01010": warm,
            "w01001": 7.85 + 0.12 * math.cos((hours - 16.0) / 24.0 * 2.0 * math.pi) + 0.05 * moving[1][k],
            "w01009": saturated * (0.93 + 0.07 * math.cos((hours - 16.5) / 24.0 * 2.0 * math.pi) + 0.02 * moving[1][k]),
            "w01014": levels.get("w01014", 300.0) * (1.0 + 0.03 * moving[2][k]),
            "w01003": 18.0 * math.exp(0.3 * moving[3][k]),
        }
        for code in plan.factors:
            if code not in values:
                values[code] = levels.get(code, 1.0) * math.exp(0.10 * moving[2 + plan.factors.index(code) % 4][k])
            out[code].append(values[code])
    return out


def _noise(plan: StationPlan, moving: list[Curve], hour: int, seed: int) -> dict[str, Curve]:
    out: Curve = []
    for k in range(POINTS):
        hours = local_hours(hour * HOUR + k * 600)
        night = 1.0 if hours < 6.0 or hours >= 22.0 else (0.5 if hours < 6.5 or hours >= 21.0 else 0.0)
        rush = _bell(hours, 8.0, 1.3) + _bell(hours, 18.3, 1.5)
        out.append(plan.levels["LA"] - 12.0 * night + 2.2 * rush + 1.1 * moving[0][k])
    return {"LA": out}


_KINDS = {"flue": _flue, "sewage": _sewage, "air": _air, "river": _river, "noise": _noise}

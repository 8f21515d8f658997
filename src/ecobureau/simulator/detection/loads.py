"""How hard a plant works through day, week and season, with declared stops."""

from __future__ import annotations

import numpy as np

from ecobureau.simulator.detection.plant import Declared, Plant
from ecobureau.simulator.detection.signals import Series, bell, lag, steps, wander, within


def make_load(plant: Plant, pattern: str) -> None:
    """Set `load` (0 stopped .. 1 full) by the habit `pattern`, cut declared stops into it."""
    grid, style, rng = plant.grid, plant.style, plant.rng
    shape = np.clip(_SHAPES[pattern](plant), 0.0, None)
    moved = shape * (1.0 + wander(rng, grid.n, grid.dt, style["load_tau"], style["load_sd"]))
    season = 1.0 + style["season"] * np.sin(np.arange(grid.n) * grid.dt / 24.0 / 60.0 * np.pi + style["phase"])
    plant.load = np.clip(moved * season, 0.0, 1.1)
    if pattern not in ("sewage", "shift"):
        _stops(plant)
    plant.load[plant.load < 0.03] = 0.0
    plant.power_load = plant.load.copy()


def _stops(plant: Plant) -> None:
    grid, rng = plant.grid, plant.rng
    for _stop in range(int(rng.poisson(plant.style["stops"]))):
        first = int(rng.integers(grid.count(96), max(grid.count(97), grid.n - grid.count(72))))
        last = min(grid.n, first + grid.count(rng.uniform(8, 50)))
        if any(first < end + grid.count(96) and start < last + grid.count(96) for start, end in plant.taken):
            continue
        plant.load[first:last] = 0.0
        start_hours = rng.uniform(2, 8)
        rise = min(grid.n, last + grid.count(start_hours))
        plant.load[last:rise] *= np.linspace(0.35, 1.0, rise - last) if rise > last else 1.0
        plant.declared += [Declared(first, last, "stop"), Declared(last, rise, "startup")]
        plant.taken.append((first - grid.count(12), rise + grid.count(12)))
        plant.label(first, rise, "declared_stop", "")


def _dispatch(plant: Plant) -> Series:
    hours, deep = plant.grid.hour, plant.style["depth"]
    peaks = bell(hours, plant.style["peak1"], 3.0) + 1.1 * bell(hours, plant.style["peak2"], 3.0)
    return (0.9 - deep + deep * 0.85 * peaks) * _week(plant)


def _day(plant: Plant) -> Series:
    return (0.9 - plant.style["depth"] + plant.style["depth"] * bell(plant.grid.hour, 13.5, 5.0)) * _week(plant)


def _steady(plant: Plant) -> Series:
    return np.full(plant.grid.n, plant.style["level"]) * _week(plant)


def _steps(plant: Plant) -> Series:
    drawn = steps(plant.rng, plant.grid.n, plant.grid.dt, plant.style["step_hours"], 0.6, 1.0)
    return lag(drawn, plant.grid.dt, 1.5)


def _shift(plant: Plant) -> Series:
    grid = plant.grid
    on = within(grid.hour, plant.style["shift_on"], plant.style["shift_off"]) & (
        (grid.weekday != 6) | (plant.style["sunday"] > 0.5)
    )
    return lag(np.where(on, 0.85, 0.0), grid.dt, 0.6) * (lag(on.astype(float), grid.dt, 0.6) > 0.08)


def _sewage(plant: Plant) -> Series:
    hours = plant.grid.hour
    shape = 0.55 + 0.2 * bell(hours, plant.style["peak1"], 2.6) + 0.26 * bell(hours, plant.style["peak2"], 2.8)
    return shape * (1.0 + plant.style["rain_gain"] * plant.city.rain) * _week(plant)


def _week(plant: Plant) -> Series:
    return np.where(plant.grid.weekday >= 5, 1.0 - plant.style["weekend"], 1.0)


_SHAPES = {"dispatch": _dispatch, "day": _day, "steady": _steady, "steps": _steps, "shift": _shift, "sewage": _sewage}

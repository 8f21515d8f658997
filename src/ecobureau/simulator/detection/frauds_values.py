"""Frauds and faults in the values themselves: frozen, invented, clipped, scaled, replayed, drifting."""

from __future__ import annotations

import numpy as np

from ecobureau.simulator.detection.event import Event, between, by_cycle, during, regulated, show, some
from ecobureau.simulator.detection.plant import Plant
from ecobureau.simulator.detection.signals import wander, within


def freeze(plant: Plant, event: Event) -> None:
    """P01: one pollutant stands still."""
    event.factors = event.factors or some(plant, 1, 1)
    for factor in event.factors:
        plant.read[factor][event.span] = plant.read[factor][event.first]


def freeze_all(plant: Plant, event: Event) -> None:
    """P01: all pollutants stand still (and for half the gas plants oxygen too)."""
    extra = ("a19001",) if plant.kind == "gas" and plant.rng.random() < 0.5 else ()
    event.factors = (*plant.limits, *extra)
    freeze(plant, event)


def invent(plant: Plant, event: Event) -> None:
    """P02: a fixed mean with artificial noise of fixed width, without memory."""
    event.factors = some(plant, 1)
    rng, n = plant.rng, plant.grid.n
    for factor in event.factors:
        mean = float(np.median(plant.read[factor][event.span])) * rng.uniform(0.7, 1.0)
        width = between(0.055, 0.02, event.size)
        noise = rng.uniform(-1.7, 1.7, n) if rng.random() < 0.5 else rng.standard_normal(n)
        made = by_cycle(plant, mean * (1.0 + width * noise))
        plant.read[factor] = np.where(during(plant, event), made, plant.read[factor])


def raise_to_limit(plant: Plant, event: Event) -> None:
    """P03, before the instrument: emissions really come near and over the limit."""
    event.factors = some(plant, 1, 2)
    grid = plant.grid
    for factor in event.factors:
        moves = wander(plant.rng, grid.n, grid.dt, plant.style["out_tau"], between(0.09, 0.15, event.size))
        level = plant.limits[factor] * between(0.9, 1.02, event.size)
        plant.cz[factor][event.span] = (level * np.exp(moves))[event.span]


def clip(plant: Plant, event: Event) -> None:
    """P03: what would exceed is shown just below the limit."""
    for factor in event.factors:
        limit = plant.limits[factor]
        seen = regulated(plant, factor)
        over = during(plant, event) & (seen > 0.96 * limit)
        band = by_cycle(plant, plant.rng.uniform(0.925, 0.995, plant.grid.n)) * limit
        show(plant, factor, over, band)


def cap(plant: Plant, event: Event) -> None:
    """P04: readings stop at one exact maximum below the real range."""
    event.factors = some(plant, 1, 1)
    for factor in event.factors:
        part = plant.read[factor][event.span]
        top = float(np.quantile(part, between(0.88, 0.6, event.size)))
        plant.read[factor][event.span] = np.minimum(part, top)


def slope(plant: Plant, event: Event) -> None:
    """P05: readings are multiplied by one factor below 1."""
    event.factors = some(plant, 1, 2)
    factor_of = between(0.72, 0.42, event.size)
    event.note = f"k={factor_of:.2f}"
    for factor in event.factors:
        plant.read[factor][event.span] *= factor_of


def offset(plant: Plant, event: Event) -> None:
    """P06: readings are shifted down and stop at zero."""
    event.factors = some(plant, 1, 2)
    for factor in event.factors:
        part = plant.read[factor][event.span]
        down = float(np.median(part)) * between(0.55, 0.95, event.size)
        plant.read[factor][event.span] = np.maximum(part - down, 0.0)


def replay(plant: Plant, event: Event) -> None:
    """P09: the same hours of an earlier day are shown again."""
    shifted = plant.grid.count(24.0 * float(plant.rng.integers(1, 6)))
    while event.length > shifted:
        shifted += plant.grid.count(24.0)
    if event.first - shifted < 0:
        event.last = event.first + max(1, event.first // 2)
        shifted = event.length
    more = tuple(f for f in plant.factors if f not in plant.limits)
    event.factors = (*plant.limits, *(("a19001",) if plant.kind == "gas" else ()))
    if plant.rng.random() < 0.4:
        event.factors = (*plant.limits, *more)
    event.note = f"shift {shifted * plant.grid.dt:.0f} h"
    for factor in event.factors:
        plant.read[factor][event.span] = plant.read[factor][event.first - shifted : event.last - shifted]


def link(plant: Plant, event: Event) -> None:
    """P10: one factor is made from another by a constant ratio."""
    names = list(plant.limits)
    source, target = plant.rng.choice(names, size=2, replace=False)
    event.factors = (str(source), str(target))
    ratio = float(
        np.median(plant.read[str(target)][event.span]) / max(np.median(plant.read[str(source)][event.span]), 1e-9)
    )
    noise = 1.0 + between(0.003, 0.0, event.size) * plant.rng.standard_normal(event.length)
    made = plant.read[str(source)][event.span] * ratio * noise
    plant.read[str(target)][event.span] = made
    if plant.kind == "water":
        plant.read[str(target)] = by_cycle(plant, plant.read[str(target)])


def bucket(plant: Plant, event: Event) -> None:
    """P11: the intake hangs in a bucket of clean water: all factors nearly constant, decaying slowly."""
    event.factors = tuple(plant.limits)
    rng, n = plant.rng, plant.grid.n
    hours = np.clip(np.arange(n) - event.first, 0, None) * plant.grid.dt
    decay = np.exp(-hours / rng.uniform(150, 600))
    inside = during(plant, event)
    for factor in event.factors:
        start = float(plant.read[factor][event.first]) * rng.uniform(0.4, 0.9)
        made = start * decay * (1.0 + between(0.018, 0.007, event.size) * rng.standard_normal(n))
        plant.read[factor] = np.where(inside, by_cycle(plant, made), plant.read[factor])
    acid = float(plant.read["w01001"][event.first])
    plant.read["w01001"] = np.where(inside, acid + 0.008 * rng.standard_normal(n), plant.read["w01001"])


def hug(plant: Plant, event: Event) -> None:
    """P12: long just below the limit, never above."""
    event.factors = some(plant, 1, 1)
    grid = plant.grid
    for factor in event.factors:
        moves = wander(plant.rng, grid.n, grid.dt, 4.0, 1.0)
        level = plant.limits[factor] * np.minimum(0.945 + 0.025 * np.tanh(moves), 0.985)
        plant.cz[factor][event.span] = level[event.span]


def hug_read(plant: Plant, event: Event) -> None:
    """P12: instrument noise does not lift it above the limit."""
    for factor in event.factors:
        limit = plant.limits[factor]
        high = during(plant, event) & (regulated(plant, factor) > 0.993 * limit)
        show(
            plant, factor, high, np.full(plant.grid.n, 0.99 * limit) - plant.rng.uniform(0, 0.02, plant.grid.n) * limit
        )


def drop(plant: Plant, event: Event) -> None:
    """P13: each time values rise to the limit they fall by more than half within a sample, and come back later."""
    event.factors = some(plant, 1, 1)
    grid, rng = plant.grid, plant.rng
    factor = event.factors[0]
    limit = plant.limits[factor]
    rise, low, back = (grid.count(h) for h in (rng.uniform(4, 7), rng.uniform(1.5, 3.5), rng.uniform(3, 5)))
    cycle = 1 if plant.kind == "gas" else grid.count(plant.style["cycle"])
    low = max(low, cycle)
    seen = regulated(plant, factor).copy()
    here = event.first
    while here + rise + low + back < event.last:
        top = limit * rng.uniform(0.94, 1.0)
        noise = 1.0 + 0.02 * rng.standard_normal(rise + low + back)
        base = float(np.clip(seen[here], 0.2 * limit, 0.8 * limit))
        shape = np.concatenate(
            (
                np.linspace(base, top, rise),
                np.full(low, top * rng.uniform(0.28, 0.42)),
                np.linspace(0.8 * top, base, back),
            )
        )
        seen[here : here + len(shape)] = np.minimum(shape * noise, 0.998 * limit)
        here += len(shape) + grid.count(float(rng.uniform(5, 16)))
    show(plant, factor, during(plant, event), by_cycle(plant, seen))


def night_low(plant: Plant, event: Event) -> None:
    """P14: by night readings are a fraction of what the load says."""
    event.factors = some(plant, 1)
    first, last = float(plant.rng.choice([20, 21, 22, 23])), float(plant.rng.choice([5, 6, 7]))
    night = during(plant, event) & within(plant.grid.hour, first, last)
    part = between(0.55, 0.3, event.size)
    for factor in event.factors:
        plant.read[factor] = by_cycle(plant, np.where(night, plant.read[factor] * part, plant.read[factor]))


def night_high(plant: Plant, event: Event) -> None:
    """P14, operate: by night treatment is turned down, emissions rise though load does not."""
    first, last = float(plant.rng.choice([21, 22, 23])), float(plant.rng.choice([5, 6]))
    event.memory["night"] = (during(plant, event) & within(plant.grid.hour, first, last)).astype(float)
    plant.effort = np.where(event.memory["night"] > 0, plant.effort * 0.6, plant.effort)


def night_high_stack(plant: Plant, event: Event) -> None:
    """P14: emissions of the night, below the limit."""
    event.factors = some(plant, 1)
    night = event.memory["night"] > 0
    for factor in event.factors:
        more = np.minimum(plant.cz[factor] * between(1.8, 2.6, event.size), 0.95 * plant.limits[factor])
        plant.cz[factor] = np.where(night, np.maximum(plant.cz[factor], more), plant.cz[factor])


def drift(plant: Plant, event: Event) -> None:
    """P30: the analyser drifts slowly and is set right at a calibration, which ends the event; others only check."""
    event.factors = some(plant, 1, 1)
    end = between(0.28, 0.6, event.size) * (1.0 if plant.rng.random() < 0.65 else -0.6)
    event.note = f"to {end:+.0%}"
    for factor in event.factors:
        plant.read[factor][event.span] *= 1.0 + end * np.linspace(0.0, 1.0, event.length)
    plant.calibrate.append((event.last, min(plant.grid.n, event.last + plant.grid.count(plant.style["cal_hours"]))))


def spikes(plant: Plant, event: Event) -> None:
    """P31: single wild values without cause."""
    event.factors = some(plant, 1, 1)
    grid, rng = plant.grid, plant.rng
    cycle = 1 if plant.kind == "gas" else grid.count(plant.style["cycle"])
    for factor in event.factors:
        here = event.first
        while here < event.last:
            high = float(rng.uniform(3, 7)) if rng.random() < 0.75 else float(rng.uniform(0.0, 0.15))
            top = plant.ranges[factor] * 0.95
            plant.read[factor][here : here + cycle] = min(float(plant.read[factor][here]) * high, top)
            here += grid.count(float(rng.uniform(3, between(16, 8, event.size)))) + cycle


def jump(plant: Plant, event: Event) -> None:
    """P31: a step without cause, and back."""
    event.factors = some(plant, 1, 1)
    for factor in event.factors:
        up = float(plant.rng.choice([0.35, 2.3, 2.8])) if event.size < 0.7 else float(plant.rng.choice([0.2, 3.2]))
        room = 0.97 * plant.limits[factor] / max(float(np.max(regulated(plant, factor)[event.span])), 1e-9)
        plant.read[factor][event.span] *= up if up < 1 or room > up else (room if room > 1.8 else 0.3)

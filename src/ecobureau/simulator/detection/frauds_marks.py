"""Frauds and violations in presence, flags, declarations, limits and totals."""

from __future__ import annotations

import numpy as np

from ecobureau.simulator.detection.event import Event, between, during, regulated, some
from ecobureau.simulator.detection.marks import checked, span_to_span
from ecobureau.simulator.detection.plant import EAST, Declared, Plant
from ecobureau.simulator.detection.signals import wander, within


def night_gaps(plant: Plant, event: Event) -> None:
    """P15: rows are missing at the same hours of most nights while the plant runs."""
    first = float(plant.rng.choice([22, 23, 0, 1, 2]))
    length = float(plant.rng.integers(3, 7))
    nights = within(plant.grid.hour, first, (first + length) % 24) & during(plant, event)
    kept = np.unique(plant.grid.day[nights])
    skip = kept[plant.rng.random(len(kept)) < between(0.25, 0.0, event.size)]
    plant.gone |= nights & ~np.isin(plant.grid.day, skip)


def offline(plant: Plant, event: Event) -> None:
    """P16: nothing arrives from the logger; the power logger goes on."""
    plant.gone[event.span] = True
    plant.power_gone[event.span] = False


def declared_but_running(plant: Plant, event: Event) -> None:
    """P20: declared as stopped (and flagged F), yet it runs."""
    event.factors = ("pw_prod",)
    event.memory["flag"] = np.array([plant.rng.random()])
    if event.memory["flag"][0] < 0.75:
        plant.declared.append(Declared(event.first, event.last, "stop"))


def declared_flags(plant: Plant, event: Event) -> None:
    """P20: the flags of it."""
    if event.memory["flag"][0] > 0.35:
        plant.mark(event.first, event.last, "F", checked(plant))


def high_for_flags(plant: Plant, event: Event) -> None:
    """P22, emissions: they often come near the limit and beyond."""
    event.factors = some(plant, 1, 1)
    grid = plant.grid
    event.memory["habit"] = np.array([plant.rng.random()])
    if event.memory["habit"][0] < 0.35:
        return
    for factor in event.factors:
        moves = wander(plant.rng, grid.n, grid.dt, 6.0, 0.22)
        plant.cz[factor][event.span] = (plant.limits[factor] * 0.78 * np.exp(moves))[event.span]


def abuse_flags(plant: Plant, event: Event) -> None:
    """P22: M, C or D whenever it is high, or at the same hours of every day."""
    letter = str(plant.rng.choice(["M", "D", "C"], p=[0.5, 0.3, 0.2]))
    inside = during(plant, event)
    if event.memory["habit"][0] < 0.35:
        first = float(plant.rng.integers(0, 24))
        where = inside & within(plant.grid.hour, first, (first + plant.rng.integers(3, 6)) % 24)
        event.note = f"{letter} at {first:.0f} h"
        event.factors = checked(plant)
    else:
        factor = event.factors[0]
        where = inside & (regulated(plant, factor) > 0.93 * plant.limits[factor])
        event.note = f"{letter} when high"
    for factor in event.factors:
        plant.flag[factor][where & (plant.flag[factor] == "N")] = letter


def no_calibration(plant: Plant, event: Event) -> None:
    """P23: calibrations stay away; the event begins when the next one was due."""
    plant.calibrate = [one for one in plant.calibrate if one[1] <= event.first or one[0] >= event.last]
    event.factors = checked(plant)


def many_calibrations(plant: Plant, event: Event) -> None:
    """P23: calibration several times a day."""
    event.factors = checked(plant)
    here = event.first
    while here < event.last:
        length = plant.grid.count(1.0 if plant.rng.random() < 0.7 else 2.0)
        span_to_span(plant, here, min(here + length, event.last))
        here += length + plant.grid.count(float(plant.rng.uniform(2.5, between(6, 4, event.size))))


def over_total(plant: Plant, event: Event) -> None:
    """P29: the permit of one factor is used up before the month ends; the event is the rest of that month."""
    candidates = [f for f in plant.limits if f in plant.permits]
    factor = str(plant.rng.choice(candidates))
    mass = _mass(plant, factor)
    month = ((plant.grid.epoch + EAST).astype("datetime64[s]")).astype("datetime64[M]")
    which = month == month[(event.first + event.last) // 2]
    total = float(np.nansum(mass[which]))
    plant.permits[factor] = total * between(0.82, 0.55, event.size)
    event.factors = (factor,)
    spans = []
    for one in np.unique(month):
        inside = np.flatnonzero(month == one)
        over = np.flatnonzero(np.cumsum(mass[inside]) > plant.permits[factor])
        if len(over):
            spans.append((int(inside[over[0]]), int(inside[-1]) + 1))
    if not spans:
        event.last = event.first
        return
    event.first, event.last = spans[0]
    for first, last in spans[1:]:
        plant.label(first, last, event.name, "P29", (factor,), "a further month")


def permits(plant: Plant) -> None:
    """Give every plant permits for two factors with honest room above its months."""
    month = ((plant.grid.epoch + EAST).astype("datetime64[s]")).astype("datetime64[M]")
    for factor in list(plant.limits)[:2]:
        mass = _mass(plant, factor)
        most = max(float(mass[month == one].sum()) * 31 * 24 / max(120.0, (month == one).sum() * plant.grid.dt)
                   for one in np.unique(month))  # fmt: skip
        plant.permits[factor] = most * float(plant.rng.uniform(1.1, 1.7))


def _mass(plant: Plant, factor: str) -> np.ndarray:
    """Return kg of each sample; flow m3/s with mg/m3, or L/s with mg/L; lost and flagged hours count as the median."""
    flow = plant.read["a00000"] if plant.kind == "gas" else plant.read["w00000"] / 1000.0
    grams = plant.read[factor] / 1e3 * flow * (1.0 if plant.kind == "gas" else 1e3)
    kilos = grams * plant.grid.step / 1e3
    good = (plant.flag[factor] == "N") & ~plant.gone
    usual = float(np.median(kilos[good])) if good.any() else 0.0
    idle = plant.flag[factor] == "F"
    return np.where(good, kilos, np.where(idle, 0.0, usual))


def order(plant: Plant, event: Event) -> None:
    """P32: a cut is ordered and production goes on."""
    share = float(plant.rng.choice([0.3, 0.4, 0.5, 0.6]))
    plant.declared.append(Declared(event.first, event.last, "order_cut", share))
    event.factors = ("pw_prod",)
    event.note = f"ordered cut {share:.0%}"
    done = share * between(0.3, 0.0, event.size)
    plant.load[event.span] *= 1.0 - done
    plant.power_load[event.span] *= 1.0 - done

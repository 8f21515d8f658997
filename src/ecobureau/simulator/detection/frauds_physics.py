"""Frauds that break what links factors, flow, power and inlet."""

from __future__ import annotations

import numpy as np

from ecobureau.simulator.detection.event import Event, between, by_cycle, during, some
from ecobureau.simulator.detection.gas import dry_flow
from ecobureau.simulator.detection.plant import Plant
from ecobureau.simulator.detection.signals import lag, wander


def low_oxygen(plant: Plant, event: Event) -> None:
    """P07: oxygen is shown too low, so that converted values come out smaller."""
    event.factors = ("a19001",)
    down = between(1.8, 4.5, event.size) * (0.7 if plant.style["o2"] > 13 else 1.0)
    plant.read["a19001"][event.span] = np.maximum(plant.read["a19001"][event.span] - down, 0.8)
    event.note = f"-{down:.1f} points"


def fixed_oxygen(plant: Plant, event: Event) -> None:
    """P07: oxygen is shown at a low constant with a little noise."""
    event.factors = ("a19001",)
    level = max(1.5, float(np.median(plant.read["a19001"])) - between(0.8, 3.0, event.size))
    plant.read["a19001"][event.span] = level + 0.02 * plant.rng.standard_normal(event.length)


def conversion(plant: Plant, event: Event) -> None:
    """P07: the logger converts with a wrong factor."""
    event.factors = tuple(plant.limits)
    plant.zs_factor[event.span] = between(0.9, 0.6, event.size)


def air_dilution(plant: Plant, event: Event) -> None:
    """P08: false air into the sample: pollutants and humidity fall, oxygen rises towards 20.9."""
    event.factors = (*plant.limits, "a19001", "a01014")
    part = between(0.7, 0.35, event.size)
    event.note = f"d={part:.2f}"
    for factor in (*plant.limits, "a01014"):
        plant.read[factor][event.span] *= part
    oxygen = plant.read["a19001"]
    oxygen[event.span] = 20.9 - (20.9 - oxygen[event.span]) * part


def nitrogen_dilution(plant: Plant, event: Event) -> None:
    """P08: nitrogen into the sample: pollutants, humidity and oxygen fall by one factor."""
    event.factors = (*plant.limits, "a19001", "a01014")
    part = between(0.72, 0.4, event.size)
    event.note = f"d={part:.2f}"
    for factor in (*plant.limits, "a19001", "a01014"):
        plant.read[factor][event.span] *= part


def water_dilution(plant: Plant, event: Event) -> None:
    """P08: tap water into the sample: all factors fall by one factor, pH goes to that of tap water."""
    event.factors = (*plant.limits, "w01001")
    part = between(0.62, 0.3, event.size)
    event.note = f"d={part:.2f}"
    inside = during(plant, event)
    for factor in plant.limits:
        plant.read[factor] = by_cycle(plant, np.where(inside, plant.read[factor] * part, plant.read[factor]))
    acid = plant.read["w01001"]
    acid[event.span] = 7.0 + (acid[event.span] - 7.0) * part


def bypass(plant: Plant, event: Event) -> None:
    """P17: part of the stream goes round treatment and outlet, for some hours, again and again."""
    grid, rng = plant.grid, plant.rng
    event.factors = ("a00000", "a01011", "a01012") if plant.kind == "gas" else ("w00000",)
    part = between(0.55, 0.25, event.size)
    wide = np.ones(grid.n)
    here = event.first
    night = rng.random() < 0.5
    while here < event.last:
        length = grid.count(float(rng.uniform(2.5, 7)))
        wide[here : min(here + length, event.last)] = part
        if here + length < event.last:
            event.memory["last"] = np.array([min(here + length, event.last)], dtype=float)
        here += grid.count(24.0) if night else length + grid.count(float(rng.uniform(8, 26)))
    inside = lag(wide, grid.dt, 0.15)
    if plant.kind == "gas":
        plant.read["a01011"] *= inside
        plant.read["a01012"] -= (1.0 - inside) * float(rng.uniform(8, 25)) * 1.4
        plant.read["a00000"] = plant.read["a00000"] * inside
        plant.read["a00000"] = dry_flow(plant.style["area"], plant.read)
    else:
        plant.read["w00000"] *= inside
    event.last = min(event.last, int(np.flatnonzero(wide < 1)[-1]) + 1)


def treatment_off(plant: Plant, event: Event) -> None:
    """P18: treatment stands still while production runs; values are kept as they were by fraud, or honestly rise."""
    honest = plant.rng.random() < 0.55
    event.factors = ("pw_treat",)
    event.note = "values rise" if honest else "values unchanged"
    plant.effort[event.span] = float(plant.rng.uniform(0.0, 0.06))
    if honest:
        plant.duty[event.span] = between(0.35, 0.0, event.size)


def under_treatment(plant: Plant, event: Event) -> None:
    """P18b: treatment runs far below what production needs, values unchanged."""
    event.factors = ("pw_treat",)
    plant.effort[event.span] = between(0.58, 0.32, event.size)


def false_area(plant: Plant, event: Event) -> None:
    """P19: flow is computed with a smaller area; velocity stays."""
    event.factors = ("a00000",)
    plant.read["a00000"][event.span] *= between(0.88, 0.5, event.size)


def false_velocity(plant: Plant, event: Event) -> None:
    """P19: velocity and flow (water: flow) are shown too small by one factor."""
    part = between(0.7, 0.42, event.size)
    event.factors = ("a00000", "a01011") if plant.kind == "gas" else ("w00000",)
    for factor in event.factors:
        plant.read[factor][event.span] *= part


def stop_in_secret(plant: Plant, event: Event) -> None:
    """P21: production stands still, the values go on as in operation."""
    event.factors = tuple(plant.limits)
    plant.power_load[event.span] = 0.0
    plant.effort[event.span] *= 0.4


def inlet_behind(plant: Plant, event: Event) -> None:
    """P24: the inlet is shown below the outlet."""
    event.factors = tuple(plant.inlet_read)[:1] if plant.rng.random() < 0.5 else tuple(plant.inlet_read)
    for factor in event.factors:
        moves = wander(plant.rng, plant.grid.n, plant.grid.dt, 6.0, 0.08)
        made = plant.read[factor] * between(0.85, 0.5, event.size) * np.exp(moves)
        plant.inlet_read[factor] = np.where(during(plant, event), by_cycle(plant, made), plant.inlet_read[factor])


def fixed_efficiency(plant: Plant, event: Event) -> None:
    """P24: the outlet is computed from the inlet with a fixed efficiency."""
    event.factors = tuple(plant.inlet_read)[:1] if plant.rng.random() < 0.4 else tuple(plant.inlet_read)
    for factor in event.factors:
        inlet = plant.inlet_read[factor][event.span]
        part = float(np.median(plant.read[factor][event.span]) / max(np.median(inlet), 1e-9))
        plant.read[factor][event.span] = inlet * min(part, 0.9)


def ammonia_over_total(plant: Plant, event: Event) -> None:
    """P25: ammonia nitrogen above total nitrogen."""
    event.factors = ("w21003", "w21001")
    ammonia = np.maximum(plant.read["w21003"], 0.25 * plant.limits["w21003"])
    total = ammonia * between(0.75, 0.4, event.size) * np.exp(wander(plant.rng, plant.grid.n, plant.grid.dt, 6.0, 0.05))
    inside = during(plant, event)
    plant.read["w21003"] = np.where(inside, by_cycle(plant, ammonia), plant.read["w21003"])
    plant.read["w21001"] = np.where(inside, by_cycle(plant, total), plant.read["w21001"])


def impossible_gas(plant: Plant, event: Event) -> None:
    """P25: oxygen above that of air, or dry gas behind a wet scrubber."""
    if getattr(plant.industry, "wet", False) and plant.rng.random() < 0.5:
        event.factors, event.note = ("a01014",), "dry behind a scrubber"
        plant.read["a01014"][event.span] = 2.0 + wander(plant.rng, event.length, plant.grid.dt, 5.0, 0.4)
        return
    event.factors, event.note = ("a19001",), "oxygen above air"
    plant.read["a19001"][event.span] = 22.0 + wander(plant.rng, event.length, plant.grid.dt, 5.0, 0.25)


def decouple(plant: Plant, event: Event) -> None:
    """P26: all that is shown comes from a process that does not know the load."""
    event.factors = (*plant.limits, *(("a19001", "a00000") if plant.kind == "gas" else ("w00000",)))
    level = float(np.median(plant.load[event.span]))
    moves = wander(plant.rng, plant.grid.n, plant.grid.dt, 10.0, 0.06)
    plant.load[event.span] = np.clip(level * (1.0 + moves[event.span]), 0.1, 1.1)


def exceed(plant: Plant, event: Event) -> None:
    """P28: treatment fails in part, the limit is exceeded."""
    event.factors = some(plant, 1, 2)
    grid = plant.grid
    for factor in event.factors:
        level = plant.limits[factor] * between(1.25, 2.8, event.size)
        moves = np.exp(wander(plant.rng, grid.n, grid.dt, 5.0, 0.08))
        edge = np.clip(
            np.minimum(np.arange(event.length) + 1, event.length - np.arange(event.length)) * grid.dt / 2, 0, 1
        )
        before = plant.cz[factor][event.span]
        plant.cz[factor][event.span] = before + (level * moves[event.span] - before) * np.maximum(edge, 0.7)

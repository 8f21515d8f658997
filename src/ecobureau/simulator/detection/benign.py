"""Harmless happenings that look like something: an honest plant must not be accused for them."""

from __future__ import annotations

import numpy as np

from ecobureau.simulator.detection.event import Event, between, during, some
from ecobureau.simulator.detection.marks import checked
from ecobureau.simulator.detection.plant import Declared, Plant
from ecobureau.simulator.detection.signals import below, lag, wander, within


def fuel_change(plant: Plant, event: Event) -> None:
    """Another coal: sulphur in the inlet changes, outlet and treatment power follow, oxygen moves a little."""
    times = float(plant.rng.choice([0.65, 0.75, 1.3, 1.5]))
    event.note = f"sulphur x{times}"
    for factor, part in (("a21026", 1.0), ("a21002", 0.3), ("a34013", 0.5)):
        plant.raw_in[factor][event.span] *= times**part
        more = plant.cz[factor][event.span] * times ** (part * plant.style["follow"])
        plant.cz[factor][event.span] = below(more, plant.limits[factor])


def retrofit(plant: Plant, event: Event) -> None:
    """A declared stop, then better treatment with more power to the end of the record."""
    stop = plant.grid.count(float(plant.rng.uniform(24, 60)))
    event.memory["work"] = np.array([event.first + stop], dtype=float)
    plant.load[event.first : event.first + stop] = 0.0
    plant.power_load[event.first : event.first + stop] = 0.0
    rise = event.first + stop + plant.grid.count(4)
    plant.declared += [Declared(event.first, event.first + stop, "stop"), Declared(event.first + stop, rise, "startup")]
    plant.effort[event.first + stop :] *= float(plant.rng.uniform(1.2, 1.5))
    event.last = plant.grid.n


def retrofit_stack(plant: Plant, event: Event) -> None:
    """After it emissions are lower."""
    work = int(event.memory["work"][0])
    for factor in plant.limits:
        plant.cz[factor][work:] *= between(0.75, 0.5, event.size)


def still_tank(plant: Plant, event: Event) -> None:
    """An equalisation tank: outlet concentrations move little for days, with the analyser's own noise."""
    for factor in plant.limits:
        part = plant.cz[factor][event.span]
        middle = float(np.median(part))
        moves = wander(plant.rng, event.length, plant.grid.dt, 12.0, 0.045)
        plant.cz[factor][event.span] = middle * np.exp(0.25 * np.log(part / middle) + moves)


def constant_load(plant: Plant, event: Event) -> None:
    """A week at one load."""
    level = float(np.median(plant.load[event.span]))
    moves = wander(plant.rng, event.length, plant.grid.dt, 3.0, 0.008)
    plant.load[event.span] = level * (1.0 + moves)
    plant.power_load[event.span] = plant.load[event.span]


def tariff(plant: Plant, event: Event) -> None:
    """Production moves into the cheap night."""
    night = within(plant.grid.hour, 22, 7).astype(float)
    shape = 0.5 + 0.45 * lag(night, plant.grid.dt, 1.0)
    for name in ("load", "power_load"):
        part = getattr(plant, name)[event.span]
        getattr(plant, name)[event.span] = np.where(
            part > 0.03, shape[event.span] * (0.97 + 0.06 * (part / part.max())), 0
        )


def back_purge(plant: Plant, event: Event) -> None:
    """The probe is blown back at a fixed hour each day, marked C."""
    hour = float(plant.rng.integers(0, 24))
    width = max(1.0, plant.grid.dt) if plant.grid.dt >= 1 else 0.5
    where = during(plant, event) & within(plant.grid.hour, hour, hour + width)
    for factor in checked(plant):
        plant.read[factor][where] *= float(plant.rng.uniform(0.2, 0.5)) if factor != "a19001" else 1.6
        plant.flag[factor][where] = "C"


def fouling(plant: Plant, event: Event) -> None:
    """The velocity probe fouls slowly and is cleaned (M)."""
    part = 1.0 - np.linspace(0.0, between(0.06, 0.14, event.size), event.length)
    for factor in ("a01011", "a00000"):
        plant.read[factor][event.span] *= part
    event.factors = ("a01011", "a00000")


def fouling_marks(plant: Plant, event: Event) -> None:
    """Cleaning."""
    plant.mark(event.last, event.last + plant.grid.count(2), "M", ("a01011", "a00000"))


def trace_nights(plant: Plant, event: Event) -> None:
    """By night load is low and one factor lies at the detection limit."""
    night = during(plant, event) & within(plant.grid.hour, 22, 6)
    easy = 1.0 - 0.45 * lag(night.astype(float), plant.grid.dt, 1.0)
    plant.load, plant.power_load = plant.load * easy, plant.power_load * easy


def trace_nights_stack(plant: Plant, event: Event) -> None:
    """The factor is low at this plant all the time, and at the detection limit when load is low at night."""
    event.factors = some(plant, 1, 1) if plant.kind == "gas" else ("w21011",)
    plant.style["trace"] = 0.0
    night = lag(within(plant.grid.hour, 22, 6).astype(float), plant.grid.dt, 1.0) * during(plant, event)
    for factor in event.factors:
        moves = np.exp(wander(plant.rng, plant.grid.n, plant.grid.dt, 5, 0.2))
        plant.cz[factor] = plant.limits[factor] * (0.05 - 0.047 * night) * moves


def short_over_range(plant: Plant, event: Event) -> None:
    """An upset of an hour or two beyond the range, honestly marked T."""
    event.factors = some(plant, 1, 1)
    for factor in event.factors:
        plant.read[factor][event.span] = plant.ranges[factor] * 1.2


def easy_load(plant: Plant, event: Event) -> None:
    """Some days at low load; treatment is turned down with it, a little more than in proportion."""
    plant.load[event.span] *= between(0.7, 0.5, event.size)
    plant.power_load[event.span] = plant.load[event.span]
    plant.effort[event.span] *= between(0.95, 0.85, event.size)


def strict(plant: Plant, event: Event) -> None:
    """Skilled dosing holds one factor steadily below the limit, with memory and noise as control has them."""
    event.factors = some(plant, 1, 1)
    grid = plant.grid
    ends = np.minimum(np.arange(event.length) + 1, event.length - np.arange(event.length)) * grid.dt
    part = np.clip(ends / 48.0, 0.0, 1.0)
    for factor in event.factors:
        moves = wander(plant.rng, event.length, grid.dt, 3.0, between(0.035, 0.06, event.size))
        held = plant.limits[factor] * np.minimum(between(0.7, 0.83, event.size) * np.exp(moves), 0.955)
        before = plant.cz[factor][event.span]
        plant.cz[factor][event.span] = np.exp((1 - part) * np.log(before) + part * np.log(held))


def obeyed(plant: Plant, event: Event) -> None:
    """A cut is ordered and made."""
    share = float(plant.rng.choice([0.3, 0.4, 0.5]))
    plant.declared.append(Declared(event.first, event.last, "order_cut", share))
    done = 1.0 - share * float(plant.rng.uniform(0.95, 1.15))
    before = plant.load[max(0, event.first - plant.grid.count(14 * 24)) : event.first]
    usual = float(np.median(before[before > 0.03])) if (before > 0.03).any() else 1.0
    plant.load[event.span] = np.minimum(plant.load[event.span], usual) * done
    plant.power_load[event.span] = plant.load[event.span]


def more_production(plant: Plant, event: Event) -> None:
    """Production rises (or falls) from one day to the next and stays there; everything follows."""
    times = float(plant.rng.choice([0.75, 1.2, 1.3]))
    for name in ("load", "power_load"):
        part = getattr(plant, name)
        part[event.span] = np.clip(part[event.span] * times, 0, 1.25)


def inlet_surge(plant: Plant, event: Event) -> None:
    """Stronger raw water or gas for some days; the outlet follows within the limit, treatment works harder."""
    times = float(plant.rng.uniform(1.3, 1.7))
    for factor in plant.limits:
        plant.raw_in[factor][event.span] *= times
        more = plant.cz[factor][event.span] * times ** plant.style["follow"]
        plant.cz[factor][event.span] = np.minimum(
            more, np.maximum(0.9 * plant.limits[factor], plant.cz[factor][event.span])
        )
    plant.effort[event.span] *= times**0.3


def zero_drift(plant: Plant, event: Event) -> None:
    """A zero drift of 1 to 2 % of range that the next calibration takes away."""
    event.factors = some(plant, 1, 1)
    for factor in event.factors:
        step = plant.limits[factor] * float(plant.rng.uniform(-0.04, 0.06))
        plant.read[factor][event.span] = np.maximum(plant.read[factor][event.span] + step, 0.0)


def lines_down(plants: list[Plant], first: int, last: int) -> None:
    """The carrier's network fails for a district: all rows of many outlets are missing, power too."""
    for plant in plants:
        plant.gone[first:last] = True
        plant.power_gone[first:last] = True
        plant.label(first, last, "network_outage", "")


def power_cut(plants: list[Plant], first: int, last: int, after: int) -> None:
    """The grid fails for an area: nothing arrives, then the plants start again (declared)."""
    for plant in plants:
        plant.load[first:last] = 0.0
        plant.power_load[first:last] = 0.0
        rise = np.linspace(0.4, 1.0, after - last)
        plant.load[last:after] *= rise
        plant.power_load[last:after] *= rise
        plant.declared.append(Declared(last, after, "startup"))
        plant.label(first, after, "power_cut", "")

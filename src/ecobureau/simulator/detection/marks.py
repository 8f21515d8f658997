"""Flags, calibrations, care, faults, lost rows: everything an honest instrument and its logger do besides measuring."""

from __future__ import annotations

import numpy as np

from ecobureau.simulator.detection.plant import Plant


def pollutants(plant: Plant) -> tuple[str, ...]:
    """Return the factors that carry limits."""
    return tuple(plant.limits)


def checked(plant: Plant) -> tuple[str, ...]:
    """Return the factors that are calibrated: pollutants, and oxygen for gas."""
    return (*plant.limits, "a19001") if plant.kind == "gas" else tuple(plant.limits)


def clear_marks(plant: Plant) -> None:
    """Set every flag to N and every row to present."""
    n = plant.grid.n
    plant.flag = {factor: np.full(n, "N", dtype="U1") for factor in (*plant.factors, "pw_prod", "pw_treat")}
    plant.gone = np.zeros(n, dtype=bool)
    plant.power_gone = np.zeros(n, dtype=bool)


def plan_calibration(plant: Plant) -> None:
    """Plan the calibrations of the whole time, (first, last) sample each."""
    grid, style = plant.grid, plant.style
    day = int(style["cal_first"])
    while day * 24 < grid.n * grid.dt:
        first = grid.count(max(1.0, day * 24 + style["cal_hour"]))
        length = grid.count(style["cal_hours"] if grid.dt >= 1 else style["cal_hours"] * 0.6)
        plant.calibrate.append((first, min(grid.n, first + length)))
        day += int(style["cal_days"])


def calibrations(plant: Plant) -> None:
    """Write planned calibrations: zero, middle or span gas under C, then up to three hours of M."""
    often = 0.7 if plant.style["cal_days"] >= 3 else 0.08
    for first, last in plant.calibrate:
        span_to_span(plant, first, last)
        care = plant.grid.count(float(plant.rng.integers(1, 4))) if plant.rng.random() < often else 0
        end = min(plant.grid.n, last + care)
        plant.mark(last, end, "M", checked(plant))
        for factor in checked(plant):
            if plant.rng.random() < 0.25:
                plant.read[factor][last:end] = 0.0


def span_to_span(plant: Plant, first: int, last: int) -> None:
    """Show calibration material in samples [first, last) under flag C."""
    for factor in checked(plant):
        top = 20.9 if factor == "a19001" else plant.ranges[factor] * 0.8
        plant.read[factor][first:last] = plant.rng.choice([0.0, 0.5, 1.0], size=max(0, last - first)) * top
    plant.mark(first, last, "C", checked(plant))


def stopped(plant: Plant) -> None:
    """Flag F on pollutants (and oxygen) in declared stops, and where waste water does not flow."""
    for one in plant.declared:
        if one.type == "stop":
            idle = np.arange(one.first, one.last)
            idle = idle[plant.load[idle] <= 0.03]
            for factor in checked(plant):
                plant.flag[factor][idle] = "F"
    if plant.kind == "gas" and plant.style["honest_f"] < 0.75:
        idle = np.flatnonzero(plant.load <= 0.03)
        for factor in checked(plant):
            plant.flag[factor][idle] = "F"
    if plant.kind == "water":
        dry = plant.read["w00000"] <= 0
        for factor in pollutants(plant):
            plant.flag[factor][dry] = "F"


def faults(plant: Plant) -> None:
    """Add rare faults: one analyser D at zero or stuck, the link B, a value set by hand S, care M on a working day."""
    grid, rng = plant.grid, plant.rng
    months = grid.n * grid.dt / 720.0
    for letter, low, high in (("D", 3, 14), ("B", 1, 7), ("S", 3, 8)):
        for _one in range(int(rng.poisson(plant.style["faults"] * months * (0.5 if letter == "S" else 0.8)))):
            first = int(rng.integers(grid.count(24), grid.n - grid.count(24)))
            last = first + grid.count(float(rng.uniform(low, high)))
            factors = plant.factors if letter == "B" else (str(rng.choice(pollutants(plant))),)
            zero = letter == "D" and rng.random() < 0.5
            for factor in factors:
                plant.read[factor][first:last] = 0.0 if zero else plant.read[factor][first]
            plant.mark(first, last, letter, factors)
            plant.label(first, last, f"marked_{letter}", "", factors)
    day = int(rng.integers(0, int(plant.style["care_days"])))
    while day * 24 + 24 < grid.n * grid.dt:
        first = grid.count(day * 24 + float(rng.uniform(9, 16)))
        plant.mark(first, first + grid.count(float(rng.uniform(1, 2.5))), "M", checked(plant))
        day += int(plant.style["care_days"])


def over_range(plant: Plant) -> None:
    """Hold readings at the end of the range under T, as an honest analyser does."""
    for factor, top in plant.ranges.items():
        over = (plant.read[factor] >= top) & (plant.flag[factor] == "N")
        plant.read[factor][over] = top
        plant.flag[factor][over] = "T"


def lost_rows(plant: Plant) -> None:
    """Lose single rows and short stretches at random."""
    grid, rng = plant.grid, plant.rng
    plant.gone |= rng.random(grid.n) < plant.style["missing"] * 0.5
    for _one in range(int(rng.poisson(plant.style["missing"] * grid.n * grid.dt / 6.0))):
        first = int(rng.integers(0, grid.n))
        plant.gone[first : first + grid.count(float(rng.uniform(1, 5)))] = True
    plant.power_gone |= plant.gone if plant.style["trace"] < 0.7 else rng.random(grid.n) < plant.style["missing"]


def detection_floor(plant: Plant) -> None:
    """Show readings below the detection limit as this logger does: clamped at it, or as they are."""
    for factor, limit in plant.limits.items():
        floor = plant.resolution[factor] * np.ceil(0.012 * limit / plant.resolution[factor])
        low = (plant.read[factor] < floor) & (plant.flag[factor] == "N")
        if plant.style["trace"] < 0.5:
            plant.read[factor][low] = floor
        plant.read[factor] = np.maximum(plant.read[factor], 0.0)

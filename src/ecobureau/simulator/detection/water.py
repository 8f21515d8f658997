"""Waste water: flow with tanks in between, inlet, treatment with its residence time, analysers that work in cycles."""

from __future__ import annotations

import numpy as np

from ecobureau.simulator.detection.industries import WATER, WaterIndustry
from ecobureau.simulator.detection.plant import Plant
from ecobureau.simulator.detection.signals import Series, below, hold, lag, wander

INLET = ("w01018", "w21003")


def water_works(plant: Plant) -> None:
    """Make inlet and true outlet concentrations from inlet, rain, warmth and duty."""
    grid, style, rng = plant.grid, plant.style, plant.rng
    assert isinstance(plant.industry, WaterIndustry)
    n, dt = grid.n, grid.dt
    thin = 1.0 / (1.0 + style["rain_gain"] * plant.city.rain * style["rain_thin"])
    common = wander(rng, n, dt, style["fuel_tau"], style["fuel_sd"])
    biology = wander(rng, n, dt, style["out_tau"] * 4, style["biology_sd"])
    cold = -style["cold"] * (plant.city.warmth - np.median(plant.city.warmth)) / 10.0
    missed = lag(np.clip(1.0 - plant.duty, 0.0, 1.0), dt, style["decline"])
    for place, factor in enumerate(WATER):
        own = wander(rng, n, dt, style["in_tau"], style["in_sd"])
        raw = plant.industry.inlet[place] * style["rich"] * np.exp(common + own) * thin
        plant.raw_in[factor] = raw
        usual = float(np.median(raw))
        behind = lag(raw, dt, style["hrt"]) / usual
        level = style[f"level_{factor}"] * plant.limits[factor]
        moves = wander(rng, n, dt, style["out_tau"], style[f"sd_{factor}"])
        bio = (0.5, 1.4, 0.5, 0.8)[place] * biology + (0.0, cold, 0.0, 0.5 * cold)[place]
        done = below(level * behind ** style["follow"] * np.exp(moves + bio), plant.limits[factor])
        plant.cz[factor] = done * (1.0 - missed) + raw * 0.8 * missed
    rest = 0.1 * plant.limits["w21001"] * np.exp(wander(rng, n, dt, style["out_tau"] * 2, 0.25))
    plant.cz["w21001"] = plant.cz["w21003"] + np.maximum(plant.cz["w21001"] - plant.cz["w21003"], rest)


def water_read(plant: Plant, load: Series) -> dict[str, Series]:
    """Return what flow meter, pH meter and analysers show at `load`."""
    grid, style, rng = plant.grid, plant.style, plant.rng
    assert isinstance(plant.industry, WaterIndustry)
    n, dt = grid.n, grid.dt
    out: dict[str, Series] = {}
    tank = lag(load, dt, style["tank"])
    flow = style["flow"] * tank * np.exp(wander(rng, n, dt, 1.5, style["flow_sd"]))
    out["w00000"] = np.where(tank > 0.02, flow, 0.0)
    out["w01001"] = style["ph"] + wander(rng, n, dt, 15, style["ph_sd"]) + 0.012 * rng.standard_normal(n)
    cycle, phase = grid.count(style["cycle"]), int(style["cycle_phase"])
    for factor in WATER:
        seen = plant.cz[factor] * (1.0 + style["instrument"] * rng.standard_normal(n))
        out[factor] = hold(np.where(out["w00000"] > 0, seen, np.nan), cycle, phase % cycle)
    for factor in WATER:
        out[factor] = _keep_last(out[factor], plant.cz[factor])
    return out


def inlet_read(plant: Plant) -> dict[str, Series]:
    """Return what the inlet's analysers show (gas: SO2 and NOx at measured oxygen; water: COD and NH3-N in cycles)."""
    rng, style, n = plant.rng, plant.style, plant.grid.n
    if plant.kind == "gas":
        return {
            f: plant.raw_in[f] * np.clip(plant.load * 3, 0.02, 1) * (1 + style["instrument"] * rng.standard_normal(n))
            for f in ("a21026", "a21002")
        }
    cycle, phase = plant.grid.count(style["cycle"]), int(style["cycle_phase"])
    return {
        f: hold(plant.raw_in[f] * (1 + style["instrument"] * rng.standard_normal(n)), cycle, phase % cycle)
        for f in INLET
    }


def _keep_last(values: Series, start: Series) -> Series:
    known = np.isfinite(values)
    index = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return np.asarray(np.where(index >= 0, values[np.clip(index, 0, None)], start[0]), dtype=float)


def water_power(plant: Plant) -> None:
    """Add the meters: for sewage the lifting pumps, else the plant's production; and treatment (blowers, dosing)."""
    style, rng, n, dt = plant.style, plant.rng, plant.grid.n, plant.grid.dt
    load, idle = plant.power_load, style["power_idle"]
    noise = np.exp(style["power_sd"] * rng.standard_normal(n) + wander(rng, n, dt, 12, style["power_slow"]))
    plant.read["pw_prod"] = plant.rated_prod * np.where(load > 0.03, idle + (1 - idle) * load, idle * 0.6) * noise
    tank = lag(load, dt, style["tank"] * 0.5 + 0.1)
    work = style["treat_base"] + (1 - style["treat_base"]) * tank
    noise = np.exp(style["power_sd"] * rng.standard_normal(n) + wander(rng, n, dt, 9, style["power_slow"]))
    plant.read["pw_treat"] = plant.rated_treat * work * np.clip(plant.effort, 0.012, None) * noise

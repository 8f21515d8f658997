"""Flue gas: oxygen, flow and concentrations that follow load, fuel and treatment, and the readings of them."""

from __future__ import annotations

import numpy as np

from ecobureau.simulator.detection.industries import GAS, GasIndustry
from ecobureau.simulator.detection.plant import Plant
from ecobureau.simulator.detection.signals import Series, below, lag, wander

BESIDE = ("a19001", "a00000", "a01011", "a01012", "a01013", "a01014")
"""Oxygen, flow, velocity, temperature, pressure, humidity."""


def gas_stack(plant: Plant) -> None:
    """Make inlet and true outlet concentrations (at reference oxygen) from load and duty."""
    grid, style, rng = plant.grid, plant.style, plant.rng
    assert isinstance(plant.industry, GasIndustry)
    n, dt, load = grid.n, grid.dt, plant.load
    fuel = wander(rng, n, dt, style["fuel_tau"], style["fuel_sd"])
    for place, factor in enumerate(GAS):
        own = wander(rng, n, dt, style["in_tau"], style["in_sd"])
        raw = plant.industry.inlet[place] * style["rich"] * np.exp(fuel * (1.0, 0.4, 0.7)[place] + own)
        plant.raw_in[factor] = raw * (1.0 + style["in_load"] * (load - 0.8))
        usual = float(np.median(plant.raw_in[factor]))
        share = np.clip(style[f"level_{factor}"] * plant.limits[factor] / usual, 0.002, 0.85)
        follow = (lag(plant.raw_in[factor], dt, style["treat_lag"]) / usual) ** style["follow"]
        moves = wander(rng, n, dt, style["out_tau"], style[f"sd_{factor}"])
        done = share * usual * follow * np.exp(moves + style["out_load"] * (load - 0.8))
        done = below(done, plant.limits[factor])
        missed = np.clip(1.0 - plant.duty, 0.0, 1.0) ** 1.3
        plant.cz[factor] = done * (1.0 - missed) + plant.raw_in[factor] * 0.85 * missed
        starting = _starting(plant)
        plant.cz[factor] *= 1.0 + starting * style["start_rise"]


def _starting(plant: Plant) -> Series:
    out = np.zeros(plant.grid.n)
    for one in plant.declared:
        if one.type == "startup":
            out[one.first : one.last] = np.linspace(1.0, 0.0, max(1, one.last - one.first))
    return out


def gas_read(plant: Plant, load: Series) -> dict[str, Series]:
    """Return what the instruments of a stack show at `load`, beside the concentrations and with them."""
    grid, style, rng, industry = plant.grid, plant.style, plant.rng, plant.industry
    assert isinstance(industry, GasIndustry)
    n, dt, on = grid.n, grid.dt, load > 0.03
    settled = lag(on.astype(float), dt, 0.8)
    o2 = style["o2"] - style["o2_load"] * (load - 0.8) + wander(rng, n, dt, style["o2_tau"], style["o2_sd"])
    o2 = settled * np.clip(o2, 1.5, 20.4) + (1.0 - settled) * (20.75 + wander(rng, n, dt, 3, 0.05))
    season = plant.city.warmth - np.median(plant.city.warmth)
    warm = style["temp"] + style["temp_load"] * (load - 0.8) + 0.05 * season + wander(rng, n, dt, 5, style["temp_sd"])
    heat = lag(on.astype(float), dt, style["cooling"])
    temp = plant.city.warmth + (warm - plant.city.warmth) * heat
    damp = style["humidity"] + wander(rng, n, dt, 6, style["humidity_sd"])
    damp = settled * damp + (1.0 - settled) * (1.5 + 0.02 * season)
    push = style["pressure"] + 0.12 * (load - 0.8) + wander(rng, n, dt, 2.5, style["pressure_sd"])
    gas = load ** style["flow_load"] * (1.0 + style["air"] * (o2 - style["o2"]) / 10.0)
    speed = style["velocity"] * gas * np.exp(wander(rng, n, dt, 2.0, style["flow_sd"]))
    speed = np.where(on, speed, 0.0) + (1.0 - settled) * style["idle_flow"]
    out = {"a19001": o2, "a01011": speed, "a01012": temp, "a01013": push, "a01014": damp}
    out["a00000"] = dry_flow(style["area"], out) * (1.0 + style["flow_white"] * rng.standard_normal(n))
    for factor in GAS:
        measured = plant.cz[factor] * (21.0 - np.minimum(o2, 20.5)) / (21.0 - industry.o2_ref)
        noise = 1.0 + style["instrument"] * rng.standard_normal(n)
        trace = 0.012 * plant.limits[factor] * (1.0 - settled)
        out[factor] = measured * noise * settled + trace
    return out


def dry_flow(area: float, read: dict[str, Series]) -> Series:
    """Return standard dry flow (m3/s) from velocity, temperature, gauge pressure and humidity."""
    cold = 273.15 / (273.15 + read["a01012"]) * (101.325 + read["a01013"]) / 101.325
    return area * read["a01011"] * cold * (1.0 - read["a01014"] / 100.0)


def converted(plant: Plant, factor: str) -> Series:
    """Return a pollutant at reference oxygen, from the oxygen that was read; oxygen counts as 20.5 at most."""
    assert isinstance(plant.industry, GasIndustry)
    return plant.read[factor] * (21.0 - plant.industry.o2_ref) / (21.0 - np.minimum(plant.read["a19001"], 20.5))


def gas_power(plant: Plant) -> None:
    """Add the meters of production and treatment."""
    style, rng, n, dt = plant.style, plant.rng, plant.grid.n, plant.grid.dt
    load = plant.power_load
    noise = np.exp(style["power_sd"] * rng.standard_normal(n) + wander(rng, n, dt, 12, style["power_slow"]))
    idle = style["power_idle"]
    plant.read["pw_prod"] = plant.rated_prod * np.where(load > 0.03, idle + (1 - idle) * load, idle * 0.6) * noise
    work = np.where(load > 0.03, style["treat_base"] + (1 - style["treat_base"]) * load, style["treat_idle"])
    if plant.raw_in:
        rich = plant.raw_in["a21026"] / np.median(plant.raw_in["a21026"])
        work = work * rich ** style["treat_rich"]
    noise = np.exp(style["power_sd"] * rng.standard_normal(n) + wander(rng, n, dt, 9, style["power_slow"]))
    plant.read["pw_treat"] = plant.rated_treat * 0.85 * work * np.clip(plant.effort, 0.012, None) * noise

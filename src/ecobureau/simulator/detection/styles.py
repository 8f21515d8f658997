"""Drawing a plant: every habit and noise level is random within wide bounds, so that no two fleets look alike."""

from __future__ import annotations

import math

import numpy as np

from ecobureau.simulator.detection.gas import BESIDE
from ecobureau.simulator.detection.industries import (
    GAS,
    GAS_INDUSTRIES,
    WATER,
    WATER_INDUSTRIES,
    GasIndustry,
    WaterIndustry,
)
from ecobureau.simulator.detection.loads import make_load
from ecobureau.simulator.detection.plant import City, Grid, Plant

_RESOLUTION = {
    "a19001": 0.01,
    "a00000": 0.001,
    "a01011": 0.01,
    "a01012": 0.01,
    "a01013": 0.001,
    "a01014": 0.01,
    "w00000": 0.01,
    "w01001": 0.01,
    "pw_prod": 0.01,
    "pw_treat": 0.01,
}

_HABITS: dict[str, tuple[float, float]] = {
    "load_tau": (4, 20),
    "load_sd": (0.015, 0.06),
    "season": (0.0, 0.08),
    "phase": (0, 6.28),
    "stops": (0.0, 0.9),
    "depth": (0.15, 0.5),
    "peak1": (8, 11),
    "peak2": (17, 21),
    "level": (0.75, 0.95),
    "step_hours": (50, 200),
    "shift_on": (5, 8.5),
    "shift_off": (19, 23.5),
    "sunday": (0, 1),
    "weekend": (0.0, 0.2),
    "fuel_tau": (20, 120),
    "fuel_sd": (0.03, 0.14),
    "in_tau": (5, 24),
    "in_sd": (0.05, 0.14),
    "in_load": (-0.1, 0.3),
    "follow": (0.15, 0.9),
    "out_tau": (2, 7),
    "out_load": (-0.2, 0.5),
    "start_rise": (0.2, 1.6),
    "power_sd": (0.006, 0.03),
    "power_slow": (0.005, 0.025),
    "power_idle": (0.04, 0.12),
    "treat_base": (0.25, 0.65),
    "treat_idle": (0.03, 0.2),
    "treat_rich": (0.0, 0.25),
    "instrument": (0.004, 0.03),
    "missing": (0.002, 0.018),
    "faults": (0.1, 1.2),
}

_GAS_HABITS: dict[str, tuple[float, float]] = {
    "treat_lag": (0.1, 1.5),
    "o2_load": (1.0, 4.5),
    "o2_tau": (2, 6),
    "o2_sd": (0.15, 0.45),
    "temp_load": (2, 14),
    "temp_sd": (0.5, 2.0),
    "cooling": (5, 12),
    "humidity_sd": (0.3, 0.9),
    "pressure": (-0.15, 0.06),
    "pressure_sd": (0.02, 0.05),
    "flow_load": (0.7, 1.0),
    "air": (0.0, 0.6),
    "flow_sd": (0.006, 0.025),
    "flow_white": (0.0, 0.003),
    "idle_flow": (0.0, 0.25),
    "area": (2, 30),
}

_WATER_HABITS: dict[str, tuple[float, float]] = {
    "rain_gain": (0.0, 0.0),
    "rain_thin": (0.4, 0.9),
    "biology_sd": (0.05, 0.22),
    "cold": (0.0, 0.3),
    "hrt": (5, 22),
    "decline": (6, 20),
    "tank": (0.3, 5),
    "flow_sd": (0.01, 0.04),
    "ph_sd": (0.05, 0.14),
    "cycle_phase": (0, 4),
}


def make_plant(number: int, kind: str, grid: Grid, city: City, rng: np.random.Generator) -> Plant:
    """Draw plant `number` of `kind` with its load; concentrations follow later.

    Args:
        kind: `gas` or `water`. rng: the plant's own randomness.
    """
    industries: tuple[GasIndustry | WaterIndustry, ...] = GAS_INDUSTRIES if kind == "gas" else WATER_INDUSTRIES
    weights = np.ones(len(industries))
    if kind == "water":
        weights[0] = 2.5
    industry = industries[int(rng.choice(len(industries), p=weights / weights.sum()))]
    style = _style(industry, rng)
    pollutants = GAS if kind == "gas" else WATER
    beside = BESIDE if kind == "gas" else ("w00000", "w01001")
    limits = {f: float(limit) for f, limit in zip(pollutants, industry.limits, strict=True)}
    plant = Plant(
        id=f"{kind[0].upper()}{number:03d}",
        industry=industry,
        grid=grid,
        city=city,
        rng=rng,
        style=style,
        factors=(*pollutants, *beside),
        limits=limits,
        ranges={f: limits[f] * float(rng.choice([3, 4, 5, 8, 10] if kind == "gas" else [3, 4, 5, 8])) for f in limits},
        resolution={f: _RESOLUTION[f] for f in (*beside, "pw_prod", "pw_treat")}
        | {f: _resolution(limits[f], rng) for f in limits},
        has_inlet=bool(rng.random() < 0.75),
        has_power=bool(rng.random() < 0.85),
        rated_prod=float(industry.kw * rng.lognormal(0, 0.35)),
        rated_treat=float(industry.kw * rng.uniform(0.06, 0.35) * (3.0 if industry.name == "municipal" else 1.0)),
    )
    make_load(plant, str(rng.choice(industry.loads)))
    plant.duty, plant.effort = np.ones(grid.n), np.ones(grid.n)
    plant.zs_factor = np.ones(grid.n)
    return plant


def _resolution(limit: float, rng: np.random.Generator) -> float:
    fine = 10.0 ** math.floor(math.log10(limit * 0.002))
    return round(float(min(0.1 if limit >= 5 else 0.01, fine * rng.choice([0.1, 1, 1, 1]))), 6)


def _style(industry: GasIndustry | WaterIndustry, rng: np.random.Generator) -> dict[str, float]:
    own = _GAS_HABITS if isinstance(industry, GasIndustry) else _WATER_HABITS
    style = {name: float(rng.uniform(*bounds)) for name, bounds in (_HABITS | own).items()}
    style["rich"] = float(rng.lognormal(0, 0.25))
    calm = float(rng.choice([0.4, 0.8, 1.0, 1.25], p=[0.12, 0.3, 0.38, 0.2]))
    for factor in GAS if isinstance(industry, GasIndustry) else WATER:
        style[f"sd_{factor}"] = float(rng.uniform(0.07, 0.17)) * calm
        style[f"level_{factor}"] = float(
            rng.choice([rng.uniform(0.25, 0.5), rng.uniform(0.1, 0.3), rng.uniform(0.5, 0.62)])
        )
    style["cal_days"] = float(rng.choice([1, 2, 3, 7, 7, 7]))
    style["cal_hour"] = float(rng.integers(0, 24) if rng.random() < 0.3 else rng.integers(9, 16))
    style["cal_hours"] = 2.0 if isinstance(industry, WaterIndustry) else 1.0
    style["cal_first"] = float(rng.integers(0, int(style["cal_days"])))
    style["care_days"] = float(rng.choice([7, 14, 14, 30]))
    style["trace"] = float(rng.random())
    style["honest_f"] = float(rng.random())
    if isinstance(industry, GasIndustry):
        style["o2"] = industry.o2 + float(rng.normal(0, 0.4 if industry.o2 < 13 else 0.25))
        style["temp"] = industry.temp * float(rng.uniform(0.93, 1.07))
        style["humidity"] = industry.humidity * float(rng.uniform(0.85, 1.15))
        style["velocity"] = industry.velocity * float(rng.lognormal(0, 0.2))
        style["o2_load"] *= 0.5 if industry.o2 > 13 else 1.0
    else:
        style["flow"] = industry.flow * float(rng.lognormal(0, 0.4))
        style["ph"] = industry.ph + float(rng.normal(0, 0.2))
        style["cycle"] = float(rng.choice([1, 2, 2, 2, 4], p=[0.2, 0.25, 0.25, 0.2, 0.1]))
        if industry.name == "municipal":
            style["rain_gain"] = float(rng.uniform(0.2, 0.9))
    return style

"""What kinds of plants there are: usual levels, limits and habits. Every plant departs from them."""

from __future__ import annotations

from dataclasses import dataclass

GAS = ("a21026", "a21002", "a34013")
"""SO2, NOx, particles."""
WATER = ("w01018", "w21003", "w21011", "w21001")
"""COD, ammonia nitrogen, total phosphorus, total nitrogen."""


@dataclass(frozen=True, slots=True)
class GasIndustry:
    """Flue gas: limits and inlet as (SO2, NOx, particles) in mg/m3; temp degC, humidity %, velocity m/s, power kW."""

    name: str
    o2: float
    o2_ref: float
    limits: tuple[float, float, float]
    inlet: tuple[float, float, float]
    temp: float
    humidity: float
    velocity: float
    kw: float
    loads: tuple[str, ...]
    wet: bool = False


@dataclass(frozen=True, slots=True)
class WaterIndustry:
    """Waste water: limits and inlet as (COD, NH3-N, TP, TN) in mg/L; flow L/s, power kW."""

    name: str
    limits: tuple[float, float, float, float]
    inlet: tuple[float, float, float, float]
    flow: float
    kw: float
    loads: tuple[str, ...]
    ph: float = 7.3


GAS_INDUSTRIES = (
    GasIndustry("coal_power", 6.2, 6.0, (35, 50, 10), (1100, 280, 900), 51, 12, 10, 1800, ("dispatch", "steps"), True),
    GasIndustry("coal_boiler", 9.3, 9.0, (100, 150, 20), (700, 300, 700), 55, 10, 9, 900, ("day", "dispatch"), True),
    GasIndustry("cement_kiln", 10.3, 10.0, (200, 400, 30), (260, 750, 400), 105, 8, 14, 4200, ("steady", "steps")),
    GasIndustry("sinter", 15.6, 16.0, (35, 50, 10), (600, 270, 300), 125, 9, 13, 5200, ("steady", "steps")),
    GasIndustry("incinerator", 8.6, 11.0, (100, 300, 30), (240, 520, 600), 148, 18, 12, 2400, ("steady", "dispatch")),
    GasIndustry("gas_turbine", 14.2, 15.0, (35, 50, 10), (70, 95, 30), 98, 7, 17, 6500, ("dispatch", "day")),
    GasIndustry("glass", 8.2, 8.0, (200, 500, 30), (500, 1500, 240), 190, 9, 8, 1500, ("steady",)),
    GasIndustry("biomass_boiler", 10.2, 9.0, (50, 150, 20), (160, 260, 500), 120, 14, 9, 700, ("day", "shift")),
)

WATER_INDUSTRIES = (
    WaterIndustry("municipal", (50, 5, 0.5, 15), (300, 35, 4.5, 45), 260, 260, ("sewage",)),
    WaterIndustry("food", (100, 15, 1.0, 40), (1500, 45, 12, 80), 22, 900, ("shift", "day")),
    WaterIndustry("dyeing", (80, 10, 0.5, 15), (950, 50, 6, 60), 24, 2200, ("shift", "steps")),
    WaterIndustry("chemical", (100, 15, 1.0, 40), (1800, 90, 8, 130), 14, 3000, ("steady", "steps")),
    WaterIndustry("electroplating", (80, 15, 1.0, 20), (420, 50, 15, 70), 6, 600, ("shift",), 7.8),
    WaterIndustry("papermaking", (80, 8, 0.8, 12), (2200, 22, 7, 34), 120, 5200, ("steady", "steps")),
)

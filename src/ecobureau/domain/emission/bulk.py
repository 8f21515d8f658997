"""The formulas of `gas.py` on arrays: the same operations in the same order, so the same numbers. NaN = no value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.emission.rules import EmissionRules

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_MICRO_PER_KG = 1e9


def standard_state(c: Floats, ts: Floats, ps: Floats, ba: Floats, rules: EmissionRules) -> Floats:
    """Eq. 18 on arrays of one shape: mg/m3, degC, kPa, kPa; NaN where the state is impossible."""
    possible = (ba + ps > 0) & (rules.kelvin + ts > 0)
    with np.errstate(all="ignore"):
        return np.where(possible, c * rules.pressure / (ba + ps) * (rules.kelvin + ts) / rules.kelvin, np.nan)


def dry(wet: Floats, humidity: Floats) -> Floats:
    """Eq. 19 on arrays: humidity in %; NaN outside [0, 100)."""
    with np.errstate(all="ignore"):
        return np.where((humidity >= 0) & (humidity < 100), wet / (1 - humidity / 100), np.nan)


def from_ppm(ppm: Floats, molar_mass: float, rules: EmissionRules) -> Floats:
    """Eq. 20 on arrays: umol/mol to mg/m3."""
    return ppm * molar_mass / rules.molar_volume


def nox_as_no2(no: Floats, no2: Floats, rules: EmissionRules) -> Floats:
    """Eq. 21 on arrays: mg/m3."""
    return no * rules.no2_mass / rules.no_mass + no2


def nox_from_ppm(no: Floats, no2: Floats, rules: EmissionRules) -> Floats:
    """Eq. 22 on arrays: umol/mol to mg/m3."""
    return (no + no2) * rules.no2_mass / rules.molar_volume


def excess_air(o2: Floats, rules: EmissionRules, *, o2_air: float | None = None) -> Floats:
    """Eq. 26 on arrays: dry oxygen in %; NaN at or above the oxygen of the air."""
    air = rules.o2_air if o2_air is None else o2_air
    with np.errstate(all="ignore"):
        return np.where(o2 < air, air / (air - o2), np.nan)


def converted_by_excess_air(c: Floats, alpha: Floats, alpha_ref: float) -> Floats:
    """Eq. 27 on arrays; negative concentrations stay as they are."""
    return np.where(c < 0, np.where(np.isnan(alpha), np.nan, c), c * alpha / alpha_ref)


def converted(
    c: Floats,
    o2: Floats,
    o2_ref: float,
    rules: EmissionRules,
    *,
    o2_air: float | None = None,
    stopped: Bools | None = None,
) -> Floats:
    """Eq. 28 on arrays, with the guards of `gas.converted`."""
    air = rules.o2_air if o2_air is None else o2_air
    with np.errstate(all="ignore"):
        value = np.where(c < 0, c, c * (rules.o2_air - o2_ref) / (air - o2))
        out = np.where(o2 < air, value, np.nan)
    return out if stopped is None else np.where(stopped, np.nan, out)


def flow_actual(area: float, vs: Floats) -> Floats:
    """Eq. 30 on arrays: m2, m/s; m3/h."""
    return 3600 * area * vs


def flow_standard(qs: Floats, ts: Floats, ps: Floats, ba: Floats, humidity: Floats, rules: EmissionRules) -> Floats:
    """Eq. 31 on arrays: m3/h, degC, kPa, kPa, %; NaN where the state is impossible."""
    possible = (ba + ps > 0) & (rules.kelvin + ts > 0) & (humidity >= 0) & (humidity < 100)
    with np.errstate(all="ignore"):
        value = qs * rules.kelvin / (rules.kelvin + ts) * (ba + ps) / rules.pressure * (1 - humidity / 100)
    return np.where(possible, value, np.nan)


def rate(c: Floats, flow: Floats, rules: EmissionRules) -> Floats:
    """Eq. 33 on arrays: mg/m3, m3/h; kg/h. NaN where either is missing or the flow is negative."""
    kept = np.where(c < 0, 0.0, c) if rules.negative_rate == "zero" else c
    return np.where(flow >= 0, kept * flow * 1e-6, np.nan)


def micrograms(kg: Floats) -> Ints:
    """Return masses as whole micrograms (half to even), missing ones as 0: sums of these are exact."""
    return np.rint(np.nan_to_num(kg) * _MICRO_PER_KG).astype(np.int64)

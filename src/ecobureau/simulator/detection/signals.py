"""Random walks, cycles and holds from which plants are built. Lengths of time are in hours, whatever the step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Series = NDArray[np.float64]
Mask = NDArray[np.bool_]


def wander(rng: np.random.Generator, n: int, dt: float, tau: float, sd: float) -> Series:
    """Return a first-order autoregressive walk of n samples: time constant tau (h), standard deviation sd."""
    keep = float(np.exp(-dt / tau))
    shocks = rng.standard_normal(n) * np.sqrt(1.0 - keep * keep)
    shocks[0] = rng.standard_normal()
    return np.asarray(lfilter([1.0], [1.0, -keep], shocks) * sd, dtype=float)


def lag(values: Series, dt: float, tau: float) -> Series:
    """Return `values` behind a well-mixed tank of tau hours."""
    keep = float(np.exp(-dt / max(tau, 1e-6)))
    out, _state = lfilter([1.0 - keep], [1.0, -keep], values, zi=[keep * values[0]])
    return np.asarray(out, dtype=float)


def hold(values: Series, samples: int, phase: int = 0) -> Series:
    """Return `values` of an analyser that measures every `samples` steps and repeats in between."""
    if samples <= 1:
        return values
    index = (np.arange(len(values)) + phase) // samples * samples - phase
    return values[np.clip(index, 0, None)]


def bell(hours: Series, centre: float, width: float) -> Series:
    """Return a bump of height 1 around the clock hour `centre`."""
    away = (hours - centre + 12.0) % 24.0 - 12.0
    return np.exp(-away * away / (2.0 * width * width))


def within(hours: Series, first: float, last: float) -> Mask:
    """Return where the clock hour lies in [first, last), over midnight when first > last."""
    if first <= last:
        return (hours >= first) & (hours < last)
    return (hours >= first) | (hours < last)


def steps(rng: np.random.Generator, n: int, dt: float, mean_hours: float, low: float, high: float) -> Series:
    """Return levels that hold for about `mean_hours` and then jump elsewhere in [low, high]."""
    out = np.empty(n)
    here = 0
    while here < n:
        length = max(1, int(rng.exponential(mean_hours) / dt))
        out[here : here + length] = rng.uniform(low, high)
        here += length
    return out


def below(values: Series, limit: float) -> Series:
    """Return `values` as a plant keeps them that knows its limit: what would come near it is pressed down."""
    knee, room = 0.62 * limit, 0.24 * limit
    return np.where(values > knee, knee + room * np.tanh((values - knee) / room), values)


def grain(values: Series, resolution: float) -> Series:
    """Return `values` as displayed with `resolution`."""
    digits = max(0, round(-np.log10(resolution))) + 1
    return np.round(np.round(values / resolution) * resolution, digits)

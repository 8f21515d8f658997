"""Each pattern of the values' shape: a golden case and its harmless twin, at hours and at finer steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from domain.detection.shape_plant import (
    GAS,
    WATER,
    changed,
    plant,
    span,
    wander,
)
from ecobureau.domain.detection.types import OutletSeries

Made = tuple[OutletSeries, slice]


def flat(step: int = 3600) -> Made:
    series = plant(step=step)
    part = span(series, 15, 20)
    values = series.avg["a21026"].copy()
    values[part] = values[part.start]
    return changed(series, a21026=values), part


def flat_twin() -> OutletSeries:
    """The same twenty hours marked as fault."""
    series, part = flat()
    marks = series.flag["a21026"].copy()
    marks[part] = "D"
    return replace(series, flag={**series.flag, "a21026": marks})


def noise(step: int = 3600) -> Made:
    series = plant(step=step)
    part = span(series, 15, 72)
    rng = np.random.default_rng(3)
    out = {}
    for factor in ("a21026", "a21002"):
        values = series.avg[factor].copy()
        values[part] = GAS[factor][1] * (1 + 0.015 * rng.uniform(-1, 1, part.stop - part.start))
        out[factor] = values
    return changed(series, **out), part


def noise_twin() -> OutletSeries:
    """A calm kiln: little noise, but it still remembers."""
    series = plant()
    part = span(series, 15, 72)
    values = series.avg["a21026"].copy()
    middle = np.median(values[part])
    values[part] = middle * np.exp(0.6 * np.log(values[part] / middle))
    return changed(series, a21026=values)


def clipping(step: int = 3600) -> Made:
    series = plant(step=step)
    part = span(series, 12, 240)
    rng = np.random.default_rng(5)
    values = series.avg["a21026"].copy()
    high = values[part] * 1.5
    over = high > 0.95 * 35
    high[over] = 35 * rng.uniform(0.92, 0.995, int(over.sum()))
    values[part] = high
    return changed(series, a21026=values), part


def clipping_twin() -> OutletSeries:
    """The same height, honestly over the limit."""
    series = plant()
    part = span(series, 12, 240)
    values = series.avg["a21026"].copy()
    values[part] *= 1.5
    return changed(series, a21026=values)


def cap(step: int = 3600) -> Made:
    series = plant(step=step)
    part = span(series, 12, 200)
    values = series.avg["a21002"].copy()
    values[part] = np.minimum(values[part], np.quantile(values[part], 0.75))
    return changed(series, a21002=values), part


def cap_twin() -> OutletSeries:
    """Over-range with mark T."""
    series, part = cap()
    top = series.avg["a21002"][part].max()
    marks = series.flag["a21002"].copy()
    marks[part] = np.where(series.avg["a21002"][part] >= top, "T", "N")
    return replace(series, flag={**series.flag, "a21002": marks})


def slope(step: int = 3600) -> Made:
    series = plant(step=step)
    part = span(series, 16, 240)
    values = series.avg["a21026"].copy()
    values[part] *= 0.5
    return changed(series, a21026=values), part


def slope_twin() -> OutletSeries:
    """Less production: everything falls with the load, and the model knows it."""
    series = plant()
    part = span(series, 16, 96)
    out = {}
    for factor in ("pw_prod", "pw_treat", "a00000"):
        values = series.avg[factor].copy()
        values[part] *= 0.93
        out[factor] = values
    values = series.avg["a21026"].copy()
    values[part] *= 0.96
    return changed(series, a21026=values, **out)


def offset() -> Made:
    series = plant()
    part = span(series, 16, 240)
    values = series.avg["a21026"].copy()
    values[part] = np.maximum(values[part] - 19.0, 0.0)
    return changed(series, a21026=values), part


def offset_twin() -> OutletSeries:
    """A drift at zero, corrected at the calibration: a step of one per cent of the range."""
    series = plant()
    part = span(series, 16, 240)
    values = series.avg["a21026"].copy()
    values[part] -= 2.0
    marks = series.flag["a21026"].copy()
    marks[part.start - 1] = "C"
    return replace(changed(series, a21026=values), flag={**series.flag, "a21026": marks})


def replayed() -> Made:
    series = plant()
    part = span(series, 18, 36)
    back = slice(part.start - 24 * 9, part.stop - 24 * 9)
    out = {}
    for factor in GAS:
        values = series.avg[factor].copy()
        values[part] = values[back]
        out[factor] = values
    return changed(series, **out), part


def replayed_twin() -> OutletSeries:
    """A coarse display shows the same few steps again and again."""
    series = plant()
    return replace(series, avg={**series.avg, "a34013": np.round(series.avg["a34013"])})


def linked() -> Made:
    series = plant()
    part = span(series, 15, 60)
    values = series.avg["a21002"].copy()
    values[part] = 1.37 * series.avg["a21026"][part]
    return changed(series, a21002=values), part


def linked_twin() -> OutletSeries:
    """Two factors that have always followed one another."""
    series = plant()
    rng = np.random.default_rng(2)
    values = 1.37 * series.avg["a21026"] * np.exp(0.004 * rng.standard_normal(len(series)))
    return changed(series, a21002=values)


def bucket() -> Made:
    series = plant("water")
    part = span(series, 15, 60)
    rng = np.random.default_rng(4)
    out = {}
    for factor in WATER:
        values = series.avg[factor].copy()
        count = part.stop - part.start
        values[part] = values[part.start] * np.repeat(np.exp(0.008 * rng.standard_normal(count // 2)), 2)
        out[factor] = values
    acid = series.avg["w01001"].copy()
    acid[part] = 7.21
    out["w01001"] = acid
    return changed(series, **out), part


def bucket_twin() -> OutletSeries:
    """A works that is always this steady."""
    series = plant("water")
    out = {}
    for factor, (_limit, level) in WATER.items():
        out[factor] = level * np.exp(0.12 * np.log(series.avg[factor] / level))
    return changed(series, **out)


def hugging() -> Made:
    series = plant()
    part = span(series, 12, 240)
    rng = np.random.default_rng(6)
    values = series.avg["a21026"].copy()
    values[part] = 35 * (0.955 + np.clip(wander(rng, part.stop - part.start, 6, 0.018), -0.05, 0.043))
    return changed(series, a21026=values), part


def hugging_twin() -> OutletSeries:
    """High, but now and then over the limit as chance has it."""
    series = plant()
    part = span(series, 12, 240)
    values = series.avg["a21026"].copy()
    values[part] *= 0.97 * 35 / 22.0
    return changed(series, a21026=values)


def drops(step: int = 3600) -> Made:
    series = plant(step=step)
    part = span(series, 14, 192)
    values, n = series.avg["a21026"].copy(), series.per_hour
    for first in range(part.start + 5 * n, part.stop - 8 * n, 29 * n):
        values[first : first + 4 * n] = 35 * np.repeat([0.8, 0.88, 0.93, 0.97], n)
        values[first + 4 * n : first + 7 * n] = 35 * np.repeat([0.42, 0.4, 0.5], n)
    return changed(series, a21026=values), part


def drops_twin() -> OutletSeries:
    """A back-purge at one clock hour, every day."""
    series = plant()
    part = span(series, 14, 192)
    values = series.avg["a21026"].copy()
    for first in range(part.start + 3, part.stop - 8, 24):
        values[first : first + 4] = 35 * np.array([0.8, 0.88, 0.93, 0.97])
        values[first + 4 : first + 7] = 35 * np.array([0.42, 0.4, 0.5])
    return changed(series, a21026=values)


def night() -> Made:
    series = plant()
    part = span(series, 15, 240)
    values = series.avg["a21026"].copy()
    dark = (series.hour_of_day >= 22) | (series.hour_of_day < 6)
    inside = np.zeros(len(series), dtype=bool)
    inside[part] = True
    values[dark & inside] *= 0.33
    return changed(series, a21026=values), part


def night_twin() -> OutletSeries:
    """A plant whose nights have always been lower."""
    series = plant()
    values = series.avg["a21026"].copy()
    values[(series.hour_of_day >= 22) | (series.hour_of_day < 6)] *= 0.45
    return changed(series, a21026=values)


def digit_marks(step: int = 3600) -> Made:
    series = plant(days=60, step=step)
    part = span(series, 35, 24 * 25)
    values = series.avg["a21026"].copy()
    values[part] = np.round(values[part] * 20) / 20
    return changed(series, a21026=values), part


def digit_twin() -> OutletSeries:
    """A logger that always rounds so."""
    series = plant(days=60)
    return changed(series, a21026=np.round(series.avg["a21026"] * 20) / 20)


def creeping() -> Made:
    series = plant(days=40)
    part = span(series, 20, 24 * 16)
    values = series.avg["a21026"].copy()
    count = part.stop - part.start
    values[part] *= np.exp(np.linspace(0, 0.9, count))
    return changed(series, a21026=values), part


def creeping_twin() -> OutletSeries:
    """More production, step by step: the load explains it."""
    series = plant(days=40)
    part = span(series, 20, 24 * 16)
    rise = np.ones(len(series))
    rise[part] = np.linspace(1, 1.04, part.stop - part.start)
    out = {factor: series.avg[factor] * rise for factor in ("pw_prod", "pw_treat", "a00000", "a21026")}
    return changed(series, **out)


def spiky(step: int = 3600) -> Made:
    series = plant(step=step)
    part = span(series, 15, 48)
    values = series.avg["a21026"].copy()
    for place in range(part.start + 3, part.stop - 3, 7 * series.per_hour):
        values[place] *= 2.6
    return changed(series, a21026=values), part


def spiky_twin() -> OutletSeries:
    """One broad rise is no spike."""
    series = plant()
    part = span(series, 15, 12)
    values = series.avg["a21026"].copy()
    values[part] *= 1 + np.sin(np.linspace(0, np.pi, 12))
    return changed(series, a21026=values)


def disguised(step: int = 3600) -> Made:
    """Thirty hours of nine and a half days before, a tenth lower and with a hair of noise."""
    series = plant(step=step)
    part = span(series, 20, 44)
    back = round(9.5 * 24) * series.per_hour
    rng = np.random.default_rng(8)
    values = series.avg["a21026"].copy()
    count = part.stop - part.start
    values[part] = 0.9 * values[part.start - back : part.stop - back] * (1 + 0.004 * rng.standard_normal(count))
    return changed(series, a21026=values), part


def disguised_twin() -> OutletSeries:
    """A batch plant: every day runs through the same recipe, as its raw material wants it."""
    series = plant()
    recipe = 1 + 0.5 * np.sin(2 * np.pi * (series.hour_of_day - 5) / 24) ** 3
    return changed(series, a21026=series.avg["a21026"] * recipe, a21002=series.avg["a21002"] * recipe)


GOLDEN: dict[str, tuple[Callable[[], Made], Callable[[], OutletSeries]]] = {
    "P01": (flat, flat_twin),
    "P02": (noise, noise_twin),
    "P03": (clipping, clipping_twin),
    "P04": (cap, cap_twin),
    "P05": (slope, slope_twin),
    "P06": (offset, offset_twin),
    "P09": (replayed, replayed_twin),
    "P10": (linked, linked_twin),
    "P11": (bucket, bucket_twin),
    "P12": (hugging, hugging_twin),
    "P13": (drops, drops_twin),
    "P14": (night, night_twin),
    "P27": (digit_marks, digit_twin),
    "P30": (creeping, creeping_twin),
    "P31": (spiky, spiky_twin),
}
LEAST = {"P27": 0.4}


FINE: dict[str, Callable[[int], Made]] = {
    "P01": flat,
    "P02": noise,
    "P03": clipping,
    "P04": cap,
    "P05": slope,
    "P13": drops,
    "P27": digit_marks,
    "P31": spiky,
}


def finer(series: OutletSeries, part: slice) -> Made:
    """The same hours told every ten minutes: lines from hour to hour, the marks of the hour."""
    t = np.arange(series.t[0], series.t[-1] + 1, 600, dtype=np.int64)
    avg = {factor: np.round(np.interp(t, series.t, values), 3) for factor, values in series.avg.items()}
    at = (t - t[0]) // 3600
    flag = {factor: marks[at] for factor, marks in series.flag.items()}
    zs = {factor: values[at] for factor, values in series.zs.items()}
    return replace(series, step_s=600, t=t, avg=avg, flag=flag, zs=zs), slice(6 * part.start, 6 * part.stop)

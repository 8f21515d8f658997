"""An honest plant for tests of detection, with numbers that share nothing with the simulator."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from ecobureau.domain.detection.registry import load_all
from ecobureau.domain.detection.run import case_of
from ecobureau.domain.detection.types import (
    Case,
    Declaration,
    FactorFacts,
    Finding,
    NoOpinion,
    OutletFacts,
    OutletSeries,
    Params,
)
from ecobureau.rulepacks import load

START = 1_767_196_800
"""2026-01-01 00:00 Beijing."""
DAY = 86400
GAS = {"a21026": (35.0, 22.0), "a21002": (50.0, 31.0), "a34013": (10.0, 4.0)}
WATER = {"w01018": (50.0, 31.0), "w21003": (5.0, 2.2), "w21011": (0.5, 0.27), "w21001": (15.0, 9.0)}


SEED = 7
"""Seed of the plants that golden cases are made of; a test may put another one here."""


def params() -> Params:
    return Params.of([load(name) for name in ("detection", "detection_shape", "detection_physics")], date(2026, 3, 1))


def wander(rng: np.random.Generator, count: int, tau: float, sd: float) -> np.ndarray:
    """Values that remember `tau` samples."""
    keep = np.exp(-1.0 / tau)
    out = np.zeros(count)
    noise = rng.standard_normal(count) * sd * np.sqrt(1 - keep**2)
    for i in range(1, count):
        out[i] = keep * out[i - 1] + noise[i]
    return out


def plant(
    kind: str = "gas", days: int = 30, step: int = 3600, seed: int | None = None, offset: int = 0
) -> OutletSeries:
    """An outlet that behaves: load by day, pollutants that follow it and wander, values rounded as sent."""
    rng = np.random.default_rng(SEED if seed is None else seed)
    per_hour = 3600 // step
    count = days * 24 * per_hour
    t = START + offset + step * np.arange(count, dtype=np.int64)
    hour = ((t + 8 * 3600) % DAY) / 3600.0
    load = 0.8 + 0.08 * np.sin(2 * np.pi * (hour - 9) / 24) + wander(rng, count, 12 * per_hour, 0.05)
    avg = {"pw_prod": 1500 * load * np.exp(0.01 * rng.standard_normal(count))}
    avg["pw_treat"] = 180 * (0.4 + 0.6 * load) * np.exp(0.015 * rng.standard_normal(count))
    levels = GAS if kind == "gas" else WATER
    for factor, (_limit, level) in levels.items():
        moves = wander(rng, count, 5 * per_hour, 0.14) + 0.03 * rng.standard_normal(count)
        avg[factor] = level * np.exp(moves + 0.5 * (load - 0.8))
    if kind == "gas":
        avg["a19001"] = 7.0 - 3 * (load - 0.8) + wander(rng, count, 6 * per_hour, 0.3)
        avg["a00000"] = 140 * load * np.exp(0.01 * rng.standard_normal(count))
    else:
        avg["w00000"] = 60 * load * np.exp(0.03 * rng.standard_normal(count))
        avg["w01001"] = 7.2 + wander(rng, count, 8 * per_hour, 0.08)
        hold = 2 * per_hour
        for factor in levels:
            avg[factor] = np.repeat(avg[factor][::hold], hold)[:count]
    avg = {factor: np.round(values, digits(factor)) for factor, values in avg.items()}
    flag = {factor: np.full(count, "N", dtype="<U1") for factor in avg}
    zs = {factor: np.full(count, np.nan) for factor in avg}
    return OutletSeries("T1", kind, step, t, avg, zs, flag)  # type: ignore[arg-type]


def digits(factor: str) -> int:
    return 3 if factor in ("w21011", "a34013") else 2


def facts(kind: str = "gas") -> OutletFacts:
    levels = GAS if kind == "gas" else WATER
    rows = {
        factor: FactorFacts(factor, limit, 6 * limit, 10.0 ** -digits(factor)) for factor, (limit, _l) in levels.items()
    }
    return OutletFacts("T1", kind, "test", rows, False, True, 1500.0, 180.0)  # type: ignore[arg-type]


def changed(series: OutletSeries, **columns: np.ndarray) -> OutletSeries:
    """The series with some factors replaced, rounded as sent."""
    avg = dict(series.avg)
    for factor, values in columns.items():
        avg[factor] = np.round(values, digits(factor))
    return replace(series, avg=avg)


def case(series: OutletSeries, declared: tuple[Declaration, ...] = (), given: Params | None = None) -> Case:
    return case_of(series, facts(series.kind), declared, given or params())


def look(
    pattern: str, series: OutletSeries, declared: tuple[Declaration, ...] = (), facts: OutletFacts | None = None
) -> list[Finding]:
    whole = case(series, declared) if facts is None else case_of(series, facts, declared, params())
    with np.errstate(all="ignore"):
        opinion = load_all()[pattern].look(whole)
    assert not isinstance(opinion, NoOpinion), opinion
    return opinion


def strong(found: list[Finding], least: float = 0.6) -> list[Finding]:
    """What would open a clue by itself."""
    return [one for one in found if one.score >= least]


def span(series: OutletSeries, first_day: float, hours: float) -> slice:
    """Samples of `hours` from a day on."""
    a = round(first_day * 24 * series.per_hour)
    return slice(a, a + round(hours * series.per_hour))


def overlaps(finding: Finding, series: OutletSeries, part: slice) -> bool:
    start, end = int(series.t[part.start]), int(series.t[part.stop - 1]) + series.step_s
    return min(finding.end, end) - max(finding.start, start) >= 0.5 * (finding.end - finding.start)

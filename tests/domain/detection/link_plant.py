"""Plants for the tests of links, marks and totals: values follow from load, inlet and treatment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from ecobureau.domain.detection.run import case_of
from ecobureau.domain.detection.types import (
    Case,
    Declaration,
    FactorFacts,
    OutletFacts,
    OutletSeries,
    Params,
)
from ecobureau.rulepacks import load

START = 1_767_196_800  # 2026-01-01 00:00 +08:00
PARAMS = Params.of([load("detection"), load("detection_physics")], date(2026, 1, 1))
GAS = ("a21026", "a21002", "a34013")
WATER = ("w01018", "w21003", "w21001")


@dataclass
class Plant:
    """Arrays of one outlet that a test changes before it is judged. `h(n)`: index of hour n."""

    kind: str
    step: int
    values: dict[str, np.ndarray]
    inlet: dict[str, np.ndarray]
    flags: dict[str, np.ndarray]
    limits: dict[str, float]
    permits: dict[str, float] = field(default_factory=dict)
    declarations: list[Declaration] = field(default_factory=list)
    t0: int = START
    extra: dict[str, object] = field(default_factory=dict)
    zs: dict[str, np.ndarray] = field(default_factory=dict)

    def h(self, hour: float) -> int:
        return round(hour * 3600 / self.step)

    def span(self, first: float, last: float) -> slice:
        return slice(self.h(first), self.h(last))

    def mark(self, first: float, last: float, letter: str, factors: tuple[str, ...] = ()) -> None:
        for factor in factors or [f for f in self.values if not f.startswith("pw_")]:
            self.flags[factor][self.span(first, last)] = letter

    def lose(self, first: float, last: float, power: bool = False) -> None:
        for factor, x in self.values.items():
            if power or not factor.startswith("pw_"):
                x[self.span(first, last)] = np.nan

    def convert(self) -> None:
        """Reckon converted values from c and O2, as an honest logger does."""
        if self.kind == "gas":
            room = 21.0 - np.minimum(self.values["a19001"], 20.5)
            self.zs = {f: self.values[f] * 12.0 / room for f in GAS}

    def case(self) -> Case:
        if not self.zs:
            self.convert()
        n = len(next(iter(self.values.values())))
        t = self.t0 + self.step * np.arange(n, dtype=np.int64)
        flags = {f: np.where(np.isnan(x), "", self.flags[f]) for f, x in self.values.items()}
        zs = {f: self.zs.get(f, np.full(n, np.nan)) for f in self.values}

        def series(name: str, avg: dict[str, np.ndarray], marks: dict[str, np.ndarray], inlet: OutletSeries | None):
            return OutletSeries(
                name, self.kind, self.step, t, avg, {f: zs.get(f, np.full(n, np.nan)) for f in avg}, marks, inlet
            )

        inlet = None
        if self.inlet:
            marks = {f: np.where(np.isnan(x), "", "N").astype("U1") for f, x in self.inlet.items()}
            inlet = series("X-IN", self.inlet, marks, None)
        whole = replace(series("X", self.values, flags, inlet), **self.extra)
        factors = {
            f: FactorFacts(f, limit, None, 0.01, 9.0 if self.kind == "gas" else None, self.permits.get(f))
            for f, limit in self.limits.items()
        }
        facts = OutletFacts("X", self.kind, "test", factors, bool(self.inlet), "pw_prod" in self.values)
        return case_of(whole, facts, self.declarations, PARAMS)


def _slow(rng: np.random.Generator, n: int, keep: float) -> np.ndarray:
    """Return a slow standard noise (n,): autocorrelation `keep` a sample."""
    out = np.zeros(n)
    shocks = rng.normal(size=n) * np.sqrt(1 - keep**2)
    for i in range(1, n):
        out[i] = keep * out[i - 1] + shocks[i]
    return out


def gas(days: int = 40, step: int = 3600, seed: int = 7) -> Plant:
    """Return an honest boiler: flow, O2 and T follow the load, three pollutants follow inlet and treatment."""
    rng = np.random.default_rng(seed)
    n = days * 86_400 // step
    hour = np.arange(n) * step / 3600
    keep = 0.92 ** (step / 3600)
    load = np.exp(0.12 * np.sin(2 * np.pi * hour / 24) + 0.12 * _slow(rng, n, keep))
    noise = lambda s: np.exp(s * rng.normal(size=n))  # noqa: E731
    power = 1000 * load * noise(0.01)
    treat = 90 * load**0.9 * noise(0.03)
    o2 = 10.0 - 4.0 * np.log(load) + 0.25 * rng.normal(size=n)
    warm = 55 + 4 * np.log(load) + 0.4 * rng.normal(size=n)
    wet = 11 + 0.5 * _slow(rng, n, keep)
    press = -0.03 + 0.02 * rng.normal(size=n)
    flow = 50 * load * noise(0.02)
    speed = flow / 3.3 / (273 / (273 + warm) * (101.325 + press) / 101.325 * (1 - wet / 100))
    values = {"pw_prod": power, "pw_treat": treat, "a19001": o2, "a01012": warm, "a01013": press, "a01014": wet}
    values |= {"a00000": flow, "a01011": speed}
    inlet = {}
    for factor, level, share in (("a21026", 600.0, 0.05), ("a21002", 300.0, 0.3), ("a34013", 900.0, 0.01)):
        came = level * np.exp(0.15 * _slow(rng, n, 0.95 ** (step / 3600)))
        if factor != "a34013":
            inlet[factor] = came
        values[factor] = came * share * noise(0.15)
    limits = {"a21026": 100.0, "a21002": 300.0, "a34013": 30.0}
    return Plant("gas", step, values, inlet, _flags(values), limits)


def water(days: int = 40, step: int = 3600, seed: int = 7) -> Plant:
    """Return an honest works with a two-hour analyser cycle: flow follows the load, values hang together a little."""
    rng = np.random.default_rng(seed)
    n = days * 86_400 // step
    hour = np.arange(n) * step / 3600
    keep = 0.9 ** (step / 3600)
    load = np.exp(0.15 * np.sin(2 * np.pi * (hour - 8) / 24) + 0.1 * _slow(rng, n, keep))
    noise = lambda s: np.exp(s * rng.normal(size=n))  # noqa: E731
    values = {
        "pw_prod": 300 * load * noise(0.02),
        "pw_treat": 200 * load**0.8 * noise(0.04),
        "w00000": 100 * load * noise(0.02),
        "w01001": 7.6 + 0.05 * rng.normal(size=n),
    }
    inlet = {}
    shared = 0.08 * _slow(rng, n, 0.95 ** (step / 3600))
    per = max(1, 7200 // step)
    held = (np.arange(n) // per) * per
    for factor, level, share in (("w01018", 300.0, 0.08), ("w21003", 40.0, 0.03), ("w21001", 55.0, 0.15)):
        came = level * np.exp(0.15 * _slow(rng, n, 0.95 ** (step / 3600)))
        if factor != "w21001":
            inlet[factor] = came
        values[factor] = np.round((level * share * np.exp(shared) * noise(0.15))[held], 3)
    limits = {"w01018": 50.0, "w21003": 5.0, "w21001": 15.0}
    return Plant("water", step, values, inlet, _flags(values), limits)


def _flags(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f: np.full(len(x), "N", dtype="U1") for f, x in values.items()}

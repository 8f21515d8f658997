"""One outlet while it is made: what really happens, what the instruments read, what is sent, what the labels say."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ecobureau.simulator.detection.industries import GasIndustry, WaterIndustry
from ecobureau.simulator.detection.signals import Mask, Series

EAST = 8 * 3600


@dataclass(frozen=True, slots=True)
class Grid:
    """The time axis of a fleet: n samples of `step` seconds from `start` (epoch seconds, a Beijing midnight)."""

    start: int
    step: int
    n: int

    @property
    def dt(self) -> float:
        """Hours of one sample."""
        return self.step / 3600.0

    @property
    def epoch(self) -> np.ndarray:
        """Start of each sample, epoch seconds."""
        return self.start + self.step * np.arange(self.n, dtype=np.int64)

    @property
    def hour(self) -> Series:
        """Beijing clock hour of each sample, with fraction."""
        return ((self.epoch + EAST) % 86400) / 3600.0

    @property
    def day(self) -> np.ndarray:
        """Days since the start of each sample."""
        return (np.arange(self.n) * self.step) // 86400

    @property
    def weekday(self) -> np.ndarray:
        """0 Monday .. 6 Sunday."""
        return ((self.epoch + EAST) // 86400 + 3) % 7

    def count(self, hours: float) -> int:
        """Samples in `hours`, at least one."""
        return max(1, round(hours / self.dt))


@dataclass(frozen=True, slots=True)
class City:
    """What all outlets share: air temperature (degC), rain (0 dry .. 1 storm)."""

    warmth: Series
    rain: Series


@dataclass(frozen=True, slots=True)
class Label:
    """What happened from sample `first` to before `last`; pattern "" says harmless or a plain marked fault."""

    first: int
    last: int
    kind: str
    pattern: str
    factors: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration: stop, startup or order_cut (value: share of normal load still allowed or to be cut, see kinds)."""

    first: int
    last: int
    type: str
    value: float | None = None


@dataclass(slots=True)
class Plant:
    """The outlet in the making.

    `load` drives the process, `power_load` the meters (they part only in frauds). `duty` is how well treatment works (1
    as designed, 0 off), `effort` its power. `cz` are true concentrations at the reference oxygen (gas) or as they are
    (water), before the instrument. `read` is what the instruments show.
    """

    id: str
    industry: GasIndustry | WaterIndustry
    grid: Grid
    city: City
    rng: np.random.Generator
    style: dict[str, float]
    factors: tuple[str, ...]
    limits: dict[str, float]
    ranges: dict[str, float]
    resolution: dict[str, float]
    has_inlet: bool
    has_power: bool
    rated_prod: float
    rated_treat: float
    load: Series = field(default_factory=lambda: np.zeros(0))
    power_load: Series = field(default_factory=lambda: np.zeros(0))
    duty: Series = field(default_factory=lambda: np.zeros(0))
    effort: Series = field(default_factory=lambda: np.zeros(0))
    raw_in: dict[str, Series] = field(default_factory=dict)
    cz: dict[str, Series] = field(default_factory=dict)
    read: dict[str, Series] = field(default_factory=dict)
    inlet_read: dict[str, Series] = field(default_factory=dict)
    zs: dict[str, Series] = field(default_factory=dict)
    zs_factor: Series = field(default_factory=lambda: np.zeros(0))
    flag: dict[str, np.ndarray] = field(default_factory=dict)
    gone: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))
    power_gone: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))
    declared: list[Declared] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    permits: dict[str, float] = field(default_factory=dict)
    taken: list[tuple[int, int]] = field(default_factory=list)
    calibrate: list[tuple[int, int]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """`gas` or `water`."""
        return "gas" if isinstance(self.industry, GasIndustry) else "water"

    @property
    def running(self) -> Mask:
        """Where the process works."""
        return self.load > 0.03

    def label(
        self, first: int, last: int, kind: str, pattern: str, factors: tuple[str, ...] = (), note: str = ""
    ) -> None:
        """Write down what happens in samples [first, last)."""
        self.labels.append(Label(max(0, first), min(self.grid.n, last), kind, pattern, factors, note))

    def mark(self, first: int, last: int, letter: str, factors: tuple[str, ...]) -> None:
        """Set a flag of HJ 212 on factors."""
        for factor in factors:
            self.flag[factor][first:last] = letter

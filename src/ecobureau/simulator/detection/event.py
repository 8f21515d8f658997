"""An event in the making, and small helpers that frauds share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ecobureau.simulator.detection.gas import converted
from ecobureau.simulator.detection.plant import Plant
from ecobureau.simulator.detection.signals import Mask, Series


@dataclass(slots=True)
class Event:
    """Kind `name` at one plant, samples [first, last); `size` 0 weak .. 1 strong; `factors` those it touches."""

    name: str
    pattern: str
    first: int
    last: int
    size: float
    factors: tuple[str, ...] = ()
    note: str = ""
    memory: dict[str, Series] = field(default_factory=dict)

    @property
    def span(self) -> slice:
        """The samples of the event."""
        return slice(self.first, self.last)

    @property
    def length(self) -> int:
        """How many samples."""
        return self.last - self.first


Hook = Callable[[Plant, Event], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event: its catalogue pattern ("" harmless), usual length (h), what it needs, and what it does when.

    Hooks in order: operate (load, duty, declarations), stack (true concentrations), read (what instruments show),
    report (flags and lost rows, after marks), book (after everything: permits).
    """

    name: str
    pattern: str
    hours: tuple[float, float]
    only: str = ""
    needs: frozenset[str] = frozenset()
    fits: Callable[[Plant], bool] | None = None
    operate: Hook | None = None
    stack: Hook | None = None
    read: Hook | None = None
    report: Hook | None = None
    book: Hook | None = None
    alone: bool = True


def between(low: float, high: float, size: float) -> float:
    """Return the value `size` of the way from low to high."""
    return low + (high - low) * size


def some(plant: Plant, least: int = 1, most: int | None = None) -> tuple[str, ...]:
    """Return a random choice of the plant's pollutants."""
    names = list(plant.limits)
    count = int(plant.rng.integers(least, (most or len(names)) + 1))
    return tuple(sorted(str(one) for one in plant.rng.choice(names, size=min(count, len(names)), replace=False)))


def regulated(plant: Plant, factor: str) -> Series:
    """Return what is compared with the limit: at reference oxygen for gas, as read for water."""
    return converted(plant, factor) if plant.kind == "gas" else plant.read[factor]


def show(plant: Plant, factor: str, where: Mask, values: Series) -> None:
    """Make the instrument show `values` (compared with the limit) at `where`."""
    before = regulated(plant, factor)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(before > 0, values / before, 1.0)
    plant.read[factor] = np.where(where, plant.read[factor] * ratio, plant.read[factor])


def during(plant: Plant, event: Event) -> Mask:
    """Return a mask of the event's samples."""
    mask = np.zeros(plant.grid.n, dtype=bool)
    mask[event.span] = True
    return mask


def by_cycle(plant: Plant, values: Series) -> Series:
    """Return `values` held through the cycles of the plant's analysers."""
    if plant.kind == "gas":
        return values
    from ecobureau.simulator.detection.signals import hold

    samples = plant.grid.count(plant.style["cycle"])
    return hold(values, samples, int(plant.style["cycle_phase"]) % samples)

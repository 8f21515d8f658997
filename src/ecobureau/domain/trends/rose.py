"""Wind rose, pollution rose, and the conditional probability of high values by wind direction.

Directions are where the wind comes from, degrees clockwise from north; sector 0 is centred on north. Calms have no
direction. Sources: GB/T 35227 (sixteen directions, calm) for the sectors; Ashbaugh, Malm & Sadeh (1985) and
Uria-Tellaetxe & Carslaw (2014) for the conditional probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.trends.quantiles import quantiles

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class WindRose:
    """Shares of hours by direction and speed.

    Attributes:
        counts: shape (sectors, speed classes), hours. calms: hours without direction. n: all valid hours.
        edges: lower edges of the speed classes, m/s; the first is the calm threshold.
        mean_speed: by sector, m/s, None without an hour.
    """

    counts: Ints
    calms: int
    n: int
    edges: tuple[float, ...]
    mean_speed: tuple[float | None, ...]

    @property
    def shares(self) -> Floats:
        """Shares of all valid hours, shape of `counts`; with `calm_share` they sum to 1."""
        return self.counts / self.n if self.n else np.zeros(self.counts.shape)

    @property
    def calm_share(self) -> float:
        return self.calms / self.n if self.n else 0.0

    @property
    def prevailing(self) -> int | None:
        """The sector with most hours; None without wind."""
        by_sector = self.counts.sum(axis=1)
        return int(by_sector.argmax()) if by_sector.any() else None


@dataclass(frozen=True, slots=True)
class SectorValue:
    """Concentrations of the hours with wind from one sector (or of the calms).

    Attributes:
        n: hours with wind and value. mean, median, p90: None with fewer than the needed hours.
        cells: mean by speed class, None where the cell has fewer than the needed hours; cell_counts: hours of each.
        high: hours at or above the threshold; cpf: their share, None with fewer than the needed hours.
    """

    n: int
    mean: float | None
    median: float | None
    p90: float | None
    cells: tuple[float | None, ...]
    cell_counts: tuple[int, ...]
    high: int
    cpf: float | None


@dataclass(frozen=True, slots=True)
class PollutionRose:
    """Concentration by wind.

    Attributes:
        sectors: by direction, sector 0 north. calm: hours without direction.
        n: hours with wind and value. threshold: at or above which a value counts as high; share_high: of all hours.
        edges: as in `WindRose`.
    """

    sectors: tuple[SectorValue, ...]
    calm: SectorValue
    n: int
    threshold: float | None
    share_high: float | None
    edges: tuple[float, ...]


def sector_of(direction: Floats, sectors: int = 16) -> Ints:
    """Return the sector of each direction in degrees, 0 = north; 360 is north too.

    >>> sector_of(np.array([0.0, 11.24, 11.25, 348.75, 360.0])).tolist()
    [0, 0, 1, 0, 0]
    """
    width = 360.0 / sectors
    found: Ints = np.floor(((direction + width / 2) % 360.0) / width).astype(np.int64) % sectors
    return found


def _valid(speed: Floats, direction: Floats, calm: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Hours with wind from somewhere, and calm hours (whose direction says nothing)."""
    with np.errstate(invalid="ignore"):
        still = np.isfinite(speed) & (speed >= 0) & (speed < calm)
        blowing = np.isfinite(speed) & (speed >= calm) & (direction >= 0) & (direction <= 360)
    return blowing, still


def wind_rose(speed: Floats, direction: Floats, edges: Sequence[float], *, sectors: int = 16) -> WindRose:
    """Return the shares of hours by direction and speed class.

    Args:
        speed: shape (n,), m/s, NaN = missing. direction: shape (n,), degrees 0 … 360, where the wind comes from.
        edges: lower edges of the speed classes, ascending; below the first it is calm. The last class is open.
        sectors: 16 (or 8, 36).

    An hour with wind but without a direction in 0 … 360 is not valid and counts nowhere.

    Raises:
        ValueError: shapes differ, or edges do not rise.
    """
    _check(edges, speed, direction)
    blowing, still = _valid(speed, direction, edges[0])
    of = sector_of(direction[blowing], sectors)
    classes = np.searchsorted(edges, speed[blowing], side="right") - 1
    counts = np.zeros((sectors, len(edges)), dtype=np.int64)
    np.add.at(counts, (of, classes), 1)
    moving = speed[blowing]
    means = tuple(float(moving[of == one].mean()) if (of == one).any() else None for one in range(sectors))
    return WindRose(counts, int(still.sum()), int(still.sum() + blowing.sum()), tuple(edges), means)


def pollution_rose(
    speed: Floats,
    direction: Floats,
    values: Floats,
    edges: Sequence[float],
    *,
    sectors: int = 16,
    need: int = 10,
    high_share: float = 0.9,
) -> PollutionRose:
    """Return concentration by wind direction and speed, and the conditional probability of high values.

    Args:
        speed, direction, edges, sectors: as `wind_rose`; values: shape (n,), NaN = missing.
        need: hours below which a sector or cell has no figure.
        high_share: quantile of all values that makes the threshold of a high value.

    Raises:
        ValueError: shapes differ, or edges do not rise.
    """
    _check(edges, speed, direction, values)
    blowing, still = _valid(speed, direction, edges[0])
    known = np.isfinite(values)
    used = known & (blowing | still)
    n = int(used.sum())
    threshold = float(quantiles(values[used], [high_share])[0]) if n else None
    of = np.full(len(values), -1, dtype=np.int64)
    of[blowing] = sector_of(direction[blowing], sectors)
    classes = np.searchsorted(edges, speed, side="right") - 1

    def part(some: NDArray[np.bool_]) -> SectorValue:
        here, speeds = values[some], classes[some]
        cells = [here[speeds == one] for one in range(len(edges))]
        high = int((here >= threshold).sum()) if threshold is not None else 0
        enough = len(here) >= max(need, 1)
        median, p90 = (float(one) for one in quantiles(here, (0.5, 0.9))) if enough else (None, None)
        return SectorValue(
            len(here),
            float(here.mean()) if enough else None,
            median,
            p90,
            tuple(float(cell.mean()) if len(cell) >= max(need, 1) else None for cell in cells),
            tuple(len(cell) for cell in cells),
            high,
            high / len(here) if enough else None,
        )

    found = tuple(part(used & (of == one)) for one in range(sectors))
    share = None if threshold is None else float((values[used] >= threshold).mean())
    return PollutionRose(found, part(used & still), n, threshold, share, tuple(edges))


def _check(edges: Sequence[float], *arrays: Floats) -> None:
    if len({array.shape for array in arrays}) != 1 or arrays[0].ndim != 1:
        raise ValueError("speed, direction and values must be one-dimensional and of one length")
    if not edges or any(not low < high for low, high in pairwise(edges)):
        raise ValueError("edges of the speed classes must rise")

"""How well the year-end range would have done: the same method on earlier years, against how these ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ecobureau.domain.targets.forecast import Forecast


@dataclass(frozen=True, slots=True)
class Trial:
    """A forecast as it would have been made on a day of an earlier year, and the figure at that year's end."""

    on: date
    forecast: Forecast
    actual: float

    @property
    def held(self) -> bool:
        """Whether the range held the figure, bounds included."""
        return self.forecast.low <= self.actual <= self.forecast.high


@dataclass(frozen=True, slots=True)
class Backtest:
    """Trials of some years.

    Attributes:
        trials: in order of their days. Those of one year share its end, so they do not count as independent.
        expected: the share of ends that a range of these quantiles holds if the ways are right, 0 … 1.
    """

    trials: tuple[Trial, ...]
    expected: float

    @property
    def held(self) -> int:
        """How many ranges held the end of their year."""
        return sum(one.held for one in self.trials)

    @property
    def years(self) -> tuple[int, ...]:
        """The years that were tried."""
        return tuple(sorted({one.on.year for one in self.trials}))


def backtest(trials: Sequence[Trial], low: float, high: float) -> Backtest:
    """Return trials in order, with the share that the quantiles `low` … `high` promise."""
    return Backtest(tuple(sorted(trials, key=lambda one: one.on)), high - low)

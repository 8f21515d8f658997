"""How a matter with a limit of months stands: the share of its time that is used against the share of work done.

Source: workflow reference 6.1 (colours by time used against progress); margins are proposals in the rule pack.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Colour(StrEnum):
    """Green: as far as the time is. Yellow: behind. Red: far behind, or its limit is over."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Margins:
    """How far (% of the whole) the work may lag behind the time before it is yellow, and red."""

    yellow: float
    red: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Share of the time used (%), capped at nothing: 130 = a third over; lag = used − progress; colour."""

    used: float
    lag: float
    colour: Colour


def standing(begun: date, due: date, today: date, progress: float, margins: Margins) -> Standing:
    """Return how a matter stands at the end of `today`.

    Args:
        begun: day from which its time counts (not counted itself). due: last day of its limit.
        progress: share of the work done, 0–100 %. margins: see `Margins`.

    Raises:
        ValueError: `progress` lies outside 0–100.
    """
    if not 0 <= progress <= 100:
        raise ValueError(f"progress is 0 to 100: {progress}")
    whole = max(1, (due - begun).days)
    used = max(0.0, (today - begun).days / whole * 100)
    lag = used - progress
    late = today > due and progress < 100
    if late or lag > margins.red:
        colour = Colour.RED
    elif lag > margins.yellow and progress < 100:
        colour = Colour.YELLOW
    else:
        colour = Colour.GREEN
    return Standing(used, lag, colour if progress < 100 else Colour.GREEN)

"""Confidence against what proved true: isotonic calibration where enough verdicts are known, drawn to the prior below.

The detector's own word is the prior. Pool-adjacent-violators (PAV) gives the non-decreasing steps that fit the verdicts
best; the more verdicts, the more they weigh against the prior.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True, slots=True)
class Told:
    """A clue that was looked at on the spot: confidence as fused (0..1), and whether it proved true."""

    confidence: float
    true: bool


@dataclass(frozen=True, slots=True)
class Steps:
    """A non-decreasing function: value `share[i]` at confidence `at[i]`, straight lines between, flat outside."""

    at: tuple[float, ...]
    share: tuple[float, ...]

    def of(self, confidence: float) -> float:
        """Return the share that proved true at a confidence."""
        return float(np.interp(confidence, self.at, self.share))


@dataclass(frozen=True, slots=True)
class Settings:
    """When feedback counts.

    Attributes:
        least: verdicts of a pattern from which on steps are fitted; below, one common share is used.
        prior: weight of the detector's own word, in verdicts; most: largest step of a confidence by feedback.
    """

    least: int
    prior: float
    most: float = 1.0


@dataclass(frozen=True, slots=True)
class Bin:
    """One row of a reliability table: clues told with a confidence in [low, high), and what became of them.

    Attributes:
        count: clues with a verdict; predicted: their mean confidence; verified: share that proved true.
        least, greatest: 90 % interval of that share (Wilson).
    """

    low: float
    high: float
    count: int
    predicted: float
    verified: float
    least: float
    greatest: float


def isotonic(told: Sequence[Told]) -> Steps:
    """Return the non-decreasing steps that fit the verdicts best in the mean square (PAV), O(n log n).

    Raises:
        ValueError: no verdicts.
    """
    if not told:
        raise ValueError("no verdicts")
    order = sorted(told, key=lambda one: one.confidence)
    blocks: list[list[float]] = []  # sum of confidences, verdicts true, count
    for one in order:
        blocks.append([one.confidence, float(one.true), 1.0])
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][2] >= blocks[-1][1] / blocks[-1][2]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    return Steps(tuple(b[0] / b[2] for b in blocks), tuple(b[1] / b[2] for b in blocks))


def calibrated(confidence: float, told: Sequence[Told], settings: Settings) -> float:
    """Return a confidence after what verdicts of its pattern say.

    From `least` verdicts on the fitted steps are mixed with the detector's word by weight n : prior; below, the common
    share of true clues is. Without verdicts the word stands.

    Args:
        confidence: 0..1 as fused; told: verdicts of the same pattern.
    """
    count = len(told)
    if count == 0:
        return confidence
    share = isotonic(told).of(confidence) if count >= settings.least else sum(one.true for one in told) / count
    mixed = (settings.prior * confidence + count * share) / (settings.prior + count)
    return min(1.0, max(0.0, min(confidence + settings.most, max(confidence - settings.most, mixed))))


def reliability(told: Sequence[Told], edges: Sequence[float]) -> list[Bin]:
    """Return how often clues proved true by the confidence they were told with; empty bins fall out.

    Args:
        edges: rising limits of the bins, the last bin holds its upper limit too.
    """
    out = []
    for low, high in pairwise(edges):
        last = high == edges[-1]
        mine = [
            one
            for one in told
            if low <= one.confidence and (one.confidence < high or (last and one.confidence <= high))
        ]
        if not mine:
            continue
        count, true = len(mine), sum(one.true for one in mine)
        least, greatest = wilson(true, count)
        predicted = sum(one.confidence for one in mine) / count
        out.append(Bin(low, high, count, predicted, true / count, least, greatest))
    return out


def wilson(true: int, count: int, z: float = 1.6449) -> tuple[float, float]:
    """Return the Wilson interval of a share (90 % by default).

    Raises:
        ValueError: counts that cannot be.
    """
    if not 0 <= true <= count or count == 0:
        raise ValueError(f"{true} of {count}")
    share, square = true / count, z * z / count
    middle = share + square / 2
    spread = z * float(np.sqrt(share * (1 - share) / count + square / (4 * count)))
    return max(0.0, (middle - spread) / (1 + square)), min(1.0, (middle + spread) / (1 + square))


def brier(told: Sequence[Told]) -> float | None:
    """Return the mean square of confidence against outcome (0 is best, 0.25 a coin); None without verdicts."""
    if not told:
        return None
    return sum((one.confidence - float(one.true)) ** 2 for one in told) / len(told)

"""Robust linear regression and robust scale, in plain numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.detection.model import quick

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Consistency of the median absolute deviation with the standard deviation of normal values.
MAD_TO_SD = 1.4826
# A fit is there when its coefficients move by less than this share of the residual scale.
_CLOSE = 1e-3


def scale_of(x: Floats) -> float:
    """Return the robust standard deviation 1.4826 x MAD of the finite values of `x` (n,), 0.0 for fewer than two."""
    x = x[np.isfinite(x)]
    if x.size < 2:
        return 0.0
    return MAD_TO_SD * quick.deviation(x, quick.median(x))


@dataclass(frozen=True, slots=True)
class Line:
    """A robust linear fit y = intercept + (x - middle) / spread . weights, residual scale `scale`.

    Attributes:
        middle, spread: (k,) by which every column was standardised.
        weights: (k,) coefficients of the standardised columns.
        lowest, highest: (k,) range of every column in training, widened by the margin.
        scale: robust standard deviation of the residuals.
        explained: 1 - (scale of residuals / scale of y)^2, at least 0.
        rows: number of rows fitted.
    """

    intercept: float
    weights: Floats
    middle: Floats
    spread: Floats
    lowest: Floats
    highest: Floats
    scale: float
    explained: float
    rows: int

    def predict(self, x: Floats) -> Floats:
        """Return the expected y (n,) of rows `x` (n, k); NaN where a column is missing or out of the training range."""
        y = self.intercept + ((x - self.middle) / self.spread) @ self.weights
        # An input a little out of its range does no harm where its weight is small: what it adds must stay within half
        # a residual scale, and it must not leave the range by more than the range's own width.
        excess = np.maximum(np.maximum(self.lowest - x, x - self.highest), 0.0)
        harmless = np.abs(self.weights) * excess / self.spread <= 0.5 * self.scale
        inside = np.all((excess <= 0) | (harmless & (excess <= self.highest - self.lowest)), axis=1)
        return np.where(inside, y, np.nan)


def huber_line(
    x: Floats,
    y: Floats,
    *,
    k: float = 1.345,
    ridge: float = 1.0,
    margin: float = 0.1,
    rounds: int = 12,
    room: Floats | float = 0.0,
) -> Line:
    """Fit y on the columns of x with Huber's loss by iteratively reweighted least squares.

    Args:
        x: (n, k) finite inputs; y: (n,) finite target.
        k: Huber's constant in residual scales; rows beyond it lose weight.
        ridge: penalty on standardised coefficients, in rows: keeps collinear inputs (load, flow) tame.
        margin: share of the range of an input by which the allowed range is widened on both sides.
        rounds: most iterations; room: (k,) least room beyond the range of each input, in its unit.
    """
    ordered = np.sort(x, axis=0)
    middle = 0.5 * (ordered[(len(x) - 1) // 2] + ordered[len(x) // 2])
    spread = x.std(axis=0)
    spread = np.where(spread > 1e-12, spread, 1.0)
    design = np.column_stack([np.ones(len(y)), (x - middle) / spread])
    penalty = np.diag(np.r_[0.0, np.full(x.shape[1], ridge)])
    weight = np.ones(len(y))
    beta = np.zeros(design.shape[1])
    beta[0] = quick.median(y)
    for _round in range(rounds):
        weighted = design * weight[:, None]
        new = np.linalg.solve(weighted.T @ design + penalty, weighted.T @ y)
        residual = y - design @ new
        scale = max(MAD_TO_SD * quick.deviation(residual, quick.median(residual)), 1e-12)
        weight = np.minimum(1.0, k * scale / np.maximum(np.abs(residual), 1e-12))
        done = bool(np.max(np.abs(new - beta)) < _CLOSE * scale)
        beta = new
        if done:
            break
    low, high = (_row_at(ordered, share) for share in (0.005, 0.995))
    beyond = np.maximum(margin * (high - low), room) + 1e-9
    residual = y - design @ beta
    scale = scale_of(residual)
    before = scale_of(y)
    explained = max(0.0, 1.0 - (scale / before) ** 2) if before > 0 else 0.0
    return Line(float(beta[0]), beta[1:], middle, spread, low - beyond, high + beyond, scale, explained, len(y))


def _row_at(ordered: Floats, share: float) -> Floats:
    """Quantile of every column of sorted rows (n, k), by linear interpolation."""
    at = share * (len(ordered) - 1)
    low = int(at)
    row: Floats = ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (at - low)
    return row

"""General anomaly skill: is any of several channels of one process away from where it was while it was learnt?

Made for data nobody has described: no names, no physics, a short stretch that is known to be good. Each channel is
looked at as trailing means over several lengths, for a shift too small for one sample stands out in their mean. How far
a mean is from its learnt level is measured in the spread that such means had while learning, and that spread grows with
time by the channel's own slow wandering (a random walk whose step is learnt from means of blocks). A channel whose
movement was nearly all slow (a tank that warms up) has no level to hold; it is left out and cannot cry wolf.
The second largest distance over all channels and lengths is the score, so that one chance excursion alone raises
nothing; its trailing median is compared with what it reached while learning.

Causal: the score of a row depends on that row, earlier ones, and the learning rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GeneralParams:
    """How the general detector looks.

    windows: lengths of the trailing means (rows). block: rows of a block from which slow wandering is learnt.
    wander: how much of the learnt wandering counts when the spread grows. slow_share: channels whose block means hold
    more than this share of their learning variance are left out. smooth: rows of the trailing median over the score.
    margin: the alarm threshold as a multiple of the learning score's 99 % quantile.
    """

    windows: tuple[int, ...] = (8, 20, 40)
    block: int = 40
    wander: float = 0.3
    slow_share: float = 0.7
    smooth: int = 15
    margin: float = 1.7


@dataclass(frozen=True, slots=True)
class General:
    """What was found: `score`, `alarm` and `channel` (index of the strongest) (n,); channels left out; threshold."""

    score: Array
    alarm: NDArray[np.bool_]
    channel: NDArray[np.int64]
    left_out: tuple[int, ...]
    threshold: float


def general(values: Array, learn: int, params: GeneralParams | None = None) -> General:
    """Find rows where a process is not as it was in its first `learn` rows.

    Args:
        values: (n, k) regular rows of k channels in any units; NaN is taken as the channel's last value.
        learn: how many first rows are known to be good; at least five blocks.

    Returns:
        Scores, alarms and the strongest channel of each row; learning rows are scored too, the first ones (shorter
        than the longest window) with 0. If no channel has a level to hold, all scores are 0 and nothing is raised.

    Raises:
        ValueError: not two-dimensional, fewer learning rows than five blocks, or more than there are rows.
    """
    params = params or GeneralParams()
    if values.ndim != 2 or not 5 * params.block <= learn <= len(values):
        raise ValueError(f"general: {values.shape} values, {learn} to learn from, blocks of {params.block}")
    rows = _scaled(_filled(values), learn)
    kept, step = _steady(rows, learn, params)
    n = len(rows)
    if not kept.any():
        nothing = np.zeros(n)
        return General(nothing, nothing > 0, nothing.astype(np.int64), tuple(range(rows.shape[1])), 0.0)
    away = np.stack([_away(rows[:, kept], step[kept], window, learn, params) for window in params.windows])
    ranked = np.sort(away.transpose(1, 0, 2).reshape(n, -1), axis=1)
    second = ranked[:, -2] if ranked.shape[1] > 1 else ranked[:, -1]
    score = trailing_median(second, params.smooth)
    threshold = params.margin * float(np.quantile(score[:learn], 0.99))
    strongest = np.flatnonzero(kept)[away.max(axis=0).argmax(axis=1)]
    left = tuple(int(i) for i in np.flatnonzero(~kept))
    return General(score, score > threshold, strongest.astype(np.int64), left, threshold)


def _filled(values: Array) -> Array:
    known = np.isfinite(values)
    index = np.maximum.accumulate(np.where(known, np.arange(len(values))[:, None], -1), axis=0)
    first = np.where(known.any(axis=0), known.argmax(axis=0), 0)
    index = np.where(index < 0, first[None, :], index)
    return np.nan_to_num(np.take_along_axis(values, index, axis=0))


def _scaled(rows: Array, learn: int) -> Array:
    """Centre and scale by the learning rows; a channel that stood still there moves by any change at all."""
    middle = np.median(rows[:learn], axis=0)
    spread = rows[:learn].std(axis=0)
    return np.asarray((rows - middle) / np.maximum(spread, 1e-6 * np.abs(middle) + 1e-12), dtype=float)


def _steady(rows: Array, learn: int, params: GeneralParams) -> tuple[NDArray[np.bool_], Array]:
    """Return which channels have a level to hold, and the variance their level gains from block to block."""
    count = learn // params.block
    blocks = rows[: count * params.block].reshape(count, params.block, -1).mean(axis=1)
    share = blocks.var(axis=0) / np.maximum(rows[:learn].var(axis=0), 1e-12)
    near = ((blocks[1:] - blocks[:-1]) ** 2).mean(axis=0)
    far = ((blocks[4:] - blocks[:-4]) ** 2).mean(axis=0)
    still = rows[:learn].var(axis=0) < 1e-12
    return (share <= params.slow_share) | still, np.maximum(far - near, 0.0) / 3.0


def _away(rows: Array, step: Array, window: int, learn: int, params: GeneralParams) -> Array:
    """Return how many spreads the trailing means of `window` rows are from their learnt level, (n, k)."""
    means = trailing_mean(rows, window)
    learnt = means[window:learn]
    level = np.median(learnt, axis=0)
    spread = learnt.var(axis=0) * (1.0 + 2.0 * window / learn) + 1e-4
    later = np.maximum(np.arange(len(rows)) - learn, 0)[:, None] / params.block
    out = np.abs(means - level) / np.sqrt(spread + params.wander * step * later)
    out[:window] = 0.0
    return np.asarray(out, dtype=float)


def trailing_mean(rows: Array, window: int) -> Array:
    """Return the mean of each row and up to `window` - 1 earlier ones, (n, k)."""
    total = np.vstack([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])
    here = np.arange(1, len(rows) + 1)
    before = np.maximum(here - window, 0)
    return np.asarray((total[here] - total[before]) / (here - before)[:, None], dtype=float)


def trailing_median(values: Array, window: int) -> Array:
    """Return the median of each value and up to `window` - 1 earlier ones, (n,)."""
    if window <= 1:
        return values
    padded = np.concatenate([np.full(window - 1, np.nan), values])
    views = np.lib.stride_tricks.sliding_window_view(padded, window)
    return np.asarray(np.nanmedian(views, axis=1), dtype=float)

"""Matrix profile: the nearest earlier neighbour of every stretch, for replays and for shapes never seen.

In plain numpy: short stretches as products of the matrix of all stretches (60 days hourly take some 10 ms), long ones
by running dot products (the STOMP recurrence). The usual library has to compile for half a minute in every new process
and does not support keeping what it compiled.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.model.robust import Floats

_STILL = 1e-9
"""Spread, in spreads of the whole series, under which a stretch has no shape that could be compared."""
_SHORT, _ROWS = 64, 256
"""Longest stretch for which whole products are quicker than running ones; stretches compared at once."""


def nearest_earlier(x: Floats, width: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return distance and start of the nearest EARLIER stretch of `width` samples, each (n - width + 1,).

    Distances are between z-normalised stretches (sqrt(2 width) = unrelated); stretches with a gap or without any
    movement have NaN and -1. A neighbour lies more than a quarter of `width` earlier, so that no stretch finds itself.
    O(n^2) time, O(n) memory. Uses the past only.
    """
    count = max(0, len(x) - width + 1)
    distance, where = np.full(count, np.nan), np.full(count, -1, dtype=np.int64)
    if len(x) < 2 * width:
        return distance, where
    whole = np.asarray(x, dtype=np.float64)
    gap = ~np.isfinite(whole)
    # Around zero and in units of its spread the running sums lose the fewest digits.
    level = quick.median(whole[~gap]) if not gap.all() else 0.0
    size = float(np.std(whole[~gap])) if not gap.all() else 0.0
    y = np.where(gap, 0.0, (whole - level) / (size or 1.0))
    mean, spread = (part(np.lib.stride_tricks.sliding_window_view(y, width), axis=1) for part in (np.mean, np.std))
    holes = np.cumsum(np.r_[0, gap])
    good = (holes[width:] - holes[:-width] == 0) & (spread > _STILL)
    apart = -(-width // 4) + 1
    if width <= _SHORT:
        _by_products(y, width, apart, good, mean, spread, distance, where)
    else:
        _by_running_products(y, width, apart, good, mean, spread, distance, where)
    return distance, where


def _by_products(
    y: Floats,
    width: int,
    apart: int,
    good: NDArray[np.bool_],
    mean: Floats,
    spread: Floats,
    distance: Floats,
    where: NDArray[np.int64],
) -> None:
    """Fill `distance` and `where` from products of the standardised stretches, some hundred rows at once."""
    count = len(distance)
    shapes = np.lib.stride_tricks.sliding_window_view(y, width) - mean[:, None]
    shapes = np.where(good[:, None], shapes / np.where(good, spread, 1.0)[:, None], 0.0)
    for first in range(apart, count, _ROWS):
        stop = min(first + _ROWS, count)
        near = shapes[first:stop] @ shapes[: stop - apart].T
        near[:, ~good[: stop - apart]] = -np.inf
        # Row `first + k` may look back to `first + k - apart` at most.
        late = np.arange(first - apart + 1, stop - apart)
        near[:, late] = np.where(late[None, :] <= np.arange(first, stop)[:, None] - apart, near[:, late], -np.inf)
        best = np.argmax(near, axis=1)
        rows = np.flatnonzero(good[first:stop] & np.isfinite(near[np.arange(stop - first), best]))
        where[first + rows] = best[rows]
        away = shapes[first + rows] - shapes[best[rows]]
        distance[first + rows] = np.sqrt((away * away).sum(axis=1))


def _by_running_products(
    y: Floats,
    width: int,
    apart: int,
    good: NDArray[np.bool_],
    mean: Floats,
    spread: Floats,
    distance: Floats,
    where: NDArray[np.int64],
) -> None:
    """Fill `distance` and `where` by the STOMP recurrence."""
    count = len(distance)
    first = np.correlate(y, y[:width], mode="valid")
    products = first.copy()
    over = width * np.where(good, spread, 1.0)
    for at in range(count):
        if at:
            # Products of the stretch at `at` with every one before it, from those of its neighbour on the left.
            products[1:at] = (
                products[: at - 1] - y[at - 1] * y[: at - 1] + y[at + width - 1] * y[width : at + width - 1]
            )
            products[0] = first[at]
        if not good[at] or at < apart:
            continue
        known = good[: at - apart + 1]
        near = (products[: len(known)] - width * mean[at] * mean[: len(known)]) / over[: len(known)]
        near = np.where(known, near, -np.inf)
        best = int(np.argmax(near))
        if known[best]:
            where[at] = best
            a, b = y[at : at + width], y[best : best + width]
            away = (a - mean[at]) / spread[at] - (b - mean[best]) / spread[best]
            distance[at] = float(np.sqrt(away @ away))


def discord_score(distance: Floats, width: int, history: int) -> Floats:
    """Return how new a shape is: its distance over the 99 % quantile of all earlier distances, (n,).

    NaN while fewer than `history` are known; the first quarter of those had little past to be near to and do not count.
    """
    out = np.full(len(distance), np.nan)
    step = max(1, width // 2)
    for i in range(history, len(distance), step):
        past = distance[history // 4 : i - width]
        past = past[np.isfinite(past)]
        if len(past) >= history // 2:
            out[i : i + step] = distance[i : i + step] / max(quick.quantile(past, 0.99), 1e-9)
    return out

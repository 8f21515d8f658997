"""Matrix profile helpers: the nearest earlier neighbour of every stretch, for replays and for shapes never seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.detection.model.robust import Floats


def nearest_earlier(x: Floats, width: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return distance and start of the nearest EARLIER stretch of `width` samples, each (n - width + 1,).

    Distances are between z-normalised stretches (sqrt(2 width) = unrelated); stretches with a gap have NaN and -1.
    O(n^2); n = 1440 takes some 50 ms once compiled. Uses the past only.
    """
    import stumpy  # compiled on first use: dear at start-up

    if len(x) < 2 * width:
        return np.full(max(0, len(x) - width + 1), np.nan), np.full(max(0, len(x) - width + 1), -1, dtype=np.int64)
    whole = np.asarray(x, dtype=np.float64)
    found = stumpy.stump(whole, m=width)
    left = np.asarray(found[:, 2], dtype=np.int64)
    distance = np.full(len(left), np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(whole, width)
    rows = np.flatnonzero(left >= 0)
    a, b = _standard(windows[rows]), _standard(windows[left[rows]])
    distance[rows] = np.sqrt(((a - b) ** 2).sum(axis=1))
    return distance, left


def discord_score(distance: Floats, width: int, history: int) -> Floats:
    """Return how new a shape is: its distance over the 99 % quantile of all earlier distances, (n,).

    NaN while fewer than `history` are known.
    """
    out = np.full(len(distance), np.nan)
    for i in range(history, len(distance), max(1, width // 2)):
        past = distance[: i - width]
        past = past[np.isfinite(past)]
        if len(past) >= history // 2:
            out[i : i + max(1, width // 2)] = distance[i : i + max(1, width // 2)] / max(
                float(np.quantile(past, 0.99)), 1e-9
            )
    return out


def _standard(x: Floats) -> Floats:
    spread = x.std(axis=1, keepdims=True)
    standard: Floats = (x - x.mean(axis=1, keepdims=True)) / np.where(spread > 1e-12, spread, 1.0)
    return standard

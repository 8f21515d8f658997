"""From single hits to spells: when a condition has held long enough to be raised, from when, and until when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecobureau.domain.detection.model.robust import Bools, Floats


@dataclass(frozen=True, slots=True)
class Spell:
    """Half-open range [first, stop) of sample indices; `raised`: index of the sample with which it was raised."""

    first: int
    stop: int
    raised: int

    @property
    def seen(self) -> slice:
        """The samples that were known when it was raised."""
        return slice(self.first, self.raised + 1)


def spells_of(
    hit: Bools, seen: Bools, *, need: int, share: float = 0.8, gap: int | None = None, apart: int | None = None
) -> list[Spell]:
    """Return the spells in which `need` hits fell among samples that could be judged, at least `share` of them.

    Args:
        hit: (n,) the condition holds; seen: (n,) the sample could be judged (a hit is always seen).
        need: hits before it is raised; gap: seen samples without a hit that end a spell, default `need`.
        apart: samples of any kind between two hits that end a spell: what can be judged seldom is not one event.

    A spell begins with its first hit and ends with its last; it is raised with the hit that fills `need`. What comes
    later only makes it longer, so that the same spell is raised by a series that ends there.
    """
    gap = max(1, need if gap is None else gap)
    where = np.flatnonzero(hit)
    need = max(1, need)
    if len(where) < need:
        return []
    judged = np.cumsum(np.r_[0, seen | hit])
    found: list[Spell] = []
    j = need - 1
    floor = 0
    while j < len(where):
        i = j - need + 1
        broken = apart is not None and bool((np.diff(where[i : j + 1]) > apart).any())
        if i < floor or broken or need < share * (judged[where[j] + 1] - judged[where[i]]):
            j += 1
            continue
        raised = j
        while (
            i > floor
            and (apart is None or where[i] - where[i - 1] <= apart)
            and judged[where[i]] - judged[where[i - 1] + 1] < gap
            and ((raised - i + 2) >= share * (judged[where[raised] + 1] - judged[where[i - 1]]))
        ):
            i -= 1
        while (
            j + 1 < len(where)
            and (apart is None or where[j + 1] - where[j] <= apart)
            and judged[where[j + 1]] - judged[where[j] + 1] < gap
        ):
            j += 1
        found.append(Spell(int(where[i]), int(where[j]) + 1, int(where[raised])))
        floor = j + 1
        j += need
    return found


def runs_of(mask: Bools) -> list[tuple[int, int]]:
    """Return the half-open index ranges in which `mask` (n,) holds."""
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False].astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def joined(mask: Bools, gap: int) -> list[tuple[int, int]]:
    """Return runs of `mask`, those less than `gap` samples apart as one."""
    out: list[tuple[int, int]] = []
    for a, b in runs_of(mask):
        if out and a - out[-1][1] < gap:
            out[-1] = (out[-1][0], b)
        else:
            out.append((a, b))
    return out


def lagged_level(x: Floats, use: Bools, *, hold: int, window: int, every: int, least: int) -> tuple[Floats, Floats]:
    """Return median and robust scale of what `x` was in the past: (n,) each, NaN before there is enough.

    Args:
        hold: samples before now that are never learnt; window: longest memory in samples.
        every: how often it is renewed, in samples.
        least: least finite values.

    Before a window and its hold-off are full, the hold-off shrinks with the history, to a third of what there is.
    """
    level, scale = _lagged(x, use, hold, window, every, least, scales=True)
    return level, scale


def lagged_median(x: Floats, use: Bools, *, hold: int, window: int, every: int, least: int) -> Floats:
    """Return the median alone, as `lagged_level` does, at half its cost."""
    return _lagged(x, use, hold, window, every, least, scales=False)[0]


# Values of windows held at once: 2 million are 16 MB.
_AT_ONCE = 2_000_000


def _lagged(
    x: Floats, use: Bools, hold: int, window: int, every: int, least: int, *, scales: bool
) -> tuple[Floats, Floats]:
    n = len(x)
    out = np.full((2, n), np.nan)
    clean = np.concatenate([np.full(window, np.nan), np.where(use & np.isfinite(x), x, np.nan)])
    views = np.lib.stride_tricks.sliding_window_view(clean, window)
    at = np.arange(0, n, every)
    # The window that ends before sample `end` begins at place `end` of the padded array.
    ends = at - np.minimum(hold, at // 3)
    seen = np.cumsum(np.r_[0, ~np.isnan(clean)])
    counts = seen[ends + window] - seen[ends]
    rows = np.flatnonzero(counts >= max(1, least))
    chunk = max(1, _AT_ONCE // window)
    values = np.full((2, len(at)), np.nan)
    for first in range(0, len(rows), chunk):
        part = rows[first : first + chunk]
        ordered = np.sort(views[ends[part]], axis=1)
        values[0, part] = _middle(ordered, counts[part])
        if scales:
            away = np.abs(ordered - values[0, part, None])
            values[1, part] = 1.4826 * _middle(np.sort(away, axis=1), counts[part])
    held = np.repeat(values, every, axis=1)[:, :n]
    out[:, : held.shape[1]] = held
    return out[0], out[1]


def _middle(ordered: Floats, counts: np.ndarray) -> Floats:
    """Median of the first `counts` values of each sorted row; sorting puts NaN last."""
    rows = np.arange(len(ordered))
    middle: Floats = 0.5 * (ordered[rows, (counts - 1) // 2] + ordered[rows, counts // 2])
    return middle


def trailing_median(x: Floats, width: int, least: int, every: int = 1) -> Floats:
    """Return medians of the last `width` samples up to each (n,), every `every`-th anew; NaN under `least` values."""
    n = len(x)
    out = np.full(n, np.nan)
    if n == 0:
        return out
    padded = np.concatenate([np.full(width - 1, np.nan), x])
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)[every - 1 :: every]
    counts = np.isfinite(windows).sum(axis=1)
    rows = np.flatnonzero(counts >= least)
    if rows.size:
        middle = np.full(len(windows), np.nan)
        middle[rows] = _middle(np.sort(windows[rows], axis=1), counts[rows])
        held = np.repeat(middle, every)[: n - every + 1]
        out[every - 1 : every - 1 + len(held)] = held
    return out


def trailing_count(mask: Bools, width: int) -> Floats:
    """Return how often `mask` held among the last `width` samples up to each, (n,)."""
    total = np.cumsum(np.r_[0, mask])
    last = np.arange(1, len(mask) + 1)
    count: Floats = (total[last] - total[np.maximum(last - width, 0)]).astype(np.float64)
    return count
